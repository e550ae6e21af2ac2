// Painting points with WebGL2: one context for all panels, one draw call a panel and pass.

const VERTEX = `#version 300 es
precision highp float; precision highp int; precision highp usampler2D;
in vec2 a; in vec2 b;
uniform float t, size, dim, strong;
uniform vec2 middle, scale;
uniform int ends, pass, line, any, own, person;
uniform uint hidden;
uniform usampler2D codes, flags;
uniform sampler2D ramp;
uniform vec4 tones[2], quiet, ink;
out vec4 tone;
void main() {
  if (person == 1) {
    gl_Position = a.x > 1e8 || b.x > 1e8 ? vec4(9.0, 9.0, 9.0, 1.0) : vec4((mix(a, b, t) - middle) * scale, 0.0, 1.0);
    gl_PointSize = size;
    tone = ink;
    return;
  }
  int item = ends == 2 ? gl_VertexID >> 1 : gl_VertexID;
  ivec2 at = ivec2(item & 2047, item >> 11);
  uint code = texelFetch(codes, at, 0).r;
  bool chosen = (texelFetch(flags, at, 0).r & 1u) != 0u;
  bool off = a.x > 1e8 || b.x > 1e8 || (code < 32u && ((hidden >> code) & 1u) != 0u);
  if (any == 1) off = off || (pass == 0) == chosen;
  gl_Position = off ? vec4(9.0, 9.0, 9.0, 1.0) : vec4((mix(a, b, t) - middle) * scale, 0.0, 1.0);
  gl_PointSize = any == 1 && pass == 1 ? size * 1.25 : size;
  tone = line == 1 ? quiet : own == 1 ? tones[gl_VertexID & 1] : texelFetch(ramp, ivec2(int(code), 0), 0);
  if (any == 1 && pass == 0) tone = vec4(quiet.rgb, tone.a * dim);
  if (line == 1 && any == 1 && pass == 1) tone.a = strong;
}`;

const FRAGMENT = `#version 300 es
precision highp float; precision highp int;
in vec4 tone;
uniform int line, person;
uniform float size;
uniform vec4 paper;
out vec4 colour;
void main() {
  if (person == 1) {  // a diamond with a rim of paper, so that it stands out from any colour
    float away = abs(gl_PointCoord.x - 0.5) + abs(gl_PointCoord.y - 0.5);
    float shape = 1.0 - smoothstep(0.5 - 1.0 / size, 0.5, away);
    vec4 filled = mix(tone, paper, smoothstep(0.5 - 3.0 / size, 0.5 - 2.0 / size, away));
    float seen = shape * tone.a;
    if (seen < 0.004) discard;
    colour = vec4(filled.rgb * seen, seen);
    return;
  }
  float alpha = line == 1 ? 1.0 : size < 2.5 ? 1.0
    : 1.0 - smoothstep(0.5 - 1.0 / size, 0.5, length(gl_PointCoord - 0.5));
  if (alpha * tone.a < 0.004) discard;
  colour = vec4(tone.rgb * tone.a * alpha, tone.a * alpha);
}`;

const WIDE = 2048;

const rgb = (colour) => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
};

const compiled = (gl) => {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "a");
  gl.bindAttribLocation(program, 1, "b");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
  return program;
};

// Values of every item, one byte each, in a texture of rows of 2,048.
const byteTexture = (gl, values, texture = gl.createTexture()) => {
  const tall = Math.max(1, Math.ceil(values.length / WIDE));
  const padded = new Uint8Array(WIDE * tall);
  padded.set(values);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, WIDE, tall, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, padded);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
  return texture;
};

