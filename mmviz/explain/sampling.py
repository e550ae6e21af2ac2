"""Grades over a sample of items, and whether a network with shuffled weights would give the same maps.

Sanity check after Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from mmviz.evaluation.significance import bootstrap_mean
from mmviz.explain.looking import look
from mmviz.progress import Progress, Report
from mmviz.views.explanations import Question, Summary

if TYPE_CHECKING:
    from mmviz.catalogue.base import Catalogue
    from mmviz.explain.feeding import Subject
    from mmviz.lab.explaining import Explaining
    from mmviz.restoring import Restored
    from mmviz.views import RunCard

__all__ = ["grade_items", "rank_correlation", "shuffled"]

STEPS = 4
ORDERS = 2

Row = tuple[str, str, float]


def grade_items(
    lab: Explaining,
    catalogue: Catalogue,
    cards: Sequence[RunCard],
    split: str | None,
    n: int,
    seed: int,
    report: Report,
) -> list[Summary]:
    """Grade n random items that have picture and words and were chosen by somebody, with one report an item."""
    chosen = _chosen(catalogue, n, seed)
    random = {card.strategy: shuffled(lab._network(card)) for card in cards}
    rows: dict[tuple[str, str, str], list[float]] = {}
    for done, (item, user) in enumerate(chosen):
        report(Progress("Grading maps", done, len(chosen)))
        question = Question(
            catalogue.name,
            tuple(card.strategy for card in cards),
            str(catalogue.items["item_id"].iat[item]),
            user_id=str(catalogue.user_ids[user]),
            split=split,
        )
        for grade in lab.grade(question, STEPS, ORDERS):
            for name, (deletion, insertion) in grade.gains.items():
                rows.setdefault((grade.run.strategy, name, f"{grade.modality} deletion"), []).append(deletion)
                rows.setdefault((grade.run.strategy, name, f"{grade.modality} insertion"), []).append(insertion)
            for name, (hit, energy) in grade.pointing.items():
                rows.setdefault((grade.run.strategy, name, "pointing"), []).append(hit)
                rows.setdefault((grade.run.strategy, name, "energy"), []).append(energy)
        subject = lab._subject(question)
        for card in cards:
            direction = lab._direction(card, question, subject)
            likeness = _likeness(lab._network(card), random[card.strategy], subject, direction)
            rows.setdefault((card.strategy, "shuffled", "likeness"), []).append(likeness)
    report(Progress("Grading maps", len(chosen), len(chosen)))
    titles = {card.strategy: card.title for card in cards}
    return [
        _summary(strategy, titles[strategy], name, measure, values)
        for (strategy, name, measure), values in rows.items()
    ]


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


def _likeness(net: Restored, random: Restored, subject: Subject, direction: np.ndarray) -> float:
    """Rank correlation between the relevance of a trained and of a shuffled network, over both modalities."""
    trained, other = (look(each, subject, direction).relevance for each in (net, random))
    return float(np.mean([rank_correlation(trained[name], other[name]) for name in trained]))


def _chosen(catalogue: Catalogue, n: int, seed: int) -> list[tuple[int, int]]:
    """(item, person) pairs: items with a picture and words, each with somebody who chose it."""
    rng = np.random.default_rng(seed)
    users, items = (catalogue.interactions[name].to_numpy() for name in ("user", "item"))
    whole = ((catalogue.items["image"] != "") & (catalogue.items["text"] != "")).to_numpy()  # (I,)
    fit = rng.permutation(np.unique(items[whole[items]]))[:n]
    return [(int(item), int(rng.choice(users[items == item]))) for item in fit]


def _summary(strategy: str, title: str, name: str, measure: str, values: Sequence[float]) -> Summary:
    known = np.asarray([value for value in values if np.isfinite(value)])
    if not len(known):
        return Summary(strategy, title, name, measure, float("nan"), float("nan"), float("nan"), 0)
    interval = bootstrap_mean(known)
    return Summary(strategy, title, name, measure, interval.mean, interval.low, interval.high, len(known))
