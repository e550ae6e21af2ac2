// What hands do on the maps: mouse, pen, fingers and keys. Adds its methods to `Maps`.

Object.assign(Maps.prototype, {
  listen() {
    const at = (event) => {
      const box = this.stage.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.stage.onpointerdown = (event) => this.press(event, ...at(event));
    this.stage.onpointermove = (event) => this.drag(event, ...at(event));
    this.stage.onpointerup = (event) => this.release(event, ...at(event));
    this.stage.onpointercancel = (event) => { this.held.delete(event.pointerId); this.drawing = null; this.later(); };
    this.stage.onpointerleave = () => { if (!this.held.size) { this.light(-1); this.tip.hidden = true; } };
    this.stage.onwheel = (event) => {
      const panel = this.panelAt(...at(event));
      const wanted = event.ctrlKey || event.metaKey || this.root.getRootNode().activeElement === this.stage;
      if (!panel || !wanted) return;  // else the wheel scrolls the page
      event.preventDefault();
      this.zoomAt(panel, ...at(event), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)));
    };
    this.stage.ondblclick = (event) => {
      const panel = this.panelAt(...at(event));
      if (panel) this.zoomAt(panel, ...at(event), 2);
    };
    this.stage.onkeydown = (event) => this.key(event);
  },

  press(event, x, y) {
    const panel = this.panelAt(x, y);
    if (!panel || event.button !== 0) return;
    this.stage.setPointerCapture(event.pointerId);
    this.stage.focus({ preventScroll: true });
    this.held.set(event.pointerId, { x, y, panel, startX: x, startY: y, still: true });
    if (this.tool !== "move" && this.held.size === 1) this.drawing = { panel, points: [this.toMap(panel, x, y)] };
  },

  drag(event, x, y) {
    const hold = this.held.get(event.pointerId);
    if (!hold) return this.point(x, y);
    const { panel } = hold;
    if (this.held.size === 2) this.pinch(event.pointerId, x, y);
    else if (this.drawing) this.outline(x, y);
    else {
      panel.camera.x -= (x - hold.x) / this.half(panel);
      panel.camera.y += (y - hold.y) / this.half(panel);
      this.moved();
    }
    if (Math.hypot(x - hold.startX, y - hold.startY) >= 4) hold.still = false;  // a lasso ends where it began, and is no click
    Object.assign(hold, { x, y });
    this.tip.hidden = true;
  },

  pinch(id, x, y) {
    this.drawing = null;
    const other = [...this.held].find(([each]) => each !== id)[1];
    const hold = this.held.get(id);
    const before = Math.hypot(hold.x - other.x, hold.y - other.y);
    const after = Math.hypot(x - other.x, y - other.y);
    if (before > 0) this.zoomAt(hold.panel, (x + other.x) / 2, (y + other.y) / 2, after / before);
  },

  outline(x, y) {
    const { panel, points } = this.drawing;
    const here = this.toMap(panel, Math.max(panel.left, Math.min(panel.left + panel.width, x)), Math.max(panel.top, Math.min(panel.top + panel.height, y)));
    if (this.tool === "box") {
      const [x1, y1] = points[0];
      this.drawing.points = [points[0], [here[0], y1], here, [x1, here[1]]];
    } else points.push(here);
    this.later();
  },

  release(event, x, y) {
    const hold = this.held.get(event.pointerId);
    this.held.delete(event.pointerId);
    if (!hold) return;
    const drawing = this.drawing;
    this.drawing = null;
    if (hold.still) this.click(event, hold.panel, x, y);
    else if (drawing && drawing.points.length > 2) this.select(drawing.panel, drawing.points, event);
    this.later();
  },

  click(event, panel, x, y) {
    const person = this.personAt(panel, x, y);
    if (person >= 0) return this.emit("person", person);
    const point = this.pointAt(panel, x, y);
    if (point < 0) return;
    const row = this.itemOf(panel, point);
    if (event.shiftKey || event.altKey) {
      const found = new Uint8Array(this.n);
      found[row] = 1;
      return this.combine(event, `i${row}`, found);
    }
    this.emit("focused", row);
  },

  point(x, y) {
    const panel = this.panelAt(x, y);
    const person = panel ? this.personAt(panel, x, y) : -1;
    if (person >= 0) {
      this.meet(person);
      return this.showTip(person, x, y, true);
    }
    const point = panel ? this.pointAt(panel, x, y) : -1;
    if (point < 0) {
      this.light(-1);
      this.tip.hidden = true;
      return;
    }
    const row = this.itemOf(panel, point);
    this.light(row);
    this.showTip(row, x, y);
  },

  showTip(row, x, y, person = false) {
    const mark = `${person ? "person " : ""}${row}`;
    if (this.tip.dataset.row !== mark) {
      this.tip.dataset.row = mark;
      const [title = "", ...facts] = person ? this.describePerson(row) : this.describe(row);
      const shown = !person && this.pictured(row) ? picture({ src: `${this.data.pictures}${row}`, title }) : null;
      this.tip.replaceChildren(...[shown, node("div", {}, node("strong", { text: title }), facts.filter(Boolean).map((fact) => node("span", { text: fact })))].filter(Boolean));
    }
    this.tip.hidden = false;
    const wide = this.tip.offsetWidth, tall = this.tip.offsetHeight;
    this.tip.style.left = `${Math.max(0, Math.min(this.width - wide, x + 16 + wide > this.width ? x - wide - 12 : x + 16))}px`;
    this.tip.style.top = `${Math.max(0, Math.min(this.height - tall, y + 14))}px`;
  },

  // N and P walk through the items in view of the first map from left to right, U through its people.
  walk(by, people = false) {
    const panel = this.panels.find((each) => each.ready);
    const points = people ? panel?.people : panel;
    if (!points) return;
    const [left, top] = this.toMap(panel, panel.left, panel.top);
    const [right, bottom] = this.toMap(panel, panel.left + panel.width, panel.top + panel.height);
    const seen = [];
    this.grid(panel, points).within(left, bottom, right, top, (point, x) => { if (people || this.shown(panel, point)) seen.push([x, this.itemOf(panel, point)]); });
    if (!seen.length) return;
    seen.sort((a, b) => a[0] - b[0]);
    const here = seen.findIndex(([, row]) => row === (people ? this.person : this.lit));
    const row = seen[(here + by + seen.length) % seen.length][1];
    if (people) this.meet(row);
    else this.light(row);
    const [place] = this.placesOf(panel, row, points);
    this.showTip(row, ...place, people);
    this.voice.textContent = (people ? this.describePerson(row) : this.describe(row)).filter(Boolean).join(", ");
  },

  key(event) {
    if (event.metaKey || event.ctrlKey) return;
    const step = 0.15;
    const move = (x, y) => { for (const camera of this.cameras()) { camera.x += x * step / camera.z; camera.y += y * step / camera.z; } this.moved(); };
    const acts = {
      ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0), ArrowUp: () => move(0, 1), ArrowDown: () => move(0, -1),
      "+": () => this.zoomAll(1.5), "=": () => this.zoomAll(1.5), "-": () => this.zoomAll(1 / 1.5), 0: () => this.fit(),
      m: () => this.take("move"), l: () => this.take("lasso"), b: () => this.take("box"),
      n: () => this.walk(1), p: () => this.walk(-1), u: () => this.walk(1, true),
      Enter: () => { if (this.person >= 0) this.emit("person", this.person); else if (this.lit >= 0) this.emit("focused", this.lit); },
      Escape: () => { if (this.text) this.choose("", new Uint8Array(this.n)); },
    };
    const act = acts[event.key] ?? acts[event.key.toLowerCase()];
    if (!act || event.target !== this.stage) return;
    event.preventDefault();
    act();
  },
});
