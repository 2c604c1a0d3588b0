// The page "Restore a photo of your own": from the reader's choices to the two pictures and their scores.

import { SCALE, enlarge, load, psnr, restoreInTiles, shrink } from "./restoring.js";

const LARGEST = 1024; // of the restored picture's sides: some seconds on a laptop
const SMALLEST = 16;
const TILE = 128;

const demo = document.querySelector(".rl-try");
const [start, controls, task, file, sample, progress, result] = [
  "start", "controls", "task", "file", "sample", "progress", "result",
].map((name) => demo.querySelector(`.rl-try-${name}`));

let network;
let chosen; // the photo on show: a Blob and what to call it
let running = new AbortController();

function say(message) {
  demo.querySelector("[role=status]").textContent = message;
}

// ---------------------------------------------------------------- from a file to pictures and back

// The photo's central part, its sides at most `largest` and divisible by `multiple`, on white where it is clear.
async function decode({ blob, name }, largest, multiple) {
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new Error(`${name} is not a picture that this browser can read: choose a JPEG or PNG file.`);
  });
  if (Math.min(bitmap.width, bitmap.height) < SMALLEST) {
    throw new Error(`${name} has fewer than ${SMALLEST}×${SMALLEST} pixels: choose a larger picture.`);
  }
  const [width, height] = [bitmap.width, bitmap.height].map((side) => {
    const limited = Math.min(side, largest);
    return limited - (limited % multiple);
  });
  const left = Math.floor((bitmap.width - width) / 2);
  const top = Math.floor((bitmap.height - height) / 2);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, -left, -top);
  const { data: bytes } = context.getImageData(0, 0, width, height);
  const size = width * height;
  const data = Float64Array.from({ length: 3 * size }, (_, i) => bytes[4 * (i % size) + Math.floor(i / size)] / 255);
  return { width, height, data, whole: `${bitmap.width}×${bitmap.height}` };
}

function draw(canvas, { width, height, data }) {
  const size = width * height;
  const pixels = new ImageData(width, height);
  pixels.data.forEach((_, i) => { // what is assigned is clipped and rounded
    pixels.data[i] = i % 4 === 3 ? 255 : data[(i % 4) * size + Math.floor(i / 4)] * 255;
  });
  Object.assign(canvas, { width, height }).getContext("2d").putImageData(pixels, 0, 0);
}

// ---------------------------------------------------------------- what the reader asks for

async function restore({ signal }) {
  const known = task.value === "shrink"; // whether there is a truth to score against
  const photo = await decode(chosen, known ? LARGEST : LARGEST / SCALE, known ? SCALE : 1);
  say(`Restoring ${chosen.name} …`);
  progress.value = 0;
  progress.hidden = false;
  const small = known ? shrink(photo) : photo;
  const restored = await restoreInTiles(network, small, TILE, (share) => {
    signal.throwIfAborted();
    progress.value = share;
  });
  const bicubic = enlarge(small);
  draw(result.querySelector(".rl-bottom"), restored);
  draw(result.querySelector(".rl-top"), bicubic);
  const score = (picture) => `${psnr(picture, photo).toFixed(2)} dB`;
  result.querySelector("figcaption").textContent = known
    ? `PSNR: bicubic ${score(bicubic)}, restored ${score(restored)}.`
    : "No PSNR: nobody has the true picture of this size.";
  result.hidden = false;
  const size = `${photo.width}×${photo.height}`;
  const part = photo.whole === size ? `all ${size} pixels` : `the central ${size} of ${photo.whole} pixels`;
  say(`Done: ${part} of ${chosen.name}, ${known ? "shrunk and restored" : `now ${restored.width}×${restored.height}`}.`);
}

// Show what is chosen now; what was being restored before is dropped.
async function show() {
  running.abort();
  running = new AbortController();
  const mine = running;
  try {
    await restore(mine);
  } catch (error) {
    if (mine.signal.aborted) return;
    result.hidden = true;
    say(error.message);
  }
  if (mine === running) progress.hidden = true;
}

function choose(blob, name) {
  if (!blob) return;
  chosen = { blob, name };
  show();
}

start.addEventListener("click", async () => {
  if (location.protocol === "file:") {
    say("Browsers don't let pages opened as files load a network: run make serve and open the address it prints.");
    return;
  }
  say("Loading …");
  start.disabled = true;
  try {
    network = await load();
  } catch (error) {
    say(`The demonstration can't start (${error.message}): check your connection and press Start again.`);
    start.disabled = false;
    start.focus();
    return;
  }
  controls.disabled = false;
  file.focus();
  start.hidden = true;
  say("Ready: choose a photo.");
});

file.addEventListener("change", () => choose(file.files[0], file.files[0]?.name));
task.addEventListener("change", () => chosen && show());
sample.addEventListener("click", async () => {
  const reply = await fetch(new URL("chelsea.png", import.meta.url));
  choose(await reply.blob(), "the cat");
});

// A file dropped beside the target would replace the page.
demo.addEventListener("dragover", (event) => event.preventDefault());
demo.addEventListener("drop", (event) => {
  event.preventDefault();
  const dropped = event.dataTransfer.files[0];
  if (controls.disabled) say("Press Start first, then drop the photo again.");
  else choose(dropped, dropped?.name);
});

result.querySelector("input").addEventListener("input", (event) => {
  result.querySelector(".rl-top").style.clipPath = `inset(0 ${100 - event.target.value}% 0 0)`;
});

demo.hidden = false;
