"""Training a fusion, judged by validation alone: its rounds, the tasks that it learns too, and fine-tuning after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mmviz import interaction
from mmviz.baselines._search import SELECTION, validated
from mmviz.errors import TrainingError
from mmviz.features import Features
from mmviz.features.tuned import tuned_features
from mmviz.interaction.base import InteractionModel, Material
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker

if TYPE_CHECKING:
    import torch

    from mmviz.finetuning import FineTuneConfig
    from mmviz.fitting import Beside, Watch
    from mmviz.heads._settings import TasksConfig
    from mmviz.heads.base import Tasks
    from mmviz.recommender import ItemLoader, Recommender
    from mmviz.training import Steps, TrainingConfig

__all__ = ["STOPPING", "Tuning", "Workshop", "assembled", "check_tuning", "tasks_of"]

STOPPING = SELECTION
"""What training is stopped by, on validation: what settings are chosen by too."""


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

    seed: int
    material: Material
    report: Report
    watch: Watch | None = None

    def rounds(
        self,
        model: Recommender,
        loader: ItemLoader,
        config: TrainingConfig,
        said: str,
        kind: Callable[..., Steps] | None,
    ) -> list[dict[str, Any]]:
        """Train in place; one record a round."""
        from mmviz.training import train

        history = []
        for event in train(model, loader, self.material.train, self.validate, config, self.seed, kind):
            history.append(dataclasses.asdict(event))
            note = f"validation NDCG@10 {event.validation:.4f}{' (best)' if event.best else ''} {event.note}".rstrip()
            self.report(Progress(f"Training {said}", event.number, event.of, note))
            if self.watch is not None:
                self.watch(event.number, event.validation)
        return history

    def validate(self, ranker: Ranker) -> float:
        """NDCG@10 on validation."""
        return validated(ranker, self.material.train, self.material.valid, self.material.candidates)

    def fine_tune(
        self,
        model: Recommender,
        loader: ItemLoader,
        config: TrainingConfig,
        tuning: FineTuneConfig,
        beside: Beside | None,
    ) -> Tuning:
        """Train on with the encoders' last layers taking part; the model then stands on the features they give.

        Raises TrainingError without `beside`, which has the catalogue and the encoder.
        """
        from mmviz.finetuning import FineTune, Tower, tuned_arrays

        if beside is None:
            raise TrainingError("Fine-tuning needs the catalogue and the encoder, which a search is not handed.")
        features = self.material.features
        before = {f"{STOPPING} before fine-tuning": self.validate(model.ranker(loader, model.all_content(loader)))}
        tower = Tower.build(beside.catalogue, beside.encoder(), features, tuning.finetune, self.report)
        model.tower = tower.to(loader.device)
        rounds = dataclasses.replace(config, rounds=tuning.finetune_rounds, patience=tuning.finetune_rounds)
        said = f"{type(model.fusion).title} with the encoders' last layers"
        history = self.rounds(model, loader, rounds, said, partial(FineTune, tuning=tuning))
        weights, arrays = tower.tail.weights(), tuned_arrays(tower, features)
        model.tower = None
        return Tuning(before, weights, arrays, tuned_features(features, arrays, features.encoder, weights), history)


def assembled(
    strategy: str, configs: Mapping[str, Any], material: Material, device: torch.device
) -> tuple[Recommender, ItemLoader, InteractionModel]:
    """A network with fresh weights, still on the CPU, what feeds it on the device, and its interaction model.

    `configs` has the config of each part: "fusion", "interaction", "recommender".
    """
    from mmviz import fusion as fusions
    from mmviz.recommender import ItemLoader, Recommender, shapes_of

    name, kind = interaction.parts(strategy)
    popularity = np.asarray(material.train.sum(axis=0)).ravel()  # (I,)
    fusion = fusions.strategy(name)(shapes_of(material.features), configs["fusion"])
    loader = ItemLoader(material.features, fusion.names, fusion.level, device)
    loader.prepare(fusion, popularity > 0)
    under = interaction.model(kind)(configs["interaction"])
    spread = under.propagation(material, fusion.names, device)
    return Recommender(fusion, popularity > 0, popularity, configs["recommender"], spread), loader, under


def tasks_of(
    beside: Beside | None, config: TasksConfig, reads: tuple[str, ...], known: np.ndarray, dim: int
) -> Tasks | None:
    """The heads that are asked for. Raises TrainingError for one that cannot be learned here, in words.

    From the split of `beside` they take what to hold out from their own learning: items, or the validation ratings.
    """
    import torch

    from mmviz.heads import head
    from mmviz.heads._labels import problem_with
    from mmviz.heads._settings import named
    from mmviz.heads.base import Tasks, Taught

    wanted = named(config.tasks)
    if not wanted:
        return None
    if beside is None:
        raise TrainingError("Tasks need the catalogue, which a search is not handed. Search without tasks.")
    for name in wanted:
        if problem := problem_with(name, beside.catalogue, reads):
            raise TrainingError(f"The task '{name}' cannot be learned here. {problem} Train without it.")
    taught = Taught(beside.catalogue, beside.split, torch.from_numpy(known))
    return Tasks({name: head(name)(taught, dim) for name in wanted}, config.weighting)


def check_tuning(alone: bool, kind: str) -> None:
    """Raises TrainingError where fine-tuning is not offered."""
    if alone:
        raise TrainingError("Fine-tuning follows the recommendation loss. Train self-supervised without it.")
    if kind == "graph":
        raise TrainingError(
            "Under the graph, items are neighbours by the untouched encoder's features, which fine-tuning would "
            "change. Fine-tune under the two-tower model or collective EASE."
        )
