"""What grades of many items come to, and whether a network with shuffled weights would give the same maps.

Sanity check after Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from mmviz.evaluation.significance import bootstrap_mean
from mmviz.explain.looking import look
from mmviz.views.explanations import Grade, Summary

if TYPE_CHECKING:
    from mmviz.catalogue.base import Catalogue
    from mmviz.evaluation.splits import Split
    from mmviz.explain.feeding import Subject
    from mmviz.restoring import Restored
    from mmviz.views import RunCard

__all__ = ["Value", "likeness", "means", "of_somebody", "rank_correlation", "shuffled", "values_of"]

Value = tuple["RunCard", str, str, float]
"""Of which run, which map, which measure, and what it reached on one item."""


def of_somebody(catalogue: Catalogue, split: Split, n: int, seed: int) -> list[tuple[int, int]]:
    """Up to n random (item, person) pairs outside the test part: items with picture and words that somebody chose."""
    rng = np.random.default_rng(seed)
    chosen = catalogue.interactions.iloc[np.concatenate([split.train, split.valid])]
    users, items = (chosen[name].to_numpy() for name in ("user", "item"))
    whole = ((catalogue.items["image"] != "") & (catalogue.items["text"] != "")).to_numpy()  # (I,)
    fit = rng.permutation(np.unique(items[whole[items]]))[:n]
    return [(int(item), int(rng.choice(users[items == item]))) for item in fit]


def values_of(grade: Grade) -> Iterator[Value]:
    """What a grade says of every map."""
    for name, (deletion, insertion) in grade.gains.items():
        yield grade.run, name, f"{grade.modality} deletion", deletion
        yield grade.run, name, f"{grade.modality} insertion", insertion
    for name, (hit, energy) in grade.pointing.items():
        yield grade.run, name, "pointing", hit
        yield grade.run, name, "energy", energy


def means(values: Iterable[Value]) -> list[Summary]:
    """The mean of each run, map and measure with its interval, in the order in which they first came."""
    rows: dict[tuple[str, str, str, str], list[float]] = {}
    for run, name, measure, value in values:
        rows.setdefault((run.strategy, run.title, name, measure), []).append(value)
    return [_summary(*key, found) for key, found in rows.items()]


def shuffled(net: Restored, seed: int = 0) -> Restored:
    """The same network with the entries of every weight of its fusion in random order."""
    model = deepcopy(net.model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.fusion.parameters():
            order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
            weight.copy_(weight.flatten()[order].reshape(weight.shape))
    return replace(net, model=model)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation of two maps (N,), −1 to 1; 0 where one of them is flat."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    middle = (len(first) - 1) / 2
    one, two = (np.argsort(np.argsort(values)) - middle for values in (first, second))  # (N,) each
    return float(one @ two / np.sqrt((one @ one) * (two @ two)))


def likeness(net: Restored, random: Restored, subject: Subject, direction: np.ndarray) -> float:
    """Rank correlation between the relevance of a trained and of a shuffled network, over both modalities."""
    trained, other = (look(each, subject, direction).relevance for each in (net, random))
    return float(np.mean([rank_correlation(trained[name], other[name]) for name in trained]))


def _summary(strategy: str, title: str, name: str, measure: str, values: Sequence[float]) -> Summary:
    known = np.asarray([value for value in values if np.isfinite(value)])
    if not len(known):
        return Summary(strategy, title, name, measure, float("nan"), float("nan"), float("nan"), 0)
    interval = bootstrap_mean(known)
    return Summary(strategy, title, name, measure, interval.mean, interval.low, interval.high, len(known))
