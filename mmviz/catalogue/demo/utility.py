"""How likely each person is to take each item, exactly: the planted truth behind every interaction.

The log-weight of an item for a person at a time is

    sharpness · taste(person, item, time) + following · (appeal(item) + fashion(colour, time) + novelty(age)),

and minus infinity before the item's release. The chance of taking an item is its weight's share among all items
that the person does not have yet.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmviz.catalogue.demo.plan import END, START
from mmviz.catalogue.demo.tastes import Rule, rules_from_json
from mmviz.catalogue.demo.vocabulary import VALUES
from mmviz.catalogue.truth import Truth

__all__ = ["NOVELTY_DAYS", "World", "truth_chances", "truth_utility", "world_of"]

Floats = npt.NDArray[np.float64]

NOVELTY_DAYS = 120.0
"""How long an item counts as new: its novelty is exp(-age / this many days)."""

_FASHION = 0.5
_SEASONS = 2.0


class World:
    """Items and people as tables, from which any part of the utility is computed when asked for."""

    def __init__(
        self,
        attributes: Sequence[dict[str, str]],
        appeal: Floats,
        released: Floats,
        rules: Sequence[Sequence[Rule]],
        sharpness: Floats,
        following: Floats,
    ) -> None:
        self.codes = {
            name: np.array([values.index(item[name]) for item in attributes], dtype=np.int16)
            for name, values in VALUES.items()
        }
        self.appeal, self.released = appeal, released
        self.rules = rules
        self.sharpness, self.following = sharpness, following
        self._last: tuple[int, Floats] = (-1, np.zeros((0, len(appeal))))

    def taste(self, person: int, time: float) -> Floats:
        """(I,) what the rules of a person are worth for each item at a time."""
        share = min(1.0, max(0.0, (time - START) / (END - START)))
        total = np.zeros(len(self.appeal))
        for rule, held in zip(self.rules[person], self._held(person), strict=True):
            total += ((1 - share) * rule.worth[0] + share * rule.worth[1]) * held
        return total

    def holds(self, rule: Rule) -> npt.NDArray[np.bool_]:
        """(I,) items for which all facts of a rule hold."""
        hits = [self.codes[name] == VALUES[name].index(value) for name, value in rule.facts]
        return np.asarray(np.logical_and.reduce(hits), dtype=np.bool_)

    def _held(self, person: int) -> Floats:
        """(R, I) 1 where a rule of this person holds; kept until another person is asked about."""
        if self._last[0] != person:
            rows = [self.holds(rule).astype(np.float64) for rule in self.rules[person]]
            self._last = (person, np.array(rows).reshape(len(rows), len(self.appeal)))
        return self._last[1]

    def pull(self, time: float) -> Floats:
        """(I,) how much the shop as a whole draws people to each item at a time."""
        colours = len(VALUES["colour"])
        turn = 2 * np.pi * (_SEASONS * (time - START) / (END - START) - self.codes["colour"] / colours)
        age = np.maximum(time - self.released, 0) / 86_400
        return np.asarray(self.appeal + _FASHION * np.sin(turn) + np.exp(-age / NOVELTY_DAYS), dtype=np.float64)

    def log_weight(self, person: int, time: float) -> Floats:
        """(I,) log-weights of all items for a person at a time; -inf before an item's release."""
        weight = self.sharpness[person] * self.taste(person, time) + self.following[person] * self.pull(time)
        return np.where(self.released <= time, weight, -np.inf)


def world_of(truth: Truth) -> World:
    """The world behind a catalogue's truth."""
    users = truth.users
    return World(
        [item.attributes for item in truth.items],
        np.array([item.numbers["appeal"] for item in truth.items]),
        np.array([item.numbers["released"] for item in truth.items]),
        [rules_from_json(text) for text in users["rules"]],
        users["sharpness"].to_numpy(np.float64),
        users["following"].to_numpy(np.float64),
    )


def truth_utility(
    truth: Truth, users: Sequence[int] | None = None, at: pd.Series[float] | Floats | float = END
) -> npt.NDArray[np.float32]:
    """(n, I) float32 log-weights of all items for some users (codes; None = all), -inf where not yet released.

    `at` is a time for all of them or one for each, in seconds since 1970 UTC.
    """
    world = world_of(truth)
    people = range(len(truth.users)) if users is None else users
    times = np.broadcast_to(np.asarray(at, dtype=np.float64), (len(people),))
    rows = [world.log_weight(int(person), float(time)) for person, time in zip(people, times, strict=True)]
    return np.asarray(rows, dtype=np.float32).reshape(len(rows), len(truth.items))


def truth_chances(truth: Truth, users: Sequence[int], times: Sequence[Floats]) -> npt.NDArray[np.float32]:
    """(n, I) float32: the chance of each item at a visit, averaged over the times of each user's visits.

    `times` holds one array of seconds since 1970 UTC for each of `users`. No ranking of unseen items can be expected
    to do better at foreseeing what is taken at these times.
    """
    world = world_of(truth)
    chances = np.zeros((len(users), len(truth.items)), dtype=np.float32)
    for row, (person, moments) in enumerate(zip(users, times, strict=True)):
        for moment in moments:
            weight = world.log_weight(int(person), float(moment))
            share = np.exp(weight - weight.max())
            chances[row] += (share / share.sum() / len(moments)).astype(np.float32)
    return chances
