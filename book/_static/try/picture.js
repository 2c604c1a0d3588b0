// Pictures of 8 bits, as a canvas has them: {width, height, data}, four bytes a pixel, all of them opaque.
// Networks compute with planes: {width, height, planes}, one array a channel, values in [0, 1].

export function toPlanes({ width, height, data }) {
  const planes = [0, 1, 2].map((channel) => {
    const plane = new Float32Array(width * height);
    for (let i = 0; i < plane.length; i++) plane[i] = data[4 * i + channel] / 255;
    return plane;
  });
  return { width, height, planes };
}

// Clipped to [0, 1] and rounded, which a clamped array does by itself.
export function toPicture({ width, height, planes }) {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  planes.forEach((plane, channel) => {
    for (let i = 0; i < plane.length; i++) data[4 * i + channel] = plane[i] * 255;
  });
  return { width, height, data };
}

// A part of planes or of a picture's plane that lies inside of it.
export function cutPlane(plane, width, { left, top, width: partWidth, height: partHeight }) {
  const part = new plane.constructor(partWidth * partHeight);
  for (let y = 0; y < partHeight; y++) {
    const start = (top + y) * width + left;
    part.set(plane.subarray(start, start + partWidth), y * partWidth);
  }
  return part;
}

export function cut({ width, planes }, box) {
  return { width: box.width, height: box.height, planes: planes.map((plane) => cutPlane(plane, width, box)) };
}

// Filled up to the right and below by repeating the border, until both sides are multiples.
export function filledUp(picture, multiple) {
  const { width, height, planes } = picture;
  const [newWidth, newHeight] = [width, height].map((side) => Math.ceil(side / multiple) * multiple);
  if (newWidth === width && newHeight === height) return picture;
  const filled = planes.map((plane) => {
    const larger = new plane.constructor(newWidth * newHeight);
    for (let y = 0; y < newHeight; y++) {
      const row = plane.subarray(Math.min(y, height - 1) * width, (Math.min(y, height - 1) + 1) * width);
      larger.set(row, y * newWidth);
      larger.fill(row[width - 1], y * newWidth + width, (y + 1) * newWidth);
    }
    return larger;
  });
  return { width: newWidth, height: newHeight, planes: filled };
}
