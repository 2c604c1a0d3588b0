// From a file to a photo, upright and in sRGB, and to the part of it that is used.

const SMALLEST = 16;
const HEIC = ["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]; // "brands" at byte 8 of such files

async function isHeic(blob) {
  const start = new TextDecoder("latin1").decode(await blob.slice(4, 12).arrayBuffer());
  return start.startsWith("ftyp") && HEIC.includes(start.slice(4));
}

// Raises an error of one line for what is no picture or too small. The browser turns it as the camera was held, and
// its colours to sRGB.
export async function decode(blob, name) {
  const bitmap = await createImageBitmap(blob).catch(() => null);
  if (!bitmap && (await isHeic(blob))) {
    throw new Error(`${name} is a HEIC photo, which this browser can't read: save it as JPEG and choose that.`);
  }
  if (!bitmap) throw new Error(`${name} is not a picture that this browser can read: choose a JPEG or PNG file.`);
  if (Math.min(bitmap.width, bitmap.height) < SMALLEST) {
    throw new Error(`${name} has fewer than ${SMALLEST}×${SMALLEST} pixels: choose a larger picture.`);
  }
  return { bitmap, name };
}

// A canvas that is read again and again.
export function canvasOf(width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d", { willReadFrequently: true });
  return canvas;
}

// The photo's middle of at most `largest` pixels, its sides divisible by `multiple`; on white where it is clear.
export function partOf({ bitmap }, largest, multiple) {
  const shrink = Math.min(1, Math.sqrt(largest / (bitmap.width * bitmap.height)));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => {
    const limited = Math.max(Math.floor(side * shrink), Math.min(side, SMALLEST));
    return limited - (limited % multiple);
  });
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, -Math.floor((bitmap.width - width) / 2), -Math.floor((bitmap.height - height) / 2));
  return canvas;
}

export function pixels(canvas, { left, top, width, height } = { left: 0, top: 0, ...sizeOf(canvas) }) {
  const { data } = canvas.getContext("2d").getImageData(left, top, width, height);
  return { width, height, data };
}

export function put(canvas, { width, height, data }, left = 0, top = 0) {
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), left, top);
  return canvas;
}

export function sizeOf({ width, height }) {
  return { width, height };
}
