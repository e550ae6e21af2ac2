"""The fusion contract: modalities in, one vector per item out, with whatever the method can show of itself.

Shape letters: B batch, N tokens of a modality (P patches, T words), D model width, H heads, M modalities.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from mmviz.errors import FusionError
from mmviz.fields import check_bounds, setting

__all__ = [
    "Fitted",
    "Fused",
    "Fusion",
    "FusionConfig",
    "ModalityShape",
    "Tokens",
    "setting",
]

Level = Literal["pooled", "tokens"]


@dataclass(frozen=True)
class Tokens:
    """One modality of a batch.

    - `values`: (B, N, D_tokens); a fusion of level "pooled" receives D_tokens = 0 and N = 1.
    - `mask`: (B, N) bool, True = real token; a row of all False = this modality is missing.
    - `pooled`: (B, D_pooled), the encoder's own summary; zero where the modality is missing.
    """

    values: Tensor
    mask: Tensor
    pooled: Tensor

    @property
    def present(self) -> Tensor:
        """(B,) bool: which items have this modality."""
        return self.mask.any(dim=1)

    def where(self, keep: Tensor) -> Tokens:
        """The same batch with the modality taken away where `keep` (B,) is False."""
        return Tokens(
            self.values * keep[:, None, None],  # (B, N, D)
            self.mask & keep[:, None],  # (B, N)
            self.pooled * keep[:, None],  # (B, Dp)
        )

    def __getitem__(self, rows: Tensor | slice) -> Tokens:
        return Tokens(self.values[rows], self.mask[rows], self.pooled[rows])

    def pinned(self) -> Tokens:
        """The same batch in page-locked memory, from which a GPU copies while the CPU goes on."""
        return Tokens(*(t.pin_memory() for t in (self.values, self.mask, self.pooled)))

    def to(self, device: torch.device) -> Tokens:
        """The same batch on `device`, copied without blocking where memory is pinned."""
        return Tokens(*(t.to(device, non_blocking=True) for t in (self.values, self.mask, self.pooled)))


class Fused(NamedTuple):
    """What a strategy makes of a batch.

    - `embedding`: (B, D).
    - `views`: per-modality vectors in the shared space, (B, D) each; {} where the method has none.
    - `attention`: named maps, softmax rows sum to 1: "image→text" (B, H, P, T), "modality" (B, M) …
    """

    embedding: Tensor
    views: dict[str, Tensor]
    attention: dict[str, Tensor]


@dataclass(frozen=True)
class ModalityShape:
    """Sizes of one modality: N tokens of width `token_dim`, a summary of width `pooled_dim`."""

    tokens: int
    token_dim: int
    pooled_dim: int


@dataclass(frozen=True)
class FusionConfig:
    """Settings that every strategy has; a strategy's own Config extends it."""

    dim: int = setting(64, "Width D of the fused item vector.", 8, 512)
    dropout: float = setting(0.5, "Share of activations dropped while training.", 0.0, 0.8)

    def __post_init__(self) -> None:
        check_bounds(self)


class Fitted(nn.Module, ABC):
    """A layer with statistics that are fitted, not trained; `Fusion.prepare` fits every one it holds."""

    @abstractmethod
    def fit(self, modalities: Mapping[str, Tokens]) -> None:
        """Fit on the train items' summaries; leaves what it had where the train items lack its modality."""


class Fusion(nn.Module, ABC):
    """One fusion strategy. A file in `mmviz/fusion/` with one subclass is all that a new strategy needs.

    Class attributes: `title` (a name for buttons), `summary` (two sentences that a student understands),
    `formula` (LaTeX), `paper` (authors, title, venue, year), `level` ("pooled" reads the encoders' summaries,
    "tokens" reads patches and words), `Config` (a frozen dataclass of settings), `reads` (the modalities that it
    reads; None = all that the catalogue has).

    Only `forward` must be written. What a strategy may want from the training loop beside it has a method below that
    does nothing until it is overridden: `losses`, `taste_mask`, `pretraining`, `opponent`.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    paper: ClassVar[str]
    level: ClassVar[Level] = "pooled"
    Config: ClassVar[type[FusionConfig]] = FusionConfig
    reads: ClassVar[tuple[str, ...] | None] = None

    def __init__(self, shapes: Mapping[str, ModalityShape], config: FusionConfig) -> None:
        """Raises FusionError when `reads` names a modality that is not among `shapes`."""
        super().__init__()
        wanted = sorted(shapes if self.reads is None else self.reads)
        if missing := [name for name in wanted if name not in shapes]:
            raise FusionError(
                f"{self.title} reads {' and '.join(wanted)}, but {' and '.join(missing)} is not in this catalogue, "
                f"which has {' and '.join(sorted(shapes))}. Add it to the catalogue or choose another strategy."
            )
        self.shapes = {name: shapes[name] for name in wanted}
        self.config = config

    @property
    def names(self) -> tuple[str, ...]:
        """Modality names in the fixed (sorted) order."""
        return tuple(self.shapes)

    def prepare(self, modalities: Mapping[str, Tokens]) -> None:
        """Fit what is not trained by gradient (statistics, closed forms) on the train items' summaries only.

        `modalities` holds every train item at level "pooled". Called once, before training.
        """
        for module in self.modules():
            if isinstance(module, Fitted):
                module.fit(modalities)

    @abstractmethod
    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        """Fuse a batch; an item that lacks every modality must get a finite vector."""

    def losses(self, fused: Fused, modalities: Mapping[str, Tokens]) -> dict[str, Tensor]:  # noqa: ARG002
        """The strategy's own training terms (alignment, adversary …), each a scalar; {} for most."""
        return {}

    def taste_mask(self) -> Tensor | None:
        """Which entries of a person's taste map (D, D) may be used, as 0 and 1; None = all.

        The content score of item j in a history for item i is m_jᵀ (A ⊙ mask) m_i.
        """
        return None

    def pretraining(self) -> int:
        """Steps of self-supervised training on `pretraining_loss` alone before the task begins."""
        return 0

    def pretraining_loss(self, modalities: Mapping[str, Tokens]) -> Tensor:
        """What a step of pre-training minimises on a batch of train items, without any interaction: a scalar."""
        raise NotImplementedError(f"{type(self).__name__} asks for pre-training, so it must say what is minimised.")

    def opponent(self) -> nn.Module | None:
        """A part that is trained against the rest, with an optimiser of its own, on the same batches.

        Before every step of the rest it takes `opponent_turns` steps on `opponent_loss`. Where `losses` give it a
        gradient as well, as under a gradient reversal, its optimiser follows that in the step of the rest.
        """
        return None

    def opponent_turns(self) -> int:
        """Steps of the opponent before every step of the rest."""
        return 1

    def opponent_loss(self, fused: Fused, modalities: Mapping[str, Tokens]) -> Tensor:
        """What the opponent minimises, a scalar; its gradient must reach the opponent only (detach `fused`)."""
        raise NotImplementedError(f"{type(self).__name__} has an opponent, so it must say what that minimises.")
