// One canvas for up to six maps of the same items: pan, zoom, point, select, morph; all but the result stays here.

const GAP = 14, HEAD = 46;
const TOOLS = [["move", "Move", "Drag to move; after a click the wheel zooms, as + and − do (M)"], ["lasso", "Lasso", "Draw around items (L); Shift adds, Alt takes away"],
  ["box", "Box", "Drag a box (B); Shift adds, Alt takes away"]];

class Maps {
  constructor(root, emit) {
    this.root = root;
    this.emit = emit;
    this.panels = [];
    this.grids = new WeakMap();
    this.pictures = new Map();
    this.held = new Map();
    this.tool = "move";
    this.linked = true;
    this.t = 0;
    this.lit = -1;
    this.person = -1;
    this.chosen = new Uint8Array(0);
    this.text = null;
    this.hidden = new Set();
    this.build();
  }

  build() {
    const say = (name, label, title, act) => {
      const button = node("button", { type: "button", class: "tool", title, "data-tool": name, text: label });
      button.onclick = act;
      return button;
    };
    this.tools = node("div", { class: "tools", role: "toolbar", "aria-label": "Map tools" },
      TOOLS.map(([name, label, title]) => say(name, label, title, () => this.take(name))),
      node("span", { class: "between" }),
      say("in", "+", "Zoom in (+)", () => this.zoomAll(1.5)), say("out", "−", "Zoom out (−)", () => this.zoomAll(1 / 1.5)),
      say("fit", "Fit", "Show everything (0)", () => this.fit()),
      say("linked", "Together", "Move and zoom all maps together", () => { this.linked = !this.linked; this.relink(); this.dress(); }),
      this.slider = node("label", { class: "morph" }), this.told = node("span", { class: "told" }),
      this.none = say("none", "Clear selection", "Select nothing (Esc)", () => this.choose("", new Uint8Array(this.n))));
    this.canvas = node("canvas", { class: "points" });
    this.over = node("canvas", { class: "over" });
    this.heads = node("div", { class: "heads" });
    this.tip = node("div", { class: "tip", hidden: true });
    this.stage = node("div", { class: "stage", tabindex: "0", role: "application",
      "aria-label": "Maps of the items. Arrow keys move, plus and minus zoom, N and P step through items, U through people, Enter opens, L and B select." },
      this.canvas, this.over, this.heads, this.tip);
    this.legend = node("div", { class: "keys" });
    this.voice = node("p", { class: "hidden", "aria-live": "polite" });
    this.root.replaceChildren(this.tools, this.stage, this.legend, this.voice);
    this.root.maps = this;
    this.painter = painter(this.canvas);
    if (!this.painter) this.stage.replaceChildren(node("p", { class: "nothing", text: "This browser draws no WebGL2, which the maps need." }));
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => { this.painter = painter(this.canvas); this.reload(); });
    new ResizeObserver(() => this.resize(false)).observe(this.stage);
    addEventListener("mmviz-cloud", () => this.load());
    addEventListener("mmviz-lit", (event) => { if (event.detail.from !== this) this.light(event.detail.row, false); });
    this.listen();
  }

  // Called with every answer of Python; draws anew only what changed.
  update(data) {
    const first = !this.data;
    this.data = data;
    this.tone = dress(this.root, data.tones);
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(name).trim();
    this.serif = read("--serif") || "serif";
    this.colours = { ink: read("--st-text-color"), paper: read("--st-background-color"), accent: read("--st-primary-color"), glow: this.tone(data.tones.glow), muted: this.tone(data.tones.muted) };
    this.n = data.items;
    if (this.chosen.length !== this.n) this.chosen = new Uint8Array(this.n);
    if (data.chosen.text !== this.text) {
      this.text = data.chosen.text;
      this.mark(bits(data.chosen.bits, this.n));
    }
    if (this.tinted !== data.tint.cloud) this.hidden = new Set();
    if (first && data.camera) this.camera = data.camera;
    this.arrange();
    this.drawLegend();
    this.drawSlider();
    this.reload();
    this.dress();
  }

  arrange() {
    const morph = this.data.morph && this.data.spaces.length === 2;
    const shown = morph ? [this.data.spaces[1]] : this.data.spaces;
    const before = new Map(this.panels.map((panel) => [panel.space.name, panel.camera]));
    const shared = this.panels[0]?.camera ?? { ...(this.camera ?? { x: 0, y: 0, z: 1 }) };
    this.panels = shown.map((space) => ({ space, from: morph ? this.data.spaces[0] : space, ready: false, thumbs: [],
      camera: this.linked ? shared : before.get(space.name) ?? { ...shared } }));
    this.heads.replaceChildren(...this.panels.map((panel) => {
      const [start, end] = [panel.from.title, panel.space.title];
      return panel.head = node("div", { class: "head", style: { "--c": this.tone(panel.space.colour) }, title: panel.space.said },
        node("h3", { text: start === end ? end : `${start} → ${end}` }),
        node("span", { class: "facts", text: panel.space.facts, title: panel.space.trustSaid }));
    }));
    this.resize();
  }

  // A scroll bar that comes with the new height must not change the width again, and so on for ever.
  resize(anew = true) {
    if (!this.data || !this.painter) return;
    const width = this.stage.clientWidth;
    if (!width || (!anew && Math.abs(width - this.width) < 24)) return;
    const n = this.panels.length;
    const most = width < 480 ? 1 : width < 680 ? 2 : 3;
    const columns = n === 4 && most > 1 ? 2 : Math.min(n, most);
    const rows = Math.ceil(n / Math.max(columns, 1));
    const wide = (width - GAP * (columns - 1)) / columns;
    const tall = Math.round(Math.min(wide * 0.86, rows > 1 ? 380 : 600));
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    this.width = width;
    this.height = rows * (tall + HEAD) + (rows - 1) * GAP;
    this.stage.style.height = `${this.height}px`;
    for (const canvas of [this.canvas, this.over]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(this.height * this.ratio);
      Object.assign(canvas.style, { width: `${width}px`, height: `${this.height}px` });
    }
    this.panels.forEach((panel, at) => {
      panel.left = (at % columns) * (wide + GAP);
      panel.top = Math.floor(at / columns) * (tall + HEAD + GAP) + HEAD;
      panel.width = wide;
      panel.height = tall;
      Object.assign(panel.head.style, { left: `${panel.left}px`, top: `${panel.top - HEAD}px`, width: `${wide}px` });
    });
    this.later();
  }

  reload() {
    for (const panel of this.panels) panel.ready = false;
    this.tinted = null;
    if (this.painter) {
      this.painter.choose(this.chosen);
      this.load();
    }
  }

  // Takes what has arrived by now; called again whenever another buffer comes.
  load() {
    if (!this.data || !this.painter) return;
    const { tint } = this.data;
    const tinted = clouds.get(tint.cloud);
    if (tinted && this.tinted !== tint.cloud) {
      for (const [name, values] of Object.entries(tinted)) this.painter.tint(name, values);
      this.tinted = tint.cloud;
      this.codes = tinted;
    }
    const alpha = this.n > 50000 ? 0.6 : this.n > 5000 ? 0.75 : 0.9;
    this.table = tint.colours.map((pair) => [...rgb(this.tone(pair)).slice(0, 3), alpha]);
    this.painter.palette(Array.from({ length: 256 }, (_, code) => code === 255 ? [...rgb(this.colours.muted).slice(0, 3), 0.35] : this.table[code] ?? [0, 0, 0, 0]));
    for (const panel of this.panels) {
      const [a, b] = [panel.from, panel.space].map((space) => clouds.get(space.cloud)?.xy);
      if (!a || !b || this.tinted !== tint.cloud) continue;
      Object.assign(panel, { a, b, ends: panel.space.ends, lines: panel.space.ends === 2 ? this.linesOf(b) : null, ready: true });
      const [from, to] = [panel.from, panel.space].map((space) => clouds.get(space.people)?.xy);
      panel.people = this.data.people && from && to ? { a: from, b: to } : null;
    }
    this.words = clouds.get(this.data.words);
    this.whose = clouds.get(this.data.people?.names);
    this.later();
  }

  linesOf(xy) {
    this.lineArrays ??= new WeakMap();
    if (!this.lineArrays.has(xy)) {
      const lines = xy.slice();
      for (let at = 0; at < lines.length; at += 4) if (xy[at] > MISSING || xy[at + 2] > MISSING) lines.fill(1e9, at, at + 4);
      this.lineArrays.set(xy, lines);
    }
    return this.lineArrays.get(xy);
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.paint(); });
  }

  paint() {
    if (!this.painter || !this.data) return;
    const quiet = rgb(this.colours.muted).slice(0, 3);
    const ends = this.data.ends.map((pair) => [...rgb(this.tone(pair)).slice(0, 3), 0.85]);
    const [ink, paper] = [this.colours.ink, this.colours.paper].map((colour) => [...rgb(colour).slice(0, 3), 1]);
    let hidden = 0;
    for (const code of this.hidden) hidden |= 1 << code;
    this.painter.clear();
    for (const panel of this.panels.filter((each) => each.ready)) {
      const r = this.ratio;
      const box = [panel.left, this.height - panel.top - panel.height, panel.width, panel.height].map((value) => Math.round(value * r));
      const view = { middle: [panel.camera.x, panel.camera.y], scale: [this.half(panel) * 2 / panel.width, this.half(panel) * 2 / panel.height] };
      const code = this.codes[panel.space.name] ? panel.space.name : "all";
      this.painter.panel({ box, view, a: panel.a, b: panel.b, t: this.morphing() ? this.t / 100 : 0, ends: panel.ends, lines: panel.lines,
        size: this.size(panel) * r, opacity: 0.28, any: this.count ?? 0, hidden: hidden >>> 0, code, tones: ends, quiet,
        people: panel.people && { ...panel.people, ink, paper, size: this.diamond(panel) * r } });
    }
    this.painter.forget(new Set(this.panels.flatMap((panel) => [panel.a, panel.b, panel.lines, panel.people?.a, panel.people?.b])));
    paintOver(this);
    this.painted = (this.painted ?? 0) + 1;
    if (this.panels.every((panel) => panel.ready && (panel.people || !this.data.people))) this.root.dataset.painted = this.painted;
  }

  size(panel) {
    const base = this.n <= 600 ? 8 : this.n <= 3000 ? 5.5 : this.n <= 20000 ? 4 : this.n <= 120000 ? 2.5 : 1.6;
    return Math.min(14, base * Math.min(1, panel.width / 420 + 0.25) * panel.camera.z ** 0.35);
  }

  // Width of a person's mark, corner to corner.
  diamond(panel) {
    const n = this.data.people?.n ?? 0;
    return Math.min(16, (n <= 200 ? 13 : n <= 2000 ? 11 : n <= 8000 ? 8 : 6) * panel.camera.z ** 0.25);
  }

  half(panel) { return (Math.min(panel.width, panel.height) / 2) * panel.camera.z; }
  morphing() { return this.panels.length === 1 && this.panels[0].from !== this.panels[0].space; }
  toScreen(panel, x, y) {
    return [panel.left + panel.width / 2 + (x - panel.camera.x) * this.half(panel), panel.top + panel.height / 2 - (y - panel.camera.y) * this.half(panel)];
  }
  toMap(panel, x, y) {
    return [(x - panel.left - panel.width / 2) / this.half(panel) + panel.camera.x, -(y - panel.top - panel.height / 2) / this.half(panel) + panel.camera.y];
  }

  // Where the points of a panel are now, or its people; between two spaces while one morphs into the other.
  xy(panel, { a, b } = panel) {
    if (!this.morphing() || this.t === 100) return b;
    if (this.t === 0) return a;
    this.mixes ??= new WeakMap();
    if (this.mixes.get(b)?.t !== this.t || this.mixes.get(b).a !== a) {
      const xy = new Float64Array(a.length);
      for (let at = 0; at < a.length; at += 1) xy[at] = a[at] > MISSING || b[at] > MISSING ? 1e9 : a[at] + (b[at] - a[at]) * (this.t / 100);
      this.mixes.set(b, { t: this.t, a, xy });
    }
    return this.mixes.get(b).xy;
  }
  grid(panel, points = panel) {
    const xy = this.xy(panel, points);
    if (!this.grids.has(xy)) this.grids.set(xy, gridOf(xy));
    return this.grids.get(xy);
  }
  itemOf(panel, point) { return panel.ends === 2 ? point >> 1 : point; }
  codeOf(panel, point) { return (this.codes[panel.space.name] ?? this.codes.all)[this.itemOf(panel, point)]; }
  shown(panel, point) { return !this.hidden.has(this.codeOf(panel, point)); }
  toneOf(panel, point) {
    if (panel.ends === 2) return this.tone(this.data.ends[point & 1]);
    const pair = this.data.tint.colours[this.codeOf(panel, point)];
    return pair ? this.tone(pair) : this.colours.muted;
  }
  placesOf(panel, row, points = panel) {
    if (!panel.ready || !points) return [];
    const xy = this.xy(panel, points);
    return Array.from({ length: panel.ends }, (_, end) => row * panel.ends + end).filter((at) => xy[2 * at] < MISSING)
      .map((at) => this.toScreen(panel, xy[2 * at], xy[2 * at + 1]));
  }
  panelAt(x, y) {
    return this.panels.find((panel) => panel.ready && x >= panel.left && x <= panel.left + panel.width && y >= panel.top && y <= panel.top + panel.height);
  }
  pointAt(panel, x, y) {
    const thumb = panel.thumbs.findLast(([left, top, w, h]) => x >= left && x <= left + w && y >= top && y <= top + h);
    if (thumb) return thumb[4];
    return this.grid(panel).nearest(...this.toMap(panel, x, y), 12 / this.half(panel), (point) => this.shown(panel, point));
  }

  personAt(panel, x, y) {
    if (!panel.people) return -1;
    const reach = this.diamond(panel) / 2 + 1;
    const point = this.grid(panel, panel.people).nearest(...this.toMap(panel, x, y), reach / this.half(panel), () => true);
    return point < 0 ? -1 : this.itemOf(panel, point);
  }

  // At most one thing is lit: an item, here and beside the maps, or a person.
  light(row, tell = true) {
    this.meet(-1);
    if (this.lit === row) return;
    this.lit = row;
    if (tell) dispatchEvent(new CustomEvent("mmviz-lit", { detail: { row, from: this } }));
    this.later();
  }

  meet(person) {
    if (person >= 0) this.light(-1);
    if (this.person === person) return;
    this.person = person;
    this.later();
  }

  // A line of words begins with "+" where the item has a picture.
  describe(row) { return (this.words?.lines?.[row] ?? "").slice(1).split("\t"); }
  describePerson(at) { return (this.whose?.lines?.[at] ?? "").split("\t"); }
  pictured(row) { return Boolean(this.data.pictures) && this.words?.lines?.[row]?.[0] === "+"; }

  mark(chosen) {
    this.chosen = chosen;
    let count = 0;
    for (let at = 0; at < chosen.length; at += 1) count += chosen[at];
    this.count = count;
    this.any = count > 0;
    this.painter?.choose(chosen);
    this.told.textContent = count ? `${count.toLocaleString("en")} of ${this.n.toLocaleString("en")} selected` : "";
    this.none.hidden = !this.text;
    this.later();
  }

  // Selects here and tells Python the step alone; it finds the same items from it.
  choose(step, chosen) {
    const fresh = step === "" || step[0] === "n";
    this.text = fresh ? step : [this.text, step].filter(Boolean).join("~");
    this.mark(chosen);
    this.emit("chosen", { step, text: fresh ? step : null, count: this.count });
  }

  select(panel, points, event) {
    const [outline, text] = onGrid(simplified(points));
    const xy = this.xy(panel);
    const found = new Uint8Array(this.n);
    const xs = outline.map((corner) => corner[0]), ys = outline.map((corner) => corner[1]);
    this.grid(panel).within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (point) => {
      if (this.shown(panel, point) && inOutline(xy[2 * point], xy[2 * point + 1], outline)) found[this.itemOf(panel, point)] = 1;
    });
    const name = this.morphing() ? `${panel.from.name}>${panel.space.name}@${this.t}` : panel.space.name;
    const map = `${name}!${this.data.layout}`;
    const hidden = [...this.hidden].sort((a, b) => a - b);
    const filter = hidden.length ? `.${field(this.data.tint.name)}.${hidden.join("-")}` : "";
    this.combine(event, `l${field(map)}.${text}${filter}`, found);
  }

  combine(event, said, found) {
    const does = event.shiftKey ? "a" : event.altKey ? "s" : "n";
    const chosen = does === "n" ? found : this.chosen.slice();
    if (does !== "n") for (let at = 0; at < this.n; at += 1) if (found[at]) chosen[at] = does === "a" ? 1 : 0;
    this.choose(does + said, chosen);
  }

  dress() {
    for (const button of this.tools.querySelectorAll("[data-tool]")) {
      const name = button.dataset.tool;
      if (TOOLS.some(([tool]) => tool === name)) button.setAttribute("aria-pressed", String(this.tool === name));
      if (name === "linked") { button.setAttribute("aria-pressed", String(this.linked)); button.hidden = this.panels.length < 2; }
    }
    this.stage.dataset.tool = this.tool;
  }

  take(tool) { this.tool = tool; this.dress(); }
  relink() {
    const first = this.panels[0].camera;
    for (const panel of this.panels) panel.camera = this.linked ? first : { ...first };
    this.later();
  }
  cameras() { return [...new Set(this.panels.map((panel) => panel.camera))]; }
  fit() { for (const camera of this.cameras()) Object.assign(camera, { x: 0, y: 0, z: 1 }); this.moved(); }
  zoomAll(by) { for (const camera of this.cameras()) camera.z = Math.max(0.5, Math.min(400, camera.z * by)); this.moved(); }
  zoomAt(panel, x, y, by) {
    const before = this.toMap(panel, x, y);
    panel.camera.z = Math.max(0.5, Math.min(400, panel.camera.z * by));
    const after = this.toMap(panel, x, y);
    panel.camera.x += before[0] - after[0];
    panel.camera.y += before[1] - after[1];
    this.moved();
  }
  moved() {
    this.later();
    clearTimeout(this.still);
    if (!this.linked) return;
    this.still = setTimeout(() => {
      const { x, y, z } = this.panels[0].camera;
      this.emit("camera", [x, y, z].map((value) => Number(value.toFixed(4))).join(","));
    }, 700);
  }

  drawSlider() {
    if (!this.morphing()) return this.slider.replaceChildren();
    if (this.slider.querySelector("input") && this.slider.dataset.pair === this.data.spaces.map((space) => space.title).join()) return;
    const [start, end] = this.data.spaces.map((space) => space.title);
    const range = node("input", { type: "range", min: "0", max: "100", value: String(this.t), "aria-label": `Morph from ${start} to ${end}` });
    range.oninput = () => { this.t = Number(range.value); this.later(); };
    const play = node("button", { type: "button", class: "tool", text: "Play", title: "Move every item from one space to the other" });
    play.onclick = () => {
      const began = performance.now(), from = this.t >= 100 ? 0 : this.t, still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const step = (now) => {
        this.t = still ? 100 : Math.min(100, Math.round(from + ((now - began) / 2200) * 100));
        range.value = String(this.t);
        this.later();
        if (this.t < 100) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    };
    this.slider.dataset.pair = [start, end].join();
    this.slider.replaceChildren(node("span", { text: start }), range, node("span", { text: end }), play);
  }

  drawLegend() {
    const { tint } = this.data;
    const key = JSON.stringify([tint.title, tint.names, tint.low, tint.high, tint.said, this.colours, this.panels.some((panel) => panel.space.ends === 2), this.data.people?.n]);
    if (this.legendKey === key && this.hidden.size === 0) return;
    this.legendKey = key;
    const ends = this.panels.some((panel) => panel.space.ends === 2)
      ? this.data.ends.map((pair, at) => node("span", { class: "key" }, node("i", { style: { "--c": this.tone(pair) } }), ["Picture", "Words"][at])) : [];
    if (this.data.people) ends.push(node("span", { class: "key person" }, node("i"), "People", node("small", { text: this.data.people.n.toLocaleString("en") })));
    if (tint.names.length) {
      this.legend.replaceChildren(node("span", { class: "label", text: tint.title }), ...tint.names.map(([name, count], code) => {
        const button = node("button", { type: "button", class: "key", title: "Click to hide or show; Alt shows this one only", "aria-pressed": String(!this.hidden.has(code)) },
          node("i", { style: { "--c": this.tone(tint.colours[code]) } }), name, node("small", { text: count }));
        button.onclick = (event) => {
          if (event.altKey) this.hidden = new Set(tint.names.map((_, at) => at).filter((at) => at !== code));
          else if (!this.hidden.delete(code)) this.hidden.add(code);
          for (const [at, each] of [...this.legend.querySelectorAll("button.key")].entries()) each.setAttribute("aria-pressed", String(!this.hidden.has(at)));
          this.later();
        };
        return button;
      }), ...ends, node("span", { class: "label", text: tint.said }));
    } else {
      const stops = tint.colours.filter((_, at) => at % 16 === 0).map((pair) => this.tone(pair)).join(",");
      this.legend.replaceChildren(node("span", { class: "label", text: tint.title }), node("span", { text: tint.low }),
        node("span", { class: "ramp", style: { background: `linear-gradient(to right, ${stops})` } }), node("span", { text: tint.high }),
        ...ends, node("span", { class: "label", text: tint.said }));
    }
  }
}

const known = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".mm");
  if (!known.has(root)) known.set(root, new Maps(root, (name, value) => known.get(root).send(name, value)));
  const maps = known.get(root);
  maps.send = setTriggerValue;
  maps.update(data);
}
