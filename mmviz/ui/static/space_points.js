// Where points are: a grid for pointing at them, outlines, and the short text of a selection. No drawing here.

const MISSING = 1e8;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CORNERS = 28;

// Points of one panel in cells, so that the nearest one and those in a rectangle are found at once.
const gridOf = (xy) => {
  const n = xy.length / 2;
  const side = Math.max(4, Math.min(512, Math.ceil(Math.sqrt(n / 3))));
  const cell = (value) => Math.max(0, Math.min(side - 1, Math.floor(((value + 1) / 2) * side)));
  const starts = new Uint32Array(side * side + 1);
  const cells = new Int32Array(n).fill(-1);
  for (let at = 0; at < n; at += 1) {
    if (xy[2 * at] > MISSING) continue;
    cells[at] = cell(xy[2 * at + 1]) * side + cell(xy[2 * at]);
    starts[cells[at] + 1] += 1;
  }
  for (let at = 0; at < side * side; at += 1) starts[at + 1] += starts[at];
  const next = starts.slice();
  const order = new Uint32Array(starts[side * side]);
  for (let at = 0; at < n; at += 1) if (cells[at] >= 0) order[next[cells[at]]++] = at;
  const within = (left, bottom, right, top, visit) => {
    for (let row = cell(bottom); row <= cell(top); row += 1) {
      for (let at = starts[row * side + cell(left)]; at < starts[row * side + cell(right) + 1]; at += 1) {
        const point = order[at];
        const x = xy[2 * point], y = xy[2 * point + 1];
        if (x >= left && x <= right && y >= bottom && y <= top && visit(point, x, y) === false) return;
      }
    }
  };
  const nearest = (x, y, reach, shown) => {
    let best = -1, least = reach * reach;
    within(x - reach, y - reach, x + reach, y + reach, (point, px, py) => {
      const distance = (px - x) ** 2 + (py - y) ** 2;
      if (distance <= least && shown(point)) [best, least] = [point, distance];
    });
    return best;
  };
  return { within, nearest };
};

// Even-odd rule; the same arithmetic in double precision as in mmviz/spaces/choosing.py, so that both agree.
const inOutline = (x, y, outline) => {
  let within = false;
  for (let at = 0; at < outline.length; at += 1) {
    const [x1, y1] = outline[at], [x2, y2] = outline[(at + 1) % outline.length];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) within = !within;
  }
  return within;
};

// Fewer corners for a drawn outline (Ramer 1972, Douglas and Peucker 1973), coarser until there are few enough.
const simplified = (points, most = CORNERS) => {
  const thin = (first, last, tolerance, kept) => {
    let far = -1, most_ = tolerance;
    const [x1, y1] = points[first], [x2, y2] = points[last];
    const length = Math.hypot(x2 - x1, y2 - y1);
    for (let at = first + 1; at < last; at += 1) {
      const [x, y] = points[at];
      const away = length ? Math.abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length : Math.hypot(x - x1, y - y1);
      if (away > most_) [far, most_] = [at, away];
    }
    if (far < 0) return;
    thin(first, far, tolerance, kept);
    kept.push(far);
    thin(far, last, tolerance, kept);
  };
  const xs = points.map((point) => point[0]);
  let tolerance = (Math.max(...xs) - Math.min(...xs)) / 400;
  for (;;) {
    const kept = [];
    const middle = points.length >> 1;
    thin(0, middle, tolerance, kept);
    kept.push(middle);
    thin(middle, points.length - 1, tolerance, kept);
    if (kept.length + 2 <= most) return [0, ...kept, points.length - 1].map((at) => points[at]);
    tolerance *= 1.4;
  }
};

const digits = (value) => {
  const whole = Math.max(0, Math.min(262143, Math.round((value + 2) * 65536)));
  return [whole, ALPHABET[whole >> 12] + ALPHABET[(whole >> 6) & 63] + ALPHABET[whole & 63]];
};

// An outline on the grid that its text can say, and the text.
const onGrid = (points) => {
  const coded = points.map(([x, y]) => [digits(x), digits(y)]);
  return [
    coded.map(([x, y]) => [x[0] / 65536 - 2, y[0] / 65536 - 2]),
    coded.map(([x, y]) => x[1] + y[1]).join(""),
  ];
};

const field = (text) => encodeURIComponent(text).replaceAll(".", "%2E").replaceAll("~", "%7E");

const bits = (text, n) => {
  const chosen = new Uint8Array(n);
  const raw = atob(text);
  for (let at = 0; at < n && at >> 3 < raw.length; at += 1) chosen[at] = (raw.charCodeAt(at >> 3) >> (7 - (at & 7))) & 1;
  return chosen;
};
