// What is fetched after Start and before anything is restored.

// onnxruntime-web runs the networks, on the graphics card through WebGPU or on the processor through WebAssembly.
// Files that are not these, to the bit, are refused.
const LIBRARY = "https://cdn.jsdelivr.net/npm/onnxruntime-web@1.30.0/dist/";
const FILES = {
  webgpu: {
    script: {
      name: "ort.webgpu.bundle.min.mjs",
      integrity: "sha384-1ntMeyj+z5diX6vBR5h+zlJBPc4iNvhCxE6nlammh8daBYcLBZkzrwDkuJjhwI+f",
    },
    machine: {
      name: "ort-wasm-simd-threaded.asyncify.wasm",
      integrity: "sha384-EPVDLTxuO663dkZO/pcKJF6vOyyfq/5z9FY1oksN0UWFX2ABH4wDDZQHeNoUleWR",
    },
  },
  wasm: {
    script: {
      name: "ort.wasm.bundle.min.mjs",
      integrity: "sha384-PLWz+nHEVHpjwBsO0YVdvQj6n5814Iv8E3b8FG0Rp/uIAtjFMCKOpP66iPzedrIG",
    },
    machine: {
      name: "ort-wasm-simd-threaded.wasm",
      integrity: "sha384-vjBJ1z7qrhkTyYsNqKeF6c7N+nOJSU94czEo+tvZcu8G75JparGq9kB+kTnEUNVM",
    },
  },
};

async function fetched(address, options) {
  const reply = await fetch(address, options);
  if (!reply.ok) throw new Error(`${address} answers ${reply.status}`);
  return reply.arrayBuffer();
}

// "webgpu" where the browser has a graphics card for it, else "wasm".
export async function backend() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return adapter && !adapter.info?.isFallbackAdapter ? "webgpu" : "wasm";
}

export async function fetchLibrary(kind) {
  const get = ({ name, integrity }) =>
    fetched(LIBRARY + name, { integrity, credentials: "omit", referrerPolicy: "no-referrer" });
  const { script, machine } = FILES[kind];
  const [code, binary] = await Promise.all([get(script), get(machine)]);
  return { kind, script: code, machine: binary };
}

export function fetchNetwork({ file }) {
  return fetched(new URL(file, import.meta.url));
}
