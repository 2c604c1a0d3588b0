// PSNR and SSIM of pictures of 8 bits under the book's protocol: restorelib.metrics.

const WINDOW = 11;
const TAPS = Array.from({ length: WINDOW }, (_, i) => Math.exp(-0.5 * ((i - 5) / 1.5) ** 2));
const SUM = TAPS.reduce((a, b) => a + b);
const WEIGHTS = TAPS.map((tap) => tap / SUM);

// The planes that are compared, in [0, 1]: luma rounded to 8 bits, or red, green and blue; without the border.
function compared({ width, height, data }, rgb, border) {
  const [newWidth, newHeight] = [width - 2 * border, height - 2 * border];
  const planes = (rgb ? [0, 1, 2] : [0]).map(() => new Float32Array(newWidth * newHeight));
  for (let y = 0, i = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++, i++) {
      const at = 4 * ((y + border) * width + x + border);
      if (rgb) planes.forEach((plane, channel) => (plane[i] = data[at + channel] / 255));
      else {
        const sum = 65.481 * data[at] + 128.553 * data[at + 1] + 24.966 * data[at + 2];
        planes[0][i] = Math.round(16 + sum / 255) / 255;
      }
    }
  }
  return { width: newWidth, height: newHeight, planes };
}

function squaredError(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2;
  return sum / x.length;
}

// Means over the window along a row, at its valid positions: of x, y, x², y² and xy.
function rowMeans(x, y, start, count) {
  const means = [0, 1, 2, 3, 4].map(() => new Float64Array(count));
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < WINDOW; k++) {
      const [a, b, weight] = [x[start + i + k], y[start + i + k], WEIGHTS[k]];
      means[0][i] += weight * a;
      means[1][i] += weight * b;
      means[2][i] += weight * a * a;
      means[3][i] += weight * b * b;
      means[4][i] += weight * a * b;
    }
  }
  return means;
}

function similarity(x, y, width, height) {
  const [c1, c2] = [0.01 ** 2, 0.03 ** 2];
  const count = width - WINDOW + 1;
  const rows = [];
  let sum = 0;
  for (let row = 0; row < height; row++) {
    rows.push(rowMeans(x, y, row * width, count));
    if (rows.length < WINDOW) continue;
    for (let i = 0; i < count; i++) {
      const [mx, my, xx, yy, xy] = [0, 1, 2, 3, 4].map((m) => {
        let mean = 0;
        for (let k = 0; k < WINDOW; k++) mean += WEIGHTS[k] * rows[k][m][i];
        return mean;
      });
      const luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1);
      sum += (luminance * (2 * (xy - mx * my) + c2)) / (xx - mx * mx + yy - my * my + c2);
    }
    rows.shift();
  }
  return sum / (count * (height - WINDOW + 1));
}

const mean = (values) => values.reduce((a, b) => a + b) / values.length;

// {psnr, ssim} of a restored picture; `rgb` for all three channels instead of luma.
export function scores(restored, clean, { rgb, border }) {
  const [x, y] = [restored, clean].map((picture) => compared(picture, rgb, border));
  const errors = x.planes.map((plane, i) => squaredError(plane, y.planes[i]));
  const alike = x.planes.map((plane, i) => similarity(plane, y.planes[i], x.width, x.height));
  return { psnr: -10 * Math.log10(mean(errors)), ssim: mean(alike) };
}
