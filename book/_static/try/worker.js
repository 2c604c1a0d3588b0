// Does what takes time beside the page, one job after the other: {id, job, ...} is answered with {id, result} or
// {id, error}.

import { damaged } from "./damage.js";
import { cut, toPicture } from "./picture.js";
import { restored } from "./restoring.js";
import { scores } from "./scores.js";
import { openLibrary, openNetwork } from "./session.js";

let library;
const networks = new Map(); // run -> what `restored` wants of it

const jobs = {
  async open(files) {
    library = await openLibrary(files);
  },
  async network({ about, weights }) {
    const kind = about.processor ? "wasm" : library.kind;
    networks.set(about.run, { ...about, run: weights && (await openNetwork({ ...library, kind }, weights)) });
  },
  damage({ picture, damage }) {
    return damaged(picture, damage);
  },
  // The part `kept` of what a piece becomes: `count` pictures, the result and what led to it.
  async restore({ run, skips, piece, scale, kept, count }) {
    const network = networks.get(run);
    const withSkips = network.run && ((picture) => network.run(picture, skips));
    const found = await restored(piece, scale, { ...network, run: withSkips });
    return found.slice(0, count).map((planes) => toPicture(cut(planes, kept)));
  },
  score({ restored: picture, clean, protocol }) {
    return scores(picture, clean, protocol);
  },
};

let last = Promise.resolve();

async function answer({ id, job, ...given }) {
  try {
    const result = await jobs[job](given);
    const pictures = [result].flat().filter((part) => part?.data);
    postMessage({ id, result }, { transfer: pictures.map(({ data }) => data.buffer) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
}

addEventListener("message", ({ data }) => {
  last = last.then(() => answer(data)); // a network takes one picture at a time
});
