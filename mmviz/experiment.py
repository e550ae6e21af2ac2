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

from mmviz import baselines, interaction, variants
from mmviz.catalogue.base import Catalogue
from mmviz.devices import torch_device
from mmviz.errors import TrainingError, UnknownNameError
from mmviz.evaluation.evaluate import evaluate
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

__all__ = ["Experiment", "Trained", "make_config", "material_of", "run_experiment"]

KS = (10, 20)


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
    def plain(self) -> str:
        """The strategy's name without extras."""
        return variants.parts(self.strategy)[0]

    @property
    def is_control(self) -> bool:
        return self.plain in baselines.names()


@dataclass(frozen=True)
class Trained:
    """What came out: the record, test metrics of each user, and the arrays to serve and to restore the model."""

    run: Run
    per_user: pd.DataFrame
    ranker: Ranker
    model: dict[str, np.ndarray] | None
    tuning: Tuning | None = None


@dataclass(frozen=True)
class _Fit:
    """What either kind of training hands back before the test split is opened."""

    ranker: Ranker
    model: dict[str, np.ndarray] | None
    settings: dict[str, dict[str, Any]]
    validation: dict[str, float]
    history: tuple[dict[str, Any], ...]
    parameters: int
    tasks: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    tuning: Tuning | None = None


def run_experiment(experiment: Experiment, report: Report) -> Trained:
    """Train by validation alone, then open the test split once and record when.

    Raises UnknownNameError for an unknown strategy or setting, TrainingError when there is nothing to learn from.
    """
    started = time.perf_counter()
    fit = _fit_control if experiment.is_control else _fit_fusion
    fitted = fit(experiment, report)
    seconds = time.perf_counter() - started
    report(Progress("Opening the test split", note=experiment.split.name))
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    result = evaluate(fitted.ranker, experiment.catalogue, experiment.split, part="test", ks=KS)
    run = _record(experiment, fitted, seconds, opened, result.mean(), len(result.users))
    per_user = pd.DataFrame({"user": result.users, **result.values})
    return Trained(run, per_user, fitted.ranker, fitted.model, fitted.tuning)


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


def _fit_fusion(experiment: Experiment, report: Report) -> _Fit:
    import torch

    from mmviz.finetuning import FineTuneConfig
    from mmviz.fitting import Workshop, check_tuning, tasks_of
    from mmviz.fusion import strategy
    from mmviz.heads._settings import SELF_SUPERVISED, TasksConfig
    from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
    from mmviz.selfsupervised import Contrast
    from mmviz.training import TrainingConfig

    name, kind = interaction.parts(experiment.strategy)
    cls, axis = strategy(name), interaction.model(kind)
    classes = (cls.Config, axis.Config, RecommenderConfig, TrainingConfig, TasksConfig, FineTuneConfig)
    _check_settings(experiment.settings, *classes)
    alone = experiment.settings.get("objective") == SELF_SUPERVISED
    wanted = {**experiment.settings, "collaborative": False} if alone else experiment.settings
    configs = [make_config(c, wanted) for c in classes]
    if configs[5].finetune:
        check_tuning(alone, kind)
    torch.manual_seed(experiment.seed)
    device = torch_device(experiment.device)  # type: ignore[arg-type]
    material = material_of(experiment.catalogue, experiment.split, experiment.features)
    popularity = np.asarray(material.train.sum(axis=0)).ravel()  # (I,)
    fusion = cls(shapes_of(experiment.features), configs[0])
    loader = ItemLoader(experiment.features, fusion.names, cls.level, device)
    loader.prepare(fusion, popularity > 0)
    under = axis(configs[1])
    spread = under.propagation(material, fusion.names, device)
    model = Recommender(fusion, popularity > 0, popularity, configs[2], spread)
    model.tasks = tasks_of(experiment, configs[4], fusion.names, popularity > 0, configs[0].dim)
    model = model.to(device)
    shop = Workshop(experiment, material, report)
    history = shop.rounds(model, loader, configs[3], cls.title, Contrast if alone else None)
    tuning = shop.fine_tune(model, loader, configs[3], configs[5]) if configs[5].finetune else None
    if tuning is not None:
        loader = ItemLoader(tuning.features, fusion.names, cls.level, device)
        history += tuning.history
    finished = under.finish(model.ranker(loader), material, report)
    learned = {} if model.tasks is None else model.tasks.measure(model.all_content(loader))
    parts = ("fusion", "interaction", "recommender", "training", "tasks", "finetuning")
    return _Fit(
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


def _fit_control(experiment: Experiment, report: Report) -> _Fit:
    """Solve a control at the settings that validation chooses; those that are given stay as they are."""
    cls, material = (
        baselines.strategy(experiment.plain),
        material_of(experiment.catalogue, experiment.split, experiment.features),
    )
    best = cls.fit_best(
        material.train,
        material.valid,
        material.features,
        candidates=material.candidates,
        settings=experiment.settings,
        report=report,
    )
    settings = {"control": dataclasses.asdict(best.model.config)}
    trials = tuple({**trial.settings, "validation": trial.score} for trial in best.trials)
    return _Fit(best.model, None, settings, {STOPPING: best.score}, trials, best.model.parameters)


def _record(
    experiment: Experiment, fitted: _Fit, seconds: float, opened: str, metrics: dict[str, float], n_users: int
) -> Run:
    packages = ("mmviz", "torch", "numpy", "scipy")
    run_id = new_run_id(experiment.strategy, experiment.split.name, experiment.seed)
    encoder = experiment.features.encoder
    features = fitted.tuning.features if fitted.tuning else experiment.features
    return Run(
        run_id=run_id,
        strategy=experiment.strategy,
        kind="control" if experiment.is_control else "fusion",
        catalogue=experiment.catalogue.name,
        encoder=tuned_name(encoder, run_id) if fitted.tuning else encoder,
        split=experiment.split.name,
        seed=experiment.seed,
        settings=fitted.settings,
        fingerprints={
            "catalogue": experiment.catalogue.fingerprint,
            "features": features.fingerprint,
            "split": experiment.split.fingerprint,
        },
        validation=fitted.validation,
        metrics=metrics,
        n_users=n_users,
        modalities=fitted.ranker.modalities,
        parameters=fitted.parameters,
        seconds=seconds,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        test_opened=opened,
        device=experiment.device,
        versions={"python": platform.python_version(), **{name: version(name) for name in packages}},
        history=fitted.history,
        tasks=fitted.tasks,
    )
