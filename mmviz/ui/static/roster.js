// The strategies of one split as a table: which to train, and what the trained ones reach on one shared scale.

const dots = (row) => {
  if (!row.dot) return node("td", { class: "dots wide" });
  const [at, low, high] = row.dot;
  return node("td", { class: "dots wide" },
    node("span", { class: "scale", role: "img", "aria-label": row.dotSaid, title: row.dotSaid },
      low === null ? null : node("b", { style: { left: `${low}%`, width: `${high - low}%` } }),
      node("i", { style: { left: `${at}%` } })));
};

const line = (row, data, tone) =>
  node("tr", { style: { "--c": tone(row.colour) } },
    node("td", { class: "pick" },
      row.name ? node("input", { type: "checkbox", id: `pick-${row.name}`, value: row.name, checked: data.chosen.includes(row.name) }) : null),
    node("td", { class: "name" },
      row.name ? node("label", { for: `pick-${row.name}`, text: row.title }) : node("strong", { text: row.title }),
      node("p", { class: "summary", text: row.summary, title: row.more })),
    dots(row),
    row.cells.length
      ? row.cells.map((value, at) => node("td", { class: data.heads[at].wide ? "wide" : null, text: value }))
      : [node("td", { class: "none", colspan: data.heads.length, text: row.state })]);

const group = ([title, rows], data, tone) =>
  node("tbody", {},
    node("tr", { class: "group" }, node("th", { colspan: data.heads.length + 3, scope: "colgroup", text: title })),
    rows.map((row) => line(row, data, tone)));

const draw = (root, data) => {
  const tone = dress(root, data.tones);
  const header = node("tr", {},
    node("th", { class: "left", colspan: "2" }, node("span", { class: "hidden", text: "Strategy" })),
    node("th", { class: "left wide", text: data.scale, style: { "padding-left": "1.1rem" } }),
    data.heads.map(({ name, unit, wide }) => node("th", { class: wide ? "wide" : null }, name, unit ? node("small", { text: unit }) : null)));
  root.replaceChildren(node("table", { class: "roster" }, node("thead", {}, header), data.groups.map((each) => group(each, data, tone))));
};

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  root.onchange = () =>
    setStateValue("chosen", [...root.querySelectorAll("input:checked")].map((box) => box.value));
}
