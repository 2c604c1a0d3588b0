// One photo, damaged and restored by several networks: what is computed, and in which order.

import { canvasOf, pixels, put } from "./photo.js";
import { tiles, times } from "./tiles.js";

const SIDE = 128; // of a square that is restored at a time, in pixels of what a network takes
const FAR = 128; // what reaches farther is restored at once: squares would be mostly rim

export function scaleOf({ kind, level }) {
  return kind === "shrunk" ? level : 1;
}

export function reachesFar(network) {
  return network.reach > FAR;
}

// The protocol under which the papers on this damage score.
export function protocolOf(damage) {
  return { rgb: damage.kind === "shake", border: damage.kind === "shrunk" ? damage.level : 0 };
}

export async function damage(pool, clean, what) {
  const picture = await pool.helpers[0].ask("damage", { picture: pixels(clean), damage: what });
  return put(canvasOf(picture.width, picture.height), picture);
}

export function score(pool, canvas, clean, protocol) {
  return pool.helpers[0].ask("score", { restored: pixels(canvas), clean: pixels(clean), protocol });
}

// A canvas of the result's size that shows the damaged picture until something better is known.
export function begun(given, scale) {
  const canvas = canvasOf(given.width * scale, given.height * scale);
  canvas.getContext("2d").drawImage(given, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// Restore the canvas `given` by one network into `canvases`: the result, then what led to it where there is room.
// `progress` is told the finished share after each square.
export async function restore({ pool, network, given, scale, canvases, signal, progress }) {
  const whole = Math.max(given.width, given.height);
  const enlarged = network.enlarges ? 1 : scale;
  const side = reachesFar(network) ? whole : Math.ceil(SIDE / enlarged);
  const squares = tiles(given, network, scale, side);
  let done = 0;
  await pool.each(squares, signal, async (helper, { piece, kept, left, top }) => {
    const found = await helper.ask("restore", {
      run: network.run, skips: network.factors, piece: pixels(given, piece), scale, kept: times(kept, scale),
      count: canvases.length,
    });
    if (signal.aborted) return;
    canvases.forEach((canvas, i) => put(canvas, found[i], left * scale, top * scale));
    done += (kept.width * kept.height) / (given.width * given.height);
    progress(done);
  });
}
