"""The catalogue's own columns as labels: which one, of which items, and which are held out. No torch.

Shape letters: I items, C classes or tags.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmviz import heads
from mmviz.catalogue.base import Catalogue, ColumnKind
from mmviz.errors import TrainingError
from mmviz.evaluation.significance import bootstrap_mean, paired_bootstrap
from mmviz.evaluation.splits import Split
from mmviz.views.tasks import TaskResult

__all__ = ["Labels", "judged", "labels_of", "problem_with", "what_it_learns"]

HELD_OUT = 0.1
MOST_CLASSES = 500
"""Classes at most; rarer ones count as "something else" that is never predicted."""


@dataclass(frozen=True)
class Labels:
    """A column as labels: its name, `classes` (C), `given` (I, C) bool, and the items to learn from and to judge by.

    A class is one that an item to learn from has. `learn`, `judge`: (I,) bool.
    """

    column: str
    classes: tuple[str, ...]
    given: np.ndarray
    learn: np.ndarray
    judge: np.ndarray


def what_it_learns(task: str, catalogue: Catalogue) -> str:
    """The column that a task predicts on a catalogue, "rating" for ratings; "" where there is none."""
    learns = heads.texts(task)["learns"]
    if learns == "rating":
        return "rating" if catalogue.has_ratings else ""
    fitting = [column.name for column in catalogue.columns if column.kind == learns]
    return task if task in fitting else next(iter(fitting), "")


def problem_with(task: str, catalogue: Catalogue, reads: tuple[str, ...] = ()) -> str:
    """Why a task cannot be learned on a catalogue by a model that `reads` these modalities; "" when it can."""
    learns, column = heads.texts(task)["learns"], what_it_learns(task, catalogue)
    if not column:
        return "It has no ratings." if learns == "rating" else f"None of its columns holds {_PLURAL[learns]}."
    if learns != "rating" and "attributes" in reads:
        return f"The model reads '{column}' among the attributes, so predicting it would only be copying it."
    return ""


_PLURAL = {"category": "categories", "tags": "tags"}


def labels_of(task: str, catalogue: Catalogue, split: Split, known: np.ndarray, kind: ColumnKind) -> Labels:
    """The labels of a task. Raises TrainingError where too few items have one.

    Judged are the held-out items of a split that holds items out; under any other split, where all items are known, a
    tenth of the labelled ones, drawn by the split's fingerprint. What is judged is never learned from.
    """
    column = what_it_learns(task, catalogue)
    sets = [_values(value, kind) for value in catalogue.items[column]]
    labelled = np.array([bool(values) for values in sets])  # (I,)
    if split.cold_items.any():
        judge = labelled & split.test_candidates & split.cold_items  # (I,)
    else:
        draw = np.random.default_rng(int(split.fingerprint[:8], 16)).random(len(sets)) < HELD_OUT  # (I,)
        judge = labelled & draw
    learn = labelled & known & ~judge & ~split.cold_items  # (I,)
    counts = pd.Series([value for row in np.flatnonzero(learn) for value in sorted(sets[row])]).value_counts()
    classes = tuple(str(name) for name in counts.index[:MOST_CLASSES])
    if len(classes) < 2 or not judge.any():
        raise TrainingError(
            f"The column '{column}' cannot be learned here: {int(learn.sum())} items with {len(classes)} values to "
            f"learn from and {int(judge.sum())} to judge by. Train without the task '{task}'."
        )
    given = np.array([[name in values for name in classes] for values in sets])  # (I, C)
    return Labels(column, classes, given, learn, judge)


def judged(labels: Labels, metric: str, own: np.ndarray, control: np.ndarray, said: str, **more: float) -> TaskResult:
    """A result from a value of each judged item, of the head and of its control, (n,) each; higher is better."""
    mean, gain = bootstrap_mean(own), paired_bootstrap(own, control)
    return TaskResult(
        metric, True, mean.mean, mean.low, mean.high, {said: float(control.mean())},
        gain.mean, gain.low, gain.high, len(own), "items", labels.column, dict(more),
    )  # fmt: skip


def _values(value: object, kind: ColumnKind) -> set[str]:
    if value is None or pd.isna(value):  # type: ignore[call-overload]
        return set()
    parts = str(value).split("|") if kind == "tags" else [str(value)]
    return {part.strip() for part in parts if part.strip()}
