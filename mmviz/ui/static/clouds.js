// Large arrays travel once, packed in one buffer each, and are kept here by name for every map on the page.

const clouds = (globalThis.mmvizClouds ??= new Map());
const MOST_CLOUDS = 64;
const KINDS = { f32: Float32Array, u8: Uint8Array };

// A buffer is the length of its head (uint32), the head as JSON, and its parts one after the other.
const unpack = (bytes) => {
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
  let at = 4 + size;
  const parts = {};
  for (const [name, kind, length] of head.parts) {
    const raw = bytes.slice(at, at + length);
    parts[name] = kind === "text" ? new TextDecoder().decode(raw).split("\n") : new KINDS[kind](raw.buffer);
    at += length;
  }
  return [head.id, parts];
};

const keep = (data) => {
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
  if (!(bytes instanceof Uint8Array)) return;
  const [id, parts] = unpack(bytes);
  const known = clouds.get(id);
  clouds.delete(id);
  clouds.set(id, known ?? parts);
  while (clouds.size > MOST_CLOUDS) clouds.delete(clouds.keys().next().value);
  if (!known) globalThis.dispatchEvent(new CustomEvent("mmviz-cloud"));
};
