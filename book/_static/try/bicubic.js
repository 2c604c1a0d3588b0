// Bicubic resizing as MATLAB's imresize, which is restorelib.bicubic.

function cubic(distance) {
  const t = Math.abs(distance);
  if (t <= 1) return 1.5 * t ** 3 - 2.5 * t ** 2 + 1;
  return t <= 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
}

function mirrored(position, size) {
  const around = ((position % (2 * size)) + 2 * size) % (2 * size);
  return Math.min(around, 2 * size - 1 - around);
}

// The pixels of a line that each resized one is the weighted mean of, `count` for each, and their weights.
function taps(size, newSize) {
  const scale = newSize / size;
  const widen = Math.min(scale, 1); // antialiasing
  const count = Math.ceil(4 / widen) + 1;
  const positions = new Int32Array(newSize * count);
  const weights = new Float64Array(newSize * count);
  for (let i = 0; i < newSize; i++) {
    const centre = (i + 0.5) / scale - 0.5;
    const first = Math.floor(centre - 2 / widen) + 1;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      positions[i * count + k] = mirrored(first + k, size);
      weights[i * count + k] = cubic((centre - first - k) * widen);
      sum += weights[i * count + k];
    }
    for (let k = 0; k < count; k++) weights[i * count + k] /= sum;
  }
  return { count, positions, weights };
}

function resizeColumns(plane, width, height, newHeight) {
  const { count, positions, weights } = taps(height, newHeight);
  const resized = new Float64Array(width * newHeight);
  for (let y = 0; y < newHeight; y++) {
    for (let k = y * count; k < (y + 1) * count; k++) {
      const [source, target, weight] = [positions[k] * width, y * width, weights[k]];
      for (let x = 0; x < width; x++) resized[target + x] += weight * plane[source + x];
    }
  }
  return resized;
}

function resizeRows(plane, width, height, newWidth) {
  const { count, positions, weights } = taps(width, newWidth);
  const resized = new Float64Array(newWidth * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      let sum = 0;
      for (let k = x * count; k < (x + 1) * count; k++) sum += weights[k] * plane[y * width + positions[k]];
      resized[y * newWidth + x] = sum;
    }
  }
  return resized;
}

export function resize({ width, height, planes }, newWidth, newHeight) {
  const resized = planes.map((plane) =>
    resizeRows(resizeColumns(plane, width, height, newHeight), width, newHeight, newWidth),
  );
  return { width: newWidth, height: newHeight, planes: resized };
}
