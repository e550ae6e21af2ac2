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

__all__ = ["Neighbours", "common", "jaccard", "nearest", "overlap"]

GROUP = 32
CELLS = 1 << 24
LARGE = 8192
SPARE = 32
ROUNDING = 2.0**-8 + 2.0**-9 + 2.0**-12


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
    search = _Quick(table, n) if _has_bfloat16(table.device.type) and n > LARGE else _Plain(table, n)
    step = max(16, CELLS // padded)
    rows, cosines = np.empty((n, k), np.int32), np.empty((n, k), np.float32)
    for start in range(0, n, step):
        stop = min(start + step, n)
        values, found = search(start, stop, k)  # (B, k) each
        rows[start:stop], cosines[start:stop] = found.cpu().numpy(), values.cpu().numpy()
        report(Progress("Finding neighbours", stop, n))
    return Neighbours(rows, np.clip(cosines, -1.0, 1.0))


class _Plain:
    """Every score in float32."""

    def __init__(self, table: torch.Tensor, n: int) -> None:
        """`table` is (padded, D), the rows from n on are padding."""
        self.table, self.n = table, n
        self.columns = table.T.contiguous()  # (D, padded)

    def __call__(self, start: int, stop: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and rows (B, k) of the neighbours of rows start … stop."""
        import torch

        return self.among(torch.arange(start, stop, device=self.table.device), k)

    def among(self, rows: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The same for any rows (B,)."""
        return _highest(self._scores(self.table[rows], self.columns, rows), k)

    def _scores(self, asked: torch.Tensor, columns: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        scores = asked @ columns  # (B, padded)
        scores[:, self.n :] = -float("inf")
        scores[range(len(rows)), rows] = -float("inf")
        return scores


class _Quick(_Plain):
    """The same answer sooner, where a processor multiplies bfloat16 in hardware.

    Scores in bfloat16 choose candidates, whose scores in float32 decide. Rounding both vectors to 8 bits changes the
    product of unit vectors by at most 2⁻⁸, and rounding the result by 2⁻⁹ more; where the last candidate plus that
    much does not stay below the k-th neighbour found, a better one might have been left out, and the row is searched
    in float32.
    """

    def __init__(self, table: torch.Tensor, n: int) -> None:
        import torch

        super().__init__(table, n)
        self.half = table.to(torch.bfloat16)  # (padded, D)
        self.half_columns = self.half.T.contiguous()  # (D, padded)

    def __call__(self, start: int, stop: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        rows = torch.arange(start, stop, device=self.table.device)
        rough, chosen = _highest(self._scores(self.half[start:stop], self.half_columns, rows), SPARE + k)  # (B, m)
        exact = torch.bmm(self.table[chosen], self.table[start:stop, :, None])[:, :, 0]  # (B, m)
        best = torch.topk(exact, k, dim=1)
        values, found = best.values, torch.gather(chosen, 1, best.indices)  # (B, k)
        unsure = torch.nonzero(rough[:, -1].float() + ROUNDING >= values[:, -1])[:, 0]
        if len(unsure):
            values[unsure], found[unsure] = self.among(rows[unsure], k)
        return values, found


def _has_bfloat16(device: str) -> bool:
    import torch

    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    checks = [getattr(torch.cpu, name, None) for name in names]
    return device == "cpu" and any(check is not None and bool(check()) for check in checks)


def _highest(scores: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Values and columns of the k highest scores of each row: (B, n) -> (B, k) each, exactly.

    The k highest scores lie in the k groups with the highest maxima, so only k·GROUP columns are sorted.
    """
    import torch

    width = scores.shape[1]
    if width < 4 * k * GROUP // 8 or width < 4096:
        best = torch.topk(scores, k, dim=1)
        return best.values, best.indices
    grouped = scores.view(len(scores), GROUP, width // GROUP)  # (B, GROUP, G): group g holds the columns g + i·G
    highest = grouped
    while highest.shape[1] > 1:  # halves, since a maximum of two blocks is many times faster than one over an axis
        half = highest.shape[1] // 2
        highest = torch.maximum(highest[:, :half], highest[:, half:])
    top = torch.topk(highest[:, 0], min(k, width // GROUP), dim=1).indices  # (B, k)
    inside = torch.gather(grouped, 2, top[:, None].expand(-1, GROUP, -1)).flatten(1)  # (B, GROUP·k)
    best = torch.topk(inside, k, dim=1)
    width_in = top.shape[1]
    group = torch.gather(top, 1, best.indices % width_in)  # (B, k)
    return best.values, group + (best.indices // width_in) * (width // GROUP)


def jaccard(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n,) |A ∩ B| / |A ∪ B| of the neighbour lists (n, k) of two spaces; -1 in a list stands for no neighbour."""
    shared = common(first, second)  # (n,)
    union = (first >= 0).sum(axis=1) + (second >= 0).sum(axis=1) - shared  # (n,)
    return np.asarray(shared / np.maximum(union, 1))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Mean share of common neighbours, |A ∩ B| / k, over the rows (n, k) that have neighbours in both spaces."""
    both = (first[:, 0] >= 0) & (second[:, 0] >= 0)  # (n,)
    if not both.any():
        return float("nan")
    return float((common(first, second)[both] / first.shape[1]).mean())


def common(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n,) how many values of each row (n, k) the other (n, l) has too; values of a row are distinct but for -1."""
    joined = np.sort(np.concatenate([first, second], axis=1), axis=1)  # (n, k + l)
    return np.asarray(((joined[:, 1:] == joined[:, :-1]) & (joined[:, 1:] >= 0)).sum(axis=1))
