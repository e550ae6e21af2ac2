"""Finding people worth looking at: the most active, the newest, and those whom the strategies serve worst."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue
from mmviz.errors import UnknownNameError
from mmviz.evaluation.splits import Split
from mmviz.views import Person

__all__ = ["ORDERS", "find_people", "person"]

ORDERS = ("active", "newest", "hardest", "id")


def find_people(
    catalogue: Catalogue,
    split: Split,
    find: str,
    order: str,
    limit: int,
    per_user: Sequence[pd.DataFrame] = (),
) -> list[Person]:
    """People whose id contains `find`, in the order asked for; `per_user` are runs' results for "hardest".

    People with nothing on the test side come last in every order, since nothing can be said of their lists.
    Raises UnknownNameError for an unknown order.
    """
    if order not in ORDERS:
        raise UnknownNameError("order", order, ORDERS)
    counts = _counts(catalogue, split)
    wanted = find.strip().lower()
    rows = np.array([wanted in user_id.lower() for user_id in catalogue.user_ids], dtype=bool)  # (U,)
    exact = np.array([user_id.lower() == wanted for user_id in catalogue.user_ids], dtype=bool)  # (U,)
    key, notes = _ORDERINGS[order](catalogue, split, counts, per_user)
    untested = (counts["test"] == 0).to_numpy()  # (U,)
    ranked = np.lexsort((np.arange(len(key)), key, untested, ~exact))  # (U,)
    return [_card(catalogue, counts, int(u), notes[u]) for u in ranked[rows[ranked]][:limit]]


def person(catalogue: Catalogue, split: Split, user: int) -> Person:
    """One person with the number of train and test interactions."""
    counts = _counts(catalogue, split)
    return _card(catalogue, counts, user, f"{counts['all'].iat[user]:,} {_what(catalogue)}")


def _card(catalogue: Catalogue, counts: pd.DataFrame, user: int, note: str) -> Person:
    row = counts.iloc[user]
    return Person(str(catalogue.user_ids[user]), int(row["train"]), int(row["test"]), note)


def _counts(catalogue: Catalogue, split: Split) -> pd.DataFrame:
    """Interactions of every user: columns train, test, all."""
    users = catalogue.interactions["user"].to_numpy()
    return pd.DataFrame(
        {
            "train": np.bincount(users[split.train], minlength=catalogue.n_users),
            "test": np.bincount(users[split.test], minlength=catalogue.n_users),
            "all": np.bincount(users, minlength=catalogue.n_users),
        }
    )


def _what(catalogue: Catalogue) -> str:
    return "ratings" if catalogue.has_ratings else "interactions"


def _by_activity(
    catalogue: Catalogue, _split: Split, counts: pd.DataFrame, _per_user: Sequence[pd.DataFrame]
) -> tuple[np.ndarray, list[str]]:
    what = _what(catalogue)
    return -counts["all"].to_numpy(), [f"{n:,} {what}" for n in counts["all"]]


def _by_newness(
    catalogue: Catalogue, _split: Split, counts: pd.DataFrame, _per_user: Sequence[pd.DataFrame]
) -> tuple[np.ndarray, list[str]]:
    first = catalogue.interactions.groupby("user")["time"].min().reindex(range(catalogue.n_users))  # (U,)
    days = pd.to_datetime(first, unit="s").dt.strftime("%-d %b %Y")
    what = _what(catalogue)
    notes = [f"since {day}, {n:,} {what}" for day, n in zip(days, counts["all"], strict=True)]
    if not catalogue.has_times:
        notes = [f"{n:,} {what}" for n in counts["all"]]
        return counts["all"].to_numpy(), notes
    return -first.to_numpy(), notes


def _by_difficulty(
    catalogue: Catalogue, _split: Split, counts: pd.DataFrame, per_user: Sequence[pd.DataFrame]
) -> tuple[np.ndarray, list[str]]:
    """Lowest mean NDCG@10 over the runs first, the more active first among equals."""
    if not per_user:
        return _by_activity(catalogue, _split, counts, per_user)
    joined = pd.concat(per_user).groupby("user")["ndcg@10"].mean().reindex(range(catalogue.n_users))  # (U,)
    activity = counts["all"].rank(pct=True).to_numpy()  # (U,)
    notes = ["nothing held out" if np.isnan(v) else f"mean NDCG@10 {v:.3f}" for v in joined]
    return joined.fillna(2.0).to_numpy() - 1e-6 * activity, notes


def _by_id(
    catalogue: Catalogue, _split: Split, counts: pd.DataFrame, _per_user: Sequence[pd.DataFrame]
) -> tuple[np.ndarray, list[str]]:
    what = _what(catalogue)
    notes = [f"{n:,} {what}" for n in counts["all"]]
    return np.argsort(np.argsort(np.asarray(catalogue.user_ids, dtype=str))), notes


_ORDERINGS = {"active": _by_activity, "newest": _by_newness, "hardest": _by_difficulty, "id": _by_id}
