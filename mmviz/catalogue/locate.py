"""Finding the picture that a cell of the items table names, and never one outside the folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

__all__ = ["PICTURE_SUFFIXES", "PictureFinder", "PictureProblem"]

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
PICTURE_FOLDERS = ("images", "pictures", "posters", "photos", "imgs", "img", "covers", "thumbnails")


@dataclass(frozen=True)
class PictureProblem:
    """Why an item has no picture although one was named. `kind` is a finding's slug, `detail` says which file."""

    kind: str
    detail: str


class PictureFinder:
    """Resolves picture paths against one folder.

    A path is taken as it stands, relative to the folder, else without regard to case. A bare file name or id is
    also looked for anywhere below the folder, and may come without its suffix; a name that stands there twice is
    not guessed.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve()

    def find(self, cell: str) -> Path | PictureProblem:
        """The file that `cell` names, with links resolved, or why there is none."""
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+://", cell):
            return PictureProblem("picture-web-address", cell)
        name = cell.replace("\\", "/")
        if name.startswith(("/", "~")) or re.match(r"[a-zA-Z]:", name):
            return PictureProblem("picture-outside", cell)
        try:
            path = (self._root / name).resolve()
            if not path.is_relative_to(self._root):
                return PictureProblem("picture-outside", cell)
            if path.is_file():
                return path
        except (OSError, ValueError, RuntimeError):  # a name too long, a zero byte, a link to itself
            return PictureProblem("picture-missing", cell)
        return self._elsewhere(name) or PictureProblem("picture-missing", cell)

    def by_id(self, item_id: str) -> Path | None:
        """The picture whose file name, without suffix, is the item id."""
        return self._inside(self._by_name.get(item_id.lower()))

    @property
    def n_pictures(self) -> int:
        """How many picture files lie below the folder."""
        return len({path for path in self._by_name.values() if path is not None})

    def _elsewhere(self, name: str) -> Path | None:
        return self._inside(self._by_name.get(name.lower()))

    def _inside(self, path: Path | None) -> Path | None:
        real = path.resolve() if path is not None else None
        return real if real is not None and real.is_relative_to(self._root) and real.is_file() else None

    @cached_property
    def _by_name(self) -> dict[str, Path | None]:
        """Picture files by path, name and stem in lower case; None where files of different folders share it.

        Files in a folder with a usual name ("images") go before those elsewhere.
        """
        found: dict[str, Path | None] = {}
        files = sorted(self._walk(), key=lambda path: (not self._usual(path), path))
        for path in files:
            for key in self._keys(path):
                before = found.setdefault(key, path)
                if before is not None and before != path and self._usual(before) == self._usual(path):
                    found[key] = before if before.parent == path.parent else None
        return found

    def _keys(self, path: Path) -> tuple[str, ...]:
        return path.relative_to(self._root).as_posix().lower(), path.name.lower(), path.stem.lower()

    def _usual(self, path: Path) -> bool:
        return path.relative_to(self._root).parts[0].lower() in PICTURE_FOLDERS

    def _walk(self) -> list[Path]:
        return [
            Path(parent) / name
            for parent, _, names in os.walk(self._root)
            for name in names
            if Path(name).suffix.lower() in PICTURE_SUFFIXES
        ]
