// A small wall of the items that were selected; pointing at one lights it on the maps, and the other way round.

const tile = (item) =>
  node("li", { class: "tile", "data-item": item.row },
    node("a", { href: item.link, "data-id": item.id, title: item.title, "data-hold": item.id }, picture(item),
      node("span", { class: "title", text: item.title })));

const draw = (root, data) => {
  dress(root, data.tones);
  root.style.setProperty("--aspect", data.aspect);
  root.replaceChildren(node("ul", { class: "picked quiet", "aria-label": data.label }, data.items.map(tile)));
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  openHere(root, (id) => setTriggerValue("opened", id));
  lightUp(root, (lit) => dispatchEvent(new CustomEvent("mmviz-lit", { detail: { row: lit.length ? Number(lit[0].dataset.item) : -1, from: root } })));
  if (!root.heard) {
    root.heard = true;
    addEventListener("mmviz-lit", ({ detail }) => {
      if (detail.from === root) return;
      for (const each of root.querySelectorAll("[data-item]")) each.classList.toggle("lit", each.dataset.item === String(detail.row));
    });
  }
}