const painter = (canvas) => {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, preserveDrawingBuffer: true });
  if (!gl) return null;
  const program = compiled(gl);
  const place = Object.fromEntries(
    ["t", "strong", "size", "dim", "middle", "scale", "ends", "pass", "line", "any", "own", "hidden", "codes", "flags", "ramp", "tones", "quiet",
      "person", "ink", "paper"]
      .map((name) => [name, gl.getUniformLocation(program, name)]));
  const buffers = new Map();
  const flags = byteTexture(gl, new Uint8Array(1));
  const codes = new Map();
  const ramp = gl.createTexture();

  const bufferOf = (array) => {
    if (!buffers.has(array)) {
      const made = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, made);
      gl.bufferData(gl.ARRAY_BUFFER, array, gl.STATIC_DRAW);
      buffers.set(array, made);
    }
    return buffers.get(array);
  };
  const point = (slot, array) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, bufferOf(array));
    gl.enableVertexAttribArray(slot);
    gl.vertexAttribPointer(slot, 2, gl.FLOAT, false, 0, 0);
  };
  const texture = (unit, name, made) => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, made);
    gl.uniform1i(place[name], unit);
  };

  return {
    gl,
    choose: (chosen) => byteTexture(gl, chosen, flags),
    tint: (name, values) => codes.set(name, byteTexture(gl, values, codes.get(name))),
    palette: (colours) => {
      const bytes = new Uint8Array(1024);
      colours.forEach((colour, at) => bytes.set(colour.map((part) => Math.round(part * 255)), 4 * at));
      gl.bindTexture(gl.TEXTURE_2D, ramp);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    },
    // Buffers that no panel shows any more are given back.
    forget: (shown) => {
      for (const [array, made] of buffers) if (!shown.has(array)) { gl.deleteBuffer(made); buffers.delete(array); }
    },
    clear: () => {
      gl.disable(gl.SCISSOR_TEST);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
    },
    // box: [left, bottom, width, height] in pixels of the canvas; view: { middle, scale } to clip space.
    panel: ({ box, view, a, b, t, ends, lines, size, opacity, any, hidden, code, tones, quiet, people }) => {
      gl.useProgram(program);
      gl.enable(gl.SCISSOR_TEST);
      gl.viewport(...box);
      gl.scissor(...box);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      texture(0, "codes", codes.get(code));
      texture(1, "flags", flags);
      texture(2, "ramp", ramp);
      gl.uniform1f(place.t, t);
      gl.uniform1f(place.dim, opacity);
      gl.uniform1f(place.strong, Math.max(0.04, Math.min(0.55, 25 / Math.max(1, any))));
      gl.uniform2fv(place.middle, view.middle);
      gl.uniform2fv(place.scale, view.scale);
      gl.uniform1i(place.ends, ends);
      gl.uniform1i(place.any, any > 0 ? 1 : 0);
      gl.uniform1i(place.own, ends === 2 ? 1 : 0);
      gl.uniform1ui(place.hidden, hidden);
      gl.uniform4fv(place.tones, tones.flat());
      gl.uniform1i(place.person, 0);
      const run = (from, to, mode, line, pass, width, faint) => {
        point(0, from);
        point(1, to);
        gl.uniform1i(place.line, line);
        gl.uniform1i(place.pass, pass);
        gl.uniform1f(place.size, width);
        gl.uniform4fv(place.quiet, [...quiet, faint]);
        gl.drawArrays(mode, 0, from.length / 2);
      };
      for (const pass of any > 0 ? [0, 1] : [0]) {
        if (lines) run(lines, lines, gl.LINES, 1, pass, 1, Math.max(0.012, Math.min(0.3, 90 / lines.length)));
        run(a, b, gl.POINTS, 0, pass, size, 1);
      }
      if (!people) return;
      gl.uniform1i(place.person, 1);
      gl.uniform4fv(place.ink, people.ink);
      gl.uniform4fv(place.paper, people.paper);
      run(people.a, people.b, gl.POINTS, 0, 0, people.size, 1);
    },
    read: (x, y, width, height) => {
      const bytes = new Uint8Array(4 * width * height);
      gl.readPixels(x, y, width, height, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
      return bytes;
    },
  };
};
