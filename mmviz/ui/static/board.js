// Several strategies' lists side by side, one column each, drawn from one payload.

const frame = (data, hits, entry) => {
  const item = data.items[entry.item];
  const found = entry.held && hits.has(entry.item);
  const told = [item.title, entry.when, entry.rating && `rated ${entry.rating}`, entry.held && "held out",
    found && "found by a list below"].filter(Boolean).join(", ");
  return node("li", { class: "frame", "data-item": entry.item },
    node("a", { class: "thumb", href: data.link + encodeURIComponent(item.id), "data-id": item.id, title: told, "aria-label": told },
      picture(item), found ? node("span", { class: "got" }) : null),
    node("span", { class: "rated", text: entry.rating }),
    node("span", { class: "when", text: entry.newDay ? entry.when : "" }));
};

const strip = (data, hits) =>
  node("section", { class: "strip", "aria-label": data.history.title },
    node("span", { class: "label", text: data.history.title }),
    node("div", { class: "frames quiet", tabindex: "-1" },
      data.history.before ? node("span", { class: "more", text: data.history.before }) : null,
      data.history.groups.map((group) =>
        node("div", { class: `group${group.held ? " held" : ""}` },
          node("span", { class: "part", text: group.title }),
          node("span", { class: "side" }),
          node("ul", {}, group.frames.map((entry) => frame(data, hits, entry)))))));

const overlap = (data, tone) => {
  if (data.columns.length < 2) return null;
  const body = data.columns.slice(1).map((column, below) =>
    node("tr", {},
      node("th", { scope: "row", text: column.title, style: { "--c": tone(column.colour) } }),
      data.columns.slice(0, -1).map((other, at) => {
        if (at > below) return node("td", { class: "empty" });
        const cell = data.overlap[below + 1][at];
        return node("td", { text: cell.count, title: `${column.title} and ${other.title}: ${cell.said}`, style: { "--share": cell.share } });
      })));
  const foot = node("tr", {}, node("td", {}), data.columns.slice(0, -1).map((column) =>
    node("td", { title: column.title }, node("i", { style: { "--c": tone(column.colour) } }))));
  return node("section", { class: "overlap", "aria-label": "Items in common" },
    node("span", { class: "label", text: `Items in common, of ${data.k}` }),
    node("table", {}, node("tbody", {}, body), node("tfoot", {}, foot)));
};

const legend = (data, tone) =>
  node("p", { class: "legend" },
    data.parts.map(([name, colour]) => node("span", {}, node("i", { style: { "--c": tone(colour) } }), name)),
    data.marked ? node("span", {}, node("i", { class: "mark" }), "Held-out hit") : null,
    data.reference ? node("span", { text: `▲ ▼ places against ${data.reference}` }) : null);

const figure = (name, value, title, kind) =>
  node("div", { class: kind, title }, node("dt", { text: name }), node("dd", { text: value }));

const head = (column) =>
  node("header", { class: "head" },
    node("h3", { title: column.summary, text: column.title },
      column.isReference ? node("small", { text: "reference" }) : null),
    node("dl", {}, column.figures.map(([name, value, title, kind]) => figure(name, value, title, kind))));

const bar = (pick, data, tone) =>
  node("span", { class: "bar", title: pick.shares },
    node("span", { class: "track" },
      pick.segments.map(([part, left, width, minus]) =>
        node("i", { class: minus ? "minus" : null, style: { left: `${left}%`, width: `${width}%`, "--c": tone(data.colours[part]) } })),
      pick.zero > 0 ? node("b", { style: { left: `${pick.zero}%` } }) : null),
    node("span", { class: "score", text: pick.score }));

const meta = (pick, data, column, tone) => {
  const others = data.columns.filter((other) => other !== column);
  const also = others.length === 0 ? null
    : pick.also.length === 0 ? node("span", { class: "only", text: "only here", title: "No other list has this item" })
    : node("span", { class: "also", title: `Also in ${pick.also.map((at) => data.columns[at].title).join(", ")}` },
        data.columns.map((other, at) => other === column ? null
          : node("i", { class: pick.also.includes(at) ? "has" : null, style: { "--c": tone(other.colour) } })));
  return node("span", { class: "meta" },
    pick.hit ? node("span", { class: "hit", text: "hit", title: "This person chose it in the held-out part" }) : null,
    also,
    pick.move ? node("span", { class: "move", text: pick.move, title: pick.moveSaid }) : null);
};

