// Two pictures on one stage with a border between them, and all pictures beside each other; all show the same part.
//
// A picture is {name, note, tone, canvas}; canvases smaller than the size on show are shown enlarged.

const ZOOMS = [1, 2, 4, 8, 16]; // screen pixels per pixel of the picture; a smaller one shows it whole
const STEP = 60; // pixels on the screen by which an arrow key moves the part on show
const NEAR = 24; // pixels on the screen around the border in which it can be dragged

export class Viewer {
  constructor(figure) {
    const part = (name) => figure.querySelector(`.rl-try-${name}`);
    Object.assign(this, {
      figure,
      stage: part("stage"),
      canvas: part("stage").querySelector("canvas"),
      line: part("line"),
      border: part("border"),
      sides: { left: part("left"), right: part("right") },
      error: part("error"),
      zoomWord: part("zoom"),
      panels: part("panels"),
      pictures: [],
      zoom: 0, // 0: the whole picture
      asked: false,
    });
    const redraw = () => this.redraw();
    Object.values(this.sides).forEach((select) => select.addEventListener("change", redraw));
    [this.border, this.error].forEach((control) => control.addEventListener("input", redraw));
    part("in").addEventListener("click", () => this.zoomBy(1));
    part("out").addEventListener("click", () => this.zoomBy(-1));
    part("whole").addEventListener("click", () => this.zoomTo(0));
    this.stage.addEventListener("keydown", (event) => this.pressed(event));
    this.stage.addEventListener("pointerdown", (event) => this.dragged(event));
    new ResizeObserver(redraw).observe(this.stage);
  }

  // Show pictures of one size, the first on the left and the last on the right; errors are told against `reference`.
  show({ width, height }, pictures, reference) {
    const other = width !== this.width || height !== this.height;
    Object.assign(this, { width, height, reference, pictures: [] });
    if (other) Object.assign(this, { zoom: 0, x: width / 2, y: height / 2 });
    this.panels.replaceChildren();
    Object.values(this.sides).forEach((select) => select.replaceChildren());
    pictures.forEach((picture) => this.add(picture));
    this.sides.left.value = 0;
    this.figure.hidden = false;
    this.layOut();
    this.redraw();
  }

  add(picture) {
    const index = this.pictures.push(picture) - 1;
    Object.values(this.sides).forEach((select) => select.add(new Option(picture.name, index)));
    const panel = document.createElement("button");
    panel.type = "button";
    panel.className = "rl-try-panel";
    panel.style.setProperty("--tone", picture.tone ? `var(--rl-${picture.tone})` : "transparent");
    panel.append(document.createElement("canvas"), document.createElement("strong"), document.createElement("span"));
    panel.addEventListener("click", () => this.choose(picture));
    this.panels.append(panel);
    Object.assign(picture, { panel });
    this.choose(picture);
  }

  choose(picture) {
    this.sides.right.value = this.pictures.indexOf(picture);
    this.redraw();
  }

  get right() {
    return this.pictures[this.sides.right.value];
  }

  // ---------------------------------------------------------------- which part is on show

  zoomBy(steps) {
    const zooms = [0, ...ZOOMS.filter((zoom) => zoom > this.scaleOf(this.canvas, 0))];
    const next = Math.max(zooms.indexOf(this.zoom), 0) + steps;
    this.zoomTo(zooms[Math.min(Math.max(next, 0), zooms.length - 1)]);
  }

  // So near that pixels are seen, where the whole picture is on show.
  zoomToPixels() {
    if (!this.zoom) this.zoomTo(ZOOMS.find((zoom) => zoom >= 2 && zoom > this.scaleOf(this.canvas, 0)) ?? 0);
  }

  zoomTo(zoom) {
    this.zoom = zoom;
    this.redraw();
  }

  // By pixels on the screen.
  move(right, down) {
    const pixel = this.scaleOf(this.canvas, this.zoom) / devicePixelRatio;
    this.x += right / pixel;
    this.y += down / pixel;
    this.redraw();
  }

