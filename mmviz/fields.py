"""Settings that a form can draw: dataclass fields that carry their bounds and a sentence of help. No torch."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any

__all__ = ["check_bounds", "setting"]


def setting(default: Any, help: str, low: float | None = None, high: float | None = None) -> Any:  # noqa: A002
    """A dataclass field that a form can draw: bounds and one sentence of help travel in its metadata."""
    return field(default=default, metadata={"help": help, "low": low, "high": high})


def check_bounds(config: Any) -> None:
    """Raise ValueError when a setting of the dataclass instance `config` lies outside its bounds."""
    for spec in dataclasses.fields(config):
        low, high = spec.metadata.get("low"), spec.metadata.get("high")
        value = getattr(config, spec.name)
        if low is not None and high is not None and not low <= value <= high:
            raise ValueError(f"{spec.name} is {value}; it must lie between {low} and {high}.")
