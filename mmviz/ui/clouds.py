"""Large arrays for the maps in the browser, packed once each and named after their content. No Streamlit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Cloud", "cloud_of"]


@dataclass(frozen=True)
class Cloud:
    """A packed buffer and the name under which the browser keeps it.

    The buffer is the length of its head (uint32, little-endian), the head as JSON with [name, kind, bytes] of every
    part, and the parts: "f32" (float32), "u8" (uint8) or "text" (lines in UTF-8).
    """

    name: str
    packed: bytes


def cloud_of(parts: Mapping[str, np.ndarray | Sequence[str]]) -> Cloud:
    """Pack arrays (float32 or uint8) and lists of lines."""
    raw = {name: _raw(values) for name, values in parts.items()}
    digest = hashlib.blake2b(digest_size=10)
    for name, (kind, content) in raw.items():
        digest.update(f"{name}/{kind}/{len(content)}/".encode())
        digest.update(content)
    head = {"id": digest.hexdigest(), "parts": [[name, kind, len(content)] for name, (kind, content) in raw.items()]}
    said = json.dumps(head).encode()
    packed = b"".join([len(said).to_bytes(4, "little"), said, *(content for _, content in raw.values())])
    return Cloud(head["id"], packed)  # type: ignore[arg-type]


def _raw(values: np.ndarray | Sequence[str]) -> tuple[str, bytes]:
    if isinstance(values, np.ndarray):
        kind = {"float32": "f32", "uint8": "u8"}[str(values.dtype)]
        return kind, np.ascontiguousarray(values).tobytes()
    return "text", "\n".join(" ".join(line.splitlines()) for line in values).encode()
