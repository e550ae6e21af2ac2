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

from mmviz import baselines, interaction, twins, variants
from mmviz.catalogue.base import Catalogue
from mmviz.devices import torch_device
from mmviz.errors import TrainingError, UnknownNameError
from mmviz.evaluation.evaluate import evaluate
from mmviz.evaluation.ratings import RatingErrors, rating_metrics
from mmviz.evaluation.splits import Split
from mmviz.features import Features
from mmviz.features.tuned import tuned_name
from mmviz.fitting import STOPPING
from mmviz.interaction.base import Material
from mmviz.progress import Progress, Report
from mmviz.ranker import Ranker
from mmviz.runs import Run, new_run_id

if TYPE_CHECKING:
    from mmviz.encoders.base import Encoder
    from mmviz.fitting import Tuning

__all__ = ["Beside", "Experiment", "Fit", "Recipe", "Trained", "fit", "make_config", "material_of", "run_experiment"]

KS = (10, 20)
TIMED = 15
"""People on whom the time to serve one is measured."""


def _no_encoder() -> Encoder:
    raise TrainingError(
        "Fine-tuning needs the encoder itself. Train through the lab, or give the experiment `encoder`."
    )


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
    encoder: Callable[[], Encoder] = _no_encoder
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


@dataclass(frozen=True)
class Recipe:
    """What to fit and how; with a `Material` it fixes the outcome."""

    strategy: str
    seed: int = 0
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    device: str = "cpu"


@dataclass(frozen=True)
class Beside:
    """What tasks and fine-tuning need beside a `Material`; nothing else is handed it.

    Tasks take labels and ratings from the catalogue, and from the split which items to hold out from their learning;
    fine-tuning takes pictures, texts and the encoder.
    """

    catalogue: Catalogue
    split: Split
    encoder: Callable[[], Encoder] = _no_encoder


@dataclass(frozen=True)
class Fit:
    """What either kind of training hands back before the test split is opened."""

    ranker: Ranker
    model: dict[str, np.ndarray] | None
    settings: dict[str, dict[str, Any]]
    validation: dict[str, float]
    history: tuple[dict[str, Any], ...]
    parameters: int
    tasks: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    tuning: Tuning | None = None


Watch = Callable[[int, float], None]
"""Told the round and its validation while a fusion trains; may raise to stop it."""


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


def fit(
    recipe: Recipe, material: Material, report: Report, watch: Watch | None = None, beside: Beside | None = None
) -> Fit:
    """Train a strategy on what it may learn from, by validation alone.

    Raises TrainingError for tasks or fine-tuning without `beside`, which they need.
    """
    named, twin = twins.parts(recipe.strategy)
    plain = variants.parts(named)[0]
    if twin:
        material = dataclasses.replace(material, features=twins.twin(material.features, twin, recipe.seed))
    if plain in baselines.names():
        return _fit_control(dataclasses.replace(recipe, strategy=plain), material, report)
    return _fit_fusion(dataclasses.replace(recipe, strategy=plain), material, report, watch, beside)


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


def _beside(experiment: Experiment) -> Beside | None:
    """What only tasks and fine-tuning are handed; None where neither is asked for."""
    if not experiment.settings.get("heads") and not experiment.settings.get("finetune"):
        return None
    return Beside(experiment.catalogue, experiment.split, experiment.encoder)


def _fit_fusion(recipe: Recipe, material: Material, report: Report, watch: Watch | None, beside: Beside | None) -> Fit:
    import torch

    from mmviz.finetuning import FineTuneConfig
    from mmviz.fitting import Workshop, check_tuning, tasks_of
    from mmviz.fusion import strategy
    from mmviz.heads._settings import SELF_SUPERVISED, TasksConfig
    from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
    from mmviz.selfsupervised import Contrast
    from mmviz.training import TrainingConfig

    name, kind = interaction.parts(recipe.strategy)
    cls, axis = strategy(name), interaction.model(kind)
    classes = (cls.Config, axis.Config, RecommenderConfig, TrainingConfig, TasksConfig, FineTuneConfig)
    _check_settings(recipe.settings, *classes)
    alone = recipe.settings.get("objective") == SELF_SUPERVISED
    wanted = {**recipe.settings, "collaborative": False} if alone else recipe.settings
    configs = [make_config(c, wanted) for c in classes]
    if configs[5].finetune:
        check_tuning(alone, kind)
    torch.manual_seed(recipe.seed)
    device = torch_device(recipe.device)  # type: ignore[arg-type]
    popularity = np.asarray(material.train.sum(axis=0)).ravel()  # (I,)
    fusion = cls(shapes_of(material.features), configs[0])
    loader = ItemLoader(material.features, fusion.names, cls.level, device)
    loader.prepare(fusion, popularity > 0)
    under = axis(configs[1])
    spread = under.propagation(material, fusion.names, device)
    model = Recommender(fusion, popularity > 0, popularity, configs[2], spread)
    model.tasks = tasks_of(beside, configs[4], fusion.names, popularity > 0, configs[0].dim)
    model = model.to(device)
    shop = Workshop(recipe.seed, material, report, watch)
    history = shop.rounds(model, loader, configs[3], cls.title, Contrast if alone else None)
    tuning = shop.fine_tune(model, loader, configs[3], configs[5], beside) if configs[5].finetune else None
    if tuning is not None:
        loader = ItemLoader(tuning.features, fusion.names, cls.level, device)
        history += tuning.history
    finished = under.finish(model.ranker(loader), material, report)
    learned = {} if model.tasks is None else model.tasks.measure(model.all_content(loader))
    parts = ("fusion", "interaction", "recommender", "training", "tasks", "finetuning")
    return Fit(
        finished.ranker,
        {name: t.detach().cpu().numpy() for name, t in model.state_dict().items()},
        dict(zip(parts, map(dataclasses.asdict, configs), strict=True)) | finished.settings,
        {STOPPING: shop.validate(finished.ranker), **(tuning.before if tuning else {})},
        tuple(history),
        sum(p.numel() for p in model.parameters() if p.requires_grad)
        + finished.parameters
        + (sum(w.size for w in tuning.weights.values()) if tuning else 0),
        {name: dataclasses.asdict(result) for name, result in learned.items()},
        tuning,
    )


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
