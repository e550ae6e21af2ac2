"""Encoding a catalogue: batches through the encoder into a store, resumable after a kill at any moment."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from filelock import FileLock, Timeout

from mmviz.catalogue.base import Catalogue
from mmviz.encoders.base import Encoder, ImageCodes, OutOfMemory, TextCodes
from mmviz.errors import EncoderError, FeatureError
from mmviz.features.base import Features
from mmviz.features.load import item_texts, left_out, load_features, store_folder
from mmviz.features.store import Batch, Draft, Manifest
from mmviz.progress import Progress, Report, silent

__all__ = ["encode_catalogue"]

Codes = TypeVar("Codes", ImageCodes, TextCodes)
_AHEAD = 2  # batches of pictures decoded ahead of the encoder
_LOCK_POLL = 0.5  # seconds


def encode_catalogue(
    catalogue: Catalogue, encoder: Encoder, home: Path | None = None, report: Report = silent
) -> Features:
    """Encode every picture and text into the store of this catalogue and encoder, and open it.

    Finished batches are kept when the work is cancelled or killed, and are not done again. A picture that cannot be
    decoded leaves its item without picture, and is counted in `Features.notes`. Two processes may call this at once:
    the second waits. Raises `FeatureError` when no kept picture is at its place or the disk is too full, and
    `EncoderError` when not even one item fits into the device's memory.
    """
    target = store_folder(catalogue, encoder, home)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.with_suffix(".lock"), report):
        try:
            return load_features(catalogue, encoder, home)
        except FeatureError:
            manifest = _make_store(catalogue, encoder, target, report)
    note = " ".join(left_out(manifest))
    report(Progress("Encoded", catalogue.n_items, catalogue.n_items, note))
    return load_features(catalogue, encoder, home)


def _make_store(catalogue: Catalogue, encoder: Encoder, target: Path, report: Report) -> Manifest:
    _check_pictures(catalogue)
    plain = Manifest(encoder.name, encoder.fingerprint, catalogue.fingerprint, catalogue.n_items, encoder.shape)
    draft = Draft(target.with_suffix(".part"), plain)
    try:
        _encode_texts(item_texts(catalogue), encoder, draft, report)
        _encode_pictures(catalogue.items["image"].tolist(), encoder, draft, report)
        return draft.finish(target)
    finally:
        draft.close()


def _check_pictures(catalogue: Catalogue) -> None:
    paths = [path for path in catalogue.items["image"] if path]
    if paths and not any(Path(path).exists() for path in paths):
        raise FeatureError(
            f"None of the {len(paths):,} pictures of '{catalogue.name}' is at its place (looked for {paths[0]} first). "
            "Bring them back, or import the catalogue again."
        )


def _encode_texts(texts: Sequence[str], encoder: Encoder, draft: Draft, report: Report) -> None:
    """Longest first, in batches of like length, so that little is padding and memory is needed early."""
    order = sorted((row for row, text in enumerate(texts) if text), key=lambda row: (-len(texts[row]), row))
    todo = _batches(order, encoder.text_batch, draft.done["text"])
    meter = _Meter("Encoding texts", len(order), len(order) - sum(map(len, todo)), report)
    halving = _Halving(encoder.encode_texts, encoder.text_batch, meter)
    for rows in todo:
        codes = halving([texts[row] for row in rows])
        arrays = {name: getattr(codes, name) for name in ("mask", "spans")} | _halves(codes, rows)
        draft.write(Batch("text", rows, arrays, cut=codes.cut.tolist()))
        meter.add(len(rows))


def _encode_pictures(paths: Sequence[str], encoder: Encoder, draft: Draft, report: Report) -> None:
    order = [row for row, path in enumerate(paths) if path]
    todo = _batches(order, encoder.image_batch, draft.done["image"])
    meter = _Meter("Encoding pictures", len(order), len(order) - sum(map(len, todo)), report)
    halving = _Halving(encoder.encode_images, encoder.image_batch, meter)

    def prepare(row: int) -> np.ndarray | None:
        try:
            return encoder.prepare_image(Path(paths[row]))
        except (OSError, ValueError):
            return None

    with closing(_decoded_ahead(todo, prepare)) as decoded:
        for rows, pictures in decoded:
            readable = [at for at, picture in enumerate(pictures) if picture is not None]
            codes = halving([pictures[at] for at in readable]) if readable else None
            arrays = _spread(codes, readable, rows, encoder)
            unreadable = [row for row, picture in zip(rows, pictures, strict=True) if picture is None]
            draft.write(Batch("image", rows, arrays, unreadable=unreadable))
            meter.add(len(rows))


def _batches(order: Sequence[int], size: int, done: set[int]) -> list[list[int]]:
    """Cut `order` into batches as if nothing were done, then leave out what is: a resumed run has the same ones."""
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    left = [[row for row in part if row not in done] for part in parts]
    return [part for part in left if part]


def _decoded_ahead(
    batches: Sequence[list[int]], prepare: Callable[[int], np.ndarray | None]
) -> Generator[tuple[list[int], list[np.ndarray | None]]]:
    """Every batch with its pictures, which threads decode while the encoder works on those before."""
    waiting: deque[tuple[list[int], list[Future[np.ndarray | None]]]] = deque()
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="mmviz-decode")
    try:
        for rows in batches:
            waiting.append((rows, [pool.submit(prepare, row) for row in rows]))
            if len(waiting) > _AHEAD:
                ready, futures = waiting.popleft()
                yield ready, [future.result() for future in futures]
        for ready, futures in waiting:
            yield ready, [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _spread(
    codes: ImageCodes | None, at: Sequence[int], rows: Sequence[int], encoder: Encoder
) -> dict[str, np.ndarray]:
    """Codes of the readable pictures at their places `at` in the batch; zero and unmasked elsewhere."""
    shape, count = encoder.shape, len(rows)
    arrays = {
        "tokens": np.zeros((count, shape.patches, shape.image_token), dtype=np.float16),
        "mask": np.zeros((count, shape.patches), dtype=bool),
        "pooled": np.zeros((count, shape.image_pooled), dtype=np.float16),
        "joint": np.zeros((count, shape.joint), dtype=np.float16),
    }
    if codes is not None:
        for name, values in _halves(codes, [rows[place] for place in at]).items():
            arrays[name][at] = values
        arrays["mask"][at] = True
    return arrays


def _halves(codes: ImageCodes | TextCodes, rows: Sequence[int]) -> dict[str, np.ndarray]:
    """Tokens and summaries as float16, clipped to its range; `EncoderError` when one is not a number."""
    limit = float(np.finfo(np.float16).max)
    halves = {}
    for name in ("tokens", "pooled", "joint"):
        values = getattr(codes, name)
        if not np.isfinite(values).all():
            raise EncoderError(
                f"The encoder gave a {name} value that is not a number within items {min(rows)} to {max(rows)}. "
                "Its weights may be damaged; choose another checkpoint or the bundled encoder."
            )
        halves[name] = np.clip(values, -limit, limit).astype(np.float16)
    return halves


class _Meter:
    """Counts items and reports them with their rate."""

    def __init__(self, stage: str, total: int, done: int, report: Report) -> None:
        self._stage, self._total, self._done, self._report = stage, total, done, report
        self._fresh = 0
        self._start = time.monotonic()
        self.add(0)

    def add(self, count: int) -> None:
        self._done += count
        self._fresh += count
        rate = self._fresh / max(time.monotonic() - self._start, 1e-9)
        self.say(f"{rate:,.0f} a second" if self._fresh else "")

    def say(self, note: str) -> None:
        self._report(Progress(self._stage, self._done, self._total, note))


class _Halving(Generic[Codes]):
    """Calls an encoder; when a batch does not fit into memory, halves it, says so, and stays at the smaller size."""

    def __init__(self, encode: Callable[[Any], Codes], size: int, meter: _Meter) -> None:
        self._encode: Callable[[Any], Codes] = encode
        self._size, self._meter = size, meter

    def __call__(self, items: Sequence[Any]) -> Codes:
        while True:
            try:
                starts = range(0, len(items), self._size)
                return _joined([self._encode(items[start : start + self._size]) for start in starts])
            except OutOfMemory as error:
                self._halve(error)

    def _halve(self, error: OutOfMemory) -> None:
        if self._size == 1:
            raise EncoderError(f"{error} Not even one item fits: use a smaller encoder or MMVIZ_DEVICE=cpu.") from error
        self._size //= 2
        self._meter.say(f"Out of memory: going on in batches of {self._size}")


def _joined(parts: Sequence[Codes]) -> Codes:
    kind = type(parts[0])
    return kind(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(kind)})


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    """Hold a store's lock, waiting for another process that does."""
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=_LOCK_POLL)
            break
        except Timeout:
            report(Progress("Another process is encoding this catalogue; waiting for it"))
    try:
        yield
    finally:
        lock.release()
