"""Spreading item tables along two graphs: who took what, and which items look or read alike.

Shape letters: U users, I items, W items with train interactions, d columns of a table, M modalities.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array, diags_array
from torch import Tensor, nn

__all__ = ["Propagation", "sparse_rows"]

START = 0.1
"""How loud every step and every modality's neighbours are before training: near the two-tower model, which is at 0."""


class _Product(torch.autograd.Function):
    """Sparse (n, k) times dense (k, d). The gradient is the product with the transpose, which is kept beside it."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, transpose: Tensor, table: Tensor) -> Tensor:
        ctx.transpose = transpose
        return matrix @ table  # (n, d)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, None, Tensor]:
        return None, None, ctx.transpose @ grads[0]  # (k, d)


class _Sparse:
    """A sparse matrix on a device with its transpose, both in rows."""

    def __init__(self, matrix: csr_array, device: torch.device) -> None:
        self.matrix, self.transpose = sparse_rows(matrix, device), sparse_rows(csr_array(matrix.T), device)

    @property
    def flipped(self) -> _Sparse:
        other = object.__new__(_Sparse)
        other.matrix, other.transpose = self.transpose, self.matrix
        return other

    def __matmul__(self, table: Tensor) -> Tensor:
        product: Tensor = _Product.apply(self.matrix, self.transpose, table.float())
        return product

    def __deepcopy__(self, memo: dict[int, Any]) -> _Sparse:
        return self  # a graph never changes, so a copy of the model shares it


class Propagation(nn.Module):
    """What an item takes over from others: K, over the people who took both, and N, over content neighbours.

    K = I + Σ_l a_l Ãˡ with Ã = D_I^-½ Xᵀ D_U^-1 X D_I^-½: the propagation of LightGCN (He et al., SIGIR 2020, eq. 7 and
    8) seen from the items, as people have no vector of their own but that of what they took. N = Σ_m g_m S_m, where
    row i of S_m holds the nearest *known* items of item i in modality m (the frozen item–item graph of Zhou and Shen,
    FREEDOM, MM 2023, eq. 3 to 5). The a_l and g_m are learned (Chien et al., Adaptive universal generalized PageRank,
    ICLR 2021, eq. 2): with the uniform weights of LightGCN everything smoothed into popularity.
    """

    def __init__(
        self,
        train: csr_array,
        neighbours: Mapping[str, csr_array],
        layers: int,
        device: torch.device,
    ) -> None:
        """`train` is binary (U, I); `neighbours` maps a modality to S_m (I, I), whose rows sum to 1 or 0."""
        super().__init__()
        self.names = tuple(neighbours)
        taken, owned = np.asarray(train.sum(axis=0)).ravel(), np.asarray(train.sum(axis=1)).ravel()  # (I,), (U,)
        scaled = diags_array(_inverse_root(owned)) @ train @ diags_array(_inverse_root(taken))  # (U, I)
        self._taken = _Sparse(csr_array(scaled), device)
        self._near = {name: _Sparse(matrix, device) for name, matrix in neighbours.items()}
        self.loudness = nn.Parameter(torch.full((len(neighbours),), START, device=device))  # (M,)
        self.steps = nn.Parameter(torch.full((layers,), START, device=device))  # (L,)

    def forward(
        self, table: Tensor, people: Tensor | None = None, present: tuple[str, ...] | None = None
    ) -> tuple[Tensor, Tensor]:
        """K·table and N·table, (I, d) each.

        `people` (B,) are left out of K, as those whose hidden items have to be found: their own rows would tell.
        `present` are the modalities whose neighbours count (None = all).
        """
        return self._walked(table, people), self._nearby(table, present)

    def spread(
        self, tables: Sequence[Tensor], people: Tensor | None = None, present: tuple[str, ...] | None = None
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Several tables (I, d) at once: (K + N)·table of each, and N·table of each; arguments as for `forward`."""
        sizes = [table.shape[1] for table in tables]
        walked, near = self(torch.cat(list(tables), dim=1), people, present)  # (I, Σd) each
        return (walked + near).split(sizes, dim=1), near.split(sizes, dim=1)

    def _walked(self, table: Tensor, people: Tensor | None) -> Tensor:
        total = now = table.float()  # (I, d)
        for share in self.steps:
            users = self._taken @ now  # (U, d)
            if people is not None:
                kept = 1.0 - len(people) / len(users)
                users = users.index_fill(0, people, 0.0) / max(kept, 1e-6)  # (U, d)
            now = self._taken.flipped @ users  # (I, d)
            total = total + share * now  # (I, d)
        return total

    def _nearby(self, table: Tensor, present: tuple[str, ...] | None) -> Tensor:
        near = torch.zeros_like(table)  # (I, d)
        for loudness, name in zip(self.loudness, self.names, strict=True):
            if present is None or name in present:
                near = near + loudness * (self._near[name] @ table)  # (I, d)
        return near


def sparse_rows(matrix: csr_array, device: torch.device) -> Tensor:
    """A sparse matrix as a torch tensor in rows (CSR)."""
    rows, columns = torch.from_numpy(matrix.indptr.astype(np.int64)), torch.from_numpy(matrix.indices.astype(np.int64))
    values = torch.from_numpy(matrix.data.astype(np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "Sparse CSR tensor support is in beta state"
        return torch.sparse_csr_tensor(rows, columns, values, size=matrix.shape).to(device)


def _inverse_root(counts: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / np.sqrt(np.maximum(counts, 1.0)))
