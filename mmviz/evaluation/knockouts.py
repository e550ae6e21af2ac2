"""Knock-outs: what a trained model is still worth when a modality is damaged, without training again.

A curve runs over severities from 0 (as trained) to 1. Its people are the same at every severity, so that each point is
compared with the first person by person. They and what they are to find are the validation part of the split: the test
part is opened once a run, and this is not that once. Shape letters: U users, I items, n evaluated users, L severities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue
from mmviz.errors import EvaluationError, UnknownNameError
from mmviz.evaluation.evaluate import evaluate
from mmviz.evaluation.significance import Interval, bootstrap_means
from mmviz.evaluation.splits import Split
from mmviz.features import Features
from mmviz.ranker import Ranker

__all__ = ["KNOCK_OUTS", "Curve", "KnockOut", "curve", "knock_out", "knock_outs_of", "knocked_out"]

Feed = Callable[[Features, np.ndarray], Ranker]
"""What serves when the items in (I,) bool have these features, and the others their own."""


@dataclass(frozen=True)
class KnockOut:
    """One kind of damage to one modality.

    `encodes` says that the damaged pictures or texts go through the real encoder; then every item is hit at every
    severity, the harder the higher it is. Else a share of the items is hit, each of them wholly.
    """

    name: str
    modality: str
    damage: str
    severities: tuple[float, ...]
    encodes: bool = False


_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_DAMAGES = ("absent", "noise", "shuffled")
KNOCK_OUTS: tuple[KnockOut, ...] = (
    *(KnockOut(f"image-{damage}", "image", damage, _SHARES) for damage in _DAMAGES),
    KnockOut("image-blurred", "image", "blurred", (0.0, 0.25, 0.5, 1.0), encodes=True),
    *(KnockOut(f"text-{damage}", "text", damage, _SHARES) for damage in _DAMAGES),
    KnockOut("text-struck", "text", "struck", _SHARES, encodes=True),
    *(KnockOut(f"attributes-{damage}", "attributes", damage, _SHARES) for damage in _DAMAGES),
)
"""All knock-outs, those of one modality together."""


def knock_outs_of(modalities: Iterable[str]) -> tuple[KnockOut, ...]:
    """The knock-outs that make sense for features of these modalities."""
    there = set(modalities)
    return tuple(each for each in KNOCK_OUTS if each.modality in there)


def knock_out(name: str) -> KnockOut:
    """One knock-out by name. Raises UnknownNameError with the nearest."""
    by_name = {each.name: each for each in KNOCK_OUTS}
    if name not in by_name:
        raise UnknownNameError("knock-out", name, by_name)
    return by_name[name]


def knocked_out(
    feed: Feed,
    steps: Iterable[tuple[float, Features, np.ndarray]],
    catalogue: Catalogue,
    split: Split,
    start: pd.DataFrame,
    ks: Sequence[int] = (10, 20),
) -> pd.DataFrame:
    """Validate a model at every step, a severity with the damaged features and the items (I,) bool that have them.

    `start` is what the undamaged model reaches on the validation part of the split: a column `user` and one for each
    metric. Returns it at severity 0 and the same columns at each step, with a column `severity`, for the same users.
    """
    frames = [start.assign(severity=0.0)]
    for severity, features, hit in steps:
        result = evaluate(feed(features, hit), catalogue, split, "valid", ks)
        if not np.array_equal(result.users, start["user"].to_numpy()):
            raise EvaluationError(
                f"The run was validated on {len(start)} people and {len(result.users)} can be evaluated now. "
                "Train it again on the catalogue as it is."
            )
        frames.append(pd.DataFrame({"user": result.users, **result.values, "severity": severity}))
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class Curve:
    """A metric over levels with 95 % paired bootstrap intervals of its change from the first level.

    - `levels`, `mean`: (L,); `low`, `high`: (L,) the mean at the first level plus the interval of the change, so that
      the band has no width there and a band that leaves the first value is a change beyond noise.
    - `change`: the change at the last level.
    - `area`: the area under mean(level) / mean(first level), levels scaled to 0 to 1; None where the first is 0.
    - `n_users`: how many people were compared.
    """

    levels: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    change: Interval
    area: Interval | None
    n_users: int


def curve(frame: pd.DataFrame, metric: str, by: str = "severity", resamples: int = 2_000, seed: int = 0) -> Curve:
    """The curve of one metric from a long table: `user`, the column `by` and the metric, each user at each level.

    Raises UnknownNameError for a metric that was not measured.
    """
    if metric not in frame.columns:
        raise UnknownNameError("metric", metric, frame.columns.drop(["user", by]))
    table = frame.pivot(index="user", columns=by, values=metric)
    levels, values = table.columns.to_numpy(dtype=np.float64), table.to_numpy(dtype=np.float64)  # (L,), (n, L)
    means = bootstrap_means(values, resamples, seed=seed)  # (R, L)
    mean, moved = values.mean(axis=0), means - means[:, :1]  # (L,), (R, L)
    low, high = mean[0] + np.quantile(moved, [0.025, 0.975], axis=0)  # (L,) each
    change = Interval(float(mean[-1] - mean[0]), float(low[-1] - mean[0]), float(high[-1] - mean[0]))
    return Curve(levels, mean, low, high, change, _area(levels, mean, means), len(values))


def _area(levels: np.ndarray, mean: np.ndarray, means: np.ndarray) -> Interval | None:
    """Trapezoids under the share that is left, from the means (L,) and their resamples (R, L)."""
    if mean[0] <= 0 or not np.isfinite(levels).all():
        return None
    place = (levels - levels[0]) / (levels[-1] - levels[0])  # (L,)
    kept = means[means[:, 0] > 0]  # (R', L)
    drawn = np.trapezoid(kept / kept[:, :1], place, axis=1)  # (R',)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(float(np.trapezoid(mean / mean[0], place)), float(low), float(high))
