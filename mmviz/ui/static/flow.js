// A drawing that Python made. It is parsed as an image, so nothing in it can run.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".mm");
  const drawing = new DOMParser().parseFromString(data.svg, "image/svg+xml").documentElement;
  root.replaceChildren(document.importNode(drawing, true));
}
