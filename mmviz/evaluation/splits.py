"""Splits: which interactions a model may learn from, which choose its settings, and which judge it once.

Rules that hold for every split:

- Each interaction is in exactly one of train, validation and test.
- A pair of user and item is in one part only, that of its first occurrence. Someone who takes the same
  item again next month is not a test case: seen items are masked in the ranking, so no list could ever
  contain it. (The repeat's own row goes with the pair, whenever it was; the matrices that models learn
  from are binary, so nothing is learned from it.)
- A user counts in a part when they have something to be found there *and* something in train to go by. A
  person without any history would get the same list from everyone's model, which tells nothing about the
  model.
- Items with the same time keep the order of their source.

Splits by user take n // 10 of a user's n items for each of validation and test, and at least one. Users
with one or two items stay in train as a whole: they help to train and are not evaluated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue
from mmviz.errors import EvaluationError, UnknownNameError
from mmviz.evaluation._makers import MAKERS, Maker, Pairs, Parts

__all__ = [
    "MIN_USERS",
    "Part",
    "Split",
    "SplitSummary",
    "default_split",
    "describe",
    "make_split",
    "split_names",
    "summarise",
]

Part = Literal["valid", "test"]

MIN_USERS = 30
"""A ranking of models over fewer test users than this is never shown as a result."""

ENOUGH_USERS = 200
"""A global cut in time is the default where it leaves at least this many test users."""


@dataclass(frozen=True)
class Split:
    """One way of taking a catalogue's interactions apart.

    - `train`, `valid`, `test`: int64 positions of `catalogue.interactions`, ascending, disjoint, together
      all.
    - `cold_items`: (I,) bool, items that are held out of everything that is fitted (model, GCCA, scalers).
    - `valid_candidates`, `test_candidates`: (I,) bool, the items that are ranked in that part. All items,
      except for the split "cold-items": there the held-out items of the part are ranked among themselves,
      which is the standard cold-start protocol; against warm items, every model would just say that it
      knows those better.
    - `n_valid_users`, `n_test_users`: users with something to be found in the part and something in train.
    - `test` is for the one opening at the end of a run, which records when (`mmviz.experiment`). Other code may say how
      much is in it, or look up what a recorded list hit and what a person took; no model is evaluated on it again.
    - `fingerprint`: of the catalogue's fingerprint, name, seed and positions; two equal ones are the same
      split.
    """

    name: str
    seed: int
    train: np.ndarray = field(compare=False, repr=False)
    valid: np.ndarray = field(compare=False, repr=False)
    test: np.ndarray = field(compare=False, repr=False)
    cold_items: np.ndarray = field(compare=False, repr=False)
    valid_candidates: np.ndarray = field(compare=False, repr=False)
    test_candidates: np.ndarray = field(compare=False, repr=False)
    n_valid_users: int
    n_test_users: int
    fingerprint: str

    def rows(self, part: Part) -> np.ndarray:
        """Positions of the interactions that are to be found in a part."""
        return self.valid if part == "valid" else self.test

    def sealed(self) -> Split:
        """This split with nothing in its test part, for those who may hold items out but not look."""
        return replace(self, test=np.empty(0, dtype=np.int64))

    def candidates(self, part: Part) -> np.ndarray:
        """(I,) bool: the items that are ranked in a part."""
        return self.valid_candidates if part == "valid" else self.test_candidates


@dataclass(frozen=True)
class SplitSummary:
    """A split in numbers, whether models may be ranked on it, and a sentence that says why (not)."""

    name: str
    title: str
    n_train: int
    n_valid: int
    n_test: int
    n_valid_users: int
    n_test_users: int
    n_cold_items: int
    usable: bool
    reason: str


def split_names() -> tuple[str, ...]:
    """Names of all splits, the most usual first."""
    return tuple(MAKERS)


def make_split(catalogue: Catalogue, name: str, seed: int = 0) -> Split:
    """Take a catalogue's interactions apart. The same catalogue, name and seed give the same split.

    Names: "per-user-temporal" (each user's last tenth is test, the tenth before validation),
    "global-temporal" (80/10/10 of all interactions by time), "random" (per user 80/10/10),
    "leave-one-out" (each user's last item is test, the one before validation; random items where there
    are no times), "cold-items" (80/10/10 of the items that have interactions). Splits by time do not
    depend on the seed and carry seed 0.

    Raises UnknownNameError, and EvaluationError where the catalogue has no interactions, lacks the times
    that the split needs, or is so small that a part would be empty.
    """
    if name not in MAKERS:
        raise UnknownNameError("split", name, MAKERS)
    maker = MAKERS[name]
    _check(catalogue, name, maker)
    first, pair_of_row = _first_occurrences(catalogue)
    user, item = _codes(catalogue)
    pairs = Pairs(user[first], item[first], catalogue.n_items, catalogue.has_times)
    used_seed = 0 if not maker.seeded or (name == "leave-one-out" and pairs.timed) else seed
    parts = maker.make(pairs, np.random.default_rng(used_seed))
    split = _assemble(catalogue, name, used_seed, parts, parts.of_pair[pair_of_row])
    for part, rows in (("training", split.train), ("validation", split.valid), ("test", split.test)):
        if len(rows) == 0:
            raise EvaluationError(
                f"The split '{name}' of '{catalogue.name}' leaves nothing for {part}: there are "
                f"{len(first)} pairs of user and item. Choose another split, or import more interactions."
            )
    return split


def _check(catalogue: Catalogue, name: str, maker: Maker) -> None:
    if len(catalogue.interactions) == 0:
        raise EvaluationError(
            f"'{catalogue.name}' has no interactions, so nothing can be split. Import a ratings file with it."
        )
    if maker.needs_times and not catalogue.has_times:
        raise EvaluationError(
            f"The split '{name}' needs a time for every interaction, and '{catalogue.name}' lacks some. "
            "Use the split 'random', or import ratings with a time column."
        )


def _codes(catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    frame = catalogue.interactions
    return frame["user"].to_numpy(np.int64), frame["item"].to_numpy(np.int64)


def _first_occurrences(catalogue: Catalogue) -> tuple[np.ndarray, np.ndarray]:
    """Rows where a pair occurs first (n,), in order, and for every row the place of its pair among them."""
    user, item = _codes(catalogue)
    code, _ = pd.factorize(user * catalogue.n_items + item)  # (rows,): numbered by first occurrence
    first = np.flatnonzero(~pd.Series(code).duplicated().to_numpy())  # (n,)
    return first, code


def _assemble(catalogue: Catalogue, name: str, seed: int, parts: Parts, of_row: np.ndarray) -> Split:
    train, valid, test = (np.flatnonzero(of_row == part) for part in (0, 1, 2))
    everything = np.ones(catalogue.n_items, dtype=bool)
    of_item = parts.of_item
    return Split(
        name=name,
        seed=seed,
        train=train,
        valid=valid,
        test=test,
        cold_items=~everything if of_item is None else of_item > 0,
        valid_candidates=everything if of_item is None else of_item == 1,
        test_candidates=everything if of_item is None else of_item == 2,
        n_valid_users=_users_of(catalogue, valid, train),
        n_test_users=_users_of(catalogue, test, train),
        fingerprint=_fingerprint(catalogue, name, seed, (train, valid, test)),
    )


def _users_of(catalogue: Catalogue, rows: np.ndarray, train: np.ndarray) -> int:
    user = catalogue.interactions["user"].to_numpy()
    return len(np.intersect1d(user[rows], user[train]))


def _fingerprint(catalogue: Catalogue, name: str, seed: int, parts: tuple[np.ndarray, ...]) -> str:
    digest = hashlib.sha256(f"{catalogue.fingerprint}\n{name}\n{seed}\n".encode())
    for rows in parts:
        digest.update(len(rows).to_bytes(8, "little"))
        digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def summarise(split: Split) -> SplitSummary:
    """A split in numbers. Fewer than `MIN_USERS` test users are not enough to rank models."""
    n = split.n_test_users
    usable = n >= MIN_USERS
    people = f"{n:,} {'person has' if n == 1 else 'people have'} something to be found in the test part"
    return SplitSummary(
        name=split.name,
        title=MAKERS[split.name].title,
        n_train=len(split.train),
        n_valid=len(split.valid),
        n_test=len(split.test),
        n_valid_users=split.n_valid_users,
        n_test_users=n,
        n_cold_items=int(split.cold_items.sum()),
        usable=usable,
        reason=f"{people}." if usable else f"Only {people}; at least {MIN_USERS} are needed to rank models.",
    )


def describe(catalogue: Catalogue, name: str, seed: int = 0) -> SplitSummary:
    """As `summarise`, and where the split cannot be made, a summary of zeros whose reason says why.

    Raises UnknownNameError for a split that does not exist.
    """
    try:
        return summarise(make_split(catalogue, name, seed))
    except EvaluationError as error:
        return SplitSummary(name, MAKERS[name].title, 0, 0, 0, 0, 0, 0, usable=False, reason=str(error))


def default_split(catalogue: Catalogue) -> tuple[str, str]:
    """The name of the split to use unless someone says otherwise, and a sentence that says why this one.

    The global cut in time where it leaves at least 200 test users, since nothing that a model learns from is
    then later than what it is judged by; else each person's latest items; without times, a random part of
    each person's.
    """
    if not catalogue.has_times:
        return "random", "Not every interaction has a time, so a random part of each person's is held out."
    n_users = describe(catalogue, "global-temporal").n_test_users
    if n_users >= ENOUGH_USERS:
        return "global-temporal", f"One cut in time leaves {n_users:,} people to test with."
    return "per-user-temporal", (
        f"One cut in time would leave {n_users:,} {'person' if n_users == 1 else 'people'} to test with, fewer "
        f"than {ENOUGH_USERS}; so each person's own latest items are held out."
    )
