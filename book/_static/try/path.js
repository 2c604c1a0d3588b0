// The path of a camera's shake as a drawing, and a drawing as a path.

import { exposed } from "./shake.js";

const SIZE = 10; // pixels of the photo from the middle of the drawing to its sides

const inside = (place) => Math.min(Math.max(place, -SIZE), SIZE);

// Calls `drawn` with the points, [right, down] in pixels of the photo, of each line that the reader draws.
export function letDraw(svg, drawn) {
  svg.addEventListener("pointerdown", (down) => {
    const points = [];
    const follow = ({ clientX, clientY }) => {
      const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(svg.getScreenCTM().inverse());
      points.push([inside(x), inside(y)]);
      svg.querySelector("polyline").setAttribute("points", points.join(" "));
    };
    follow(down);
    svg.setPointerCapture(down.pointerId);
    const stop = new AbortController();
    svg.addEventListener("pointermove", follow, stop);
    svg.addEventListener("pointerup", () => {
      stop.abort();
      if (points.length > 1) drawn(points);
    }, stop);
    svg.addEventListener("pointercancel", () => stop.abort(), stop);
  });
}

// Shifts of the frames while the shutter is open, joined; pixels of the photo.
export function drawPath(svg, path, level) {
  const points = exposed(path, level).map(([right, down]) => [right, down].map((shift) => shift.toFixed(2)));
  svg.setAttribute("viewBox", [-SIZE, -SIZE, 2 * SIZE, 2 * SIZE].join(" "));
  svg.querySelector("polyline").setAttribute("points", points.map(([x, y]) => `${x},${y}`).join(" "));
  svg.querySelectorAll("circle").forEach((dot) => dot.remove());
  points.forEach(([cx, cy]) => {
    const dot = document.createElementNS(svg.namespaceURI, "circle");
    Object.entries({ cx, cy, r: 0.45 }).forEach(([name, value]) => dot.setAttribute(name, value));
    svg.append(dot);
  });
}
