// A camera that shakes while 13 frames are taken: restorelib.degrade.Motion without objects that move by themselves.

import { uniform } from "./random.js";

const FRAMES = 13;
const EXTENT = 12; // pixels from one end of a shift to the other at most, but for the bend of the path
const GAMMA = 2.2;
const STEPS = 4096; // of the table that turns stored values into light

// For each frame, in pixels: shifts to the right and down, and what turning and zooming move the corners by.
export function randomPath(seed) {
  const next = uniform(seed);
  const most = [EXTENT / 2, EXTENT / 2, EXTENT / 4, EXTENT / 4];
  const shares = most.map(() => [0, 0, 0].map(() => 2 * next() - 1));
  return Array.from({ length: FRAMES }, (_, frame) => {
    const t = frame / ((FRAMES - 1) / 2) - 1;
    const curves = [t, t ** 2 / 2, t ** 3 - t]; // a way, its bend, and a way there and back
    return shares.map((share, i) => most[i] * share.reduce((sum, part, j) => sum + part * curves[j], 0));
  });
}

// A path whose `level` exposed frames follow a line through points, [right, down], at an even pace.
export function pathThrough(points, level) {
  const lengths = [0];
  points.slice(1).forEach(([x, y], i) => lengths.push(lengths[i] + Math.hypot(x - points[i][0], y - points[i][1])));
  const at = (length) => {
    const end = Math.max(1, lengths.findIndex((each) => each >= length));
    const share = (length - lengths[end - 1]) / (lengths[end] - lengths[end - 1] || 1);
    return points[end].map((place, axis) => points[end - 1][axis] + share * (place - points[end - 1][axis]));
  };
  const places = Array.from({ length: level }, (_, i) => at((lengths.at(-1) * i) / (level - 1)));
  const middle = places[(level - 1) / 2]; // the frame that is the clean photo
  const path = Array.from({ length: FRAMES }, () => [0, 0, 0, 0]);
  places.forEach(([x, y], i) => (path[(FRAMES - level) / 2 + i] = [x - middle[0], y - middle[1], 0, 0]));
  return path;
}

// The frames in the middle of a path while which the shutter is open.
export function exposed(path, level) {
  const before = (path.length - level) / 2;
  return path.slice(before, before + level);
}

function reflected(position, size) {
  const around = Math.abs(position + 0.5) % (2 * size);
  const inside = (around > size ? 2 * size - around : around) - 0.5;
  return Math.min(Math.max(inside, 0), size - 1);
}

const light = Float64Array.from({ length: STEPS + 2 }, (_, i) => (i / STEPS) ** GAMMA);

function lightOf(value) {
  const place = value * STEPS;
  const below = Math.floor(place);
  return light[below] + (place - below) * (light[below + 1] - light[below]);
}

// Add the light of one frame to the sums of three planes.
function addFrame({ width, height, planes }, [right, down, turning, zooming], sums) {
  const [turn, zoom] = [turning, zooming].map((pixels) => (2 * pixels) / Math.hypot(width, height));
  for (let y = 0; y < height; y++) {
    const v = y - (height - 1) / 2;
    for (let x = 0; x < width; x++) {
      const u = x - (width - 1) / 2;
      const px = reflected((1 + zoom) * u - turn * v + right + (width - 1) / 2, width);
      const py = reflected(turn * u + (1 + zoom) * v + down + (height - 1) / 2, height);
      const [left, top] = [Math.floor(px), Math.floor(py)];
      const [fx, fy] = [px - left, py - top];
      const here = top * width + left;
      const next = left + 1 < width ? 1 : 0;
      const below = top + 1 < height ? width : 0;
      for (let channel = 0; channel < 3; channel++) {
        const plane = planes[channel];
        const upper = plane[here] + fx * (plane[here + next] - plane[here]);
        const lower = plane[here + below] + fx * (plane[here + below + next] - plane[here + below]);
        sums[channel][y * width + x] += lightOf(upper + fy * (lower - upper));
      }
    }
  }
}

// What the camera records that is open for `level` frames of a path.
export function shaken(picture, path, level) {
  const { width, height, planes } = picture;
  const sums = planes.map((plane) => new Float64Array(plane.length));
  const frames = exposed(path, level);
  for (const frame of frames) addFrame(picture, frame, sums);
  const recorded = sums.map((sum) => sum.map((value) => (value / frames.length) ** (1 / GAMMA)));
  return { width, height, planes: recorded };
}
