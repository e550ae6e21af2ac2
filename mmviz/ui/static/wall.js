// A wall of pictures: links to the items, or, with `picking`, buttons that are pressed or not.

const tile = (item, data) => {
  const body = [picture(item), node("span", { class: "title", title: item.title, text: item.title }),
    item.near ? node("span", { class: "near", text: item.near, title: data.nearSaid }) : null];
  if (!data.picking) {
    return node("li", { class: "tile" },
      node("a", { href: data.link + encodeURIComponent(item.id), "data-id": item.id }, body));
  }
  body[0].append(node("span", { class: "tick" }));
  return node("li", { class: "tile" },
    node("button", { type: "button", "data-pick": item.id, "data-hold": item.id, "aria-pressed": String(data.picked.includes(item.id)) }, body));
};

const draw = (root, data) => {
  dress(root, data.tones);
  root.style.setProperty("--aspect", data.aspect);
  const narrow = data.aspect < 0.85 ? 132 : 140;
  root.style.setProperty("--cell", `${data.picking ? narrow * 0.56 : narrow}px`);
  const scrolled = root.querySelector(".wall")?.scrollTop ?? 0;
  const wall = node("ul", { class: `wall quiet${data.picking ? " small" : ""}`, "aria-label": data.label },
    data.items.map((item) => tile(item, data)));
  root.replaceChildren(wall);
  wall.scrollTop = root.dataset.shown === data.shown ? scrolled : 0;
  root.dataset.shown = data.shown;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  openHere(root, (id) => setTriggerValue("opened", id));
  if (data.picking) {
    root.onclick = (event) => {
      const button = event.target.closest("button[data-pick]");
      if (!button) return;
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      setTriggerValue("toggled", button.dataset.pick);
    };
  }
}
