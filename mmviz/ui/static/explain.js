// One item as several strategies saw it: a picture with a smooth map, clickable words, and what the changes did.

const WARM = [[249, 221, 176, 0], [231, 148, 60, 0.62], [176, 58, 34, 0.9], [96, 18, 26, 1]];
const COOL = [[176, 213, 249, 0], [74, 144, 217, 0.62], [24, 86, 160, 0.9], [10, 40, 92, 1]];

const tint = (share) => {
  const scale = share < 0 ? COOL : WARM;
  const at = Math.min(Math.abs(share), 1) * (scale.length - 1);
  const low = Math.min(Math.floor(at), scale.length - 2);
  const part = at - low;
  return scale[low].map((value, channel) => value + (scale[low + 1][channel] - value) * part);
};

const css = ([red, green, blue, alpha], strength) =>
  `rgba(${Math.round(red)}, ${Math.round(green)}, ${Math.round(blue)}, ${(alpha * strength).toFixed(3)})`;

const mean = (rows) => rows[0].map((_, at) => rows.reduce((sum, row) => sum + row[at], 0) / rows.length);

// What a column shows now: of the picture and of the words, each with its own limit shared by all columns.
const shown = (column, data, look) => {
  const words = [...look.words];
  const of = look.hover !== null ? [look.hover] : words;
  const patch = of.length ? null : look.patch;
  const picture = of.length
    ? (column.cross && !column.within ? [mean(of.map((word) => column.cross[word])), data.limits.cross] : [column.image, data.limits.image])
    : patch !== null && column.pp ? [column.pp[patch], data.limits.pp] : [column.image, data.limits.image];
  const tints = of.length && column.ww ? [mean(of.map((word) => column.ww[word])), data.limits.ww]
    : patch !== null && column.pw ? [column.pw[patch], data.limits.pw]
    : patch !== null && column.cross && !column.within ? [column.cross.map((row) => row[patch]), data.limits.cross]
    : [column.words, data.limits.words];
  return { picture, tints, of, patch };
};

const paint = (root, data) => {
  const look = root.look;
  const gone = new Set(look.covered);
  for (const [at, column] of data.columns.entries()) {
    const box = root.querySelector(`[data-column="${at}"]`);
    const { picture: [values, limit], tints: [tones, most], of, patch } = shown(column, data, look);
    const canvas = box.querySelector("canvas");
    if (canvas) {
      const [rows, columns] = data.grid;
      const small = new OffscreenCanvas(columns, rows);
      const pen = small.getContext("2d");
      const image = pen.createImageData(columns, rows);
      values?.forEach((value, place) => {
        const [red, green, blue, alpha] = tint(limit ? value / limit : 0);
        image.data.set([red, green, blue, 255 * alpha * look.opacity], place * 4);
      });
      pen.putImageData(image, 0, 0);
      const wide = canvas.getContext("2d");
      wide.clearRect(0, 0, canvas.width, canvas.height);
      wide.imageSmoothingEnabled = true;
      wide.imageSmoothingQuality = "high";
      wide.drawImage(small, 0, 0, canvas.width, canvas.height);
      const [width, height] = [canvas.width / columns, canvas.height / rows];
      for (const place of gone) {
        wide.fillStyle = "#8d8a84";
        wide.fillRect((place % columns) * width, Math.floor(place / columns) * height, width + 0.5, height + 0.5);
      }
      const marked = look.cursor ?? patch;
      if (marked !== null) {
        wide.lineWidth = 3;
        wide.strokeStyle = "#fff";
        wide.strokeRect((marked % columns) * width + 2, Math.floor(marked / columns) * height + 2, width - 4, height - 4);
        wide.lineWidth = 1.5;
        wide.strokeStyle = "#111";
        wide.strokeRect((marked % columns) * width + 2, Math.floor(marked / columns) * height + 2, width - 4, height - 4);
      }
    }
    for (const word of box.querySelectorAll("[data-word]")) {
      const place = Number(word.dataset.word);
      const value = tones ? tones[place] / (most || 1) : 0;
      word.style.setProperty("--tint", css(tint(value), 0.55));
      word.setAttribute("aria-pressed", look.removing ? look.struck.has(place) : look.words.has(place));
      word.classList.toggle("struck", look.struck.has(place));
      word.classList.toggle("on", of.includes(place));
    }
  }
  const changed = gone.size + look.struck.size > 0;
  root.querySelector(".reset").hidden = !(changed || data.changed);
  root.classList.toggle("removing", look.removing);
  const end = look.weakest ? "weakest" : "strongest";
  for (const said of root.querySelectorAll(".takers .share")) said.textContent = `Remove its ${end} ${look.share} %:`;
  for (const button of root.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", (button.dataset.mode === "remove") === look.removing);
  }
};