const card = (pick, data, column, tone) => {
  const item = data.items[pick.item];
  return node("li", { class: `card${pick.common ? " common" : ""}`, "data-item": pick.item, "data-key": `${column.name}:${pick.item}` },
    node("a", { href: data.link + encodeURIComponent(item.id), "data-id": item.id, "data-hold": `${column.name}:${pick.rank}`, "aria-label": pick.said },
      picture(item),
      node("span", { class: "body" },
        node("span", { class: "title", title: item.title }, node("span", { class: "rank", text: pick.rank }), item.title),
        bar(pick, data, tone), meta(pick, data, column, tone))),
    node("a", { class: "why", href: data.why + encodeURIComponent(item.id), "data-why": item.id, "aria-label": `Why was ${item.title} recommended?`, text: "Why?" }));
};

const columnOf = (column, data, tone) =>
  node("section", { class: "column", "aria-label": column.title, style: { "--c": tone(column.colour) } },
    head(column),
    column.picks.length
      ? node("ol", {}, column.picks.map((pick) => card(pick, data, column, tone)))
      : node("p", { class: "nothing", text: data.nothing }));

// Cards that stay in a list slide to their new place, so that the eye can follow what a knob did.
const slide = (root, before) => {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const place of root.querySelectorAll("[data-key]")) {
    const was = before.get(place.dataset.key);
    if (was === undefined) {
      if (before.size) place.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 260, easing: "ease-out" });
    } else if (Math.abs(was - place.offsetTop) > 1) {
      place.animate([{ transform: `translateY(${was - place.offsetTop}px)` }, { transform: "none" }], { duration: 320, easing: "cubic-bezier(.2,.7,.2,1)" });
    }
  }
};

// While an item is lit, a thread joins its places in the columns.
const thread = (columns) => {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "threads");
  drawing.setAttribute("aria-hidden", "true");
  columns.append(drawing);
  return (lit) => {
    drawing.replaceChildren();
    const frame = columns.getBoundingClientRect();
    const cards = lit.filter((mark) => mark.classList.contains("card")).map((mark) => mark.getBoundingClientRect());
    const shift = columns.scrollLeft;
    for (let at = 1; at < cards.length; at += 1) {
      const from = [cards[at - 1].right - frame.left + shift + 6, cards[at - 1].top + cards[at - 1].height / 2 - frame.top];
      const to = [cards[at].left - frame.left + shift - 6, cards[at].top + cards[at].height / 2 - frame.top];
      const bend = (to[0] - from[0]) / 2;
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", `M${from}C${from[0] + bend},${from[1]} ${to[0] - bend},${to[1]} ${to}`);
      drawing.append(path);
    }
  };
};

const draw = (root, data) => {
  const tone = dress(root, data.tones);
  root.style.setProperty("--aspect", data.aspect);
  root.style.setProperty("--thumb", data.aspect < 0.85 ? "54px" : data.aspect > 1.2 ? "84px" : "66px");
  root.style.setProperty("--rows", data.k);
  const same = root.dataset.person === data.person;
  const before = new Map([...root.querySelectorAll("[data-key]")].map((place) => [place.dataset.key, place.offsetTop]));
  const scrolled = [root.querySelector(".frames")?.scrollLeft ?? 0, root.querySelector(".columns")?.scrollLeft ?? 0];
  root.dataset.person = data.person;

  const hits = new Set(data.columns.flatMap((column) => column.picks.filter((pick) => pick.hit).map((pick) => pick.item)));
  const columns = node("div", { class: "columns quiet", tabindex: "-1" }, data.columns.map((column) => columnOf(column, data, tone)));
  const past = data.history.groups.length ? strip(data, hits) : node("span", {});
  root.replaceChildren(node("div", { class: "top" }, past, overlap(data, tone)), legend(data, tone), columns);

  const frames = root.querySelector(".frames");
  if (frames) frames.scrollLeft = same ? scrolled[0] : frames.scrollWidth;
  columns.scrollLeft = scrolled[1];
  slide(root, same ? before : new Map());
  root.thread = thread(columns);
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  lightUp(root, (lit) => root.thread(lit));
  openHere(root, (id) => setTriggerValue("opened", id));
  openHere(root, (id) => setTriggerValue("why", id), "why");
}