  pressed(event) {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (moves[event.key]) this.move(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") this.zoomBy(1);
    else if (event.key === "-") this.zoomBy(-1);
    else if (event.key === "0") this.zoomTo(0);
    else return;
    event.preventDefault();
  }

  // Drags the border where it is near or the picture is shown whole, else the picture.
  dragged(down) {
    if (down.button) return;
    const box = this.canvas.getBoundingClientRect();
    const at = (event) => (100 * (event.clientX - box.left)) / box.width;
    const moving = this.zoom && Math.abs(at(down) - this.border.value) * box.width > 100 * NEAR;
    let [x, y] = [down.clientX, down.clientY];
    const follow = (event) => {
      if (moving) {
        this.move(x - event.clientX, y - event.clientY);
        [x, y] = [event.clientX, event.clientY];
      } else {
        this.border.value = at(event);
        this.redraw();
      }
    };
    if (!moving) follow(down);
    this.stage.setPointerCapture(down.pointerId);
    const stop = new AbortController();
    this.stage.addEventListener("pointermove", follow, stop);
    ["pointerup", "pointercancel"].forEach((end) => this.stage.addEventListener(end, () => stop.abort(), stop));
  }

  // ---------------------------------------------------------------- drawing

  redraw() {
    if (this.asked || !this.pictures.length) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  // Screen pixels per pixel of the picture.
  scaleOf(canvas, zoom) {
    return zoom || Math.min(canvas.width / this.width, canvas.height / this.height);
  }

  layOut() {
    this.stage.style.maxWidth = `calc(80vh * ${this.width / this.height})`;
    fit(this.canvas, this.width / this.height);
  }

  draw() {
    const [left, right] = [this.pictures[this.sides.left.value], this.right];
    this.stage.classList.toggle("rl-zoomed", this.zoom > 0);
    this.layOut();
    const scale = this.scaleOf(this.canvas, this.zoom);
    const [halfWidth, halfHeight] = [this.canvas.width / scale / 2, this.canvas.height / scale / 2];
    this.x = Math.min(Math.max(this.x, halfWidth), this.width - halfWidth);
    this.y = Math.min(Math.max(this.y, halfHeight), this.height - halfHeight);
    const context = contextOf(this.canvas);
    this.paint(context, right, scale);
    const split = Math.round((this.canvas.width * this.border.value) / 100);
    if (split) {
      context.save();
      context.beginPath();
      context.rect(0, 0, split, this.canvas.height);
      context.clip();
      this.paintPlain(context, left, scale);
      context.restore();
    }
    this.line.style.left = `${this.border.value}%`;
    this.line.dataset.left = left.name;
    this.line.dataset.right = this.error.checked ? `${right.name}: error` : right.name;
    this.zoomWord.textContent = this.zoom ? `${100 * this.zoom} %` : "whole";
    this.canvas.setAttribute("aria-label", `${left.name} on the left, ${right.name} on the right`);
    this.pictures.forEach((picture) => this.drawPanel(picture, picture === right));
  }

  drawPanel(picture, chosen) {
    const { panel, name, note } = picture;
    const [canvas, title, words] = panel.children;
    fit(canvas, this.width / this.height);
    const scale = this.scaleOf(canvas, 0);
    this.paint(contextOf(canvas), picture, Math.max(scale, this.zoom));
    title.textContent = name;
    words.textContent = note ?? "";
    panel.setAttribute("aria-pressed", chosen);
  }

  // A picture, or its error: eight times its distance from the reference.
  paint(context, picture, scale) {
    // A picture may end a fraction of a pixel before the canvas does.
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    this.paintPlain(context, picture, scale);
    if (!this.error.checked) return;
    context.save();
    context.globalCompositeOperation = "difference";
    this.paintPlain(context, this.reference, scale);
    context.globalCompositeOperation = "lighter";
    for (let doubled = 0; doubled < 3; doubled++) context.drawImage(context.canvas, 0, 0);
    context.restore();
  }

  paintPlain(context, { canvas }, scale) {
    const { width, height } = context.canvas;
    const [shown, high] = [width / scale, height / scale];
    const left = Math.min(Math.max(this.x - shown / 2, 0), this.width - shown);
    const top = Math.min(Math.max(this.y - high / 2, 0), this.height - high);
    const share = canvas.width / this.width;
    context.imageSmoothingEnabled = !Number.isInteger(scale); // pixels are seen as such once they are zoomed to
    context.imageSmoothingQuality = "medium";
    context.drawImage(canvas, left * share, top * share, shown * share, high * share, 0, 0, width, height);
  }
}

// In main memory, as the pictures are: large ones would go to the graphics card at each drawing.
function contextOf(canvas) {
  return canvas.getContext("2d", { willReadFrequently: true });
}

// As many pixels as the screen has where the canvas stands.
function fit(canvas, ratio) {
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round(width / ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}
