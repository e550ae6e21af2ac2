"""One space from vectors to a map: neighbours, layout, trust, kept on disk at every step.

Shape letters: I items, n vectors that are there (two an item where a space has two ends), D width, d dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmviz.progress import Report, silent
from mmviz.spaces.align import MISSING, framed, onto
from mmviz.spaces.aligned import Part, lay_out_together
from mmviz.spaces.cells import Likely, likely
from mmviz.spaces.layouts import lay_out, principal
from mmviz.spaces.neighbours import Neighbours, nearest
from mmviz.spaces.store import SpaceStore
from mmviz.spaces.trust import map_neighbours, point_trust, trustworthiness
from mmviz.views.maps import NEIGHBOURS, LayoutSettings, Method

__all__ = ["Sheet", "Space", "laid", "make_layout", "make_together", "neighbours_of", "sheet"]

TRUST_K = 15
LARGE = 20_000
"""Above so many vectors a CPU draws from neighbours found in cells, since finding the exact ones takes longer than all
the rest; measures are always taken on the exact ones."""


@dataclass(frozen=True)
class Space:
    """A space as arrays: `key` in the store; `ends`, one or two arrays (I, D) of unit vectors, zero = not there."""

    key: str
    ends: tuple[np.ndarray, ...]

    @property
    def there(self) -> np.ndarray:
        """(ends · I,) bool: which vectors are not zero, end by end."""
        return np.asarray(np.concatenate([end.any(axis=1) for end in self.ends]))

    @property
    def vectors(self) -> np.ndarray:
        """(n, D) the vectors that are there."""
        return np.asarray(np.concatenate(self.ends)[self.there])


@dataclass(frozen=True)
class Sheet:
    """A stored layout: `points` (ends · I, d) with NaN where nothing is, and its trust; see `Trust`.

    `recall`: share of the true neighbours among those that it was drawn from.
    """

    points: np.ndarray
    trust: float
    measured: int
    of: int
    point_trust: np.ndarray
    recall: float


def neighbours_of(space: Space, store: SpaceStore, device: str = "cpu", report: Report = silent) -> Neighbours:
    """The neighbours among the vectors that are there, from the store or computed now and kept."""
    kept = store.load(space.key, "neighbours")
    if kept is not None:
        return Neighbours(kept["rows"], kept["cosines"])
    near = nearest(space.vectors, NEIGHBOURS, device, report)
    store.save(space.key, "neighbours", rows=near.rows, cosines=near.cosines)
    return near


def _to_draw(space: Space, store: SpaceStore, device: str, report: Report) -> Likely:
    """The neighbours that a map is drawn from: exact ones where they are kept or soon found."""
    if device != "cpu" or len(space.vectors) <= LARGE or store.has(space.key, "neighbours"):
        return Likely(neighbours_of(space, store, device, report), 1.0)
    kept = store.load(space.key, "likely-neighbours")
    if kept is not None:
        return Likely(Neighbours(kept["rows"], kept["cosines"]), float(kept["recall"]))
    found = likely(space.vectors, NEIGHBOURS, report)
    near = found.near
    store.save(space.key, "likely-neighbours", rows=near.rows, cosines=near.cosines, recall=np.array(found.recall))
    return found


def make_layout(
    space: Space,
    anchor: Sheet | None,
    settings: LayoutSettings,
    store: SpaceStore,
    guide: np.ndarray | None = None,
    device: str = "cpu",
    report: Report = silent,
) -> None:
    """Lay a space out and keep it. It starts from the `anchor`, the layout of the joint space, where there is one.

    A space with two ends starts from its principal components, since from the anchor the two ends of an item would
    start in one place and the gap between the modalities could not be seen. `guide`: (I,) codes of a category.
    """
    near, recall = _to_draw(space, store, device, report)
    start = _start(space, anchor, settings.dims)  # (n, d)
    codes = None if guide is None else np.tile(guide, len(space.ends))[space.there]
    points = lay_out(space.vectors, near, start, settings, codes, report)  # (n, d)
    _keep(space, points, near, recall, settings, store)


def make_together(
    spaces: Sequence[Space],
    n_items: int,
    anchor: Sheet | None,
    settings: LayoutSettings,
    store: SpaceStore,
    device: str = "cpu",
    report: Report = silent,
) -> None:
    """Lay out several spaces with one end each at once, in one frame, and keep each of them."""
    parts = []
    for space in spaces:
        items = np.flatnonzero(space.there)  # (n,)
        near = neighbours_of(space, store, device, report)
        parts.append(Part(space.vectors, near, items, _start(space, anchor, settings.dims)))
    maps = lay_out_together(parts, n_items, settings, report)
    placed = framed(np.concatenate(maps))  # (n of all, d)
    starts = np.cumsum([len(each) for each in maps])[:-1]
    for space, part, points in zip(spaces, parts, np.split(placed, starts), strict=True):
        _keep(space, points, part.near, 1.0, settings, store)


def _start(space: Space, anchor: Sheet | None, dims: int) -> np.ndarray:
    """(n, d) where the vectors of a space start; what the anchor does not show starts in its middle."""
    if anchor is None or len(space.ends) > 1:
        return principal(space.vectors, dims)
    placed = anchor.points[space.there]  # (n, d)
    known = np.isfinite(placed).all(axis=1)
    if not known.any():
        return principal(space.vectors, dims)
    return np.asarray(np.where(known[:, None], placed, placed[known].mean(axis=0)))


def _keep(
    space: Space, points: np.ndarray, near: Neighbours, recall: float, settings: LayoutSettings, store: SpaceStore
) -> None:
    """Keep the points (n, d) of a layout with its trust."""
    drawn = map_neighbours(points, TRUST_K)  # (n, k)
    trust = trustworthiness(space.vectors, drawn, TRUST_K)
    own = point_trust(near.rows[:, : drawn.shape[1]], drawn)  # (n,)
    store.save(
        space.key,
        settings.key,
        points=_spread(points, space.there),
        trust=np.array([trust.value, trust.measured, trust.of, recall]),
        point_trust=_spread(own.astype(np.float32), space.there),
    )


def sheet(space: str, settings: LayoutSettings, store: SpaceStore) -> Sheet | None:
    """A stored layout, or None."""
    kept = store.load(space, settings.key)
    if kept is None:
        return None
    value, measured, of, recall = kept["trust"].tolist()
    return Sheet(kept["points"], value, int(measured), int(of), kept["point_trust"], recall)


def laid(kept: Sheet, anchor: Sheet | None, n_items: int, method: Method = "umap") -> tuple[np.ndarray, ...]:
    """The ends of a stored layout, laid onto the anchor and framed: arrays (I, d) float32.

    What was laid out together lies in one frame already and stays there.
    """
    points = kept.points
    if method == "aligned":
        placed = np.where(np.isfinite(points), points, MISSING)
    else:
        if anchor is not None:
            reference = np.tile(anchor.points, (len(points) // n_items, 1))  # (ends · I, d)
            points = onto(points, reference)
        placed = framed(points)
    return tuple(placed[at : at + n_items] for at in range(0, len(placed), n_items))


def _spread(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Values of the vectors that are there (n, …) over all (ends · I, …), NaN elsewhere."""
    full = np.full((len(there), *values.shape[1:]), np.nan, dtype=np.float32)
    full[there] = values
    return full
