"""Knock-outs and measured curves as the lab answers them, with the words that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmviz.evaluation.knockouts import Curve, KnockOut
from mmviz.evaluation.splits import MIN_USERS, Split
from mmviz.views import RunCard
from mmviz.views.robustness import KnockOutCard, Line

__all__ = ["Kept", "card_of", "flat_line", "line_of", "too_few"]

Kept = tuple[pd.DataFrame, dict[str, Any]]
"""A table that was measured on a run, and its record: when, with which seed, on which part."""


def too_few(split: Split) -> str:
    """Why nothing is measured on a split; "" where there are people enough."""
    n = split.n_valid_users
    if n >= MIN_USERS:
        return ""
    return (
        f"Only {n:,} {'person has' if n == 1 else 'people have'} something to be found in the validation part of "
        f"'{split.name}'; at least {MIN_USERS} are needed to say what a damage costs. Choose another split."
    )


def line_of(run: RunCard, drawn: Curve, record: dict[str, Any], served: str = "") -> Line:
    """The line of a measured run."""
    change = (drawn.change.mean, drawn.change.low, drawn.change.high)
    score = None if drawn.area is None else (drawn.area.mean, drawn.area.low, drawn.area.high)
    return Line(
        run, drawn.levels, drawn.mean, drawn.low, drawn.high, change, score, False, str(record["measured"]), served
    )


def flat_line(run: RunCard, kept: Kept, levels: Sequence[float], metric: str) -> Line:
    """The line of a run that does not read what is damaged."""
    same, since = np.full(len(levels), kept[0][metric].mean()), str(kept[1]["measured"])  # (L,)
    return Line(run, np.array(levels), same, same, same, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), True, since)


_DAMAGE_SAID = {
    "absent": ("absent", "Taken away from a share of the items, as if they never had {it}."),
    "noise": (
        "replaced by noise",
        "A share of the items gets random numbers with the mean and spread of the real ones.",
    ),
    "shuffled": ("shuffled", "A share of the items gets {the} of another item, as in a catalogue that was mixed up."),
    "blurred": (
        "blurred",
        "Every picture is blurred, up to a radius of a tenth of its shorter side, and goes through the encoder again.",
    ),
    "struck": ("words struck", "A share of the words of every text is struck out, and the rest is encoded again."),
}
_IT = {"image": ("a picture", "the picture"), "text": ("a text", "the text"), "attributes": ("any", "the attributes")}


def card_of(knock: KnockOut) -> KnockOutCard:
    """A knock-out as a page shows it."""
    title, said = _DAMAGE_SAID[knock.damage]
    it, the = _IT[knock.modality]
    subject = knock.modality.capitalize()
    return KnockOutCard(
        knock.name,
        knock.modality,
        knock.damage,
        f"{subject}: {title}" if knock.damage == "struck" else f"{subject} {title}",
        said.format(it=it, the=the),
        knock.encodes,
    )
