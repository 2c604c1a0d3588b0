// How a picture is cut into squares that are restored one by one: restorelib.tiles.cuts.

const CUBIC_REACH = 3; // pixels of a small picture around those that a part of the enlarged one depends on

function cuts(length, tile, reach) {
  const found = [];
  for (let start = 0; start < length; start += tile) {
    const first = Math.max(start - reach, 0);
    const end = Math.min(start + tile, length);
    found.push({ first, length: Math.min(start + tile + reach, length) - first, start, kept: end - start });
  }
  return found;
}

const up = (pixels, multiple) => Math.ceil(pixels / multiple) * multiple;

// How far around a pixel of the damaged picture its result depends on it.
export function reachOf({ reach, enlarges }, scale) {
  return enlarges || scale === 1 ? reach : Math.ceil(reach / scale) + CUBIC_REACH;
}

// Squares of about `side` pixels of the damaged picture, those in its middle first. Each has its `piece`, with all the
// pixels around that its result depends on, and `kept`, the square as it lies in the piece.
export function tiles({ width, height }, network, scale, side) {
  const [tile, rim] = [side, reachOf(network, scale)].map((pixels) => up(pixels, network.multiple));
  const found = cuts(height, tile, rim).flatMap((rows) =>
    cuts(width, tile, rim).map((columns) => ({
      piece: { left: columns.first, top: rows.first, width: columns.length, height: rows.length },
      kept: {
        left: columns.start - columns.first,
        top: rows.start - rows.first,
        width: columns.kept,
        height: rows.kept,
      },
      left: columns.start,
      top: rows.start,
    })),
  );
  const away = ({ left, top, kept }) => Math.hypot(left + (kept.width - width) / 2, top + (kept.height - height) / 2);
  return found.sort((a, b) => away(a) - away(b));
}

export function times({ left, top, width, height }, scale) {
  return { left: left * scale, top: top * scale, width: width * scale, height: height * scale };
}
