"""The table of strategies as a payload: what they are and what they reached. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmviz.charts import palette
from mmviz.ui.words import duration, figures

if TYPE_CHECKING:
    from mmviz.views import RunCard, SplitCard, StrategyCard

__all__ = ["roster_payload"]

Payload = dict[str, Any]
GROUPS = (("Fusion strategies", "fusion"), ("Controls", "control"))
METRIC = "ndcg@10"


def roster_payload(
    strategies: Sequence[StrategyCard],
    runs: Mapping[str, RunCard],
    split: SplitCard,
    chosen: Sequence[str],
    ceiling: float | None = None,
) -> Payload:
    """All strategies of the registry with the newest run of each on one split.

    `ceiling` is the NDCG@10 of an oracle that knows every taste, on a simulated catalogue; it gets a row of its own.
    """
    top = max((ceiling or 0.0, *(_high(run) for run in runs.values()))) * 1.05 or 1.0
    oracle = [("Ceiling", [_oracle(ceiling, top)])] if ceiling is not None else []
    people = f"{split.n_test_users:,} people"
    return {
        "chosen": list(chosen),
        "scale": f"NDCG@10, 0 to {figures(top)}",
        "heads": [
            {"name": "NDCG@10 ↑", "unit": people},
            {"name": "Recall@20 ↑", "unit": people},
            {"name": "Training", "unit": "time", "wide": True},
            {"name": "Parameters", "unit": "", "wide": True},
        ],
        "groups": oracle
        + [
            (title, [_row(card, runs.get(card.name), top) for card in strategies if card.kind == kind])
            for title, kind in GROUPS
            if any(card.kind == kind for card in strategies)
        ],
    }


def _row(card: StrategyCard, run: RunCard | None, top: float) -> Payload:
    return {
        "name": card.name,
        "title": card.title,
        "summary": _first_sentence(card.summary),
        "more": f"{card.summary}\n{card.formula}",
        "colour": palette.strategy_colour(card.kind, card.order),
        "dot": _dot(run, top) if run else None,
        "dotSaid": f"NDCG@10 {figures(run.metrics.get(METRIC))}{_interval(run)}" if run else "",
        "cells": _cells(run) if run else [],
        "state": "not trained yet",
    }


def _oracle(ceiling: float, top: float) -> Payload:
    said = figures(ceiling)
    return {
        "name": "",
        "title": "Oracle",
        "summary": "Knows every taste in this simulated catalogue, but not the dice. No model does better on average.",
        "more": "The truth from which the interactions were drawn, ranked by itself. Real catalogues have none.",
        "colour": palette.MUTED,
        "dot": (round(ceiling / top * 100, 2), None, None),
        "dotSaid": f"NDCG@10 {said}",
        "cells": [said, "", "", ""],
        "state": "",
    }


def _first_sentence(text: str) -> str:
    head, stop, _ = text.partition(". ")
    return head + stop.strip()


def _cells(run: RunCard) -> list[str]:
    return [
        figures(run.metrics.get(METRIC)),
        figures(run.metrics.get("recall@20")),
        duration(run.seconds),
        f"{run.parameters:,}",
    ]


def _dot(run: RunCard, top: float) -> tuple[float, float | None, float | None]:
    low, high = run.metrics.get(f"{METRIC}_low"), run.metrics.get(f"{METRIC}_high")
    return (
        round(run.metrics.get(METRIC, 0.0) / top * 100, 2),
        None if low is None or high is None else round(low / top * 100, 2),
        None if low is None or high is None else round(high / top * 100, 2),
    )


def _interval(run: RunCard) -> str:
    low, high = run.metrics.get(f"{METRIC}_low"), run.metrics.get(f"{METRIC}_high")
    return "" if low is None or high is None else f", 95 % interval {figures(low)} to {figures(high)}"


def _high(run: RunCard) -> float:
    return run.metrics.get(f"{METRIC}_high", run.metrics.get(METRIC, 0.0))
