"""How fast spaces are laid out and drawn: the layout against UMAP's defaults, the canvas against plotly.

    python benchmarks/spaces.py [layout] [canvas]

Writes `results/spaces-layout.md` and `results/spaces-canvas.md`. The points are simulated; Chromium draws in software,
and both ways of drawing are timed in the same run, from a click in an open page to the last pixel.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import _report
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
POINTS, WIDTH = 50_000, 256
REPEATS = 3
DRAWN = """kind => new Promise((done) => {
  const deep = (root) => [...root.querySelectorAll('*')].flatMap(
    (each) => each.shadowRoot ? [each, ...deep(each.shadowRoot)] : [each]);
  const look = () => {
    const every = deep(document);
    const canvas = kind === 'ours'
      ? every.find((each) => each.matches('.mm-space[data-painted]'))?.querySelector('canvas.points')
      : every.find((each) => each.matches('.js-plotly-plot canvas.gl-canvas-context'));
    if (!canvas) return requestAnimationFrame(look);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const gl = canvas.getContext(kind === 'ours' ? 'webgl2' : 'webgl');
      gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // waits for the drawing
      done(performance.now());
    }));
  };
  look();
})"""


def main() -> None:
    wanted = sys.argv[1:] or ["layout", "canvas"]
    if "layout" in wanted:
        layout()
    if "canvas" in wanted:
        canvas()


def simulated(n: int, width: int) -> np.ndarray:
    """Unit vectors (n, width): sixty groups, each with eight directions of its own, and noise."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(60, width)).astype(np.float32)
    axes = rng.normal(size=(60, 8, width)).astype(np.float32)
    group = rng.integers(60, size=n)
    inner = rng.normal(size=(n, 8)).astype(np.float32)
    noise = rng.normal(size=(n, width)).astype(np.float32)
    vectors = centres[group] + 0.35 * np.einsum("nk,nkd->nd", inner, axes[group]) + 0.3 * noise
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def layout() -> None:
    from umap import UMAP

    from mmviz.spaces.cells import likely
    from mmviz.spaces.layouts import lay_out, principal
    from mmviz.spaces.trust import map_neighbours, trustworthiness
    from mmviz.views.maps import NEIGHBOURS, LayoutSettings

    vectors = simulated(POINTS, WIDTH)
    small = vectors[:11_000]  # both ways have compiled before anything is timed
    UMAP(n_epochs=5).fit_transform(small)
    lay_out(small, likely(small, NEIGHBOURS).near, principal(small, 2), LayoutSettings())

    def ours() -> np.ndarray:
        return lay_out(vectors, likely(vectors, NEIGHBOURS).near, principal(vectors, 2), LayoutSettings())

    rows, seconds = [], {}
    for name, make in (("mmviz", ours), ("`umap.UMAP()`", lambda: UMAP().fit_transform(vectors))):
        points, seconds[name] = timed(make)
        trust = trustworthiness(vectors, map_neighbours(points, 15))
        rows.append((name, f"{seconds[name]:.1f}", trust.value, f"{trust.measured:,} of {trust.of:,}"))
    first, second = seconds.values()
    said = (
        f"{POINTS:,} simulated vectors of {WIDTH} numbers, to two dimensions, neighbours included, both compiled before. "  # noqa: E501
        f"mmviz is {second / first:.1f} times as fast. {busy()}"
    )
    table = _report.table(("layout", "seconds ↓", "trustworthiness ↑", "measured over"), rows)
    _report.write("spaces-layout", "Layout of a large space", [said, table])


def canvas() -> None:
    from playwright.sync_api import sync_playwright

    cases = [("ours", 100_000), ("plotly", 100_000), ("ours", 500_000)]
    seconds: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
    lassos: list[tuple[float, int, int]] = []
    with server() as address, sync_playwright() as play:
        browser = _report.chromium(play, webgl=True)
        for _ in range(REPEATS):
            for kind, n in cases:
                page = browser.new_page(viewport={"width": 1100, "height": 900})
                page.set_default_timeout(120_000)
                page.goto(f"{address}/?kind={kind}&n={n}")
                button = page.get_by_role("button", name="Draw")
                button.wait_for()
                page.wait_for_timeout(1500)
                start = page.evaluate("performance.now()")
                button.click()
                seconds[kind, n].append((page.evaluate(DRAWN, kind) - start) / 1000)
                if (kind, n) == ("ours", 100_000):
                    lassos.append(lasso(page))
                page.close()
        browser.close()
    names = {"ours": "mmviz canvas", "plotly": "plotly scattergl"}
    rows = [(f"{names[kind]}, {n:,} points", *spread(times)) for (kind, n), times in seconds.items()]
    times, chosen, sent = [each[0] for each in lassos], lassos[0][1], max(each[2] for each in lassos)
    rows.append((f"lasso around {chosen:,} of 100,000 points to the updated table", *spread(times)))
    said = (
        f"One panel of 800 × 600 pixels, colours by category, median and slowest of {REPEATS}; from the click in an open "  # noqa: E501
        f"page to the last pixel, with the server's work and the transfer. A selection sent {sent} bytes. {busy()}"
    )
    _report.write(
        "spaces-canvas",
        "Drawing and selecting many points",
        [said, _report.table(("what", "median, s ↓", "slowest, s ↓"), rows)],
    )


