/** The scoreboard, narrowed to a paper, a task or a set. Without this script the page is all of its sections. */

const box = document.querySelector(".rl-filter");
const title = (section) => section.querySelector("h2, h3").firstChild.textContent;

/** Every row of every table, with what it can be chosen by. */
function* rows() {
  for (const table of document.querySelectorAll("section:has(> h3)")) {
    const paper = table.parentElement;
    const task = table.querySelector("p").textContent.split(".")[0];
    for (const element of table.querySelectorAll("tbody tr")) {
      const told = `${title(table)} ${element.cells[0].textContent}`;
      const sets = box.dataset.sets.split(" ").filter((name) => told.includes(name));
      yield { element, table, paper, chosen: { paper: [title(paper)], task: [task], set: sets } };
    }
  }
}

const all = [...rows()];
const wanted = {};
const status = document.createElement("output");

function show() {
  const seen = new Set();
  for (const { element, table, paper, chosen } of all) {
    const fits = Object.entries(wanted).every(([by, value]) => !value || chosen[by].includes(value));
    element.hidden = !fits;
    if (fits) seen.add(element).add(table).add(paper);
  }
  for (const { table, paper } of all) [table.hidden, paper.hidden] = [!seen.has(table), !seen.has(paper)];
  status.textContent = `${all.filter(({ element }) => seen.has(element)).length} of ${all.length} rows`;
}

for (const by of ["paper", "task", "set"]) {
  const select = document.createElement("select");
  const values = new Set(all.flatMap(({ chosen }) => chosen[by]));
  select.append(new Option(`every ${by}`, ""), ...[...values].map((value) => new Option(value)));
  select.addEventListener("change", () => {
    wanted[by] = select.value;
    show();
  });
  const label = document.createElement("label");
  label.append(`${by} `, select);
  box.append(label);
}
box.append(status);
box.hidden = false;
show();
