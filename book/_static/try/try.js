// The page "Restore a photo of your own": from the reader's choices to pictures and scores.

import { Choices } from "./choices.js";
import { drawPath, letDraw } from "./path.js";
import { backend } from "./library.js";
import { decode, partOf, sizeOf } from "./photo.js";
import { Pool } from "./pool.js";
import { begun, damage, protocolOf, reachesFar, restore, scaleOf, score } from "./restoration.js";
import { pathThrough, randomPath } from "./shake.js";
import { Viewer } from "./viewer.js";

// Pixels of a result. A canvas holds 2^24 in every browser.
const LARGEST = { whole: 2 ** 24, middle: 2 ** 19 };
// Of a result for which a network needs the whole photo at once, or that comes with all steps that led to it.
const LARGEST_AT_ONCE = 2 ** 20;

const MACHINES = { webgpu: "the graphics card (WebGPU)", wasm: "the processor (WebAssembly)" };

const demo = document.querySelector(".rl-try");
const part = (name) => demo.querySelector(`.rl-try-${name}`);

const viewer = new Viewer(part("result"));
const choices = new Choices(part("form"), chosen);
let shake = { seed: 1 }; // or {points}, which the reader drew
let photo; // what the reader chose
let pool; // after the first Start
let running; // an AbortController while something is being restored

function say(message) {
  demo.querySelector("[role=status]").textContent = message;
}

const times = ({ width, height }) => `${width}×${height}`;

function path() {
  return shake.points ? pathThrough(shake.points, choices.damage.level) : randomPath(shake.seed);
}

// ---------------------------------------------------------------- choosing

// Show the photo as it is; what was being restored is dropped.
function chosen() {
  running?.abort();
  const { kind, level } = choices.damage;
  part("shake").hidden = kind !== "shake" || choices.isReal;
  if (kind === "shake") drawPath(part("path"), path(), level);
  if (!photo) return;
  const canvas = partOf(photo, LARGEST.whole, 1);
  const original = { name: "Photo", canvas };
  viewer.show(sizeOf(canvas), [original], original);
  part("caption").textContent = "";
  say(`${photo.name}: ${times(photo.bitmap)} pixels. Press Start.`);
}

function shakeBy(another) {
  shake = another;
  chosen();
}

async function choose(blob, name) {
  if (!blob) return;
  running?.abort();
  try {
    photo = await decode(blob, name);
    chosen();
  } catch (error) {
    photo = undefined;
    part("result").hidden = true;
    say(error.message);
  }
}

async function chooseSample() {
  const reply = await fetch(new URL("../chelsea.png", import.meta.url));
  await choose(await reply.blob(), "the cat");
}

// ---------------------------------------------------------------- restoring

function timeLeft(started, share) {
  const seconds = ((performance.now() - started) / 1000) * (1 / share - 1);
  return seconds > 90 ? `about ${Math.round(seconds / 60)} minutes left` : `about ${Math.ceil(seconds)} s left`;
}

// The photo as networks get it, and the original where the damage is made here: pictures for the viewer.
async function prepared(what, networks, withSteps) {
  const scale = scaleOf(what);
  const atOnce = withSteps || networks.some(reachesFar);
  const largest = Math.min(LARGEST[choices.part.value], atOnce ? LARGEST_AT_ONCE : Infinity);
  if (choices.isReal) return { given: { name: "Photo", canvas: partOf(photo, largest / scale ** 2, 1) } };
  const clean = partOf(photo, largest, scale);
  const original = { name: "Original", canvas: clean, note: times(clean) };
  say("Damaging the photo …");
  const canvas = await damage(pool, clean, { ...what, path: what.kind === "shake" && path() });
  return { original, given: { name: "Damaged", canvas } };
}

// One network's pictures: its result, and what it had on its way if that is asked for.
async function restoreBy(network, { given, original, scale, protocol, withSteps, signal }) {
  const names = [network.name, ...(withSteps ? network.steps ?? [] : []).map((step) => `${network.name}, ${step}`)];
  const pictures = names.map((name) => ({ name, tone: network.paper, canvas: begun(given.canvas, scale) }));
  [...pictures.slice(1), pictures[0]].forEach((picture) => viewer.add(picture));
  const started = performance.now();
  const canvases = pictures.map(({ canvas }) => canvas);
  const progress = (share) => {
    part("progress").value = share;
    part("time").textContent = `${network.name}: ${Math.floor(100 * share)} %, ${timeLeft(started, share)}`;
    viewer.redraw();
  };
  await restore({ pool, network, given: given.canvas, scale, canvases, signal, progress });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  for (const picture of pictures) {
    const found = original && (await score(pool, picture.canvas, original.canvas, protocol));
    picture.note = [...(found ? [worded(found)] : []), `${seconds} s`].join("\n");
  }
  viewer.redraw();
}

