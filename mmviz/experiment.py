"""One training from start to finish: split in, run out. The test split is read once, at the very end."""

from __future__ import annotations

import dataclasses
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz import baselines, interaction, twins
from mmviz.catalogue.base import Catalogue
from mmviz.devices import torch_device
from mmviz.errors import TrainingError, UnknownNameError
from mmviz.evaluation.evaluate import evaluate, evaluate_matrices
from mmviz.evaluation.ratings import RatingErrors, rating_metrics
from mmviz.evaluation.splits import Split
from mmviz.features import Features
from mmviz.interaction.base import Material
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker
from mmviz.runs import Run, new_run_id

__all__ = ["Experiment", "Fit", "Recipe", "Trained", "fit", "make_config", "material_of", "run_experiment"]

KS = (10, 20)
STOPPING = "ndcg@10"
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


@dataclass(frozen=True)
class Trained:
    """What came out: the record, test metrics and lists of each user, and the arrays to serve and restore the model."""

    run: Run
    per_user: pd.DataFrame
    lists: np.ndarray
    ranker: Ranker
    model: dict[str, np.ndarray] | None


@dataclass(frozen=True)
class Recipe:
    """What to fit and how; with a `Material` it fixes the outcome."""

    strategy: str
    seed: int = 0
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    device: str = "cpu"


@dataclass(frozen=True)
class Fit:
    """What either kind of training hands back before the test split is opened."""

    ranker: Ranker
    model: dict[str, np.ndarray] | None
    settings: dict[str, dict[str, Any]]
    validation: dict[str, float]
    history: tuple[dict[str, Any], ...]
    parameters: int


Watch = Callable[[int, float], None]
"""Told the round and its validation while a fusion trains; may raise to stop it."""


def run_experiment(experiment: Experiment, report: Report, search: Mapping[str, Any] | None = None) -> Trained:
    """Train by validation alone, then open the test split once and record when.

    Training is handed a `Material`, which holds nothing of the test split: neither the catalogue nor the split itself
    is within its reach. `search` is what a hyper-parameter search before it found, to be kept with the run. Raises
    UnknownNameError for an unknown strategy or setting, TrainingError when there is nothing to learn from.
    """
    catalogue, split = experiment.catalogue, experiment.split
    material = material_of(catalogue, split, experiment.features)
    recipe = Recipe(experiment.strategy, experiment.seed, experiment.settings, experiment.device)
    started = time.perf_counter()
    fitted = fit(recipe, material, report)
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
    return Trained(run, pd.DataFrame({"user": result.users, **values}), result.top, fitted.ranker, fitted.model)


def fit(recipe: Recipe, material: Material, report: Report, watch: Watch | None = None) -> Fit:
    """Train a strategy on what it may learn from, by validation alone."""
    plain, twin = twins.parts(recipe.strategy)
    if twin:
        material = dataclasses.replace(material, features=twins.twin(material.features, twin, recipe.seed))
    if plain in baselines.names():
        return _fit_control(recipe, material, report)
    return _fit_fusion(dataclasses.replace(recipe, strategy=plain), material, report, watch)


def make_config(cls: type[Any], settings: Mapping[str, Any]) -> Any:
    """A config of `cls` from the settings that are fields of it. Raises TrainingError for a value out of bounds."""
    own = {f.name for f in dataclasses.fields(cls)}
    try:
        return cls(**{name: value for name, value in settings.items() if name in own})
    except (TypeError, ValueError) as error:
        raise TrainingError(f"{cls.__name__} does not take these settings: {error}") from None


def _check_settings(settings: Mapping[str, Any], *configs: type[Any]) -> None:
    known = {f.name for cls in configs for f in dataclasses.fields(cls)}
    for name in settings:
        if name not in known:
            raise UnknownNameError("setting", name, known)


