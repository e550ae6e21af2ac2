"""The leaderboard: what runs reached, how sure that is, and what follows for any two of them.

Everything is read from what the runs recorded when they opened the test split; it is not opened again.
Shape letters: n evaluated users, m columns, R resamples, I items, K list length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz.catalogue.base import Catalogue
from mmviz.errors import EvaluationError, UnknownNameError
from mmviz.evaluation.beyond import beyond_accuracy
from mmviz.evaluation.leaks import by_its_deeds, on_record
from mmviz.evaluation.significance import bootstrap_means, cohens_d, holm, paired_t_test
from mmviz.evaluation.slices import item_slices, sliced_metrics, user_slices
from mmviz.evaluation.splits import Split
from mmviz.runs import Run
from mmviz.views.evidence import Measure, Measured, Pair, SlicePanel

__all__ = ["MEASURES", "Reached", "doubts", "ends", "means_with_intervals", "measure", "pairs", "slices", "values_of"]

MEASURES: tuple[Measure, ...] = (
    Measure("ndcg@10", "NDCG@10", "", "up", "accuracy", "Held-out items in the first ten; high ones count more."),
    Measure("recall@20", "Recall@20", "", "up", "accuracy", "Share of a person's held-out items in the first twenty."),
    Measure("mrr@10", "MRR@10", "", "up", "accuracy", "One over the place of the first hit."),
    Measure("map@10", "MAP@10", "", "up", "accuracy", "Mean precision at the places of the hits."),
    Measure("hit@10", "Hit rate@10", "", "up", "accuracy", "Share of people with at least one hit in the first ten."),
    Measure("rmse", "RMSE", "stars, a person", "down", "ratings", "Root mean square error, read from scores."),
    Measure("mae", "MAE", "stars, a person", "down", "ratings", "Mean absolute error of ratings read from scores."),
    Measure("rmse_pooled", "RMSE, pooled", "stars", "down", "ratings", "Over all ratings; who rates much counts more."),
    Measure("mae_pooled", "MAE, pooled", "stars", "down", "ratings", "Over all ratings; who rates much counts more."),
    Measure("coverage", "Coverage", "of the items", "up", "beyond", "Share of items in someone's first ten."),
    Measure("gini", "Gini", "0 equal, 1 one item", "down", "beyond", "How unequally items are recommended."),
    Measure("novelty", "Novelty", "bits", "", "beyond", "Mean of minus log2 of the share of people who have the item."),
    Measure("diversity", "Diversity", "1 \u2212 cosine", "", "beyond", "Within a list, in the raw encoder's space."),
    Measure("popularity", "Popularity", "people an item", "", "beyond", "How many have what is listed, on average."),
    Measure("seconds", "Training", "seconds", "down", "cost", "Time to train, with the choice of settings."),
    Measure("parameters", "Parameters", "", "down", "cost", "Numbers that the model holds."),
    Measure("ms_user", "Serving", "ms a person", "down", "cost", "Time to score all items for one person."),
)  # fmt: skip
RESAMPLES = 10_000
DRAWS = 30_000_000
"""People drawn in all resamples together, at most: a page must be quick with many people too."""

SLICED = 2000
"""Resamples of a slice: there are many slices, and their intervals are only looked at."""

LIST = 10
LEVEL = 0.95


class Reached(NamedTuple):
    """A run with what it recorded: metrics of each person, and their lists (n, K) where it kept them."""

    run: Run
    per_user: pd.DataFrame
    lists: np.ndarray | None


def measure(name: str) -> Measure:
    """One measure by name. Raises UnknownNameError."""
    known = {each.name: each for each in MEASURES}
    if name not in known:
        raise UnknownNameError("measure", name, known)
    return known[name]


def values_of(
    reached: Reached, group: str, catalogue: Catalogue, split: Split, space: np.ndarray | None
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """What one run has of a group of measures: those with a value a person (n,), and those without."""
    names = [each.name for each in MEASURES if each.group == group]
    frame, run = reached.per_user, reached.run
    if group == "beyond":
        if reached.lists is None:
            return {}, {}
        train = catalogue.matrix(split.train)  # (U, I)
        taken = np.asarray(train.sum(axis=0)).ravel()  # (I,)
        found = beyond_accuracy(reached.lists[:, :LIST], taken, catalogue.n_users, split.candidates("test"), space)
        return found.per_user, found.whole
    if group == "cost":
        known = {"seconds": run.seconds, "parameters": float(run.parameters), "ms_user": run.ms_user}
        return {}, {name: value for name, value in known.items() if value is not None}
    own = {name: frame[name].to_numpy(np.float64) for name in names if name in frame.columns}
    return own, {name: run.metrics[name] for name in names if name in run.metrics and name not in own}


def means_with_intervals(columns: Sequence[np.ndarray], most: int = 5000) -> list[Measured]:
    """Mean and interval of each column (n,), over the people for whom all columns have a value.

    All columns share the draws, so that a whole board is one bootstrap; of `most` resamples, which is plenty for the
    ends of an interval that is read to three digits.
    """
    if not columns:
        return []
    table = np.stack(columns, axis=1)  # (n, m)
    table = table[np.isfinite(table).all(axis=1)]  # (n', m)
    if len(table) == 0:
        return [Measured(float("nan"))] * len(columns)
    low, high = ends(bootstrap_means(table, min(most, resamples_for(len(table)))))  # (m,) each
    return [Measured(*map(float, cell)) for cell in zip(table.mean(axis=0), low, high, strict=True)]


def resamples_for(n_users: int) -> int:
    """How many resamples so many people are worth: ten thousand, and fewer where the people are very many."""
    return int(np.clip(DRAWS // max(n_users, 1), 1000, RESAMPLES))


def ends(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end of the percentile interval of each column of means (R, m)."""
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)  # (m,) each
    return low, high


