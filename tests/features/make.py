"""A small catalogue and an encoder whose every number is known, for the tests of the token store.

Run as a module it encodes the catalogue, so that a test can kill it:
`python -m tests.features.make HOME PICTURES LOG PAUSE`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue, Column
from mmviz.encoders import MAX_WORDS, Encoder, EncoderShape, ImageCodes, OutOfMemory, TextCodes, find_words
from mmviz.encoders.base import unit
from mmviz.features import encode_catalogue

ITEMS = 60
NO_PICTURE, NO_TEXT, TITLE_ONLY, ONLY_MARKS, BROKEN = 5, 7, 9, 11, 13


def write_pictures(folder: Path) -> None:
    """One file an item; the one of item `BROKEN` cannot be decoded."""
    folder.mkdir(parents=True, exist_ok=True)
    for row in range(ITEMS):
        (folder / f"{row}.raw").write_bytes(b"broken" if row == BROKEN else f"picture {row}".encode())


def small_catalogue(folder: Path) -> Catalogue:
    """60 items, among them one without picture, one without words, and one with a title only."""
    items = pd.DataFrame(
        {
            "item_id": [f"{row:03d}" for row in range(ITEMS)],
            "title": [f"Item {row}" for row in range(ITEMS)],
            "text": [f"The {row}th thing, " + "very " * (row % 20) + "fine." for row in range(ITEMS)],
            "image": [str(folder / f"{row}.raw") for row in range(ITEMS)],
            "colour": ["red", "blue", ""] * (ITEMS // 3),
        }
    )
    items.loc[NO_PICTURE, "image"] = ""
    items.loc[NO_TEXT, ["title", "text"]] = ""
    items.loc[TITLE_ONLY, "text"] = ""
    items.loc[ONLY_MARKS, ["title", "text"]] = ["…", "!?"]
    items["thumbnail"] = items["image"]
    nothing = pd.DataFrame({"user": [], "item": [], "rating": [], "time": []})
    return Catalogue("small", items, nothing, pd.Index([], dtype=str), "c0ffee", (Column("colour", "category"),))


class CountingEncoder(Encoder):
    """Gives numbers that follow from the content alone, and tells `count` of every item that it encodes."""

    def __init__(
        self,
        count: Callable[[str], None] = lambda _: None,
        pause: float = 0.0,
        most: int = 1000,
        fingerprint: str = "f",
    ) -> None:
        self.name = "counting"
        self.fingerprint = fingerprint
        self.shape = EncoderShape((2, 3), 8, 12, 8, 10, joint=4)
        self.image_batch = self.text_batch = 4
        self._count, self._pause, self._most = count, pause, most

    def prepare_image(self, path: Path) -> np.ndarray:
        content = path.read_bytes()
        if content == b"broken":
            raise OSError("cannot identify image file")
        return np.frombuffer(content.ljust(16), dtype=np.uint8)

    def encode_images(self, pictures: Sequence[np.ndarray]) -> ImageCodes:
        names = [picture.tobytes().decode().strip() for picture in pictures]
        self._work(names)
        tokens, pooled, joint = (np.stack([_numbers(name, size) for name in names]) for size in (48, 12, 4))
        return ImageCodes(tokens.reshape(-1, 6, 8), pooled, unit(joint))

    def encode_texts(self, texts: Sequence[str]) -> TextCodes:
        self._work(list(texts))
        count = len(texts)
        spans, mask = np.zeros((count, MAX_WORDS, 2), np.int32), np.zeros((count, MAX_WORDS), bool)
        tokens = np.zeros((count, MAX_WORDS, 8), np.float32)
        for row, text in enumerate(texts):
            for at, span in enumerate(find_words(text)):
                spans[row, at], mask[row, at] = span, True
                tokens[row, at] = _numbers(text[span.start : span.end], 8)
        some = mask.any(axis=1, keepdims=True)
        pooled, joint = (np.stack([_numbers(text, size) for text in texts]) for size in (10, 4))
        return TextCodes(tokens, mask, spans, pooled * some, unit(joint) * some, np.zeros(count, int))

    def _work(self, names: Sequence[str]) -> None:
        if len(names) > self._most:
            raise OutOfMemory("The batch does not fit.")
        for name in names:
            time.sleep(self._pause)
            self._count(name)


def _numbers(key: str, size: int) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


def main(home: str, pictures: str, log: str, pause: str) -> None:
    """Encode, and write a line to `log` for every item that the encoder is given."""
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    encoder = CountingEncoder(lambda name: _line(handle, name), float(pause))
    encode_catalogue(small_catalogue(Path(pictures)), encoder, Path(home))


def _line(handle: int, name: str) -> None:
    os.write(handle, f"{name}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