function worded({ psnr, ssim }) {
  return `${psnr.toFixed(2)} dB\nSSIM ${ssim.toFixed(4)}`;
}

async function restoreAll(signal) {
  const { damage: what, networks, withSteps } = choices;
  await Promise.all(networks.map((network) => pool.load(network)));
  const scale = scaleOf(what);
  const { given, original } = await prepared(what, networks, withSteps);
  signal.throwIfAborted();
  const size = { width: given.canvas.width * scale, height: given.canvas.height * scale };
  viewer.show(size, original ? [original, given] : [given], original ?? given);
  viewer.sides.left.value = original ? 1 : 0;
  viewer.zoomToPixels();
  const protocol = protocolOf(what);
  given.note = times(given.canvas);
  if (original && scale === 1) given.note = worded(await score(pool, given.canvas, original.canvas, protocol));
  part("caption").textContent = captionOf(original, protocol);
  for (const [i, network] of networks.entries()) {
    say(`Restoring ${photo.name} by ${network.name}, ${i + 1} of ${networks.length} …`);
    await restoreBy(network, { given, original, scale, protocol, withSteps, signal });
  }
  const used = sizeOf((original ?? given).canvas);
  const whole = times(photo.bitmap);
  const share = times(used) === whole ? `all ${whole} pixels` : `the middle ${times(used)} of ${whole} pixels`;
  const now = original || scale === 1 ? "" : `, now ${times(size)}`;
  say(`Done on ${MACHINES[pool.kind]}: ${share} of ${photo.name}${now}.`);
}

function captionOf(original, { rgb, border }) {
  if (!original) return "There is no score: nobody has the true picture.";
  const cutOff = border ? `, without ${border} pixels at each side` : "";
  return `PSNR and SSIM against the original, on ${rgb ? "red, green and blue" : "luma"} of 8 bits${cutOff}.`;
}

// Where the graphics card fails, the processor takes its place.
async function restoreSomewhere(signal, kind) {
  try {
    say("Loading …");
    pool ??= await Pool.open(kind);
    await restoreAll(signal);
  } catch (error) {
    if (signal.aborted) return;
    pool?.close();
    pool = undefined;
    if (kind === "wasm") throw error;
    await restoreSomewhere(signal, "wasm");
  }
}

async function start() {
  if (!photo || !choices.networks.length) {
    say(`Choose a ${photo ? "network" : "photo"} first.`);
    return;
  }
  running = new AbortController();
  part("start").disabled = true;
  part("stop").hidden = part("progress").hidden = false;
  part("progress").removeAttribute("value");
  part("stop").focus({ preventScroll: true });
  part("go").scrollIntoView(); // on a phone the picture is far below the choices
  try {
    await restoreSomewhere(running.signal, await backend());
  } catch (error) {
    say(`That failed (${error.message}): check your connection, or take the photo's middle, and press Start again.`);
  }
  const focused = part("stop").contains(document.activeElement);
  part("stop").hidden = part("progress").hidden = true;
  part("time").textContent = "";
  part("start").disabled = false;
  if (focused) part("start").focus({ preventScroll: true });
}

function stop() {
  running.abort();
  say("Stopped: what was restored until then stays.");
}

function save() {
  const { canvas, name } = viewer.right;
  canvas.toBlob((blob) => {
    const file = `${photo.name.replace(/\.\w+$/, "")} ${name}.png`;
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  });
}

part("start").addEventListener("click", start);
part("stop").addEventListener("click", stop);
part("save").addEventListener("click", save);
part("sample").addEventListener("click", chooseSample);
part("file").addEventListener("change", ({ target }) => choose(target.files[0], target.files[0]?.name));
part("again").addEventListener("click", () => shakeBy({ seed: (shake.seed ?? 0) + 1 }));
letDraw(part("path"), (points) => shakeBy({ points }));

// A file dropped beside the target would replace the page.
demo.addEventListener("dragover", (event) => event.preventDefault());
demo.addEventListener("drop", (event) => {
  event.preventDefault();
  const dropped = event.dataTransfer.files[0];
  choose(dropped, dropped?.name);
});

part("closed").hidden = true;
part("form").hidden = false;
chooseSample();
