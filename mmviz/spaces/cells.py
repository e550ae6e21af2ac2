"""Nearest neighbours within cells: not every pair is looked at, and how many neighbours were found is measured.

Shape letters: n vectors, D width, k neighbours, C cells, P of them looked through, S sample, m members of a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mmviz.progress import Progress, Report, silent
from mmviz.spaces.neighbours import Neighbours, nearest

if TYPE_CHECKING:
    import torch

__all__ = ["Likely", "likely"]

ROUNDS = 6
"""Rounds of k-means; what counts is that cells are of like size, not that they are the best."""
SAMPLE = 512
WANTED = 0.98
"""Share of the true neighbours of the sample that must lie in the cells that are looked through."""
WORTH = 0.4
"""Above this share of all cells, looking at every pair takes no longer."""


class Likely(NamedTuple):
    """Neighbours, and the share of the true ones among them, measured on a sample; 1.0 = every pair was looked at."""

    near: Neighbours
    recall: float


def likely(vectors: np.ndarray, k: int, report: Report = silent) -> Likely:
    """The k nearest neighbours of every unit vector (n, D) among those of the cells that lie nearest to its own.

    The vectors are divided among √n cells by spherical k-means (Dhillon, Modha, Concept decompositions for large sparse
    text data, 2001); each looks through the P cells whose centres are nearest to its own cell's (an inverted file:
    Sivic, Zisserman, Video Google, ICCV 2003). P is the least for which a random sample, whose true neighbours are
    known, finds `WANTED` of them. Where that takes most cells, as among vectors without groups, all pairs are looked at
    instead. On a CPU; a GPU looks at every pair in less time.
    """
    import torch

    table = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))  # (n, D)
    random = torch.Generator().manual_seed(0)
    sample = torch.randperm(len(table), generator=random)[:SAMPLE]  # (S,)
    centres, cell = _cells(table, round(len(table) ** 0.5), random)  # (C, D), (n,)
    order = (centres @ centres.T).argsort(dim=1, descending=True)  # (C, C): cells from the nearest, its own first
    n_cells, recall = _enough(table, sample, cell, order, k)
    if n_cells > WORTH * len(centres):
        return Likely(nearest(vectors, k, report=report), 1.0)
    members = torch.split(cell.argsort(stable=True), torch.bincount(cell, minlength=len(centres)).tolist())
    rows, cosines = np.empty((len(table), k), np.int32), np.empty((len(table), k), np.float32)
    for number, own in enumerate(members):
        if not len(own):
            continue
        others = torch.cat([members[each] for each in order[number, :n_cells].tolist()])  # (m',), its own first
        scores = table[own] @ table[others].T  # (m, m')
        scores.diagonal().fill_(-float("inf"))
        best = scores.topk(k, dim=1)
        rows[own.numpy()], cosines[own.numpy()] = others[best.indices].numpy(), best.values.numpy()  # (m, k) each
        report(Progress("Finding neighbours", number + 1, len(members)))
    return Likely(Neighbours(rows, np.clip(cosines, -1.0, 1.0)), recall)


def _cells(table: torch.Tensor, n_cells: int, random: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Unit centres (C, D) and each vector's cell (n,); a cell that loses all members keeps its centre."""
    import torch
    from torch.nn.functional import normalize

    centres = table[torch.randperm(len(table), generator=random)[:n_cells]]  # (C, D)
    for _ in range(ROUNDS):
        cell = (table @ centres.T).argmax(dim=1)  # (n,)
        sums = torch.zeros_like(centres).index_add_(0, cell, table)  # (C, D)
        filled = torch.bincount(cell, minlength=n_cells) > 0  # (C,)
        centres = torch.where(filled[:, None], normalize(sums, dim=1), centres)  # (C, D)
    return centres, (table @ centres.T).argmax(dim=1)


def _enough(
    table: torch.Tensor, sample: torch.Tensor, cell: torch.Tensor, order: torch.Tensor, k: int
) -> tuple[int, float]:
    """How many cells P must be looked through so that all have k candidates and the sample (S,) finds its neighbours.

    Returns P and the share of the true neighbours that it finds.
    """
    import torch

    scores = table[sample] @ table.T  # (S, n)
    scores[torch.arange(len(sample)), sample] = -float("inf")
    true = scores.topk(k, dim=1).indices  # (S, k)
    place = order.argsort(dim=1)  # (C, C): place[a, b] = how near cell b is to cell a
    needed = place[cell[sample]].gather(1, cell[true]) + 1  # (S, k): cells to look through to find each neighbour
    found = torch.bincount(needed.flatten(), minlength=len(order) + 1).cumsum(0) / needed.numel()  # (C + 1,)
    sizes = torch.bincount(cell, minlength=len(order))[order].cumsum(dim=1)  # (C, C): candidates after so many cells
    filled = int((sizes <= k).sum(dim=1).max()) + 1
    n_cells = min(max(int((found < WANTED).sum()), filled), len(order))
    return n_cells, float(found[n_cells])
