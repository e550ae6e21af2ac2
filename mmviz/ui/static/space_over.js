// What lies over the points: cluster names, thumbnails when zoomed in, rings, and the outline that is being drawn.

const MOST_SEEN = 220;
const CLOSE = 1.5;

const ring = (pen, x, y, radius, colour, width, paper) => {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.lineWidth = width + 2;
  pen.strokeStyle = paper;
  pen.stroke();
  pen.lineWidth = width;
  pen.strokeStyle = colour;
  pen.stroke();
};

const diamond = (pen, x, y, reach, colour, width, paper, filled = false) => {
  pen.beginPath();
  for (const [dx, dy] of [[reach, 0], [0, reach], [-reach, 0], [0, -reach]]) pen.lineTo(x + dx, y + dy);
  pen.closePath();
  pen.lineWidth = width + 2;
  pen.strokeStyle = paper;
  pen.stroke();
  pen.lineWidth = width;
  pen.strokeStyle = pen.fillStyle = colour;
  if (filled) pen.fill();
  else pen.stroke();
};

const glow = (pen, x, y, colour, strength) => {
  const halo = pen.createRadialGradient(x, y, 2, x, y, 15);
  halo.addColorStop(0, colour);
  halo.addColorStop(1, "transparent");
  pen.globalAlpha = 0.4 * strength;
  pen.fillStyle = halo;
  pen.fillRect(x - 15, y - 15, 30, 30);
  pen.globalAlpha = 1;
};

const written = (pen, text, x, y, ink, paper) => {
  pen.lineJoin = "round";
  pen.lineWidth = 3.5;
  pen.strokeStyle = paper;
  pen.strokeText(text, x, y);
  pen.fillStyle = ink;
  pen.fillText(text, x, y);
};

