"""The search for settings: it gets better settings, and nothing of the test split is within its reach."""

from __future__ import annotations

import dataclasses
import gc
import types
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from mmviz import experiment as experiments
from mmviz import tuning
from mmviz.errors import TrainingError
from mmviz.experiment import material_of
from mmviz.fitting import Recipe
from mmviz.lab import Lab
from mmviz.progress import silent
from mmviz.tuning import space
from tests.conftest import FAST


def test_a_fusion_is_searched_around_its_defaults_and_a_control_over_its_grid() -> None:
    fusion = space("concat@graph")
    assert {"dim", "dropout", "learning_rate", "layers"} <= set(fusion)
    assert not {"rounds", "steps", "users", "seed"} & set(fusion)
    assert fusion["dim"].whole and fusion["dim"].log and (fusion["dim"].low, fusion["dim"].high) == (16, 256)
    assert (fusion["dropout"].low, fusion["dropout"].high) == (0.0, 0.8)
    assert space("ease")["l2"].choices == (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
    assert space("concat.noise") == space("concat")


def test_the_search_ends_with_a_run_that_keeps_every_trial(lab: Lab) -> None:
    found = lab.tune("shop", "concat", trials=3, settings=FAST)
    run = lab.run(found.run.run_id)
    kept = run.settings["search"]
    assert [trial["validation"] for trial in kept["trials"]] == [trial["validation"] for trial in found.trials]
    assert len(found.trials) == 3
    best = max(trial["validation"] for trial in found.trials if trial["validation"] is not None)
    assert run.validation["ndcg@10"] == pytest.approx(best)  # trained again at the best, with the same outcome
    assert found.best["rounds"] == FAST["rounds"]
    assert len([r for r in lab._runs.all() if r.strategy == "concat"]) == 2  # the trials are no runs: one opening


def test_a_control_is_searched_and_one_without_settings_refuses(lab: Lab) -> None:
    found = lab.tune("shop", "ease", trials=4)
    assert found.best["l2"] in space("ease")["l2"].choices
    with pytest.raises(TrainingError, match="no settings to search"):
        lab.tune("shop", "popularity", trials=2)


def test_additions_are_searched_but_for_those_that_need_more_than_a_search_is_handed(lab: Lab) -> None:
    assert space("concat+selfsupervised") == space("concat") == space("concat+attributes")
    found = lab.tune("shop", "concat+selfsupervised", trials=2, settings=FAST)
    assert found.run.strategy == "concat+selfsupervised"
    for name in ("concat+category", "concat+finetuned"):
        with pytest.raises(TrainingError, match="handed train and validation"):
            lab.start_tune("shop", [name])
        with pytest.raises(TrainingError, match="handed train and validation"):
            lab.tune("shop", name, trials=2)
    assert experiments._beside(_experiment(lab, {})) is None
    assert experiments._beside(_experiment(lab, {"tasks": "category"})) is not None


def _experiment(lab: Lab, settings: dict[str, Any]) -> experiments.Experiment:
    found = lab.catalogue("shop")
    return experiments.Experiment(found, lab.features("shop"), lab._split(found, None), "concat", 0, settings)


def _reachable(root: Any) -> list[Any]:
    """Everything that can be got at from an object, but for modules, classes and what is global."""
    seen: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, types.ModuleType | type | types.BuiltinFunctionType):
            continue
        seen[id(thing)] = thing
        if isinstance(thing, types.FunctionType):
            waiting += [cell.cell_contents for cell in thing.__closure__ or ()] + [thing.__defaults__]
        else:
            waiting += gc.get_referents(thing)
            if dataclasses.is_dataclass(thing):
                waiting += [getattr(thing, spec.name) for spec in dataclasses.fields(thing)]
    return list(seen.values())


def test_the_search_physically_cannot_see_the_test_split(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that training is handed in any trial leads to a test pair, to the catalogue, or to the split."""
    handed: list[tuple[Any, ...]] = []
    real = experiments.fit

    def spy(recipe: Any, material: Any, report: Any, watch: Any = None) -> Any:
        handed.append((recipe, material))
        return real(recipe, material, report, watch)

    monkeypatch.setattr(tuning, "fit", spy)
    found = lab.catalogue("shop")
    split = lab._split(found, None)
    material = material_of(found, split, lab.features("shop"))
    tuning.search(Recipe("ease", 0, {}, "cpu"), material, 2, silent)
    test = found.matrix(split.test) > 0
    assert test.nnz > 0 and handed
    for thing in _reachable(handed):
        assert not isinstance(thing, pd.DataFrame)
        assert thing is not found and thing is not split
        if isinstance(thing, csr_array) and thing.shape == test.shape:
            assert (thing > 0).multiply(test).nnz == 0
        if isinstance(thing, np.ndarray):
            assert thing is not split.test
