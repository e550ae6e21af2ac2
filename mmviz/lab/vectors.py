"""What the verbs on spaces stand on: from the name of a space to its vectors, its key on disk, and its card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue
from mmviz.errors import MmvizError, RunError, UnknownNameError
from mmviz.lab.core import Core
from mmviz.memo import Memo
from mmviz.searching import unit_rows
from mmviz.spaces.atlas import Space, neighbours_of
from mmviz.spaces.store import SpaceStore
from mmviz.views import RunCard
from mmviz.views.maps import LayoutSettings, SpaceCard, SpaceKind, SpaceMap

__all__ = ["ENDS", "JOINT", "Vectors"]

ENDS, JOINT = "ends", "joint"
MOST_TOGETHER = 20_000
LEAST_TOGETHER = 8


class Vectors(Core):
    """The vectors of every space, loaded once. A space is "image", "text", "joint", "ends", or a trained fusion."""

    @cached_property
    def _store(self) -> SpaceStore:
        return SpaceStore(self.home / "spaces")

    @cached_property
    def _arrays(self) -> Memo[Space]:
        return Memo(24)

    @cached_property
    def _maps(self) -> Memo[SpaceMap]:
        return Memo(32)

    def _neighbour_rows(self, catalogue: str, name: str, k: int, split: str | None) -> np.ndarray:
        """(I, k) item rows of the nearest neighbours in a space, −1 for an item without a place or a list's end."""
        space = self._arrays_of(catalogue, self._single(name), split)
        near = neighbours_of(space, self._store, self._device).rows[:, :k]  # (n, ≤ k)
        items = np.flatnonzero(space.there)  # (n,)
        rows = np.full((len(space.there), k), -1)
        rows[items, : near.shape[1]] = items[near]
        return rows

    def _single(self, name: str) -> str:
        """The space with one vector an item that stands for one with two."""
        return JOINT if name == ENDS else name

    def _guide(self, catalogue: Catalogue, column: str) -> np.ndarray | None:
        if not column:
            return None
        names = [each.name for each in catalogue.columns if each.kind in ("category", "tags")]
        if column not in names:
            raise UnknownNameError("category column", column, names)
        first = catalogue.items[column].fillna("").astype(str).str.split("|").str[0].str.strip()
        return np.asarray(pd.Categorical(first.where(first != "")).codes)

    def _arrays_of(self, catalogue: str, name: str, split: str | None) -> Space:
        key = self._space_key(catalogue, name, split)
        return self._arrays.get(key, lambda: Space(key, self._ends(catalogue, name, split)))

    def _ends(self, catalogue: str, name: str, split: str | None) -> tuple[np.ndarray, ...]:
        """The unit vectors (I, D) of a space; two arrays for "ends"."""
        if name == ENDS:
            joint = self.features(catalogue).joint
            return tuple(unit_rows(np.asarray(joint[part], dtype=np.float32)) for part in ("image", "text"))
        if name in (JOINT, "image", "text"):
            return (self._space(catalogue, name),)
        vectors = self._ranker(self._run_of(catalogue, name, split)).embedding()
        if vectors is None:
            raise RunError(f"{self.strategy(name).title} has no item vectors and so no space. Choose another strategy.")
        return (unit_rows(vectors),)

    def _pair(self, catalogue: str, name: str, split: str | None) -> tuple[np.ndarray, np.ndarray] | None:
        """Unit vectors (I, D) of pictures alone and words alone in a space, or None where it has no two modalities."""
        if name in (ENDS, JOINT):
            return self._ends(catalogue, ENDS, split)  # type: ignore[return-value]
        if name in ("image", "text"):
            return None
        ranker = self._ranker(self._run_of(catalogue, name, split))
        if not {"image", "text"} <= set(ranker.modalities):
            return None
        image, text = (ranker.embedding({other: 0.0}) for other in ("text", "image"))
        return None if image is None or text is None else (unit_rows(image), unit_rows(text))

    def _run_of(self, catalogue: str, name: str, split: str | None) -> RunCard:
        return self._runs_of(catalogue, (name,), split)[0]

    def _space_key(self, catalogue: str, name: str, split: str | None) -> str:
        if name in ("image", "text", JOINT, ENDS):
            return f"{self.features(catalogue).fingerprint}-{name}"
        return self._run_of(catalogue, name, split).run_id

    def _anchor(self, catalogue: str) -> str:
        return self._space_key(catalogue, JOINT, None)

    def _layouts(
        self, catalogue: str, spaces: Sequence[str], settings: LayoutSettings, split: str | None
    ) -> list[tuple[str, LayoutSettings]]:
        """What has to be laid out for these spaces, the start of all others first.

        Raises MmvizError for more points than can be laid out together.
        """
        aligned = self._aligned(catalogue, settings, split)
        total = sum(len(self._arrays_of(catalogue, name, split).vectors) for name in aligned)
        if total > MOST_TOGETHER:
            raise MmvizError(
                "Aligned UMAP moves all maps at once on one core, which is slow: it takes up to "
                f"{MOST_TOGETHER:,} points over all spaces, and here there are {total:,}. Choose fewer spaces, or UMAP."
            )
        wanted = [(name, self._settled(catalogue, name, settings, split)) for name in dict.fromkeys(spaces)]
        return list(dict.fromkeys([(JOINT, settings.plain), *wanted]))

    def _settled(self, catalogue: str, name: str, settings: LayoutSettings, split: str | None) -> LayoutSettings:
        """The settings that a space's own layout is kept under.

        Laid out together, that says with which runs; a space that is not among those has a map of its own.
        """
        aligned = self._aligned(catalogue, settings, split)
        if name not in aligned:
            return settings.plain
        return replace(settings, beside=tuple(self._space_key(catalogue, each, split) for each in aligned))

    def _aligned(self, catalogue: str, settings: LayoutSettings, split: str | None) -> list[str]:
        """The spaces that are laid out together, in an order of their own; [] for fewer than two.

        A space with two ends is not among them: its ends would be drawn to one place, and the gap between the
        modalities would be gone.
        """
        if settings.method != "aligned":
            return []
        keys = {self._space_key(catalogue, name, split): name for name in settings.beside if name != ENDS}
        names = [keys[key] for key in sorted(keys)]
        names = [name for name in names if len(self._arrays_of(catalogue, name, split).vectors) >= LEAST_TOGETHER]
        return names if len(names) > 1 else []

    def _space_card(self, catalogue: str, name: str, split: str | None) -> SpaceCard:
        space = self._arrays_of(catalogue, name, split)
        placed = int(np.any([end.any(axis=1) for end in space.ends], axis=0).sum())
        width = int(space.ends[0].shape[1])
        if name in _RAW:
            kind, title, said = _RAW[name]
            return SpaceCard(name, title, said, kind, 0, placed, width)
        card = self.strategy(name)
        return SpaceCard(name, card.title, "Item vectors of the trained model", "fusion", card.order, placed, width)


_RAW: dict[str, tuple[SpaceKind, str, str]] = {
    "image": ("modality", "Image", "The encoder's summaries of the pictures"),
    "text": ("modality", "Text", "The encoder's summaries of the words"),
    ENDS: ("ends", "Joint, both ends", "Picture and words of an item in the encoder's shared space, joined by a line"),
    JOINT: ("joint", "Joint, mean", "The mean of picture and words in the encoder's shared space"),
}
