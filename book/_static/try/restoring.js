// From a piece of a damaged picture to the restored piece: restorelib.evaluation.restore_image.

import { resize } from "./bicubic.js";
import { toRgb, toYcbcr } from "./colour.js";
import { cut, filledUp, toPlanes } from "./picture.js";

// A network for luma restores Y; the two colour planes are only enlarged.
async function throughLuma(run, wide) {
  const [luma, ...colour] = toYcbcr(wide.planes);
  const found = await run({ ...wide, planes: [luma] });
  return found.map((restored) => ({ ...wide, planes: toRgb([restored.planes[0], ...colour]) }));
}

async function throughColour(run, picture, multiple, scale) {
  const found = await run(filledUp(picture, multiple));
  const box = { left: 0, top: 0, width: picture.width * scale, height: picture.height * scale };
  return found.map((restored) => cut(restored, box));
}

// Restore a picture of 8 bits to planes `scale` times as large: the result, then what the network had on its way.
// `run` is a network (see session.js), null for none: the picture is then only enlarged by bicubic.
export async function restored(picture, scale, { run, channels, enlarges, multiple }) {
  const given = toPlanes(picture);
  if (run && enlarges) return throughColour(run, given, multiple, scale);
  const wide = scale === 1 ? given : resize(given, given.width * scale, given.height * scale);
  if (!run) return [wide];
  return channels === 1 ? throughLuma(run, wide) : throughColour(run, wide, multiple, 1);
}
