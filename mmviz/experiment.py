"""One training from start to finish: split in, run out. The test split is read once, at the very end."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz import baselines, twins, variants
from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.evaluate import evaluate
from mmviz.evaluation.ratings import RatingErrors, rating_metrics
from mmviz.evaluation.splits import Split
from mmviz.features import Features
from mmviz.features.tuned import tuned_name
from mmviz.fitting import Beside, Fit, Recipe, fit, no_encoder
from mmviz.interaction.base import Material
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker
from mmviz.runs import Run, new_run_id

if TYPE_CHECKING:
    from mmviz.encoders.base import Encoder
    from mmviz.workshop import Tuning

__all__ = ["Experiment", "Trained", "material_of", "run_experiment"]

KS = (10, 20)
TIMED = 15
"""People on whom the time to serve one is measured."""


@dataclass(frozen=True)
class Experiment:
    """Everything that fixes a training: the same experiment on the same machine gives the same numbers."""

    catalogue: Catalogue
    features: Features
    split: Split
    strategy: str
    seed: int = 0
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    device: str = "cpu"
    encoder: Callable[[], Encoder] = no_encoder
    """Gives the encoder of the features; asked for only where its last layers are trained."""

    @property
    def is_control(self) -> bool:
        """Whether it is a control: one without a fusion, or a twin."""
        named, twin = twins.parts(self.strategy)
        return bool(twin) or variants.parts(named)[0] in baselines.names()


@dataclass(frozen=True)
class Trained:
    """What came out: the record, test metrics and lists of each user, and the arrays to serve and restore the model."""

    run: Run
    per_user: pd.DataFrame
    lists: np.ndarray
    ranker: Ranker
    model: dict[str, np.ndarray] | None
    tuning: Tuning | None = None


def run_experiment(experiment: Experiment, report: Report, search: Mapping[str, Any] | None = None) -> Trained:
    """Train by validation alone, then open the test split once and record when.

    Training is handed a `Material`, which holds nothing of the test split: neither the catalogue nor the split itself
    is within its reach, but for tasks and fine-tuning, which are handed `Beside` where they are asked for. `search` is
    what a hyper-parameter search before it found, to be kept with the run. Raises UnknownNameError for an unknown
    strategy or setting, TrainingError when there is nothing to learn from.
    """
    catalogue, split = experiment.catalogue, experiment.split
    material = material_of(catalogue, split, experiment.features)
    recipe = Recipe(experiment.strategy, experiment.seed, experiment.settings, experiment.device)
    started = time.perf_counter()
    fitted = fit(recipe, material, report, beside=_beside(experiment))
    seconds = time.perf_counter() - started
    if search is not None:
        fitted = dataclasses.replace(fitted, settings={**fitted.settings, "search": dict(search)})
    report(Progress("Opening the test split", note=split.name))
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    result = evaluate(fitted.ranker, catalogue, split, part="test", ks=KS)
    rated = rating_metrics(fitted.ranker, catalogue, split, result.users)
    values = result.values | (rated.per_user if rated else {})
    run = Run(
        **_what(experiment, fitted),
        metrics=result.mean() | (_rating_means(rated) if rated else {}),
        n_users=len(result.users),
        seconds=seconds,
        test_opened=opened,
        learned=_learned(material, catalogue.matrix(split.test)),
        ms_user=_milliseconds(fitted.ranker, material.train, result.users),
    )
    per_user = pd.DataFrame({"user": result.users, **values})
    return Trained(run, per_user, result.top, fitted.ranker, fitted.model, fitted.tuning)


def _beside(experiment: Experiment) -> Beside | None:
    """What only tasks and fine-tuning are handed; None where neither is asked for."""
    if not experiment.settings.get("tasks") and not experiment.settings.get("finetune"):
        return None
    return Beside(experiment.catalogue, experiment.split.sealed(), experiment.encoder)


def material_of(catalogue: Catalogue, split: Split, features: Features) -> Material:
    """What anything may learn from on a split: train and validation, never the test part."""
    return Material(catalogue.matrix(split.train), catalogue.matrix(split.valid), split.valid_candidates, features)


def _what(experiment: Experiment, fitted: Fit) -> dict[str, Any]:
    """The part of a record that does not depend on the test split."""
    strategy, split = experiment.strategy, experiment.split
    packages = ("mmviz", "torch", "numpy", "scipy")
    run_id, encoder = new_run_id(strategy, split.name, experiment.seed), experiment.features.encoder
    features = fitted.tuning.features if fitted.tuning else experiment.features
    return {
        "run_id": run_id,
        "strategy": strategy,
        "kind": "control" if experiment.is_control else "fusion",
        "catalogue": experiment.catalogue.name,
        "encoder": tuned_name(encoder, run_id) if fitted.tuning else encoder,
        "split": split.name,
        "seed": experiment.seed,
        "settings": fitted.settings,
        "fingerprints": {
            "catalogue": experiment.catalogue.fingerprint,
            "features": features.fingerprint,
            "split": split.fingerprint,
        },
        "validation": fitted.validation,
        "modalities": fitted.ranker.modalities,
        "parameters": fitted.parameters,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": experiment.device,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "history": fitted.history,
        "tasks": fitted.tasks,
    }


def _rating_means(rated: RatingErrors) -> dict[str, float]:
    """The mean over people who rated, and the same pooled over all ratings."""
    means = {name: float(np.nanmean(values)) for name, values in rated.per_user.items()}
    return means | {f"{name}_pooled": value for name, value in rated.pooled.items()}


def _learned(material: Material, test: csr_array) -> dict[str, int]:
    """How many pairs training was handed, and how many of them are test pairs (U, I), which must be none."""
    pairs = (material.train + material.valid) > 0  # (U, I)
    return {"pairs": int(pairs.nnz), "test_pairs": int(pairs.multiply(test > 0).nnz)}


def _milliseconds(ranker: Ranker, history: csr_array, users: np.ndarray) -> float:
    """Median time in ms to score all items for one of the first few users (n,), one at a time."""
    times = []
    for user in users[:TIMED]:
        started = time.perf_counter()
        ranker.score(history[[user]])
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))
