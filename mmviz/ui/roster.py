"""The table of strategies as a payload: what they are and what they reached on validation. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmviz.charts import palette
from mmviz.ui.words import duration, figures, recorded

if TYPE_CHECKING:
    from mmviz.views import RunCard, StrategyCard

__all__ = ["roster_payload"]

Payload = dict[str, Any]
GROUPS = (("Fusion strategies", "fusion"), ("Controls", "control"))
METRIC = "ndcg@10"


def roster_payload(strategies: Sequence[StrategyCard], runs: Mapping[str, RunCard], chosen: Sequence[str]) -> Payload:
    """All strategies of the registry with the newest run of each on one split.

    What stands here is from validation, by which settings are chosen; the test part is for the leaderboard.
    """
    top = max((run.validation.get(METRIC, 0.0) for run in runs.values()), default=0.0) * 1.05 or 1.0
    return {
        "chosen": list(chosen),
        "scale": f"Validation, 0 to {figures(top)}",
        "heads": [
            {"name": "NDCG@10 \u2191", "unit": "validation"},
            {"name": "Training", "unit": "time", "wide": True},
            {"name": "Parameters", "unit": "", "wide": True},
            {"name": "Trained", "unit": "UTC", "wide": True},
        ],
        "groups": [
            (title, [_row(card, runs.get(card.name), top) for card in strategies if card.kind == kind])
            for title, kind in GROUPS
            if any(card.kind == kind for card in strategies)
        ],
    }


def _row(card: StrategyCard, run: RunCard | None, top: float) -> Payload:
    reached = run.validation.get(METRIC, 0.0) if run else 0.0
    return {
        "name": card.name,
        "title": card.title,
        "summary": _first_sentence(card.summary),
        "more": f"{card.summary}\n{card.formula}",
        "colour": palette.strategy_colour(card.kind, card.order),
        "dot": (round(reached / top * 100, 2), None, None) if run else None,
        "dotSaid": f"NDCG@10 {figures(reached)} on validation" if run else "",
        "cells": _cells(run) if run else [],
        "state": "not trained yet",
    }


def _first_sentence(text: str) -> str:
    head, stop, _ = text.partition(". ")
    return head + stop.strip()


def _cells(run: RunCard) -> list[str]:
    reached = figures(run.validation.get(METRIC))
    return [reached, duration(run.seconds), f"{run.parameters:,}", recorded(run.created)]
