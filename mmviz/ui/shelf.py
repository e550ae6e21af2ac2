"""A light view of a catalogue for drawing: titles, pictures and what can be filtered, looked up without pandas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmviz.catalogue.base import Catalogue
from mmviz.ui.pictures import source

__all__ = ["Shelf", "build_shelf"]

ASPECTS = (2 / 3, 3 / 4, 4 / 5, 1.0, 5 / 4, 4 / 3, 3 / 2)
SAMPLED = 24


@dataclass(frozen=True)
class Shelf:
    """What the pages need to know about the items of one catalogue.

    - `ids`, `titles`: one a row; `row_of`: item id -> row.
    - `popularity`: (I,) int64, number of interactions of each item.
    - `values`: category or tags column -> value -> rows that have it, the most frequent value first.
    - `numbers`: number column -> (I,) float64, NaN where it is not given.
    - `aspect`: width / height of the frame that suits most pictures.
    """

    catalogue: Catalogue
    ids: tuple[str, ...]
    titles: tuple[str, ...]
    row_of: dict[str, int]
    popularity: np.ndarray
    values: dict[str, dict[str, np.ndarray]]
    numbers: dict[str, np.ndarray]
    aspect: float

    @property
    def name(self) -> str:
        return self.catalogue.name

    def item(self, row: int) -> dict[str, str]:
        """One item as the components draw it: id, title and the address of its thumbnail ("" = no picture)."""
        path = str(self.catalogue.items["thumbnail"].iat[row])
        return {
            "id": self.ids[row],
            "title": self.titles[row],
            "src": source(self.catalogue.fingerprint, row, path),
        }

    def items(self, rows: Sequence[int]) -> dict[int, dict[str, str]]:
        """Several items, each once, by row."""
        return {row: self.item(row) for row in dict.fromkeys(rows)}

    def matching(
        self, values: Mapping[str, Sequence[str]], spans: Mapping[str, tuple[float, float]] | None = None
    ) -> np.ndarray:
        """(I,) bool: items that have one of the wanted values in every filtered column and lie in every span."""
        keep = np.ones(len(self.ids), dtype=bool)
        for column, wanted in values.items():
            if wanted and column in self.values:
                keep &= self._any_of(column, wanted)
        for column, (low, high) in (spans or {}).items():
            if column in self.numbers:
                keep &= (self.numbers[column] >= low) & (self.numbers[column] <= high)
        return keep

    def _any_of(self, column: str, wanted: Sequence[str]) -> np.ndarray:
        found = np.zeros(len(self.ids), dtype=bool)
        for value in wanted:
            found[self.values[column].get(value, [])] = True
        return found


def build_shelf(catalogue: Catalogue) -> Shelf:
    """Gather the light view of a catalogue once; it is kept as long as the catalogue does not change."""
    items = catalogue.items
    ids = tuple(items["item_id"].tolist())
    kinds = {column.name: column.kind for column in catalogue.columns}
    return Shelf(
        catalogue=catalogue,
        ids=ids,
        titles=tuple(title or item_id for title, item_id in zip(items["title"], ids, strict=True)),
        row_of={item_id: row for row, item_id in enumerate(ids)},
        popularity=np.bincount(catalogue.interactions["item"].to_numpy(), minlength=len(ids)),
        values={
            name: _rows_by_value(items[name].tolist(), kind == "tags")
            for name, kind in kinds.items()
            if kind in ("category", "tags")
        },
        numbers={name: items[name].to_numpy(dtype=np.float64) for name, kind in kinds.items() if kind == "number"},
        aspect=_aspect([path for path in items["thumbnail"] if path]),
    )


def _rows_by_value(cells: Sequence[Any], split: bool) -> dict[str, np.ndarray]:
    rows: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        if not isinstance(cell, str):
            continue
        for value in cell.split("|") if split else (cell,):
            if word := value.strip():
                rows.setdefault(word, []).append(row)
    ordered = sorted(rows.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return {value: np.asarray(found) for value, found in ordered}


def _aspect(paths: Sequence[str]) -> float:
    """The common frame nearest to the median shape of some pictures; a square when there are none."""
    from PIL import Image

    shapes = []
    for path in paths[:: max(1, len(paths) // SAMPLED)][:SAMPLED]:
        try:
            with Image.open(Path(path), formats=("JPEG", "PNG", "WEBP")) as picture:
                shapes.append(picture.width / picture.height)
        except OSError:
            continue
    if not shapes:
        return 1.0
    middle = float(np.median(shapes))
    return min(ASPECTS, key=lambda aspect: abs(np.log(aspect / middle)))
