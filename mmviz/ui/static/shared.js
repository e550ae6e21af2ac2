// What every component of mmviz shares. Text from a data set is only ever set as text, never as markup.

const node = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name === "style") for (const [key, part] of Object.entries(value)) made.style.setProperty(key, part);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
};

const luminance = (colour) => {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour.trim() || "#fff";
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
};

// Sets the colours of the theme in use on the root; returns a picker of the right half of a (light, dark) pair.
const dress = (root, tones) => {
  const paper = getComputedStyle(root).getPropertyValue("--st-background-color");
  const at = luminance(paper) < 0.5 ? 1 : 0;
  for (const [name, pair] of Object.entries(tones)) root.style.setProperty(`--${name}`, pair[at]);
  return (pair) => pair[at];
};

// Streamlit calls a component again when nothing has changed; drawing anew would then only lose focus and hover.
const drawn = new WeakMap();
const redraw = (root, data, draw) => {
  const now = JSON.stringify(data) + getComputedStyle(root).getPropertyValue("--st-background-color");
  if (drawn.get(root) === now) return;
  drawn.set(root, now);
  const held = root.getRootNode().activeElement;
  const mark = held?.dataset?.hold ?? null;
  draw();
  root.dataset.lit = "";
  if (mark !== null) root.querySelector(`[data-hold="${CSS.escape(mark)}"]`)?.focus({ preventScroll: true });
};

const picture = (item) => {
  if (item.src) {
    return node("span", { class: "picture" },
      node("img", { src: item.src, alt: item.title, loading: "lazy", decoding: "async", draggable: "false" }));
  }
  const initial = [...item.title.replace(/^(the|a|an)\s+/i, "")][0] ?? "?";
  return node("span", { class: "picture none", role: "img", "aria-label": `${item.title} (no picture)` },
    node("span", { "aria-hidden": "true", text: initial }));
};

// A plain click goes to Python; a click that asks for a new tab or window stays an ordinary link. `kind` names the links.
const openHere = (root, emit, kind = "id") => {
  root.opening ??= {};
  root.opening[kind] = emit;
  root.onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    const link = event.target.closest("a[data-id], a[data-why]");
    const asked = link && Object.keys(root.opening).find((each) => each in link.dataset);
    if (!asked) return;
    event.preventDefault();
    root.opening[asked](link.dataset[asked]);
  };
};

// Every mark of one item lights up together while it is pointed at or has the focus.
const lightUp = (root, after = () => {}) => {
  const show = (key) => {
    if (root.dataset.lit === (key ?? "")) return;
    root.dataset.lit = key ?? "";
    for (const marked of root.querySelectorAll(".lit")) marked.classList.remove("lit");
    const all = key ? [...root.querySelectorAll(`[data-item="${key}"]`)] : [];
    for (const marked of all) marked.classList.add("lit");
    root.classList.toggle("lighting", all.length > 1);
    after(all);
  };
  const keyOf = (event) => event.target.closest?.("[data-item]")?.dataset.item;
  root.onpointerover = (event) => show(keyOf(event));
  root.onpointerleave = () => show(null);
  root.removeEventListener("focusin", root.lightByFocus);  // there is no onfocusin
  root.lightByFocus = (event) => show(keyOf(event));
  root.addEventListener("focusin", root.lightByFocus);
};
