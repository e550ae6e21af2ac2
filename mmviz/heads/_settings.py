"""What a training is for beside or instead of recommending. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from mmviz import heads
from mmviz.errors import UnknownNameError
from mmviz.fields import setting

__all__ = ["OBJECTIVES", "SELF_SUPERVISED", "WEIGHTINGS", "TasksConfig", "named"]

WEIGHTINGS = ("uncertainty", "fixed")
SELF_SUPERVISED = "selfsupervised"
OBJECTIVES = ("recommendation", SELF_SUPERVISED)


@dataclass(frozen=True)
class TasksConfig:
    """Settings of what is learned. Raises ValueError for a word that is none of those known."""

    tasks: str = setting("", "Tasks to learn beside recommending, with commas: category, tags, rating.")
    weighting: str = setting("uncertainty", "How tasks are weighed: by learned uncertainty, or fixed, each 1.")
    objective: str = setting(
        "recommendation",
        "What is trained for: recommendation, or selfsupervised, which only matches an item's own modalities.",
    )

    def __post_init__(self) -> None:
        _check("weighting", self.weighting, WEIGHTINGS)
        _check("objective", self.objective, OBJECTIVES)
        if self.objective == SELF_SUPERVISED and named(self.tasks):
            raise ValueError(
                f"tasks is '{self.tasks}' and objective is selfsupervised: the tasks learn from labels, and "
                "self-supervised training has none. Choose one of them."
            )


def named(tasks: str) -> tuple[str, ...]:
    """The tasks that a setting such as "category,rating" names, in registry order. Raises UnknownNameError."""
    wanted = [name.strip() for name in tasks.split(",") if name.strip()]
    for name in wanted:
        if name not in heads.names():
            raise UnknownNameError("task", name, heads.names())
    return tuple(name for name in heads.names() if name in wanted)


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name} is '{value}'; it must be one of {', '.join(known)}.")