// Names of clusters, largest first; one that would lie on another is left out.
const nameClusters = (pen, map, panel) => {
  const taken = [];
  pen.font = `600 11.5px ${map.serif}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  for (const label of panel.space.labels) {
    const [x, y] = map.toScreen(panel, label.x, label.y);
    const half = pen.measureText(label.text).width / 2 + 4;
    if (x < panel.left + half || x > panel.left + panel.width - half || y < panel.top + 8 || y > panel.top + panel.height - 8) continue;
    if (taken.some(([left, right, at]) => x - half < right && x + half > left && Math.abs(at - y) < 17)) continue;
    taken.push([x - half, x + half, y]);
    written(pen, label.text, x, y, map.colours.ink, map.colours.paper);
  }
};

const thumbnail = (map, row) => {
  if (!map.pictured(row)) return null;
  let picture = map.pictures.get(row);
  if (!picture) {
    picture = new Image();
    picture.onload = () => map.later();
    picture.onerror = () => { picture.missing = true; };
    picture.src = `${map.data.pictures}${row}`;
    map.pictures.set(row, picture);
    if (map.pictures.size > 600) map.pictures.delete(map.pictures.keys().next().value);
  }
  return picture.complete && picture.naturalWidth ? picture : null;
};

// Once few enough points are in view they become pictures, as many as fit without lying on each other.
const showPictures = (pen, map, panel) => {
  panel.thumbs = [];
  if (!map.data.pictures || panel.camera.z < CLOSE) return;
  const [left, top] = map.toMap(panel, panel.left, panel.top);
  const [right, bottom] = map.toMap(panel, panel.left + panel.width, panel.top + panel.height);
  const seen = [];
  map.grid(panel).within(left, bottom, right, top, (point, x, y) => {
    if (map.shown(panel, point)) seen.push([point, x, y]);
    return seen.length <= MOST_SEEN;
  });
  if (seen.length > MOST_SEEN) return;
  const tall = Math.max(30, Math.min(72, 18 * Math.sqrt(panel.camera.z)));
  const wide = tall * map.data.aspect;
  const taken = new Set();
  for (const [point, mx, my] of seen) {
    const [x, y] = map.toScreen(panel, mx, my);
    const cell = `${Math.floor(x / (wide + 3))}:${Math.floor(y / (tall + 3))}`;
    const row = map.itemOf(panel, point);
    if (taken.has(cell)) continue;
    const picture = thumbnail(map, row);
    if (!picture) continue;
    taken.add(cell);
    const fit = Math.min(wide / picture.naturalWidth, tall / picture.naturalHeight);
    const [w, h] = [picture.naturalWidth * fit, picture.naturalHeight * fit];
    pen.globalAlpha = map.any && !map.chosen[row] ? 0.3 : 1;
    pen.drawImage(picture, x - w / 2, y - h / 2, w, h);
    pen.lineWidth = 1.5;
    pen.strokeStyle = map.toneOf(panel, point);
    pen.strokeRect(x - w / 2, y - h / 2, w, h);
    pen.globalAlpha = 1;
    panel.thumbs.push([x - w / 2, y - h / 2, w, h, point]);
  }
};

// Pictures lie over the points; the people among them are drawn once more on top.
const peopleOnTop = (pen, map, panel) => {
  if (!panel.people || !panel.thumbs.length) return;
  const [left, top] = map.toMap(panel, panel.left, panel.top);
  const [right, bottom] = map.toMap(panel, panel.left + panel.width, panel.top + panel.height);
  map.grid(panel, panel.people).within(left, bottom, right, top, (_, x, y) => {
    diamond(pen, ...map.toScreen(panel, x, y), map.diamond(panel) / 2, map.colours.ink, 1, map.colours.paper, true);
  });
};

const lineOf = (pen, map) => {
  const { panel, points } = map.drawing;
  pen.beginPath();
  points.forEach(([x, y], at) => pen[at ? "lineTo" : "moveTo"](...map.toScreen(panel, x, y)));
  pen.closePath();
  pen.fillStyle = map.colours.accent;
  pen.globalAlpha = 0.1;
  pen.fill();
  pen.globalAlpha = 1;
  pen.lineWidth = 1.5;
  pen.strokeStyle = map.colours.accent;
  pen.stroke();
};

const paintOver = (map) => {
  const pen = map.over.getContext("2d");
  pen.setTransform(map.ratio, 0, 0, map.ratio, 0, 0);
  pen.clearRect(0, 0, map.width, map.height);
  for (const panel of map.panels) {
    if (!panel.ready) continue;
    pen.save();
    pen.beginPath();
    pen.rect(panel.left, panel.top, panel.width, panel.height);
    pen.clip();
    const found = panel.space.glow.flatMap((row) => map.placesOf(panel, row));
    found.forEach(([x, y], at) => glow(pen, x, y, map.colours.glow, 1 - (0.5 * at) / found.length));
    showPictures(pen, map, panel);
    peopleOnTop(pen, map, panel);
    for (const [x, y] of found) ring(pen, x, y, 5, map.colours.glow, 2, map.colours.paper);
    if (panel.camera.z < 4 && map.data.named) nameClusters(pen, map, panel);
    for (const [row, radius] of [[map.data.focus, 8], [map.lit, 9]]) {
      if (row === null || row === undefined || row < 0) continue;
      const places = map.placesOf(panel, row);
      if (places.length === 2) {
        pen.beginPath();
        pen.moveTo(...places[0]);
        pen.lineTo(...places[1]);
        pen.lineWidth = 1.5;
        pen.strokeStyle = map.colours.ink;
        pen.stroke();
      }
      for (const [x, y] of places) ring(pen, x, y, radius, map.colours.ink, 2, map.colours.paper);
    }
    for (const person of [map.data.person, map.person]) {
      if (person < 0 || !panel.people) continue;
      for (const [x, y] of map.placesOf(panel, person, panel.people)) diamond(pen, x, y, map.diamond(panel) / 2 + 8, map.colours.ink, 2.5, map.colours.paper);
    }
    pen.restore();
  }
  if (map.drawing?.points.length > 1) lineOf(pen, map);
};
