"""Exact nearest neighbours by blocks of matrix products, and what two lists of neighbours have in common.

Shape letters: n vectors, D width, k neighbours, B rows of a block, G groups of columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmviz.errors import MmvizError
from mmviz.progress import Progress, Report, silent

if TYPE_CHECKING:
    import torch

__all__ = ["Neighbours", "jaccard", "nearest", "overlap"]

GROUP = 32
CELLS = 1 << 24


@dataclass(frozen=True)
class Neighbours:
    """The k nearest other vectors of each vector, nearest first: `rows` (n, k) int32, `cosines` (n, k) float32."""

    rows: np.ndarray
    cosines: np.ndarray

    @property
    def k(self) -> int:
        """How many neighbours each vector has."""
        return int(self.rows.shape[1])

    @property
    def distances(self) -> np.ndarray:
        """(n, k) Euclidean distances between the unit vectors, √(2 − 2 cos)."""
        return np.asarray(np.sqrt(np.maximum(2.0 - 2.0 * self.cosines, 0.0)), dtype=np.float32)


def nearest(vectors: np.ndarray, k: int, device: str = "cpu", report: Report = silent) -> Neighbours:
    """The k nearest neighbours of every unit vector (n, D), itself left out; every pair is looked at.

    Raises MmvizError when there are fewer than two vectors.
    """
    import torch

    n = len(vectors)
    if n < 2:
        raise MmvizError(f"Neighbours need at least two vectors; {n} were given.")
    k = min(k, n - 1)
    padded = -(-n // GROUP) * GROUP
    table = torch.zeros(padded, vectors.shape[1], device=device)  # (padded, D)
    table[:n] = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32)).to(device)
    columns = table.T.contiguous()  # (D, padded)
    step = max(16, CELLS // padded)
    rows, cosines = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    for start in range(0, n, step):
        stop = min(start + step, n)
        scores = table[start:stop] @ columns  # (B, padded)
        scores[:, n:] = -torch.inf
        own = torch.arange(stop - start, device=device)
        scores[own, own + start] = -torch.inf
        values, found = _highest(scores, k)  # (B, k) each
        rows[start:stop], cosines[start:stop] = found.cpu().numpy(), values.cpu().numpy()
        report(Progress("Finding neighbours", stop, n))
    return Neighbours(rows, np.clip(cosines, -1.0, 1.0))


def _highest(scores: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and columns of the k highest scores of each row: (B, n) -> (B, k) each, exactly.

    The k highest scores lie in the k groups with the highest maxima, so only k·GROUP columns are sorted.
    """
    import torch

    width = scores.shape[1]
    if width < 4 * k * GROUP // 8 or width < 4096:
        best = torch.topk(scores, k, dim=1)
        return best.values, best.indices
    grouped = scores.view(len(scores), width // GROUP, GROUP)  # (B, G, GROUP)
    top = torch.topk(grouped.amax(dim=2), min(k, width // GROUP), dim=1).indices  # (B, k)
    inside = torch.gather(grouped, 1, top[:, :, None].expand(-1, -1, GROUP)).flatten(1)  # (B, k·GROUP)
    best = torch.topk(inside, k, dim=1)
    group = torch.gather(top, 1, best.indices // GROUP)  # (B, k)
    return best.values, group * GROUP + best.indices % GROUP


def jaccard(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n,) |A ∩ B| / |A ∪ B| of the neighbour lists (n, k) of two spaces; -1 in a list stands for no neighbour."""
    common = _common(first, second)  # (n,)
    union = (first >= 0).sum(axis=1) + (second >= 0).sum(axis=1) - common  # (n,)
    return np.asarray(common / np.maximum(union, 1))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Mean share of common neighbours, |A ∩ B| / k, over the rows (n, k) that have neighbours in both spaces."""
    both = (first[:, 0] >= 0) & (second[:, 0] >= 0)  # (n,)
    if not both.any():
        return float("nan")
    return float((_common(first, second)[both] / first.shape[1]).mean())


def _common(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n,) how many of each row's values the other row has too; values of a row are distinct but for -1."""
    joined = np.sort(np.concatenate([first, second], axis=1), axis=1)  # (n, 2k)
    return np.asarray(((joined[:, 1:] == joined[:, :-1]) & (joined[:, 1:] >= 0)).sum(axis=1))
