// What the reader chooses: the damage, and the networks that mend it.

import { NETWORKS } from "./networks.js";

// The kinds of damage in the page's order, and what their levels are called.
const KINDS = {
  shrunk: (level) => `Shrunk ×${level}`,
  noise: (level) => `Noise, σ ${level}`,
  jpeg: (level) => `JPEG, quality ${level}`,
  shake: (level) => `Camera shake, ${level} of 13 frames`,
};

// Not a network: what every network for shrunk photos is compared with.
const BICUBIC = { run: "bicubic", name: "Bicubic", channels: 3, enlarges: false, reach: 0, multiple: 1, skips: [] };

const nameOf = ({ kind, level }) => `${kind}-${level}`;

function damages() {
  const all = new Map(NETWORKS.flatMap(({ mends }) => mends).map((damage) => [nameOf(damage), damage]));
  const order = Object.keys(KINDS);
  return [...all.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.level - b.level);
}

function networksFor(damage) {
  const mending = NETWORKS.filter(({ mends }) => mends.some((each) => nameOf(each) === nameOf(damage)));
  return damage.kind === "shrunk" ? [BICUBIC, ...mending] : mending;
}

// A network as a checkbox, with a link to the record of its run.
function entry({ run, name, paper, bytes, record, skips }) {
  const item = document.createElement("li");
  const label = item.appendChild(document.createElement("label"));
  const box = Object.assign(document.createElement("input"), { type: "checkbox", value: run, checked: true });
  label.append(box, ` ${name}`);
  if (paper) label.style.setProperty("--tone", `var(--rl-${paper})`);
  if (!record) return item;
  item.append(" ", Object.assign(document.createElement("a"), { href: record, textContent: run }));
  item.append(`, ${(bytes / 1e6).toFixed(1)} MB`);
  if (skips.length) item.append(skipsOf(skips, name));
  return item;
}

// A checkbox for each skip, by the layers between which it leads.
function skipsOf(skips, name) {
  const group = Object.assign(document.createElement("fieldset"), { className: "rl-try-skips" });
  group.append(Object.assign(document.createElement("legend"), { textContent: `Skips of ${name}` }));
  for (const [start, end] of [...skips].reverse()) {
    const label = group.appendChild(document.createElement("label"));
    label.append(Object.assign(document.createElement("input"), { type: "checkbox", name: start, checked: true }));
    label.append(` ${start} → ${end}`);
  }
  return group;
}

// The network as its entry has it: `factors` has one for each skip, 0 for those that are cut.
function asChosen(network, box) {
  const cut = [...box.closest("li").querySelectorAll(".rl-try-skips input:not(:checked)")].map((input) => +input.name);
  const factors = network.skips.map(([start]) => (cut.includes(start) ? 0 : 1));
  const name = cut.length ? `${network.name} without ${cut.join(", ")}` : network.name;
  return { ...network, name, factors };
}

export class Choices {
  // `changed` is called after each choice.
  constructor(form, changed) {
    const part = (name) => form.querySelector(`.rl-try-${name}`);
    Object.assign(this, { select: part("damage"), real: part("real"), part: part("part") });
    Object.assign(this, { list: part("networks"), steps: part("steps") });
    this.all = new Map(damages().map((damage) => [nameOf(damage), damage]));
    this.all.forEach((damage, name) => this.select.add(new Option(KINDS[damage.kind](damage.level), name)));
    const asked = location.hash.slice(1); // a chapter's link names the damage
    if (this.all.has(asked)) this.select.value = asked;
    this.select.addEventListener("change", () => {
      this.offer();
      changed();
    });
    [this.real, this.part].forEach((control) => control.addEventListener("change", changed));
    this.offer();
  }

  offer() {
    const networks = networksFor(this.damage);
    this.list.replaceChildren(...networks.map(entry));
    this.steps.closest("label").hidden = !networks.some(({ steps }) => steps?.length);
  }

  get damage() {
    return this.all.get(this.select.value);
  }

  // Whether the photo has the damage already.
  get isReal() {
    return this.real.checked;
  }

  // Whether what networks have on the way is asked for too.
  get withSteps() {
    return this.steps.checked && !this.steps.closest("label").hidden;
  }

  get networks() {
    const boxes = [...this.list.querySelectorAll("li > label > input")];
    return networksFor(this.damage)
      .map((network, i) => boxes[i].checked && asChosen(network, boxes[i]))
      .filter(Boolean);
  }
}
