"""What the lab says of tasks beside recommendation."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["TaskCard", "TaskResult"]


@dataclass(frozen=True)
class TaskCard:
    """A task that a fusion may learn beside recommending, on one catalogue, and why it cannot there."""

    name: str
    title: str
    summary: str
    formula: str
    paper: str
    column: str
    problem: str = ""


@dataclass(frozen=True)
class TaskResult:
    """How well a head did on what was held out from it.

    - `metric`: what `value` is, such as "accuracy" or "rmse"; `higher` says which direction is better.
    - `low`, `high`: 95 % bootstrap interval, over items for labels and over people for ratings.
    - `controls`: name -> the same metric of a rule that learns nothing from content.
    - `gain`, `gain_low`, `gain_high`: how much better than the best control, with interval; above 0 is better.
    - `n`, `unit`: over how many items or people; `column`: what was predicted; `more`: further metrics.
    """

    metric: str
    higher: bool
    value: float
    low: float
    high: float
    controls: dict[str, float]
    gain: float
    gain_low: float
    gain_high: float
    n: int
    unit: str
    column: str
    more: dict[str, float] = field(default_factory=dict)
