// Workers that run the networks: several where the processor does it, one where the graphics card does.

import { fetchLibrary, fetchNetwork } from "./library.js";

const MOST = 4; // each has its own copy of the library and of a network's memory

class Helper {
  constructor() {
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.waiting = new Map();
    this.jobs = 0;
    this.worker.addEventListener("message", ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
    this.worker.addEventListener("error", (event) => {
      this.waiting.forEach(({ reject }) => reject(new Error(event.message || "a worker can't be started")));
      this.waiting.clear();
    });
  }

  // `job` names one of worker.js's; pictures go as copies.
  ask(job, given) {
    const id = this.jobs++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, job, ...given });
    });
  }
}

export class Pool {
  // Fetch the library and start the workers.
  static async open(kind) {
    const files = await fetchLibrary(kind);
    const pool = new Pool(kind, kind === "webgpu" ? 1 : Math.max(1, Math.min(MOST, navigator.hardwareConcurrency - 1)));
    await pool.all("open", files);
    return pool;
  }

  constructor(kind, count) {
    this.kind = kind;
    this.helpers = Array.from({ length: count }, () => new Helper());
    this.networks = new Set();
  }

  all(job, given) {
    return Promise.all(this.helpers.map((helper) => helper.ask(job, given)));
  }

  // Make a network known to all workers; one without a file is bicubic.
  async load(about) {
    if (this.networks.has(about.run)) return;
    const weights = about.file && (await fetchNetwork(about));
    await this.all("network", { about, weights });
    this.networks.add(about.run);
  }

  // `ask(helper, item)` for all items, as many at a time as there are workers, until `signal` is aborted.
  async each(items, signal, ask) {
    const left = [...items];
    const work = async (helper) => {
      while (left.length && !signal.aborted) await ask(helper, left.shift());
    };
    await Promise.all(this.helpers.map(work));
    signal.throwIfAborted();
  }

  close() {
    this.helpers.forEach(({ worker }) => worker.terminate());
  }
}
