// Running networks with onnxruntime-web.

// The library from its fetched files. Imported by its address, the script would be fetched again, unchecked.
export async function openLibrary({ kind, script, machine }) {
  const ort = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  ort.env.wasm.wasmBinary = machine;
  ort.env.wasm.numThreads = 1; // more need headers that a static page's server doesn't send
  ort.env.logLevel = "error";
  return { ort, kind };
}

// One of the pictures in a tensor of (pictures, channels, height, width).
function planesOf({ data, dims: [, channels, height, width] }, number) {
  const size = width * height;
  const planes = Array.from({ length: channels }, (_, channel) => {
    const start = (number * channels + channel) * size;
    return data.subarray(start, start + size);
  });
  return { width, height, planes };
}

// A function from planes to a list of planes: the restored ones, then what the network's file calls "steps".
// A network with skips takes a factor for each of them.
export async function openNetwork({ ort, kind }, weights) {
  const session = await ort.InferenceSession.create(new Uint8Array(weights), { executionProviders: [kind] });
  return async ({ width, height, planes }, skips) => {
    const input = new Float32Array(planes.length * width * height);
    planes.forEach((plane, i) => input.set(plane, i * width * height));
    const given = { damaged: new ort.Tensor("float32", input, [1, planes.length, height, width]) };
    if (skips.length) given.skips = new ort.Tensor("float32", skips, [skips.length]);
    const found = await session.run(given);
    const pictures = (tensor) => Array.from({ length: tensor.dims[0] }, (_, i) => planesOf(tensor, i));
    return session.outputNames.flatMap((name) => pictures(found[name]));
  };
}
