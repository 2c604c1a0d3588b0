// The arithmetic behind the page "Restore a photo of your own". What has a counterpart in restorelib computes
// the same: resize, the small picture, PSNR under the book's protocol, and the network, in tiles.
//
// A picture is {width, height, data}: its red, green and blue planes one after the other, values in [0, 1].

export const SCALE = 2;
// How far the result depends on the picture around it, in pixels of the small picture (EDSR.reach, 8 blocks).
export const REACH = 20;

// The library that runs the network is fetched only by `load`. Files that are not these, to the bit, are refused.
const LIBRARY = "https://cdn.jsdelivr.net/npm/onnxruntime-web@1.30.0/dist/";
const SCRIPT = {
  name: "ort.wasm.bundle.min.mjs",
  integrity: "sha384-PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
};
const MACHINE = {
  name: "ort-wasm-simd-threaded.wasm",
  integrity: "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
};

// ---------------------------------------------------------------- pictures

function blank(width, height) {
  return { width, height, data: new Float64Array(3 * width * height) };
}

// The part of a picture that begins at (left, top); what would lie outside is left out.
function cut(picture, left, top, width, height) {
  const part = blank(Math.min(width, picture.width - left), Math.min(height, picture.height - top));
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < part.height; y++) {
      const start = (plane * picture.height + top + y) * picture.width + left;
      part.data.set(picture.data.subarray(start, start + part.width), (plane * part.height + y) * part.width);
    }
  }
  return part;
}

function paste(part, picture, left, top) {
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < part.height; y++) {
      const start = (plane * part.height + y) * part.width;
      const target = (plane * picture.height + top + y) * picture.width + left;
      picture.data.set(part.data.subarray(start, start + part.width), target);
    }
  }
}

// Clipped to [0, 1] and rounded as a file of 8 bits a channel holds it.
function rounded({ width, height, data }) {
  return { width, height, data: data.map((value) => Math.round(Math.min(Math.max(value, 0), 1) * 255) / 255) };
}

// ---------------------------------------------------------------- bicubic, as MATLAB's imresize

function cubic(distance) {
  const t = Math.abs(distance);
  if (t <= 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
  return t <= 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
}

function mirrored(position, size) {
  const around = ((position % (2 * size)) + 2 * size) % (2 * size);
  return Math.min(around, 2 * size - 1 - around);
}

// For each position of the resized axis: the positions it is computed from, and their weights.
function taps(size, newSize) {
  const scale = newSize / size;
  const widen = Math.min(scale, 1); // antialiasing
  const width = 4 / widen;
  return Array.from({ length: newSize }, (_, i) => {
    const centre = (i + 0.5) / scale - 0.5;
    const first = Math.floor(centre - width / 2) + 1;
    const positions = Array.from({ length: Math.ceil(width) + 1 }, (_, k) => first + k);
    const weights = positions.map((position) => cubic((centre - position) * widen));
    const sum = weights.reduce((a, b) => a + b);
    return {
      positions: positions.map((position) => mirrored(position, size)),
      weights: weights.map((weight) => weight / sum),
    };
  });
}

// Resize the middle axis of an array of (outer, size, inner) values.
function resizeAxis(data, outer, size, inner, newSize) {
  const resized = new Float64Array(outer * newSize * inner);
  taps(size, newSize).forEach(({ positions, weights }, i) => {
    for (let o = 0; o < outer; o++) {
      const target = (o * newSize + i) * inner;
      positions.forEach((position, k) => {
        const source = (o * size + position) * inner;
        for (let n = 0; n < inner; n++) resized[target + n] += weights[k] * data[source + n];
      });
    }
  });
  return resized;
}

export function resize({ width, height, data }, newWidth, newHeight) {
  const rows = resizeAxis(data, 3, height, width, newHeight);
  return { width: newWidth, height: newHeight, data: resizeAxis(rows, 3 * newHeight, width, 1, newWidth) };
}

// Low resolution as a file holds it; both sides must be even.
export function shrink(picture) {
  return rounded(resize(picture, picture.width / SCALE, picture.height / SCALE));
}

export function enlarge(picture) {
  return resize(picture, picture.width * SCALE, picture.height * SCALE);
}

// ---------------------------------------------------------------- the score

// Y in grey levels, as MATLAB's rgb2ycbcr gives it for 8 bits.
function luma({ width, height, data }) {
  const size = width * height;
  return Float64Array.from({ length: size }, (_, i) =>
    Math.round(16 + 65.481 * data[i] + 128.553 * data[i + size] + 24.966 * data[i + 2 * size]),
  );
}

// Peak signal-to-noise ratio in dB under the book's protocol: luma, 8 bits, SCALE pixels cut at each side.
export function psnr(restored, clean) {
  const [y, truth] = [luma(rounded(restored)), luma(clean)];
  let sum = 0;
  let count = 0;
  for (let row = SCALE; row < clean.height - SCALE; row++) {
    for (let column = SCALE; column < clean.width - SCALE; column++) {
      sum += (y[row * clean.width + column] - truth[row * clean.width + column]) ** 2;
      count++;
    }
  }
  return 10 * Math.log10((255 ** 2 * count) / sum);
}

// ---------------------------------------------------------------- the network

async function fetched(address, options) {
  const reply = await fetch(address, options);
  if (!reply.ok) throw new Error(`${address} answers ${reply.status}`);
  return reply.arrayBuffer();
}

// Fetch the library and the network; gives a function from a small picture to the enlarged one.
export async function load() {
  const fromLibrary = ({ name, integrity }) =>
    fetched(LIBRARY + name, { integrity, credentials: "omit", referrerPolicy: "no-referrer" });
  const [script, machine, weights] = await Promise.all([
    fromLibrary(SCRIPT),
    fromLibrary(MACHINE),
    fetched(new URL("edsr-x2-quick.onnx", import.meta.url)),
  ]);
  // Imported by its address, the script would be fetched again, unchecked.
  const ort = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  ort.env.wasm.wasmBinary = machine;
  ort.env.wasm.numThreads = 1; // more need headers that a static page's server doesn't send
  const session = await ort.InferenceSession.create(new Uint8Array(weights));
  return async ({ width, height, data }) => {
    const small = new ort.Tensor("float32", Float32Array.from(data), [1, 3, height, width]);
    const { restored } = await session.run({ small });
    return { width: width * SCALE, height: height * SCALE, data: Float64Array.from(restored.data) };
  };
}

// Restore a picture a square of `side` pixels at a time, each with all the pixels around it that its result
// depends on: the result is that of the whole picture, the memory that of one square, and the page stays alive.
// `progress` is told the finished share after each square; it may throw to stop.
export async function restoreInTiles(network, small, side, progress) {
  const restored = blank(small.width * SCALE, small.height * SCALE);
  for (let top = 0; top < small.height; top += side) {
    for (let left = 0; left < small.width; left += side) {
      const above = Math.min(REACH, top);
      const before = Math.min(REACH, left);
      const reaching = [before + side + REACH, above + side + REACH];
      const piece = await network(cut(small, left - before, top - above, ...reaching));
      const kept = cut(piece, before * SCALE, above * SCALE, side * SCALE, side * SCALE);
      paste(kept, restored, left * SCALE, top * SCALE);
      const rows = Math.min(top + side, small.height) - top;
      progress((top + (rows * Math.min(left + side, small.width)) / small.width) / small.height);
      await new Promise((resume) => setTimeout(resume));
    }
  }
  return restored;
}
