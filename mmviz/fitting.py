"""Training a fusion, judged by validation alone: its rounds, the tasks that it learns too, and fine-tuning after it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmviz.errors import TrainingError
from mmviz.evaluation.evaluate import evaluate
from mmviz.features import Features
from mmviz.features.tuned import tuned_features
from mmviz.interaction.base import Material
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker

if TYPE_CHECKING:
    from mmviz.experiment import Experiment
    from mmviz.finetuning import FineTuneConfig
    from mmviz.heads._settings import TasksConfig
    from mmviz.heads.base import Tasks
    from mmviz.recommender import ItemLoader, Recommender
    from mmviz.training import Steps, TrainingConfig

__all__ = ["STOPPING", "Tuning", "Workshop", "check_tuning", "tasks_of"]

STOPPING = "ndcg@10"
"""What training is stopped by, on validation."""


@dataclass(frozen=True)
class Tuning:
    """What fine-tuning left: the encoders' trained layers, what they make of the items, and how validation went.

    `before`: validation just before; `weights`: parameters by their names in the towers; `arrays`: tokens and summaries
    of all items, float16, by "modality.what"; `features`: the same as features.
    """

    before: dict[str, float]
    weights: dict[str, np.ndarray]
    arrays: dict[str, np.ndarray]
    features: Features
    history: list[dict[str, Any]]


@dataclass(frozen=True)
class Workshop:
    """Training a fusion in rounds, judged by validation alone, and telling how it goes."""

    experiment: Experiment
    material: Material
    report: Report

    def rounds(
        self, model: Recommender, loader: ItemLoader, config: TrainingConfig, said: str, kind: type[Steps] | None
    ) -> list[dict[str, Any]]:
        """Train in place; one record a round."""
        from mmviz.training import train

        history = []
        for event in train(model, loader, self.material.train, self.validate, config, self.experiment.seed, kind):
            history.append(dataclasses.asdict(event))
            note = f"validation NDCG@10 {event.validation:.4f}{' (best)' if event.best else ''} {event.note}".rstrip()
            self.report(Progress(f"Training {said}", event.number, event.of, note))
        return history

    def validate(self, ranker: Ranker) -> float:
        """NDCG@10 on validation."""
        catalogue, split = self.experiment.catalogue, self.experiment.split
        return evaluate(ranker, catalogue, split, "valid", ks=(10,)).mean()[STOPPING]

    def fine_tune(
        self, model: Recommender, loader: ItemLoader, config: TrainingConfig, tuning: FineTuneConfig
    ) -> Tuning:
        """Train on with the encoders' last layers taking part; the model then stands on the features they give."""
        from mmviz.finetuning import Tower, tuned, tuned_arrays

        experiment = self.experiment
        before = {f"{STOPPING} before fine-tuning": self.validate(model.ranker(loader, model.all_content(loader)))}
        tower = Tower.build(
            experiment.catalogue, experiment.encoder(), experiment.features, tuning.finetune, self.report
        )
        model.tower = tower.to(loader.device)
        rounds = dataclasses.replace(config, rounds=tuning.finetune_rounds, patience=tuning.finetune_rounds)
        said = f"{type(model.fusion).title} with the encoders' last layers"
        history = self.rounds(model, loader, rounds, said, tuned(tuning))
        weights, arrays = tower.tail.weights(), tuned_arrays(tower, experiment.features)
        model.tower = None
        features = tuned_features(experiment.features, arrays, experiment.features.encoder, weights)
        return Tuning(before, weights, arrays, features, history)


def tasks_of(
    experiment: Experiment, config: TasksConfig, reads: tuple[str, ...], known: np.ndarray, dim: int
) -> Tasks | None:
    """The heads that are asked for. Raises TrainingError for one that cannot be learned here, in words."""
    import torch

    from mmviz.heads import head
    from mmviz.heads._labels import problem_with
    from mmviz.heads._settings import named
    from mmviz.heads.base import Tasks, Taught

    wanted = named(config.heads)
    for name in wanted:
        if problem := problem_with(name, experiment.catalogue, reads):
            raise TrainingError(f"The task '{name}' cannot be learned here. {problem} Train without it.")
    taught = Taught(experiment.catalogue, experiment.split, torch.from_numpy(known))
    return Tasks({name: head(name)(taught, dim) for name in wanted}, config.weighting) if wanted else None


def check_tuning(alone: bool, kind: str) -> None:
    """Raises TrainingError where fine-tuning is not offered."""
    if alone:
        raise TrainingError("Fine-tuning follows the recommendation loss. Train self-supervised without it.")
    if kind == "graph":
        raise TrainingError(
            "Under the graph, items are neighbours by the untouched encoder's features, which fine-tuning would "
            "change. Fine-tune under the two-tower model or collective EASE."
        )
