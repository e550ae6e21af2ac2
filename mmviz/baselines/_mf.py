"""The modules of BPR-MF, LightGCN and VBPR. Loads torch.

Shape letters: U users, I items, F factors, V visual factors, S samples of a step, d width of content.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array
from torch import Tensor, nn

from mmviz.baselines._bpr import Module
from mmviz.propagation import sparse_rows

__all__ = ["LightGcnModule", "MatrixFactors", "VisualFactors"]


def _xavier(*shape: int) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(*shape)))


def _squares(*parts: Tensor) -> Tensor:
    return torch.stack([part.square().sum() for part in parts]).sum() / 2


class MatrixFactors(Module):
    """x_ui = β_i + γ_u·γ_i (Rendle et al., 2009, section 5.1)."""

    def __init__(self, n_users: int, n_items: int, factors: int) -> None:
        super().__init__()
        self.people, self.items = _xavier(n_users, factors), _xavier(n_items, factors)  # (U, F), (I, F)
        self.bias = nn.Parameter(torch.zeros(n_items))  # (I,)

    def forward(self, user: Tensor, item: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        person, better, worse = self.people[user], self.items[item], self.items[other]  # (S, F) each
        ahead = self.bias[item] - self.bias[other] + (person * (better - worse)).sum(dim=1)  # (S,)
        return ahead, _squares(person, better, worse, self.bias[item], self.bias[other])

    def tables(self) -> dict[str, Tensor]:
        return {"people": self.people, "items": self.items, "bias": self.bias}


class VisualFactors(Module):
    """x_ui = β_i + γ_u·γ_i + θ_u·(E f_i) + β'·f_i (He and McAuley, 2016, eq. 4), with f (I, d) the pictures."""

    def __init__(self, n_users: int, content: np.ndarray, factors: int, visual: int) -> None:
        super().__init__()
        n_items, width = content.shape
        self.content = torch.from_numpy(content)  # (I, d)
        self.people, self.items = _xavier(n_users, factors), _xavier(n_items, factors)  # (U, F), (I, F)
        self.taste, self.look = _xavier(n_users, visual), _xavier(width, visual)  # θ (U, V), Eᵀ (d, V)
        self.bias = nn.Parameter(torch.zeros(n_items))  # (I,)
        self.look_bias = _xavier(width, 1)  # β' (d, 1)

    def forward(self, user: Tensor, item: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        person, taste = self.people[user], self.taste[user]  # (S, F), (S, V)
        better, worse = self.items[item], self.items[other]  # (S, F) each
        gap = self.content[item] - self.content[other]  # (S, d)
        ahead = self.bias[item] - self.bias[other] + (person * (better - worse)).sum(dim=1)  # (S,)
        ahead = ahead + (taste * (gap @ self.look)).sum(dim=1) + (gap @ self.look_bias)[:, 0]  # (S,)
        return ahead, _squares(person, taste, better, worse, self.bias[item], self.bias[other])

    def tables(self) -> dict[str, Tensor]:
        look, look_bias = self.content @ self.look, (self.content @ self.look_bias)[:, 0]  # (I, V), (I,)
        people = torch.cat([self.people, self.taste], dim=1)  # (U, F + V)
        maps = {"through": self.look, "through_bias": self.look_bias[:, 0]}  # (d, V), (d,)
        return {"people": people, "items": self.items, "bias": self.bias, "look": look, "look_bias": look_bias} | maps


class LightGcnModule(Module):
    """Vectors of people and items spread along who took what, the mean over the layers (He et al., 2020, eq. 3-8)."""

    def __init__(self, train: csr_array, factors: int, layers: int) -> None:
        super().__init__()
        self.n_users, self.layers = train.shape[0], layers
        self.graph = _bipartite(train)  # (U + I, U + I)
        self.start = nn.Parameter(torch.randn(sum(train.shape), factors) * 0.1)  # (U + I, F)

    def spread(self) -> Tensor:
        """Final vectors (U + I, F)."""
        layer, total = self.start, self.start
        for _ in range(self.layers):
            layer = torch.sparse.mm(self.graph, layer)
            total = total + layer
        return total / (self.layers + 1)

    def forward(self, user: Tensor, item: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        final, n = self.spread(), self.n_users
        ahead = (final[user] * (final[n + item] - final[n + other])).sum(dim=1)  # (S,)
        return ahead, _squares(self.start[user], self.start[n + item], self.start[n + other])

    def tables(self) -> dict[str, Tensor]:
        final = self.spread()
        return {"people": final[: self.n_users], "items": final[self.n_users :]}


def _bipartite(train: csr_array) -> Tensor:
    """The symmetrically normalised graph of people and items, D^-½ A D^-½: (U + I, U + I) sparse."""
    users, items = train.nonzero()
    rows = np.concatenate([users, items + train.shape[0]])  # (2n,)
    columns = np.concatenate([items + train.shape[0], users])  # (2n,)
    size = sum(train.shape)
    degree = np.maximum(np.bincount(rows, minlength=size), 1)  # (U + I,)
    values = 1.0 / np.sqrt(degree[rows] * degree[columns])  # (2n,)
    graph = coo_array((values.astype(np.float32), (rows, columns)), (size, size))
    return sparse_rows(csr_array(graph), torch.device("cpu"))