const stage = (column, data) =>
  data.src
    ? node("div", { class: "stage", tabindex: "0", role: "img", "aria-label": `${data.title}: ${column.said}` },
        node("img", { src: data.src, alt: "", draggable: "false" }), node("canvas", { width: 540, height: 540, "aria-hidden": "true" }))
    : node("div", { class: "stage none", text: "No picture" });

const sentence = (data) =>
  node("p", { class: "told" },
    data.pieces.map((piece, at) => at % 2
      ? node("button", { type: "button", class: "word", "data-word": (at - 1) / 2, "aria-pressed": "false", text: piece })
      : piece),
    data.pieces.length < 2 ? node("span", { class: "none", text: "No words" }) : null);

const weights = (column, tone) => column.modalities.length === 0 ? node("div", {})
  : node("div", { class: "weights", title: "How much the strategy weighs each modality of this item" },
      column.modalities.map(([name, share, colour]) =>
        node("span", { style: { "--c": tone(colour), "--share": share }, text: `${name} ${Math.round(100 * share)} %` })));

const place = (made) => !made ? node("p", { class: "place", text: "no place: not ranked from outside" })
  : node("p", { class: "place" },
      node("span", { text: made.changed ? `place ${made.before} → ` : "place " }),
      node("b", { class: "now", text: made.after }), node("span", { text: ` of ${made.count}` }),
      made.changed ? node("b", { class: "move", text: made.move }) : null,
      node("br"), node("span", { class: "points", text: made.changed ? `score ${made.scoreBefore} → ${made.scoreAfter}` : `score ${made.scoreAfter}` }));

const list = (made) => !made ? node("div", {})
  : node("div", { class: "effect" },
      node("span", { class: "label", text: made.changed ? "The list after the change" : "The list" }),
      node("ol", {}, made.list.map((row) =>
        node("li", { class: row.own ? "own" : null, title: row.title },
          node("span", { class: "rank", text: row.rank }), node("span", { class: "name", text: row.title }),
          node("span", { class: "move", text: row.move })))));

const because = (reason, tone) => !reason ? node("div", {})
  : node("div", { class: "because" },
      node("div", { class: "shares", role: "img", "aria-label": reason.shares },
        reason.segments.map(([name, left, width, minus, colour]) =>
          node("i", { class: minus ? "minus" : null, title: name, style: { left: `${left}%`, width: `${width}%`, "--c": tone(colour) } })),
        reason.zero > 0 ? node("b", { style: { left: `${reason.zero}%` } }) : null),
      node("p", { class: "said", text: reason.sentence }),
      node("ol", { class: "past" }, reason.history.map((entry) =>
        node("li", { title: `${entry.item.title}: ${entry.part} of the score` }, picture(entry.item), node("span", { text: entry.part })))));

// What the order of a column's map may take away: a share of the patches or of the words, from either end.
const takers = (column, at, data) => {
  const offered = [["image", "patches", data.src], ["words", "words", true]].filter(([of, , there]) => there && column.ranked[of]?.length);
  if (!offered.length) return node("p", {});
  return node("p", { class: "takers" }, node("span", { class: "share" }),
    offered.map(([of, name]) => node("button", { type: "button", "data-take": of, "data-of": at, text: name })));
};

const taken = (order, look) => {
  const n = Math.max(1, Math.round((order.length * look.share) / 100));
  return look.weakest ? order.slice(-n) : order.slice(0, n);
};

const columnOf = (column, at, data, tone) =>
  node("section", { class: "seen", "data-column": at, "aria-label": column.title, style: { "--c": tone(column.colour) } },
    node("header", {}, node("h3", { text: column.title }), node("p", { class: "note", text: column.note })),
    data.editable ? place(column.effect) : node("p", {}),
    stage(column, data), weights(column, tone), sentence(data),
    data.editable ? takers(column, at, data) : node("p", {}),
    because(column.reason, tone), data.editable ? list(column.effect) : node("div", {}));

const bar = (data) =>
  node("div", { class: "tools" },
    data.editable ? node("div", { class: "modes", role: "group", "aria-label": "What a click does" },
      node("button", { type: "button", "data-mode": "look", text: "Look" }),
      node("button", { type: "button", "data-mode": "remove", text: "Remove" })) : null,
    data.editable ? node("label", { class: "amount" }, "Remove the",
      node("select", { "aria-label": "From which end of the map" },
        node("option", { value: "strongest", text: "strongest" }), node("option", { value: "weakest", text: "weakest" })),
      node("input", { type: "number", min: "1", max: "100", step: "1", inputmode: "numeric", "aria-label": "Per cent to remove" }), "%") : null,
    node("label", { class: "opacity" }, "Map", node("input", { type: "range", min: "0", max: "100", value: "85", "aria-label": "Opacity of the map" })),
    node("span", { class: "scale" }, node("span", { text: data.scale[0] }), node("i", { class: data.signed ? "both" : "one" }), node("span", { text: data.scale[1] })),
    node("button", { type: "button", class: "reset", text: "Reset", hidden: true }),
    node("span", { class: "hint", text: data.hint }));

