"""What was computed about spaces, kept on disk: arrays by the key of a space and a name, written once."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from mmviz.home import replacing

__all__ = ["SpaceStore"]

VERSION = 2


class SpaceStore:
    """Arrays under one folder, one sub-folder a space. A damaged file counts as absent and is made anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, space: str, name: str) -> bool:
        """Whether arrays of this name are kept."""
        return self._path(space, name).is_file()

    def load(self, space: str, name: str) -> dict[str, np.ndarray] | None:
        """The arrays, or None."""
        try:
            with np.load(self._path(space, name), allow_pickle=False) as kept:
                return {key: kept[key] for key in kept.files}
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def save(self, space: str, name: str, **arrays: np.ndarray) -> None:
        """Keep arrays; a reader sees the old ones or the new ones."""
        with replacing(self._path(space, name)) as draft, draft.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]

    def _path(self, space: str, name: str) -> Path:
        return self._folder / f"v{VERSION}" / space / f"{name}.npz"
