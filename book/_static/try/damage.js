// What happens to a photo: each damage makes of a picture of 8 bits another one, as a file would hold it.

import { resize } from "./bicubic.js";
import { toPicture, toPlanes } from "./picture.js";
import { normal } from "./random.js";
import { shaken } from "./shake.js";

// By bicubic; `level` divides both sides.
function shrunk(picture, level) {
  return toPicture(resize(toPlanes(picture), picture.width / level, picture.height / level));
}

// White Gaussian noise with a deviation of `level` grey levels of luma, the same in red, green and blue: the papers'
// networks see luma alone. White is 219 levels above black in luma, and 255 in each colour.
function noisy({ width, height, data }, level) {
  const next = normal(0);
  const noise = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    const error = (next() * level * 255) / 219;
    for (let channel = 0; channel < 3; channel++) noise[i + channel] = data[i + channel] + error;
  }
  return { width, height, data: noise };
}

// By the browser's own encoder, at the quality `level`.
async function compressed({ width, height, data }, level) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.putImageData(new ImageData(data, width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: level / 100 });
  context.drawImage(await createImageBitmap(blob), 0, 0);
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

export async function damaged(picture, { kind, level, path }) {
  if (kind === "shrunk") return shrunk(picture, level);
  if (kind === "noise") return noisy(picture, level);
  if (kind === "jpeg") return compressed(picture, level);
  return toPicture(shaken(toPlanes(picture), path, level));
}
