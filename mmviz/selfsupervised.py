"""Training without any interaction: an item's own modalities have to find each other through the fusion.

Works for every fusion, since it only looks at what the fusion makes of an item when parts of it are taken away. An item
seen through some modalities must find itself, among the items of a step, seen through the others, and both must find it
seen whole. With one modality alone, two looks that differ in dropout take their place.
Sources: Radford et al., Learning transferable visual models from natural language supervision, ICML 2021 (two
modalities); Gao, Yao and Chen, SimCSE, EMNLP 2021 (two dropouts); both with InfoNCE, van den Oord et al. 2018, eq. 4.

Shape letters: S items of a step, D content width.
"""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from mmviz.fusion._layers import PAIRS, info_nce
from mmviz.fusion.base import Tokens
from mmviz.training import Steps

__all__ = ["Contrast"]

SHARPNESS = 10.0
"""Inverse temperature of the cosines."""


class Contrast(Steps):
    """Steps whose only loss is that an item's looks find each other; nobody's history is read."""

    def _objective(self) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        items = self._items()[0]  # (S,)
        with self._autocast():
            whole, own = self._content(items)  # (S, D)
            some, rest = self._looks(self._tokens(items))
            looks = [self.model.content(tokens)[0] for tokens in (some, rest)]  # (S, D) each
        both = _present(some) & _present(rest)  # (S,)
        rows = both.nonzero().squeeze(1)[torch.randperm(int(both.sum()), generator=self.random)[:PAIRS]]  # (P,)
        if len(rows) < 2:
            return {"matching": whole.sum() * 0.0, **own}, items, whole
        pairs = [info_nce(a[rows].float(), b[rows].float(), SHARPNESS) for a, b in combinations([whole, *looks], 2)]
        return {"matching": torch.stack(pairs).mean(), **own}, items, whole

    def _looks(self, tokens: dict[str, Tokens]) -> tuple[dict[str, Tokens], dict[str, Tokens]]:
        """The batch through some modalities, drawn at random, and through the rest; twice the same if there is one."""
        names = list(tokens)
        if len(names) < 2:
            return tokens, tokens
        order = torch.randperm(len(names), generator=self.random).tolist()
        kept = {names[at] for at in order[: int(torch.randint(1, len(names), (), generator=self.random))]}
        return _only(tokens, kept), _only(tokens, set(names) - kept)


def _only(tokens: dict[str, Tokens], kept: set[str]) -> dict[str, Tokens]:
    return {n: t if n in kept else t.where(torch.zeros_like(t.present)) for n, t in tokens.items()}


def _present(tokens: dict[str, Tokens]) -> Tensor:
    """(S,) bool: which items have any of these modalities."""
    return torch.stack([t.present for t in tokens.values()]).any(dim=0)
