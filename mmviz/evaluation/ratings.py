"""How far off a model's ratings are: RMSE and MAE, pooled and per person.

The models here rank; they do not predict stars. So a rating is *read* from a score, in the same way for every model:
what the person and the item usually give and get, b_ui = μ + b_u + b_i, from the train ratings (Koren, Factor in the
neighbors, ACM TKDD 2010, section 2.1), and on top a + c·z, where z is the score in standard deviations of the
person's scores over all items. The two numbers a and c are fitted on the validation ratings, never on the test ones.
A model whose score says nothing of how much something is liked gets c ≈ 0 and the error of b_ui alone.

Shape letters: U users, I items, r ratings, n evaluated users.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.splits import Split
from mmviz.ranker import Ranker

__all__ = ["RatingErrors", "rating_errors", "rating_metrics", "shrunken"]

USER_SHRINK, ITEM_SHRINK = 10.0, 25.0
"""Ratings that a deviation of a person, or of an item, is outweighed by; the values of the paper."""

_CELLS = 16_000_000


class RatingErrors(NamedTuple):
    """`pooled`: "rmse", "mae" over all ratings; `per_user`: the same names -> (n,), NaN for someone without any."""

    pooled: dict[str, float]
    per_user: dict[str, np.ndarray]


class _Rated(NamedTuple):
    """Rows with a rating: user, item, stars, (r,) each."""

    user: np.ndarray
    item: np.ndarray
    stars: np.ndarray


def rating_errors(predicted: np.ndarray, actual: np.ndarray, user: np.ndarray, of: np.ndarray) -> RatingErrors:
    """Errors of predictions (r,) of the users (r,), pooled and for each user in `of` (n,).

    RMSE is the root of the mean square, MAE the mean absolute difference. Pooled, a person with many ratings counts
    more; per person, everyone counts the same.
    """
    off = predicted.astype(np.float64) - actual  # (r,)
    size = int(max(user.max(initial=-1), of.max(initial=-1))) + 1
    counts = np.bincount(user, minlength=size)[of]  # (n,)
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.bincount(user, off**2, minlength=size)[of] / counts  # (n,)
        sizes = np.bincount(user, np.abs(off), minlength=size)[of] / counts  # (n,)
    pooled = {"rmse": float(np.sqrt((off**2).mean())), "mae": float(np.abs(off).mean())}
    return RatingErrors(pooled, {"rmse": np.sqrt(squares), "mae": sizes})


def rating_metrics(ranker: Ranker, catalogue: Catalogue, split: Split, users: np.ndarray) -> RatingErrors | None:
    """Test errors of the ratings read from a ranker's scores, for the evaluated users (n,).

    None where ratings are absent, all the same, or too few on validation to fit the two numbers.
    """
    train, valid, test = (_rated(catalogue, rows) for rows in (split.train, split.valid, split.test))
    known = np.isin(test.user, users)
    test = _Rated(*(part[known] for part in test))
    if len(valid.stars) < 10 or len(test.stars) == 0 or np.ptp(train.stars) == 0:
        return None
    usual = _Usual(train, catalogue.n_users, catalogue.n_items)
    history = catalogue.matrix(split.train)  # (U, I)
    z_valid, z_test = (_standardised(ranker, history, rows) for rows in (valid, test))  # (r,) each
    design = np.stack([np.ones_like(z_valid), z_valid], axis=1)  # (r, 2)
    a_c, *_ = np.linalg.lstsq(design, valid.stars - usual(valid), rcond=None)  # (2,)
    predicted = usual(test) + a_c[0] + a_c[1] * z_test  # (r,)
    return rating_errors(predicted.clip(train.stars.min(), train.stars.max()), test.stars, test.user, users)


class _Usual:
    """b_ui of the paper: μ, then the shrunken deviation of the item, then that of the person."""

    def __init__(self, rated: _Rated, n_users: int, n_items: int) -> None:
        self.mean = float(rated.stars.mean())
        rest = rated.stars - self.mean  # (r,)
        self.item = shrunken(rated.item, rest, n_items, ITEM_SHRINK)  # (I,)
        self.user = shrunken(rated.user, rest - self.item[rated.item], n_users, USER_SHRINK)  # (U,)

    def __call__(self, rated: _Rated) -> np.ndarray:
        return np.asarray(self.mean + self.user[rated.user] + self.item[rated.item])  # (r,)


def shrunken(code: np.ndarray, rest: np.ndarray, size: int, shrink: float) -> np.ndarray:
    """(size,) the mean of what is left of the ratings (r,) for each code (r,), with `shrink` ratings of 0 added."""
    return np.asarray(np.bincount(code, rest, minlength=size) / (np.bincount(code, minlength=size) + shrink))


def _rated(catalogue: Catalogue, rows: np.ndarray) -> _Rated:
    frame = catalogue.interactions.iloc[rows]
    stars = frame["rating"].to_numpy(np.float64)
    there = np.isfinite(stars)
    return _Rated(frame["user"].to_numpy(np.int64)[there], frame["item"].to_numpy(np.int64)[there], stars[there])


def _standardised(ranker: Ranker, history: csr_array, rated: _Rated) -> np.ndarray:
    """The score of each row (r,) in standard deviations of that person's scores over all items."""
    values = np.zeros(len(rated.user))  # (r,)
    order = np.argsort(rated.user, kind="stable")  # (r,)
    people, starts = np.unique(rated.user[order], return_index=True)  # (m,) each
    ends = np.append(starts[1:], len(order))  # (m,)
    step = max(1, min(512, _CELLS // history.shape[1]))
    for first in range(0, len(people), step):
        batch = slice(first, first + step)
        scores = ranker.score(history[people[batch]]).astype(np.float64)  # (B, I)
        centre, spread = scores.mean(axis=1), scores.std(axis=1)  # (B,) each
        for row, (start, end) in enumerate(zip(starts[batch], ends[batch], strict=True)):
            own = order[start:end]
            values[own] = (scores[row, rated.item[own]] - centre[row]) / max(spread[row], 1e-12)
    return values
