"""Features of a run that trained the encoders' last layers: its own tokens and summaries, the store's everything else.

Their name is the encoder's with "@" and the run's id: "bundled@20260101-…", and "+attributes" behind it where those
are read. Masks, words and the joint space are those of the untouched encoder.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmviz.errors import FeatureError
from mmviz.features.attributes import attributed, features_name
from mmviz.features.base import Features, ModalityFeatures

__all__ = ["read_tuned", "tuned_features", "tuned_name", "tuned_run", "write_tuned"]

_FOLDER = "features"
_TUNED = re.compile(r"(.+?)@(\d{8}-\d{6}-.+)")  # a run's id begins with its time


def tuned_name(encoder: str, run_id: str) -> str:
    """The name of the features of a run: "bundled" -> "bundled@RUN", with "+attributes" kept behind it."""
    plain, more = attributed(encoder)
    return features_name(f"{plain}@{run_id}", more)


def tuned_run(encoder: str) -> tuple[str, str]:
    """The name of the untouched encoder and the id of the run that trained it; "" where none did."""
    plain, more = attributed(encoder)
    found = _TUNED.fullmatch(plain)
    base, run_id = found.groups() if found else (plain, "")
    return features_name(base, more), run_id


def write_tuned(arrays: Mapping[str, np.ndarray], folder: Path) -> None:
    """Keep a run's tokens and summaries in its folder."""
    (folder / _FOLDER).mkdir()
    for name, array in arrays.items():
        np.save(folder / _FOLDER / f"{name}.npy", array)


def tuned_features(
    base: Features, arrays: Mapping[str, np.ndarray], name: str, weights: Mapping[str, np.ndarray]
) -> Features:
    """The features of a run from those of its untouched encoder and what its trained layers made of the items."""
    digest = hashlib.sha256(base.fingerprint.encode())
    for key in sorted(weights):
        digest.update(key.encode() + np.ascontiguousarray(weights[key]).tobytes())
    parts = {
        n: ModalityFeatures(arrays[f"{n}.tokens"], part.mask, arrays[f"{n}.pooled"])
        if f"{n}.tokens" in arrays
        else part
        for n, part in base.modalities.items()
    }
    return replace(base, modalities=parts, encoder=name, fingerprint=digest.hexdigest()[:16])


def read_tuned(folder: Path) -> dict[str, np.ndarray]:
    """A run's tokens and summaries, memory-mapped. Raises FeatureError when they are not there."""
    paths = sorted((folder / _FOLDER).glob("*.npy"))
    if not paths:
        raise FeatureError(f"The features of the fine-tuned run '{folder.name}' are gone. Train it again.")
    return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in paths}