const patchAt = (canvas, grid, event) => {
  const box = canvas.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * grid[1]);
  const row = Math.floor(((event.clientY - box.top) / box.height) * grid[0]);
  return column < 0 || row < 0 || column >= grid[1] || row >= grid[0] ? null : row * grid[1] + column;
};

const wire = (root, data, emit) => {
  const look = root.look;
  const show = () => paint(root, data);
  const tell = () => emit("edited", JSON.stringify({ covered: [...look.covered].sort((a, b) => a - b), struck: [...look.struck].sort((a, b) => a - b) }));
  const toggle = (set, value) => { if (!set.delete(value)) set.add(value); };
  const choose = (patch) => {
    look.words.clear();
    look.patch = look.patch === patch ? null : patch;
    show();
  };
  root.onclick = (event) => {
    const word = event.target.closest("[data-word]");
    const mode = event.target.closest("[data-mode]");
    const take = event.target.closest("[data-take]");
    if (mode) { look.removing = mode.dataset.mode === "remove"; look.hover = null; show(); }
    else if (word) {
      if (look.removing) { toggle(look.struck, Number(word.dataset.word)); show(); tell(); }
      else { look.patch = null; toggle(look.words, Number(word.dataset.word)); show(); }
    } else if (take) {
      const gone = new Set(taken(data.columns[Number(take.dataset.of)].ranked[take.dataset.take], look));
      if (take.dataset.take === "image") look.covered = gone; else look.struck = gone;
      show(); tell();
    } else if (event.target.closest(".reset")) {
      look.covered.clear(); look.struck.clear(); look.words.clear(); look.patch = null;
      show(); emit("edited", JSON.stringify({ reset: true }));
    }
  };
  root.onpointerover = (event) => {
    const word = event.target.closest?.("[data-word]");
    const next = word && !look.removing ? Number(word.dataset.word) : null;
    if (next !== look.hover) { look.hover = next; show(); }
  };
  root.oninput = (event) => {
    if (event.target.closest(".opacity")) look.opacity = event.target.value / 100;
    else if (event.target.matches(".amount select")) look.weakest = event.target.value === "weakest";
    else if (event.target.matches(".amount input")) look.share = Math.min(Math.max(Number(event.target.value) || 1, 1), 100);
    else return;
    show();
  };
  for (const stage of root.querySelectorAll(".stage:not(.none)")) {
    const canvas = stage.querySelector("canvas");
    const brush = (event) => {
      const patch = patchAt(canvas, data.grid, event);
      if (patch === null) return;
      if (look.stroke === "cover") look.covered.add(patch); else look.covered.delete(patch);
      show();
    };
    stage.onpointerdown = (event) => {
      const patch = patchAt(canvas, data.grid, event);
      if (patch === null || event.button !== 0) return;
      if (!look.removing) { choose(patch); return; }
      event.preventDefault();
      stage.setPointerCapture(event.pointerId);
      look.stroke = look.covered.has(patch) ? "clear" : "cover";
      brush(event);
    };
    stage.onpointermove = (event) => { if (look.stroke) brush(event); };
    stage.onpointerup = () => { if (look.stroke) { look.stroke = null; tell(); } };
    stage.onpointercancel = stage.onpointerup;
    stage.onblur = () => { look.cursor = null; show(); };
    stage.onkeydown = (event) => {
      const [rows, columns] = data.grid;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      const at = look.cursor ?? Math.floor((rows * columns) / 2);
      if (step) look.cursor = Math.min(Math.max(at + step, 0), rows * columns - 1);
      else if (event.key === "Enter" || event.key === " ") {
        if (look.removing) { toggle(look.covered, at); tell(); } else choose(at);
      } else return;
      event.preventDefault();
      show();
    };
  }
};

const draw = (root, data) => {
  const tone = dress(root, data.tones);
  const was = root.look && root.look.key === data.key ? root.look : null;
  root.look = {
    key: data.key, words: was?.words ?? new Set(data.start), hover: null, patch: was?.patch ?? null, cursor: null,
    removing: was?.removing ?? false, opacity: was?.opacity ?? 0.85, stroke: null,
    covered: new Set(data.covered), struck: new Set(data.struck), share: was?.share ?? 10, weakest: was?.weakest ?? false,
  };
  const scrolled = root.querySelector(".row")?.scrollLeft ?? 0;
  const row = node("div", { class: "row quiet" }, data.columns.map((column, at) => columnOf(column, at, data, tone)));
  root.replaceChildren(bar(data), row);
  root.querySelector(".opacity input").value = 100 * root.look.opacity;
  const amount = root.querySelector(".amount");
  if (amount) {
    amount.querySelector("select").value = root.look.weakest ? "weakest" : "strongest";
    amount.querySelector("input").value = root.look.share;
  }
  row.scrollLeft = scrolled;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  redraw(root, data, () => draw(root, data));
  wire(root, data, setTriggerValue);
  paint(root, data);
}
