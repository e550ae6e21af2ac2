"""Does a map point at the right place? For catalogues whose truth is known.

Zhang et al., Top-down neural attention by excitation backprop, IJCV 2018 (pointing game); the share of energy after
Wang et al., Score-CAM, CVPR workshop 2020.
"""

from __future__ import annotations

import numpy as np

from mmviz.catalogue.truth import TruthItem, TruthSpan

__all__ = ["energy_inside", "enlarged", "hits", "shown_region"]


def enlarged(values: np.ndarray, size: int = 32) -> np.ndarray:
    """A map on a grid (gh, gw), smoothly enlarged to (size, size): bilinear between the patches' middles."""
    return _along(_along(values.astype(np.float64), size).T, size).T


def hits(values: np.ndarray, region: np.ndarray) -> bool:
    """Whether the highest place of a map (gh, gw) lies in a region (s, s) bool."""
    large = enlarged(values, len(region))
    return bool(region.flat[int(large.argmax())])


def energy_inside(values: np.ndarray, region: np.ndarray) -> float:
    """The share of the positive part of a map (gh, gw) that lies in a region (s, s) bool; NaN for an empty map."""
    large = np.maximum(enlarged(values, len(region)), 0.0)  # (s, s)
    total = float(large.sum())
    return float(large[region].sum()) / total if total > 0 else float("nan")


def shown_region(item: TruthItem, span: TruthSpan, labels: np.ndarray, parts: tuple[str, ...]) -> np.ndarray | None:
    """(s, s) bool: where the picture shows what a span of words names; None when it shows it nowhere.

    `labels` (s, s) is the item's map of parts: `parts[label - 1]` names a part, 0 is background.
    """
    name = span.value if span.attribute == "part" else span.attribute
    wanted = [1 + parts.index(part) for part in item.where.get(name, ()) if part in parts]
    region = np.isin(labels, wanted)
    return region if region.any() else None


def _along(values: np.ndarray, size: int) -> np.ndarray:
    """Linear interpolation of the rows (n, m) at the middles of `size` cells: (size, m)."""
    n = len(values)
    at = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)  # (size,)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, n - 1)
    share = (at - low)[:, None]
    return np.asarray(values[low] * (1 - share) + values[high] * share)
