"""The fingerprint of a catalogue: equal for equal content, wherever it lies and whatever it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import PurePath

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Column

__all__ = ["fingerprint"]

VERSION = b"mmviz catalogue 1"


def fingerprint(
    items: pd.DataFrame, interactions: pd.DataFrame, user_ids: pd.Index[str], columns: Sequence[Column]
) -> str:
    """SHA-256 (64 hex digits) of ids, words, further columns, pictures and interactions.

    A picture counts by the stem of its file name, which is the hash of its content. The order of items, users and
    interactions counts too, since codes are positions. Paths, the catalogue's name and thumbnails don't count.
    """
    digest = hashlib.sha256(VERSION)
    for name in ("item_id", "title", "text"):
        _add_strings(digest, name, items[name])
    _add_strings(digest, "image", (PurePath(path).stem for path in items["image"]))
    for column in columns:
        label = f"column {column.kind} {column.name}"
        if column.kind == "number":
            _add_array(digest, label, items[column.name].to_numpy(), "<f8")
        else:
            _add_strings(digest, label, items[column.name])
    _add_strings(digest, "users", user_ids)
    for name, kind in (("user", "<i4"), ("item", "<i4"), ("rating", "<f4"), ("time", "<f8")):
        _add_array(digest, name, interactions[name].to_numpy(), kind)
    return digest.hexdigest()


def _add_strings(digest: hashlib._Hash, label: str, values: Iterable[str]) -> None:
    """With the length before every value, so that no two lists of strings look alike."""
    encoded = [value.encode() for value in values]
    _add_array(digest, label, np.array([len(value) for value in encoded]), "<i8")
    digest.update(b"".join(encoded))


def _add_array(digest: hashlib._Hash, label: str, values: np.ndarray, kind: str) -> None:
    plain = values.astype(kind)
    if plain.dtype.kind == "f":
        plain = np.where(np.isnan(plain), np.nan, plain + 0.0).astype(kind)  # one NaN, one zero
    digest.update(f"{label} {kind} {len(plain)}\n".encode())
    digest.update(plain.tobytes())
