"""Fusion plus user tower as one torch module, and the loader that feeds it items.

Shape letters: B users of a batch, S items of a batch, I items, D content width, F collaborative width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from mmviz.features import Features
from mmviz.fusion.base import Fused, Fusion, ModalityShape, Tokens, setting
from mmviz.fusion_ranker import FusionRanker, scoring_rule, subsets
from mmviz.propagation import Propagation

if TYPE_CHECKING:
    from mmviz.finetuning import Tower
    from mmviz.heads.base import Tasks

__all__ = ["ItemLoader", "Recommender", "RecommenderConfig", "shapes_of"]

LENGTH = 1.0
"""Root mean square length of the content vectors before the first step."""
PAIRS = 420_000
"""Pairs of tokens that a token-level fusion takes at once on a CPU: 64 items with 81 patches each."""


@dataclass(frozen=True)
class RecommenderConfig:
    """Settings of the user tower."""

    collaborative: bool = setting(True, "Learn from who took what, beside the content.")
    factors: int = setting(64, "Width F of the collaborative vectors.", 4, 512)


def shapes_of(features: Features) -> dict[str, ModalityShape]:
    """The sizes that a fusion needs to know, read off a token store."""
    return {
        name: ModalityShape(part.tokens.shape[1], part.tokens.shape[2], part.pooled.shape[1])
        for name, part in features.modalities.items()
    }


class ItemLoader:
    """Takes rows of the token store to the device as `Tokens`; at level "pooled" the tokens stay on disk."""

    def __init__(self, features: Features, names: tuple[str, ...], level: str, device: torch.device) -> None:
        self.features = features
        self.names = names
        self.level = level
        self.device = device
        parts = {n: features.modalities[n] for n in names}
        self._pooled = {n: torch.from_numpy(np.asarray(p.pooled, dtype=np.float32)) for n, p in parts.items()}
        self._mask = {n: torch.from_numpy(np.array(p.mask, dtype=bool)) for n, p in parts.items()}

    def __call__(self, items: Tensor, share: float = 1.0, random: torch.Generator | None = None) -> dict[str, Tokens]:
        """Tokens of the items (S,) of every modality, or a random `share` of each item's, at least one.

        Real tokens are kept before padding, so that no modality gets lost. What attention learns from a part of them
        it can do on all (Li et al., Scaling language-image pre-training via masking, CVPR 2023), and much cheaper.
        """
        return {name: self._load(name, items.cpu(), share, random) for name in self.names}

    def _load(self, name: str, items: Tensor, share: float, random: torch.Generator | None) -> Tokens:
        pooled, mask = self._pooled[name][items], self._mask[name][items]  # (S, Dp), (S, N)
        stored = self.features.modalities[name].tokens  # (I, N, D) float16
        if self.level == "pooled":
            values = torch.zeros(len(items), 1, 0)  # (S, 1, 0)
            mask = mask.any(dim=1, keepdim=True)  # (S, 1)
        elif share < 1.0:
            kept = _places(mask, share, random)  # (S, N')
            values = torch.from_numpy(stored[items[:, None].numpy(), kept.numpy()]).float()  # (S, N', D)
            mask = mask.gather(1, kept)  # (S, N')
        else:
            values = torch.from_numpy(stored[items.numpy()]).float()  # (S, N, D)
        tokens = Tokens(values, mask, pooled)
        return tokens.pinned().to(self.device) if self.device.type == "cuda" else tokens.to(self.device)

    def prepare(self, fusion: Fusion, train_items: np.ndarray) -> None:
        """Fit the closed-form parts of a fusion on the train items' summaries, on the CPU."""
        rows = torch.from_numpy(np.flatnonzero(train_items))  # (n,)
        masks = {n: self._mask[n][rows].any(dim=1, keepdim=True) for n in self.names}  # (n, 1)
        fusion.prepare({n: Tokens(torch.zeros(len(rows), 1, 0), masks[n], self._pooled[n][rows]) for n in self.names})