def doubts(runs: Sequence[Run], metric: str = "ndcg@10") -> dict[str, tuple[str, ...]]:
    """Signs that a run saw what it was tested on, run id -> sentences; only those that have any."""
    deeds = by_its_deeds(
        {run.run_id: run.validation.get(metric, 0.0) for run in runs},
        {run.run_id: run.metrics.get(metric, 0.0) for run in runs},
    )
    found = {run.run_id: tuple(s for s in (on_record(run.learned), deeds.get(run.run_id, "")) if s) for run in runs}
    return {run_id: said for run_id, said in found.items() if said}


def pairs(chosen: Mapping[str, tuple[str, pd.DataFrame]], metric: str) -> tuple[Pair, ...]:
    """Every two of the chosen strategies (name -> title and what each person got), in the order given.

    Raises EvaluationError unless all are of the same people.
    """
    known = measure(metric)
    tables = {name: frame.set_index("user")[metric] for name, (_, frame) in chosen.items() if metric in frame.columns}
    if len(tables) < 2:
        return ()
    joined = pd.concat(tables, axis=1, join="inner").dropna()
    if joined.empty:
        raise EvaluationError("These runs have no tested people in common. Train them on the same split.")
    values = joined.to_numpy(np.float64)  # (n, m)
    means = bootstrap_means(values, resamples_for(len(values)))  # (R, m)
    order = list(combinations(range(len(tables)), 2))
    low, high = ends(np.stack([means[:, a] - means[:, b] for a, b in order], axis=1))  # (pairs,) each
    p = holm([paired_t_test(values[:, a], values[:, b]) for a, b in order])
    names = list(tables)
    made = []
    for at, (a, b) in enumerate(order):
        gap = values[:, a] - values[:, b]  # (n,)
        sign = -1 if known.better == "down" else 1
        pair = Pair(
            names[a],
            names[b],
            float(gap.mean()),
            float(low[at]),
            float(high[at]),
            cohens_d(values[:, a], values[:, b]),
            p[at],
            float((sign * gap > 0).mean()),
            float((sign * gap < 0).mean()),
            len(gap),
            "",
        )
        made.append(_with_words(pair, chosen[names[a]][0], chosen[names[b]][0], known))
    return tuple(made)


def _with_words(pair: Pair, a: str, b: str, known: Measure) -> Pair:
    """The pair with its sentence, told from the side of the one that is better on average."""
    flipped = (pair.difference > 0) == (known.better == "down") and pair.difference != 0
    first, second = (b, a) if flipped else (a, b)
    ahead, behind = (pair.behind, pair.ahead) if flipped else (pair.ahead, pair.behind)
    size = abs(pair.effect)
    word = "large" if size >= 0.8 else "medium" if size >= 0.5 else "small" if size >= 0.2 else "very small"
    low, high = sorted((abs(pair.low), abs(pair.high)))
    verdict = (
        f"by {abs(pair.difference):.3f} {known.title} on average ({low:.3f} to {high:.3f}), a {word} effect that is "
        "not chance"
        if pair.certain
        else "the difference is within noise"
    )
    said = (
        f"{first} is ahead of {second} on {100 * ahead:.0f} % of people and behind on {100 * behind:.0f} %; {verdict}."
    )
    return Pair(**{**pair.__dict__, "said": said})


def slices(catalogue: Catalogue, split: Split, chosen: Mapping[str, Reached], metric: str) -> tuple[SlicePanel, ...]:
    """A measure of accuracy of each chosen strategy, for parts of the people and of the items.

    Slices of items need the lists that runs keep; strategies without are left out of those panels.
    """
    if not chosen or measure(metric).group != "accuracy":
        return ()
    users = next(iter(chosen.values())).per_user["user"].to_numpy()  # (n,)
    activity = np.diff(catalogue.matrix(split.train).indptr)[users]  # (n,)
    panels: dict[str, list[tuple[str, dict[str, np.ndarray]]]] = {}
    for part in user_slices(activity):
        of = {name: each.per_user[metric].to_numpy()[part.users] for name, each in chosen.items()}
        panels.setdefault(part.group, []).append((part.name, of))
    k = (int(metric.rpartition("@")[2]),)
    listed = {name: each.lists for name, each in chosen.items() if each.lists is not None}
    relevant: csr_array = catalogue.matrix(split.test)[users]  # (n, I)
    parts = item_slices(catalogue, split) if listed else []
    masks = [part.items for part in parts]
    found = {name: sliced_metrics(top, relevant, masks, k) for name, top in listed.items()}
    for at, items in enumerate(parts):
        panels.setdefault(items.group, []).append((items.name, {n: each[at][metric] for n, each in found.items()}))
    return tuple(_panel(group, own) for group, own in panels.items() if len(own) > 1)


def _panel(group: str, parts: Sequence[tuple[str, Mapping[str, np.ndarray]]]) -> SlicePanel:
    columns: dict[str, list[Measured]] = {}
    counts = []
    for _, of in parts:
        counts.append(int(np.isfinite(next(iter(of.values()))).sum()))
        for name, cell in zip(of, means_with_intervals(list(of.values()), SLICED), strict=True):
            columns.setdefault(name, []).append(cell)
    values = {name: np.array([[c.value, c.low, c.high] for c in cells], dtype=float) for name, cells in columns.items()}
    return SlicePanel(group, tuple(name for name, _ in parts), tuple(counts), values)
