"""The contract of the task heads, and the loss that weighs several tasks.

Shape letters: B users of a batch, S items of a batch, I items, U users, D content width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.splits import Split
from mmviz.views.tasks import TaskResult

__all__ = ["Head", "Step", "Tasks", "Taught"]

MOST = 4.0
"""Bound of the log variances, so that no task is drowned or left alone."""


@dataclass(frozen=True)
class Taught:
    """What a head is made from: the catalogue, the split, and the items that may be learned from, `known` (I,) bool."""

    catalogue: Catalogue
    split: Split
    known: Tensor


@dataclass(frozen=True)
class Step:
    """One step of training as a head sees it.

    - `items`: (S,) item numbers, `content`: (S, D) their vectors, which carry gradients.
    - `table`: (I, D) vectors of all items, in which those of the step carry gradients too.
    - `people`: (B,) user numbers; `seen`: (B, I) bool, the part of their items that is given; `hidden`: (B, S) bool,
      the rest among the step's items.
    """

    items: Tensor
    content: Tensor
    table: Tensor
    people: Tensor
    seen: Tensor
    hidden: Tensor


class Head(nn.Module, ABC):
    """One task. A file in `mmviz/heads/` with one subclass is all that a new one needs.

    Class attributes: `title`, `summary` (two sentences), `formula` (LaTeX), `paper`, and `learns`, what it needs of a
    catalogue: a column of kind "category" or "tags", or "rating".
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    paper: ClassVar[str]
    learns: ClassVar[str]

    def __init__(self, taught: Taught, dim: int) -> None:  # noqa: ARG002
        super().__init__()

    @abstractmethod
    def loss(self, step: Step) -> Tensor:
        """What a step minimises, a scalar: a mean negative log-likelihood, or half a mean squared error."""

    @abstractmethod
    def measure(self, table: Tensor) -> TaskResult:
        """How well it does on what was held out from it, with content vectors (I, D); beside its controls."""


class Tasks(nn.Module):
    """Several heads beside recommendation, and how loud each task is.

    Σ_k exp(−s_k) L_k + s_k / 2, with one learned log variance s_k a task: the noisier a task, the quieter it becomes.
    Source: Kendall, Gal and Cipolla, Multi-task learning using uncertainty to weigh losses, CVPR 2018, eq. 7 and 10.
    With `weighting` "fixed" every task counts 1.
    """

    RECOMMENDATION = "recommendation"

    def __init__(self, heads: Mapping[str, Head], weighting: str) -> None:
        super().__init__()
        self.heads = nn.ModuleDict(dict(heads))
        self.weighting = weighting
        names = (self.RECOMMENDATION, *heads) if weighting == "uncertainty" else ()
        self.log_variances = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in names})  # () each

    def forward(self, recommendation: Mapping[str, Tensor], step: Step) -> dict[str, Tensor]:
        """The terms of a step's loss, weighed: those of recommendation, one a head, and what the weights cost."""
        own = self.weight(self.RECOMMENDATION)  # ()
        weighed = {name: own * value for name, value in recommendation.items()}
        for name, head in self._each():
            weighed[name] = self.weight(name) * head.loss(step)
        if self.log_variances:
            weighed["weights"] = torch.stack([self._log_variance(n) for n in self.log_variances]).sum() / 2
        return weighed

    def weight(self, task: str) -> Tensor:
        """How much a task counts: exp(−s), or 1."""
        return torch.exp(-self._log_variance(task)) if task in self.log_variances else torch.ones(())

    def weights(self) -> dict[str, float]:
        """How much each task counts now."""
        return {name: float(self.weight(name).detach()) for name in (self.RECOMMENDATION, *self.heads)}

    @torch.no_grad()
    def measure(self, table: Tensor) -> dict[str, TaskResult]:
        """Every head on what was held out from it, with content vectors (I, D)."""
        was_training = self.training
        self.eval()
        results = {name: head.measure(table) for name, head in self._each()}
        self.train(was_training)
        return results

    def _each(self) -> Iterator[tuple[str, Head]]:
        return ((name, cast(Head, head)) for name, head in self.heads.items())

    def _log_variance(self, task: str) -> Tensor:
        values: Tensor = self.log_variances[task]
        return values.clamp(-MOST, MOST)