def lasso(page: object) -> tuple[float, int, int]:
    """Seconds from letting go of a lasso to the table of what it holds, how many that are, and the bytes sent."""
    page.get_by_role("button", name="Lasso").click()  # type: ignore[attr-defined]
    box = page.locator(".mm-space .stage").bounding_box()  # type: ignore[attr-defined]
    left, top, right, bottom = box["x"] + 3, box["y"] + 50, box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    mouse = page.mouse  # type: ignore[attr-defined]
    mouse.move(left, top)
    mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 5)):
        mouse.move(x, y, steps=8)
    started = time.perf_counter()
    mouse.up()
    page.get_by_text("in the table").wait_for()  # type: ignore[attr-defined]
    page.get_by_test_id("stDataFrame").wait_for()  # type: ignore[attr-defined]
    seconds = time.perf_counter() - started
    said = page.get_by_text("in the table").inner_text()  # type: ignore[attr-defined]
    chosen, sent = (int(word.replace(",", "")) for word in said.split() if word[0].isdigit())
    return seconds, chosen, sent


def screen() -> None:
    """The page that is timed; run by Streamlit."""
    import json

    import pandas as pd
    import streamlit as st

    from mmviz.charts import palette
    from mmviz.spaces.choosing import apply, read
    from mmviz.ui import components
    from mmviz.ui.clouds import cloud_of
    from mmviz.ui.space_payload import chosen_payload

    n, kind = int(st.query_params["n"]), st.query_params["kind"]
    rng = np.random.default_rng(0)
    points = np.clip(rng.normal(0, 0.3, (n, 2)), -0.9, 0.9).astype(np.float32)
    codes = rng.integers(0, 10, n).astype(np.uint8)
    if st.button("Draw"):
        st.session_state["drawn"] = True
    if not st.session_state.get("drawn"):
        st.stop()
    if kind == "plotly":
        import plotly.graph_objects as go

        colours = np.array([colour.light for colour in palette.CATEGORIES])[codes]
        figure = go.Figure(
            go.Scattergl(x=points[:, 0], y=points[:, 1], mode="markers", marker={"size": 3, "color": colours})
        )
        st.plotly_chart(figure.update_layout(height=600), width=800)
        st.stop()
    done = (st.session_state.get("maps") or {}).get("chosen") or {}
    chosen = apply(read(done.get("step", "")), n, lambda *_: (points,), lambda *_: codes, {})
    names = {name: cloud_of(parts) for name, parts in {
        "points": {"xy": points.reshape(-1)}, "tint": {"all": codes}, "words": {"lines": [f"-Item {at}" for at in range(n)]},  # noqa: E501
    }.items()}  # fmt: skip
    space = {
        "name": "points", "title": "Points", "said": "", "colour": palette.INK, "cloud": names["points"].name, "ends": 1,  # noqa: E501
        "facts": "", "trustSaid": "", "glow": [], "labels": [],
    }  # fmt: skip
    payload = {
        "items": n, "spaces": [space], "words": names["words"].name, "pictures": "", "aspect": 1, "named": False,
        "ends": [palette.INK, palette.INK], "morph": False, "focus": -1, "camera": None,
        "chosen": chosen_payload(done.get("step", ""), chosen),
        "tint": {
            "cloud": names["tint"].name, "name": "code", "title": "Code", "names": [[str(at), ""] for at in range(10)],
            "colours": palette.CATEGORIES[:10], "low": "", "high": "", "said": "",
        },
    }  # fmt: skip

    def nothing() -> None: ...

    with st.container(width=800):
        components.maps(payload, "maps", nothing, nothing, nothing, nothing)
    for name, cloud in names.items():
        components.cloud(cloud.packed, name)
    if chosen.any():
        rows = np.flatnonzero(chosen)
        st.dataframe(pd.DataFrame({"row": rows[:1000], "code": codes[rows[:1000]]}))
        st.text(f"{len(rows):,} chosen in the table after {len(json.dumps(done))} bytes")


@contextmanager
def server() -> object:
    """This file as a Streamlit app on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        __file__,
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    environment = {
        **os.environ,
        "MMVIZ_SCREEN": "1",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def timed(work: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """What the work gives, and its seconds."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def spread(seconds: list[float]) -> tuple[str, str]:
    """Median and slowest."""
    return f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"


def busy() -> str:
    """How loaded the machine was, since it may have been shared."""
    return (
        f"Load of the machine over the last five minutes: {psutil.getloadavg()[1]:.1f} on {psutil.cpu_count()} cores."
    )


if __name__ == "__main__":
    if os.environ.get("MMVIZ_SCREEN"):
        screen()
    else:
        main()
