"""A recipe and a material become a fit: training by validation alone, out of reach of the test split."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmviz import baselines, interaction, twins, variants
from mmviz.catalogue.base import Catalogue
from mmviz.devices import torch_device
from mmviz.errors import TrainingError, UnknownNameError
from mmviz.evaluation.splits import Split
from mmviz.interaction.base import Material
from mmviz.progress import Report
from mmviz.ranker import Ranker
from mmviz.workshop import STOPPING

if TYPE_CHECKING:
    from mmviz.encoders.base import Encoder
    from mmviz.workshop import Tuning

__all__ = ["Beside", "Fit", "Recipe", "Watch", "fit", "make_config", "no_encoder"]


def no_encoder() -> Encoder:
    """In place of an encoder where none was handed over. Raises TrainingError."""
    raise TrainingError(
        "Fine-tuning needs the encoder itself. Train through the lab, or give the experiment `encoder`."
    )


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

    Tasks take labels and ratings from the catalogue, and from the split, whose test part is sealed, which items to hold
    out from their learning and which ratings to be judged on; fine-tuning takes pictures, texts and the encoder.
    """

    catalogue: Catalogue
    split: Split
    encoder: Callable[[], Encoder] = no_encoder


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


def _fit_fusion(recipe: Recipe, material: Material, report: Report, watch: Watch | None, beside: Beside | None) -> Fit:
    import torch

    from mmviz.heads._settings import SELF_SUPERVISED
    from mmviz.recommender import ItemLoader
    from mmviz.selfsupervised import Contrast
    from mmviz.workshop import Workshop, assembled, check_tuning, tasks_of

    alone = recipe.settings.get("objective") == SELF_SUPERVISED
    configs = _configs(recipe, {"collaborative": False} if alone else {})
    tune = configs["finetuning"].finetune > 0
    if tune:
        check_tuning(alone, interaction.parts(recipe.strategy)[1])
    torch.manual_seed(recipe.seed)
    device = torch_device(recipe.device)  # type: ignore[arg-type]
    model, loader, under = assembled(recipe.strategy, configs, material, device)
    fusion, known = model.fusion, model.known.bool().numpy()  # (I,)
    model.tasks = tasks_of(beside, configs["tasks"], fusion.names, known, fusion.config.dim)
    model = model.to(device)
    shop = Workshop(recipe.seed, material, report, watch)
    history = shop.rounds(model, loader, configs["training"], fusion.title, Contrast if alone else None)
    tuning = shop.fine_tune(model, loader, configs["training"], configs["finetuning"], beside) if tune else None
    if tuning is not None:
        loader = ItemLoader(tuning.features, fusion.names, fusion.level, device)
        history += tuning.history
    finished = under.finish(model.ranker(loader), material, report)
    learned = {} if model.tasks is None else model.tasks.measure(model.all_content(loader))
    return Fit(
        finished.ranker,
        {name: t.detach().cpu().numpy() for name, t in model.state_dict().items()},
        {part: dataclasses.asdict(config) for part, config in configs.items()} | finished.settings,
        {STOPPING: shop.validate(finished.ranker), **(tuning.before if tuning else {})},
        tuple(history),
        sum(p.numel() for p in model.parameters() if p.requires_grad)
        + finished.parameters
        + (sum(w.size for w in tuning.weights.values()) if tuning else 0),
        {name: dataclasses.asdict(result) for name, result in learned.items()},
        tuning,
    )


def _configs(recipe: Recipe, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The configs of a fusion's training by part, from the settings that are given and those that are `fixed`."""
    from mmviz.finetuning import FineTuneConfig
    from mmviz.fusion import strategy
    from mmviz.heads._settings import TasksConfig
    from mmviz.recommender import RecommenderConfig
    from mmviz.training import TrainingConfig

    name, kind = interaction.parts(recipe.strategy)
    classes = {
        "fusion": strategy(name).Config,
        "interaction": interaction.model(kind).Config,
        "recommender": RecommenderConfig,
        "training": TrainingConfig,
        "tasks": TasksConfig,
        "finetuning": FineTuneConfig,
    }
    _check_settings(recipe.settings, *classes.values())
    return {part: make_config(cls, {**recipe.settings, **fixed}) for part, cls in classes.items()}


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