class Recommender(nn.Module):
    """One fusion strategy under the scoring rule of `fusion_ranker`, its tables spread along `propagation` or not.

    `known` (I,) bool marks the items with train interactions; the others have no collaborative part.
    """

    known: Tensor
    unit: Tensor
    taste_mask: Tensor | None

    def __init__(
        self,
        fusion: Fusion,
        known: np.ndarray,
        popularity: np.ndarray,
        config: RecommenderConfig,
        propagation: Propagation | None = None,
    ) -> None:
        super().__init__()
        self.fusion = fusion
        self.propagation = propagation
        self.tasks: Tasks | None = None  # what is learned beside recommending
        self.tower: Tower | None = None  # the encoders' last layers, where they are trained too
        self.collaborative = config.collaborative
        dim, n_items = fusion.config.dim, len(known)
        self.register_buffer("known", torch.from_numpy(known.astype(np.float32)))  # (I,)
        self.register_buffer("unit", torch.ones(()))  # ()
        self.user_map = nn.Parameter(torch.eye(dim) / dim**0.5)  # (D, D)
        self.register_buffer("taste_mask", fusion.taste_mask(), persistent=False)  # (D, D) or None
        self.inward = nn.Parameter(torch.randn(n_items, config.factors) * 0.01)  # (I, F)
        self.outward = nn.Parameter(torch.randn(n_items, config.factors) * 0.01)  # (I, F)
        start = np.log1p(popularity) - np.log1p(popularity)[known].mean() if known.any() else np.zeros(n_items)
        self.bias = nn.Parameter(torch.from_numpy(start.astype(np.float32)))  # (I,)

    def tokens(
        self, loader: ItemLoader, items: Tensor, share: float = 1.0, random: torch.Generator | None = None
    ) -> dict[str, Tokens]:
        """Tokens of items (S,): from the store, or through the encoders' last layers where those are trained."""
        if self.tower is None:
            return loader(items, share, random)
        return {name: _thinned(t, share, random) for name, t in self.tower(items, loader).items()}

    def taste_map(self) -> Tensor:
        """The map A (D, D) from a history's content to a taste, with the entries that the fusion rules out at 0."""
        return self.user_map if self.taste_mask is None else self.user_map * self.taste_mask

    def tables(self) -> tuple[Tensor, Tensor, Tensor]:
        """Collaborative vectors and bias with unknown items at 0: y (I, F), q (I, F), b (I,)."""
        if not self.collaborative:
            return self.inward.detach() * 0, self.outward.detach() * 0, self.bias.detach() * 0
        known = self.known[:, None]  # (I, 1)
        return self.inward * known, self.outward * known, self.bias * self.known

    def content(self, modalities: Mapping[str, Tokens]) -> tuple[Tensor, Fused]:
        """Content vectors (S, D), measured from what the fusion says of an item without any content."""
        pieces = [self.fusion(piece) for piece in _pieces(modalities, self.fusion.level)]
        fused = pieces[0] if len(pieces) == 1 else _joined(pieces)
        nothing = self.fusion({n: t[:1].where(torch.zeros_like(t.present[:1])) for n, t in modalities.items()})
        return (fused.embedding - nothing.embedding) * self.unit, fused

    def calibrate(self, loader: ItemLoader) -> Tensor:
        """Choose the unit in which content vectors are measured, so that those of known items have length `LENGTH`.

        Returns the content vectors (I, D) of all items in that unit.

        Strategies differ tenfold in the size of what they put out before training, and a score is quadratic in it;
        without a common unit one learning rate cannot suit them all (the idea of Mishkin and Matas, All you need is a
        good init, ICLR 2016).
        """
        content = self.all_content(loader)  # (I, D)
        length = content[self.known.bool()].square().sum(dim=1).mean().sqrt()  # ()
        factor = LENGTH / length.clamp_min(1e-6)  # ()
        self.unit.mul_(factor)
        return content * factor  # (I, D)

    def scores(self, history: Tensor, content: Tensor, people: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Scores (B, I) in full, and as they would be were every item new, for normalised histories (B, I).

        `content` is (I, D). `people` (B,) are the rows of the training matrix that the histories are parts of.
        """
        inward, outward, bias = self.tables()  # (I, F), (I, F), (I,)
        taste = self.taste_map()  # (D, D)
        if self.propagation is None:
            collaborative, by_content = scoring_rule(history, content, taste, inward, outward, bias)
            return collaborative + by_content, by_content
        (full, inwards, outwards), (near_content, _, near_outward) = self.propagation.spread(
            (content, inward, outward), people
        )  # (I, D), (I, F), (I, F) each
        collaborative, by_content = scoring_rule(history, full, taste, inwards, outwards, bias)
        taste_of = history @ (full @ taste)  # (B, D)
        as_new = (history @ inwards) @ near_outward.T + taste_of @ (content + near_content).T  # (B, I)
        return collaborative + by_content, as_new

    @torch.no_grad()
    def all_content(
        self,
        loader: ItemLoader,
        present: tuple[str, ...] | None = None,
        share: float = 1.0,
        random: torch.Generator | None = None,
    ) -> Tensor:
        """Content vectors (I, D) of every item when only the modalities in `present` are seen (None = all).

        With `share` < 1 from a random part of each item's tokens.
        """
        was_training = self.training
        self.eval()
        parts = []
        for items in torch.split(torch.arange(len(self.known)), 512):
            tokens = self.tokens(loader, items, share, random)
            if present is not None:
                tokens = {n: t if n in present else t.where(torch.zeros_like(t.present)) for n, t in tokens.items()}
            parts.append(self.content(tokens)[0].float())  # (S, D)
        self.train(was_training)
        return torch.cat(parts)  # (I, D)

    def ranker(
        self, loader: ItemLoader, content: Tensor | None = None, spread: Propagation | None = None
    ) -> FusionRanker:
        """The tables from which this model is served without torch.

        With `content` (I, D), vectors of every item that were computed just now, nothing is computed anew, and what the
        model says when it lacks a modality is left out: good for full weights only. Its tables may then be spread along
        other graphs than those that it was trained on.
        """
        names = self.fusion.names
        taste, bias = _array(self.taste_map()), _array(self.tables()[2])  # (D, D), (I,)
        if content is not None:
            full, inward, outward = self._served(content, names, spread)  # (I, D), (I, F), (I, F)
            tables = np.broadcast_to(full, (2 ** len(names) - 1, *full.shape))  # (2^M-1, I, D)
            return FusionRanker(names, tables, taste, inward, outward, bias)
        seen = [self._served(self.all_content(loader, present), present) for present in subsets(names)]
        tables, inwards, outwards = (np.stack(parts) for parts in zip(*seen, strict=True))  # (2^M-1, I, D or F) each
        if self.propagation is None:  # the collaborative vectors are the same whatever is seen
            return FusionRanker(names, tables, taste, inwards[0], outwards[0], bias)
        _, *unseen = self._served(self.inward[:, :0], ())  # (I, F) each: without any content
        inwards, outwards = (np.stack([a, *b]) for a, b in zip(unseen, (inwards, outwards), strict=True))  # (2^M, I, F)
        return FusionRanker(names, tables, taste, inwards, outwards, bias)

    @torch.no_grad()
    def _served(
        self, content: Tensor, present: tuple[str, ...], spread: Propagation | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Content (I, D) and collaborative vectors (I, F) as they are scored when `present` modalities are seen."""
        inward, outward, _ = self.tables()  # (I, F) each
        if (along := spread or self.propagation) is not None:
            (content, inward, outward), _ = along.spread((content, inward, outward), present=present)
        return _array(content), _array(inward), _array(outward)


def _places(mask: Tensor, share: float, random: torch.Generator | None) -> Tensor:
    """Which tokens a random share is made of, real ones before padding: (S, N) bool -> (S, N'), in their order."""
    n_kept = max(1, round(mask.shape[1] * share))  # N'
    rank = torch.rand(mask.shape, generator=random) + (~mask).cpu()  # (S, N): padding last
    return rank.topk(n_kept, dim=1, largest=False).indices.sort(dim=1).values  # (S, N')


def _thinned(tokens: Tokens, share: float, random: torch.Generator | None) -> Tokens:
    if share == 1.0 or tokens.values.shape[2] == 0:
        return tokens
    kept = _places(tokens.mask, share, random).to(tokens.mask.device)  # (S, N')
    values = tokens.values.gather(1, kept[:, :, None].expand(-1, -1, tokens.values.shape[2]))  # (S, N', D)
    return Tokens(values, tokens.mask.gather(1, kept), tokens.pooled)


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float32)


def _pieces(modalities: Mapping[str, Tokens], level: str) -> list[Mapping[str, Tokens]]:
    """A batch in pieces whose attention maps fit a CPU's cache, which makes token-level fusions twice as fast there."""
    first = next(iter(modalities.values()))
    if level == "pooled" or first.mask.device.type != "cpu":
        return [modalities]
    longest = max(tokens.mask.shape[1] for tokens in modalities.values())
    size = max(1, PAIRS // longest**2)
    starts = range(0, len(first.mask), size)
    return [{n: t[start : start + size] for n, t in modalities.items()} for start in starts]


def _joined(pieces: Sequence[Fused]) -> Fused:
    """Pieces of a batch as one; maps between tokens (B, H, N, K), which only a page wants to see, are left out."""
    first = pieces[0]
    return Fused(
        torch.cat([piece.embedding for piece in pieces]),  # (S, D)
        {name: torch.cat([piece.views[name] for piece in pieces]) for name in first.views},  # (S, D)
        {n: torch.cat([p.attention[n] for p in pieces]) for n, weights in first.attention.items() if weights.ndim < 4},
    )
