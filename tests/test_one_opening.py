"""The test part of a split is opened once a run, at its end; nothing else evaluates a model on it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from mmviz import experiment
from mmviz.evaluation.splits import Split
from mmviz.lab import Lab
from mmviz.progress import Progress
from mmviz.views.explanations import Question
from tests.conftest import FAST

LOOKS_UP = {
    "mmviz.evaluation.splits",  # how much is in it, and its fingerprint
    "mmviz.evaluation.ceiling",  # an oracle of a simulated catalogue, which learned nothing
    "mmviz.evaluation.slices",  # which items have something in it
    "mmviz.leaderboard",  # what of a recorded list was right, for slices
    "mmviz.boards",  # what one person took, to mark it in their own lists
    "mmviz.people",  # how many a person took
}
"""Who may look into the test part without an opening; none of them hands it to a model of a run."""


@dataclass
class Guard:
    """Whoever reads `Split.test`, in order: the module and function of the caller."""

    reads: list[tuple[str, str]] = field(default_factory=list)

    @property
    def modules(self) -> set[str]:
        return {module for module, _ in self.reads}


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guard]:
    """Every read of a split's test rows is written down, of splits that were made before too."""
    seen = Guard()

    def read(split: Split) -> np.ndarray:
        caller = sys._getframe(1)
        if caller.f_code.co_name == "rows":  # Split.rows(part) reads for whoever asked it
            caller = caller.f_back or caller
        seen.reads.append((caller.f_globals["__name__"], caller.f_code.co_name))
        return split.__dict__["test"]

    def write(split: Split, rows: np.ndarray) -> None:
        split.__dict__["test"] = rows

    monkeypatch.setattr(Split, "test", property(read, write), raising=False)
    yield seen


@pytest.mark.parametrize("strategy", ["concat", "concat@collective", "concat+rating", "concat.noise", "ease", "bpr"])
def test_a_run_opens_it_once_and_only_at_its_end(lab: Lab, guard: Guard, strategy: str, monkeypatch: Any) -> None:
    lab._split(lab.catalogue("shop"), None)
    guard.reads.clear()
    opened: list[str] = []
    real = experiment.evaluate

    def evaluated(ranker: Any, catalogue: Any, split: Any, part: str, **rest: Any) -> Any:
        opened.append(part)
        return real(ranker, catalogue, split, part=part, **rest)

    monkeypatch.setattr(experiment, "evaluate", evaluated)

    def told(step: Progress) -> None:
        if not step.stage.startswith("Opening the test split"):
            assert guard.reads == [], f"read while '{step.stage}'"

    fast = {name: FAST[name] for name in ("rounds", "steps", "patience", "dim")} if "concat" in strategy else None
    card = lab.train("shop", strategy, settings=fast, report=told)
    assert opened == ["test"]
    assert guard.modules <= {"mmviz.evaluation.evaluate", "mmviz.evaluation.ratings", "mmviz.experiment"}
    assert lab.run(card.run_id).test_opened


def test_a_search_opens_it_once_for_the_run_at_its_end(lab: Lab, guard: Guard) -> None:
    lab._split(lab.catalogue("shop"), None)
    guard.reads.clear()
    lab.tune("shop", "ease", trials=3)
    assert [name for _, name in guard.reads].count("_matrices") == 1


def test_no_verb_on_trained_models_opens_it_again(lab: Lab, guard: Guard) -> None:
    """Damage, cold start, newcomers, the board, spaces and the report all leave it closed."""
    found = lab.catalogue("shop")
    names = ["concat", "attention", "popularity", "ease"]
    lab.train("shop", "popularity", "cold-items")
    for split in (None, "cold-items"):
        lab._split(found, split)
    guard.reads.clear()
    lab.measure_knock_outs("shop", ["image-absent", "image-noise", "text-shuffled", "text-struck"])
    lab.measure_cold("shop", "people")
    lab.cold_curves("shop", "items", split="cold-items")
    lab.newcomer("shop", None, "A mug of oak", ["concat"])
    for group in ("accuracy", "ratings", "beyond", "cost"):
        lab.leaderboard("shop", group=group)
    lab.pairs("shop", names)
    lab.side_by_side("shop", "concat", "ease")
    lab.evaluate("shop")
    lab.learned("shop")
    lab.measure_spaces("shop", ["image", "joint", "concat"])
    lab.close_gap("shop")
    assert guard.reads == []
    lab.write_report("shop")
    assert guard.modules <= {"mmviz.evaluation.splits"}  # the report says how much is held out


def test_whoever_looks_into_it_is_on_the_list(lab: Lab, guard: Guard) -> None:
    found = lab.catalogue("shop")
    user = str(found.user_ids[3])
    lab.slices("shop", ["concat", "ease"])
    lab.recommend("shop", ["concat", "ease"], user)
    lab.people("shop")
    lab.history("shop", user)
    lab.splits("shop")
    lab.explain(Question("shop", ("concat",), str(found.items["item_id"].iat[5]), user_id=user))
    lab.grade_sample("shop", ["concat"], n=2)
    assert guard.modules <= LOOKS_UP
    assert {"mmviz.boards", "mmviz.leaderboard"} <= guard.modules  # the guard does see them


def test_what_tasks_are_handed_has_no_test_part(lab: Lab) -> None:
    found = lab.catalogue("shop")
    split = lab._split(found, None)
    made = experiment.Experiment(found, lab.features("shop"), split, "concat+rating", settings={"tasks": "rating"})
    beside = experiment._beside(made)
    assert beside is not None
    assert len(beside.split.test) == 0 < len(split.test)
    assert beside.split.fingerprint == split.fingerprint
