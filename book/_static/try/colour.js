// MATLAB's rgb2ycbcr without its rounding, and back: restorelib.images.rgb_to_ycbcr and ycbcr_to_rgb.

const OFFSET = [16 / 255, 128 / 255, 128 / 255];
const TO_YCBCR = [
  [65.481 / 255, 128.553 / 255, 24.966 / 255],
  [-37.797 / 255, -74.203 / 255, 112 / 255],
  [112 / 255, -93.786 / 255, -18.214 / 255],
];
const TO_RGB = [
  [1.1643835616438358, 3.011243973977295e-7, 1.596026887335704],
  [1.1643835616438358, -0.39176253994145005, -0.8129682921622053],
  [1.1643835616438358, 2.0172326395564593, 3.0542617453304942e-6],
];

function mixed(planes, matrix, before, after) {
  return matrix.map(([a, b, c], row) => {
    const plane = new Float32Array(planes[0].length);
    for (let i = 0; i < plane.length; i++) {
      plane[i] =
        a * (planes[0][i] - before[0]) + b * (planes[1][i] - before[1]) + c * (planes[2][i] - before[2]) + after[row];
    }
    return plane;
  });
}

export function toYcbcr(planes) {
  return mixed(planes, TO_YCBCR, [0, 0, 0], OFFSET);
}

export function toRgb(planes) {
  return mixed(planes, TO_RGB, OFFSET, [0, 0, 0]);
}
