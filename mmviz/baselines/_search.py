"""Choosing a control's settings by validation alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from mmviz.errors import TrainingError, UnknownNameError
from mmviz.evaluation.evaluate import evaluate_matrices
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker

if TYPE_CHECKING:
    from mmviz.baselines.base import Baseline, BaselineConfig, TrainData

__all__ = ["SELECTION", "Search", "Trial", "validated"]

SELECTION = "ndcg@10"
"""The validation metric by which settings are chosen."""


class Trial(NamedTuple):
    """Settings that were tried, and their NDCG@10 on validation."""

    settings: dict[str, Any]
    score: float


class Search:
    """Coordinate search over a control's grid, by validation alone."""

    def __init__(
        self,
        cls: type[Baseline],
        data: TrainData,
        valid: csr_array,
        candidates: np.ndarray | None,
        settings: dict[str, Any],
        report: Report,
    ) -> None:
        self.cls, self.data, self.valid, self.candidates, self.report = cls, data, valid, candidates, report
        self.grid = {name: values for name, values in cls.grid.items() if name not in settings}
        self.best = _config(cls, settings)
        self.trials: list[Trial] = []
        self.score = self._try(self.best)

    def run(self) -> None:
        for name, values in self.grid.items():
            for value in values:
                self._consider(name, value)
        for name, values in self.grid.items():
            for value in _beside(getattr(self.best, name), values):
                self._consider(name, value)

    def _consider(self, name: str, value: Any) -> None:
        config = dataclasses.replace(self.best, **{name: value})
        if any(trial.settings == dataclasses.asdict(config) for trial in self.trials):
            return
        score = self._try(config)
        if score > self.score + 1e-12:
            self.best, self.score = config, score

    def _try(self, config: BaselineConfig) -> float:
        model = self.cls(config).fit_data(self.data)
        score = validated(model, self.data.train, self.valid, self.candidates)
        self.trials.append(Trial(dataclasses.asdict(config), score))
        self.report(Progress(f"Choosing settings of {self.cls.title}", len(self.trials), 0, f"NDCG@10 {score:.4f}"))
        return score


def validated(ranker: Ranker, train: csr_array, valid: csr_array, candidates: np.ndarray | None) -> float:
    """The validation metric by which settings are chosen, of a ranker: matrices (U, I), `candidates` (I,) or None."""
    return evaluate_matrices(ranker, train, valid, None, candidates, (10,)).mean()[SELECTION]


def _beside(value: Any, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values next to the given one in a grid; none when it is not of the grid."""
    if value not in values:
        return ()
    place = values.index(value)
    return values[max(place - 1, 0) : place] + values[place + 1 : place + 2]


def _config(cls: type[Baseline], settings: Mapping[str, Any]) -> BaselineConfig:
    known = [spec.name for spec in dataclasses.fields(cls.Config)]
    for name in settings:
        if name not in known:
            raise UnknownNameError("setting", name, known)
    try:
        return cls.Config(**settings)
    except (TypeError, ValueError) as error:
        raise TrainingError(f"{cls.title} does not take these settings: {error}") from None
