"""Settings that a form can draw: dataclass fields that carry their bounds and a sentence of help."""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import Any

__all__ = ["check_bounds", "setting"]


def setting(default: Any, help: str, low: float | None = None, high: float | None = None) -> Any:  # noqa: A002
    """A dataclass field whose metadata holds its bounds and one sentence of help."""
    return field(default=default, metadata={"help": help, "low": low, "high": high})


def check_bounds(config: Any, error: type[Exception] = ValueError) -> None:
    """Raise `error` when a setting of the dataclass instance `config` lies outside its bounds."""
    for spec in dataclasses.fields(config):
        low, high = spec.metadata.get("low"), spec.metadata.get("high")
        value = getattr(config, spec.name)
        if low is not None and high is not None and not low <= value <= high:
            raise error(f"{spec.name} is {value}; it must lie between {low} and {high}.")
