"""A search for the settings of a strategy, by validation alone.

The search is handed a `Material`: train and validation pairs, and features. Neither the catalogue, nor the split, nor
any test pair is within its reach, so that it cannot choose by the test part even by mistake; `tests/test_tuning.py`
walks over everything that it can reach.

Trials are proposed by a tree-structured Parzen estimator (Bergstra et al., Algorithms for hyper-parameter optimization,
NeurIPS 2011) and, for fusions, stopped early where they fall behind the median of earlier ones (Golovin et al., Google
Vizier, KDD 2017). The first trial is always the settings as they are, so that a search never ends below them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from mmviz import baselines, interaction, twins, variants
from mmviz.errors import TrainingError
from mmviz.fitting import Recipe, fit
from mmviz.interaction.base import Material
from mmviz.progress import Progress, Report
from mmviz.workshop import STOPPING

if TYPE_CHECKING:
    import optuna

__all__ = ["Range", "Search", "search", "space"]

SEARCHED = ("learning_rate", "decay", "factor_decay", "modality_dropout", "content_weight", "factors")
"""Settings of the loop and of the scoring rule that are worth a search; those of the fusion itself all are."""

REACH = 4.0
"""How far from its default a setting is tried, as a factor, where it has no natural end."""


class Range(NamedTuple):
    """The values of one setting: `choices`, or all from `low` to `high`."""

    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False


class Search(NamedTuple):
    """The best settings with their validation, and every trial in order; a trial that was stopped early says so."""

    best: dict[str, Any]
    score: float
    trials: tuple[dict[str, Any], ...]


def space(strategy: str) -> dict[str, Range]:
    """What is searched for a strategy: the grid of a control, or the settings of a fusion around their defaults."""
    plain = _plain(strategy)
    if plain in baselines.names():
        return {name: Range(tuple(values)) for name, values in baselines.strategy(plain).grid.items()}
    from mmviz import fusion
    from mmviz.recommender import RecommenderConfig
    from mmviz.training import TrainingConfig

    name, kind = interaction.parts(plain)
    own = (fusion.strategy(name).Config, interaction.model(kind).Config)
    fields = [spec for cls in own for spec in dataclasses.fields(cls)]
    shared = [s for cls in (RecommenderConfig, TrainingConfig) for s in dataclasses.fields(cls) if s.name in SEARCHED]
    found = {spec.name: _range(spec) for spec in (*fields, *shared)}
    return {name: each for name, each in found.items() if each is not None}


def search(
    recipe: Recipe, material: Material, trials: int, report: Report, fixed: Mapping[str, Any] | None = None
) -> Search:
    """Try settings and return the best by validation; settings in `fixed` stay as they are.

    Raises TrainingError where there is nothing to search, or when no trial could be trained.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    given = dict(fixed or {})
    ranges = {name: each for name, each in space(recipe.strategy).items() if name not in given}
    if not ranges:
        raise TrainingError(f"'{recipe.strategy}' has no settings to search. Train it as it is.")
    sampler = optuna.samplers.TPESampler(seed=recipe.seed, n_startup_trials=max(4, trials // 4))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=4)
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    study.enqueue_trial(_defaults(recipe.strategy, ranges))
    objective = _objective(recipe, material, ranges, given, trials, report)
    study.optimize(objective, n_trials=trials, catch=(TrainingError,))
    done = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    if not done:
        raise TrainingError(f"None of {trials} trials of '{recipe.strategy}' could be trained. Train it as it is.")
    return Search({**given, **study.best_params}, study.best_value, tuple(_trial(trial) for trial in study.trials))


def _objective(
    recipe: Recipe, material: Material, ranges: Mapping[str, Range], given: dict[str, Any], trials: int, report: Report
) -> Callable[[optuna.Trial], float]:
    import optuna

    def objective(trial: optuna.Trial) -> float:
        settings = {**given, **{name: _suggested(trial, name, each) for name, each in ranges.items()}}

        def watch(number: int, validation: float) -> None:
            trial.report(validation, number)
            if trial.should_prune():
                raise optuna.TrialPruned

        def step(progress: Progress) -> None:
            stage = f"Trial {trial.number + 1} of {trials}: {progress.stage}"
            report(Progress(stage, progress.done, progress.total, progress.note))

        tried = dataclasses.replace(recipe, settings=settings)
        return fit(tried, material, step, watch).validation[STOPPING]

    return objective


def _plain(strategy: str) -> str:
    """The name without twin or extras, which share the settings of the plain strategy."""
    return variants.parts(twins.parts(strategy)[0])[0]


def _suggested(trial: optuna.Trial, name: str, each: Range) -> Any:
    if each.choices:
        return trial.suggest_categorical(name, each.choices)
    if each.whole:
        return trial.suggest_int(name, int(each.low), int(each.high), log=each.log)
    return trial.suggest_float(name, each.low, each.high, log=each.log)


def _range(spec: dataclasses.Field[Any]) -> Range | None:
    """From a setting's bounds and default; None for one without bounds that is neither a switch."""
    low, high, default = spec.metadata.get("low"), spec.metadata.get("high"), spec.default
    if isinstance(default, bool):
        return Range((True, False))
    if low is None or high is None or not isinstance(default, int | float):
        return None
    if high <= 1.0 and low == 0.0 and default >= 0.05:  # a share
        return Range(low=float(low), high=float(high))
    if default <= 0:
        return None
    whole = isinstance(default, int)
    return Range(low=max(low, default / REACH), high=min(high, default * REACH), log=True, whole=whole)


def _defaults(strategy: str, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """The settings as they are, for the first trial."""
    plain = _plain(strategy)
    if plain in baselines.names():
        configs: list[type[Any]] = [baselines.strategy(plain).Config]
    else:
        from mmviz import fusion
        from mmviz.recommender import RecommenderConfig
        from mmviz.training import TrainingConfig

        name, kind = interaction.parts(plain)
        configs = [fusion.strategy(name).Config, interaction.model(kind).Config, RecommenderConfig, TrainingConfig]
    values = {spec.name: spec.default for cls in configs for spec in dataclasses.fields(cls)}
    known = {name: values[name] for name in ranges}
    return {n: v for n, v in known.items() if not ranges[n].choices or v in ranges[n].choices}


def _trial(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    reached = trial.value if trial.state.name == "COMPLETE" else None
    return {**trial.params, "validation": reached, "ended": trial.state.name.lower()}
