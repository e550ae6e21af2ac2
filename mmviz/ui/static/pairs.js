// Every two strategies: row minus column. A click picks the pair.

const square = (cell, row, column, data, tone) => {
  if (!cell) return node("td", { class: "self", "aria-hidden": "true" });
  return node("td", {},
    node("button", {
      type: "button", title: cell.said, "aria-label": cell.said, "data-pair": `${row.name}|${column.name}`,
      "data-hold": `${row.name}|${column.name}`, class: cell.certain ? "certain" : null,
      style: { "--t": tone(cell.up ? data.ahead : data.behind), "--loud": `${cell.certain ? 10 + cell.loud * 30 : 0}%` },
    },
      node("strong", { text: cell.text }), node("small", { text: cell.small }), node("small", { text: cell.under })));
};

const draw = (root, data) => {
  const tone = dress(root, data.tones);
  const name = (each, scope) =>
    node("th", { scope, style: { "--c": tone(each.colour) } }, node("span", { text: each.title }));
  root.replaceChildren(node("div", { class: "scroll quiet", tabindex: "0" },
    node("table", { class: "pairs" },
      node("thead", {}, node("tr", {}, node("th", {}), data.names.map((each) => name(each, "col")))),
      node("tbody", {}, data.names.map((row, i) =>
        node("tr", {}, name(row, "row"), data.rows[i].map((cell, j) => square(cell, row, data.names[j], data, tone))))))));
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  root.onclick = (event) => {
    const button = event.target.closest("button[data-pair]");
    if (button) setTriggerValue("picked", button.dataset.pair);
  };
}
