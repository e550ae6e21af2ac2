"""Drawing many items: in this process, or in several beside it that draw every n-th item each.

The workers are plain child processes with their own command line, so that they never re-run the program that
started them, whatever that is (a server, a notebook, a script).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import mmviz
from mmviz.catalogue.demo.canvas import GRID
from mmviz.catalogue.demo.drawing import draw_item
from mmviz.catalogue.demo.plan import plan_item
from mmviz.home import replacing
from mmviz.progress import Progress, Report

__all__ = ["Sheet", "Sketch", "draw_all", "draw_one", "main", "picture_name", "version"]

_FEW = 48


class Sketch(NamedTuple):
    """What is kept of one drawing beside its picture: boxes of the parts, and the (32, 32) uint8 label map."""

    boxes: dict[str, tuple[float, float, float, float]]
    mask: npt.NDArray[np.uint8]


class Sheet(NamedTuple):
    """The sketches of all items: boxes of each, and the label maps (I, 32, 32) uint8."""

    boxes: list[dict[str, tuple[float, float, float, float]]]
    masks: npt.NDArray[np.uint8]


@lru_cache(maxsize=1)
def version() -> str:
    """A digest of the code that makes the demo: another version draws other pictures."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def picture_name(seed: int, index: int) -> str:
    """The file name of an item's picture, known before it is drawn: what it will show follows from these alone."""
    return hashlib.sha256(f"demo {version()} {seed} {index}".encode()).hexdigest()[:32] + ".webp"


def draw_one(folder: Path, seed: int, index: int) -> Sketch:
    """Draw item `index` into `folder`'s pictures/ and thumbnails/ (one and the same, at 256 pixels)."""
    plan = plan_item(index, seed)
    drawn = draw_item(plan)
    if plan.pictured:
        for sub in ("pictures", "thumbnails"):
            with replacing(folder / sub / picture_name(seed, index)) as draft:
                draft.write_bytes(drawn.webp)
    return Sketch(drawn.boxes, drawn.mask)


def draw_all(folder: Path, size: int, seed: int, report: Report, workers: int | None = None) -> Sheet:
    """Draw all items in about the order of the catalogue; `workers` processes at once (None = one a core, 1 = here).

    Every picture appears whole at its final place as soon as it is drawn. `report` may raise `Cancelled`; then the
    workers stop, and what is drawn stays.
    """
    workers = min(os.cpu_count() or 1, 8) if workers is None else workers
    boxes: list[dict[str, tuple[float, float, float, float]]] = [{} for _ in range(size)]
    masks = np.zeros((size, GRID, GRID), dtype=np.uint8)
    for done, (index, sketch) in enumerate(_sketches(folder, size, seed, workers)):
        boxes[index], masks[index] = sketch
        if done % 8 == 0:
            report(Progress("Drawing pictures", done, size))
    report(Progress("Drawing pictures", size, size))
    return Sheet(boxes, masks)


def _sketches(folder: Path, size: int, seed: int, workers: int) -> Iterator[tuple[int, Sketch]]:
    missing = set(range(size))
    if workers > 1 and size > _FEW:
        for index, sketch in _from_workers(folder, size, seed, workers):
            missing.discard(index)
            yield index, sketch
    for index in sorted(missing):  # all of them, or those of a worker that could not run
        yield index, draw_one(folder, seed, index)


def _from_workers(folder: Path, size: int, seed: int, workers: int) -> Iterator[tuple[int, Sketch]]:
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    children = [_started(folder, size, seed, first, workers, lines) for first in range(workers)]
    running = len(children)
    try:
        while running:
            line = lines.get()
            if line is None:
                running -= 1
                continue
            yield _unpacked(line)
    finally:
        for child in children:
            child.kill()
            child.wait()


def _started(
    folder: Path, size: int, seed: int, first: int, step: int, lines: queue.SimpleQueue[bytes | None]
) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, [str(Path(mmviz.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "mmviz.catalogue.demo.studio",
        str(folder),
        *map(str, (size, seed, first, step)),
    ]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )

    def listen() -> None:
        if child.stdout is not None:
            for line in child.stdout:
                if line.endswith(b"\n"):
                    lines.put(line)
        lines.put(None)

    threading.Thread(target=listen, daemon=True).start()
    return child


def _packed(index: int, sketch: Sketch) -> bytes:
    mask = base64.b64encode(sketch.mask.tobytes()).decode("ascii")
    return json.dumps([index, sketch.boxes, mask]).encode() + b"\n"


def _unpacked(line: bytes) -> tuple[int, Sketch]:
    index, boxes, mask = json.loads(line)
    labels = np.frombuffer(base64.b64decode(mask), dtype=np.uint8).reshape(GRID, GRID)
    return index, Sketch({part: tuple(box) for part, box in boxes.items()}, labels)


def main(arguments: list[str]) -> None:
    """A worker's life: folder, size, seed, first and step; one line on standard output for every item drawn."""
    folder, (size, seed, first, step) = Path(arguments[0]), map(int, arguments[1:5])
    for index in range(first, size, step):
        sys.stdout.buffer.write(_packed(index, draw_one(folder, seed, index)))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
