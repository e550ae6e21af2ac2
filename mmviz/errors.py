"""Every error that mmviz raises on purpose.

    MmvizError
    ├── CatalogueError     a folder or table that cannot become a catalogue
    ├── EncoderError       an encoder that cannot be loaded or used
    ├── FeatureError       a token store that is missing, stale or damaged
    ├── FusionError        a strategy that is misdefined or misconfigured
    ├── TrainingError      a training that cannot start or go on
    ├── EvaluationError    a split or metric that cannot be computed honestly
    ├── RunError           a run that is missing, damaged or would be overwritten
    ├── UploadError        a picture or text given by hand that cannot be used
    └── UnknownNameError   a name that is not among the known ones

A message says what is wrong, what was received and what to do instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CatalogueError",
    "EncoderError",
    "EvaluationError",
    "FeatureError",
    "FusionError",
    "MmvizError",
    "RunError",
    "TrainingError",
    "UnknownNameError",
    "UploadError",
    "nearest",
]


class MmvizError(Exception):
    """Base of all errors whose message is written for a person."""


class CatalogueError(MmvizError):
    """A folder or table cannot become a catalogue."""


class EncoderError(MmvizError):
    """An encoder cannot be loaded or used."""


class FeatureError(MmvizError):
    """A token store is missing, stale or damaged."""


class FusionError(MmvizError):
    """A fusion strategy is misdefined or misconfigured."""


class TrainingError(MmvizError):
    """A training cannot start or go on."""


class EvaluationError(MmvizError):
    """A split or metric cannot be computed honestly."""


class RunError(MmvizError):
    """A stored run is missing, damaged or would be overwritten."""


class UploadError(MmvizError):
    """A picture or text that somebody gave by hand cannot be used."""


class UnknownNameError(MmvizError):
    """A name is not among the known ones; the message suggests the nearest.

    >>> str(UnknownNameError("strategy", "concatt", ["concat", "afn"]))
    "There is no strategy 'concatt'. Did you mean 'concat'? Known: afn, concat."
    """

    def __init__(self, kind: str, received: str, known: Iterable[str]) -> None:
        options = sorted(known)
        hint = f" Did you mean '{near}'?" if (near := nearest(received, options)) else ""
        super().__init__(f"There is no {kind} '{received}'.{hint} Known: {', '.join(options) or 'none yet'}.")


def nearest(received: str, options: Iterable[str]) -> str | None:
    """The option most like `received`, or None when nothing is close."""
    by_lower = {option.lower(): option for option in options}
    close = difflib.get_close_matches(received.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None
