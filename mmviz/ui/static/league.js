// The leaderboard: one row a run, one column a measure, each a bar with its interval. Sorting is done here.

const sorting = new WeakMap();

const meter = (cell, row) =>
  node("td", { title: cell.said },
    node("span", { class: "meter", role: "img", "aria-label": cell.said },
      cell.at === null ? null : node("i", { style: { width: `${cell.at}%` } }),
      cell.low === null ? null : node("b", { style: { left: `${cell.low}%`, width: `${Math.max(cell.high - cell.low, 0.4)}%` } })),
    node("span", { class: "number", text: cell.text }));

const line = (row, place, tone) =>
  node("tr", { class: row.ceiling ? "ceiling" : row.doubt ? "doubtful" : null, style: { "--c": tone(row.colour) } },
    node("td", { class: "place", text: row.ceiling ? "" : `${place}` }),
    node("th", { class: "name", scope: "row" },
      node("strong", { text: row.title }),
      row.note ? node("small", { text: row.note }) : null,
      row.doubt ? node("small", { class: "doubt", text: row.doubt }) : null),
    row.cells.map((cell) => meter(cell, row)));

const ordered = (rows, { at, up }) => {
  const of = (row) => row.cells[at]?.value ?? null;
  return [...rows].sort((a, b) => {
    if (a.ceiling !== b.ceiling) return a.ceiling ? -1 : 1;
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return up ? y - x : x - y;
  });
};

const draw = (root, data) => {
  const tone = dress(root, data.tones);
  let chosen = sorting.get(root);
  if (!chosen || chosen.at >= data.heads.length || chosen.first !== data.heads[0]?.name) {
    chosen = { at: 0, up: data.heads[0]?.up ?? true, first: data.heads[0]?.name };
    sorting.set(root, chosen);
  }
  const head = ({ title, unit, arrow, help }, at) =>
    node("th", { scope: "col", "aria-sort": at === chosen.at ? (chosen.up ? "descending" : "ascending") : "none" },
      node("button", { type: "button", "data-at": `${at}`, "data-hold": `sort-${at}`, title: help },
        `${title} ${arrow}`.trim(), unit ? node("small", { text: unit }) : null,
        node("span", { class: "sort", "aria-hidden": "true", text: at === chosen.at ? (chosen.up ? "\u25be" : "\u25b4") : "" })));
  let place = 0;
  const body = ordered(data.rows, chosen).map((row) => line(row, row.ceiling ? 0 : ++place, tone));
  root.replaceChildren(node("div", { class: "scroll quiet", tabindex: "0" },
    node("table", { class: "league" },
      node("thead", {}, node("tr", {},
        node("th", { class: "place" }, node("span", { class: "hidden", text: "Place" })),
        node("th", { class: "name" }, node("span", { class: "hidden", text: "Strategy" })),
        data.heads.map(head))),
      node("tbody", {}, body))));
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  root.onclick = (event) => {
    const button = event.target.closest("button[data-at]");
    if (!button) return;
    const at = Number(button.dataset.at);
    const before = sorting.get(root);
    sorting.set(root, { at, first: before.first, up: before.at === at ? !before.up : data.heads[at].up });
    draw(root, data);
    root.querySelector(`[data-hold="sort-${at}"]`)?.focus({ preventScroll: true });
  };
}
