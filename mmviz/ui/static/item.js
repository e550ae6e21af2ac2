// One item: its picture, words and facts; under it, its nearest items in each space, one row a space.

const fact = ([name, value]) => [node("dt", { text: name }),
  Array.isArray(value)
    ? node("dd", {}, value.map((part) => node("span", { class: "chip", text: part })))
    : node("dd", { text: value })];

const portrait = (item) =>
  node("article", { class: "item" },
    picture(item),
    node("div", {},
      node("h3", { text: item.title }),
      node("p", { class: item.words ? "words" : "words none", text: item.words || "This item has no text." }),
      node("dl", { class: "facts" }, item.facts.map(fact))));

const space = (row, data, tone) =>
  node("section", { class: "space", "aria-label": `Nearest in ${row.title}`, style: { "--c": tone(row.colour) } },
    node("div", {}, node("h4", { text: row.title }), node("p", { text: row.said })),
    row.near.length === 0
      ? node("p", { text: row.nothing })
      : node("ol", { class: "near quiet", tabindex: "-1" }, row.near.map(({ item: at, cosine, alone }) => {
          const item = data.items[at];
          return node("li", { class: alone ? "alone" : "shared", "data-item": at },
            node("a", { href: data.link + encodeURIComponent(item.id), "data-id": item.id, "aria-label": `${item.title}, similarity ${cosine}` },
              picture(item), node("span", { class: "title", title: item.title, text: item.title }), node("span", { class: "cos", text: cosine })));
        })));

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => {
    const tone = dress(root, data.tones);
    root.style.setProperty("--aspect", data.aspect);
    root.replaceChildren(data.portrait
      ? portrait(data.portrait)
      : node("div", { class: "spaces" }, data.spaces.map((row) => space(row, data, tone))));
  });
  lightUp(root);
  openHere(root, (id) => setTriggerValue("opened", id));
}
