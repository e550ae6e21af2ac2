"""Adversarial alignment: an opponent tries to tell picture vectors from text vectors, and must fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus

from mmviz.fusion._layers import Dropout, ModalityInput, mlp, pairing
from mmviz.fusion.base import Fused, Fusion, FusionConfig, ModalityShape, Tokens, setting

__all__ = ["Adversarial", "AdversarialConfig", "reverse"]

MODES = ("gan", "reversal")


@dataclass(frozen=True)
class AdversarialConfig(FusionConfig):
    mode: Literal["gan", "reversal"] = setting(
        "gan",
        "gan: opponent and encoders take turns, each with its own optimiser. "
        "reversal: one step for both, in which the gradient changes its sign between them.",
    )
    adversary: float = setting(1.0, "Weight of fooling the opponent.", 0.0, 10.0)
    turns: int = setting(3, "Steps of the opponent for one of the encoders.", 1, 10)
    pairing: float = setting(0.3, "Weight of keeping an item's own vectors together.", 0.0, 10.0)
    damping: float = setting(
        0.3, "Penalty on how steeply the opponent may judge; without it the two circle.", 0.0, 10.0
    )
    temperature: float = setting(0.1, "Temperature of the pairing.", 0.01, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in MODES:
            raise ValueError(f"mode is '{self.mode}'; it must be {' or '.join(MODES)}.")


class Adversarial(Fusion):
    """Encoders G_m into a shared space, and an opponent D that tells from which modality a vector came.

    Mode "gan" takes turns: D minimises −log D_m(z), then the encoders minimise −log(1 − D_m(z)) for a D that stands
    still (Goodfellow et al., Generative adversarial nets, NeurIPS 2014, in the non-saturating form). Mode "reversal"
    trains both at once on −log D_m(reverse(z)) (Ganin and Lempitsky 2015, eq. 4 to 6). In both, D pays for steep
    judgements (Mescheder et al., Which training methods for GANs do actually converge?, ICML 2018, eq. 9), since
    without that the two circle around each other. Vectors without modality could be vectors without content: the
    pairing term (InfoNCE) keeps an item's own vectors together and apart from the others.

    The encoders are linear and see no dropout, so that D judges the very vectors that are used later. With a single
    modality there is nothing to tell apart, and only the task is left.
    """

    title = "Adversarial alignment"
    summary = (
        "An opponent tries to guess whether a vector came from a picture or from a text, and the encoders learn to "
        "make that impossible. What is left in the vectors is what both sides say about the item."
    )
    formula = (
        r"\min_{G}\max_{D}\ \mathcal L_{\text{task}} + \lambda\,\mathcal L_{\text{pair}} + "
        r"\mu \sum_m \mathbb E_i\big[\log D_m(G_m f_i^m)\big],\quad m_i = \operatorname{mean}_m G_m f_i^m"
    )
    paper = "Ganin, Lempitsky, Unsupervised domain adaptation by backpropagation, ICML 2015"
    Config = AdversarialConfig

    def __init__(self, shapes: Mapping[str, ModalityShape], config: AdversarialConfig) -> None:
        super().__init__(shapes, config)
        self.settings = config
        self.inputs = nn.ModuleDict({n: ModalityInput(n, s, config.dim, 0.0) for n, s in self.shapes.items()})
        self.drop = Dropout(config.dropout)
        self.against = _Opponent(config.dim, len(self.shapes)) if len(self.shapes) > 1 else None

    def forward(self, modalities: Mapping[str, Tokens]) -> Fused:
        views: dict[str, Tensor] = {n: self.inputs[n](modalities[n]) for n in self.names}  # (B, D) each
        stacked, present = self._stacked(views, modalities)  # (B, M, D), (B, M)
        mean = stacked.sum(dim=1) / present.sum(dim=1, keepdim=True).clamp_min(1)  # (B, D)
        return Fused(self.drop(mean), views, {})

    def losses(self, fused: Fused, modalities: Mapping[str, Tokens]) -> dict[str, Tensor]:
        if self.against is None:
            return {}
        weights = self.settings
        views, present = self._shown(fused, modalities)  # (B, M, D), (B, M)
        if weights.mode == "gan":
            adversary = weights.adversary * self.against.fooled(views, present)
        else:
            adversary = self.against.judged(reverse(views, weights.adversary), present)
            adversary = adversary + weights.damping * self.against.steepness(views, present)
        pair = weights.pairing * pairing(fused.views, modalities, 1.0 / weights.temperature)
        return {"adversary": adversary, "pairing": pair}

    def opponent(self) -> nn.Module | None:
        return self.against

    def opponent_turns(self) -> int:
        return self.settings.turns - (self.settings.mode == "reversal")  # there, the last turn is the common step

    def opponent_loss(self, fused: Fused, modalities: Mapping[str, Tokens]) -> Tensor:
        if self.against is None:
            return super().opponent_loss(fused, modalities)
        views, present = self._shown(fused, modalities)  # (B, M, D), (B, M)
        steepness = self.against.steepness(views, present)  # ()
        return self.against.judged(views.detach(), present) + self.settings.damping * steepness

    def _stacked(self, views: Mapping[str, Tensor], modalities: Mapping[str, Tokens]) -> tuple[Tensor, Tensor]:
        """The vectors of all modalities (B, M, D) and which of them there are (B, M)."""
        present = torch.stack([modalities[n].present for n in self.names], dim=1)  # (B, M)
        return torch.stack([views[n] for n in self.names], dim=1), present

    def _shown(self, fused: Fused, modalities: Mapping[str, Tokens]) -> tuple[Tensor, Tensor]:
        """What the opponent sees: the vectors at a common size of 1, so that its settings mean the same anywhere."""
        views, present = self._stacked(fused.views, modalities)  # (B, M, D), (B, M)
        size = _mean(views.detach().square().mean(dim=-1), present).sqrt()  # ()
        return views / size.clamp_min(1e-6), present


class _Opponent(nn.Module):
    """Tells from which of M modalities a vector came; every modality counts alike, whatever its share of the batch."""

    own: Tensor

    def __init__(self, dim: int, n_modalities: int) -> None:
        super().__init__()
        self.net = mlp(dim, 64, n_modalities, nn.Identity())
        self.register_buffer("own", torch.eye(n_modalities, dtype=torch.bool), persistent=False)  # (M, M)

    def forward(self, views: Tensor) -> Tensor:
        """Log-odds of the true modality, log D_m(z_m) − log(1 − D_m(z_m)): (B, M, D) -> (B, M)."""
        logits = self.net(views)  # (B, M, M): one row a vector, one column a guess
        others = logits.masked_fill(self.own, -torch.inf).logsumexp(dim=-1)  # (B, M)
        odds: Tensor = logits.diagonal(dim1=1, dim2=2) - others  # (B, M)
        return odds

    def judged(self, views: Tensor, present: Tensor) -> Tensor:
        """What the opponent minimises: −log D_m(z_m)."""
        return _mean(softplus(-self(views)), present)

    def fooled(self, views: Tensor, present: Tensor) -> Tensor:
        """What the encoders minimise: −log(1 − D_m(z_m)), with an opponent that gets no gradient."""
        still = {name: p.detach() for name, p in self.named_parameters()}
        return _mean(softplus(functional_call(self, still, (views,))), present)

    def steepness(self, views: Tensor, present: Tensor) -> Tensor:
        """Mean squared slope of the log-odds at the vectors that are judged; its gradient stays in the opponent."""
        leaves = views.detach().requires_grad_()  # (B, M, D)
        (slopes,) = torch.autograd.grad(self(leaves).sum(), leaves, create_graph=True)  # (B, M, D)
        return _mean(slopes.square().sum(dim=-1), present)


def _mean(values: Tensor, present: Tensor) -> Tensor:
    """Mean over the present items of a modality, then over the modalities: (B, M), (B, M) -> ()."""
    counts = present.sum(dim=0)  # (M,)
    means = (values * present).sum(dim=0) / counts.clamp_min(1)  # (M,)
    return means.sum() / counts.count_nonzero().clamp_min(1)


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradient, None


def reverse(values: Tensor, strength: float) -> Tensor:
    """The same values, whose gradient is multiplied by −strength on the way back (the gradient reversal layer).

    Source: Ganin and Lempitsky 2015, eq. 7 and 8.
    """
    reversed_: Tensor = _Reverse.apply(values, strength)
    return reversed_