def _fit_fusion(recipe: Recipe, material: Material, report: Report, watch: Watch | None) -> Fit:
    import torch

    from mmviz.fusion import strategy
    from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
    from mmviz.training import TrainingConfig, train

    name, kind = interaction.parts(recipe.strategy)
    cls, axis = strategy(name), interaction.model(kind)
    classes = (cls.Config, axis.Config, RecommenderConfig, TrainingConfig)
    _check_settings(recipe.settings, *classes)
    configs = [make_config(c, recipe.settings) for c in classes]
    torch.manual_seed(recipe.seed)
    device = torch_device(recipe.device)  # type: ignore[arg-type]
    popularity = np.asarray(material.train.sum(axis=0)).ravel()  # (I,)
    fusion = cls(shapes_of(material.features), configs[0])
    loader = ItemLoader(material.features, fusion.names, cls.level, device)
    loader.prepare(fusion, popularity > 0)
    under = axis(configs[1])
    spread = under.propagation(material, fusion.names, device)
    model = Recommender(fusion, popularity > 0, popularity, configs[2], spread).to(device)

    def validate(ranker: Ranker) -> float:
        found = evaluate_matrices(ranker, material.train, material.valid, None, material.candidates, (10,))
        return found.mean()[STOPPING]

    history = []
    for event in train(model, loader, material.train, validate, configs[3], recipe.seed):
        history.append(dataclasses.asdict(event))
        note = f"validation NDCG@10 {event.validation:.4f}{' (best)' if event.best else ''} {event.note}".rstrip()
        report(Progress(f"Training {cls.title}", event.number, event.of, note))
        if watch is not None:
            watch(event.number, event.validation)
    finished = under.finish(model.ranker(loader), material, report)
    best = max(h["validation"] for h in history) if finished.validation is None else finished.validation
    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad) + finished.parameters
    arrays = {name: t.detach().cpu().numpy() for name, t in model.state_dict().items()}
    parts = ("fusion", "interaction", "recommender", "training")
    named = dict(zip(parts, map(dataclasses.asdict, configs), strict=True)) | finished.settings
    return Fit(finished.ranker, arrays, named, {STOPPING: best}, tuple(history), parameters)


def material_of(catalogue: Catalogue, split: Split, features: Features) -> Material:
    """What anything may learn from on a split: train and validation, never the test part."""
    return Material(catalogue.matrix(split.train), catalogue.matrix(split.valid), split.valid_candidates, features)


def _fit_control(recipe: Recipe, material: Material, report: Report) -> Fit:
    """Solve a control at the settings that validation chooses; those that are given stay as they are."""
    cls = baselines.strategy(recipe.strategy)
    drawn = {"seed": recipe.seed} if "seed" in {f.name for f in dataclasses.fields(cls.Config)} else {}
    best = cls.fit_best(
        material.train,
        material.valid,
        material.features,
        candidates=material.candidates,
        settings={**drawn, **recipe.settings},
        report=report,
    )
    settings = {"control": dataclasses.asdict(best.model.config)}
    trials = tuple({**trial.settings, "validation": trial.score} for trial in best.trials)
    return Fit(best.model, None, settings, {STOPPING: best.score}, trials, best.model.parameters)


def _what(experiment: Experiment, fitted: Fit) -> dict[str, Any]:
    """The part of a record that does not depend on the test split."""
    strategy, split = experiment.strategy, experiment.split
    packages = ("mmviz", "torch", "numpy", "scipy")
    return {
        "run_id": new_run_id(strategy, split.name, experiment.seed),
        "strategy": strategy,
        "kind": "control" if strategy in baselines.names() or twins.parts(strategy)[1] else "fusion",
        "catalogue": experiment.catalogue.name,
        "encoder": experiment.features.encoder,
        "split": split.name,
        "seed": experiment.seed,
        "settings": fitted.settings,
        "fingerprints": {
            "catalogue": experiment.catalogue.fingerprint,
            "features": experiment.features.fingerprint,
            "split": split.fingerprint,
        },
        "validation": fitted.validation,
        "modalities": fitted.ranker.modalities,
        "parameters": fitted.parameters,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "device": experiment.device,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "history": fitted.history,
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
