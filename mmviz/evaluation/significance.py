"""What a difference is worth: paired bootstrap intervals, t-test, effect size, and Holm's correction.

All of it is paired by user: two models are compared on the same people, so that what differs between
people (some are hard for every model) drops out. No Wilcoxon: on thousands of users with many zero
differences it says little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mmviz.errors import EvaluationError
from mmviz.evaluation.metrics import PerUser

__all__ = [
    "Comparison",
    "Interval",
    "bootstrap_mean",
    "bootstrap_means",
    "cohens_d",
    "compare",
    "holm",
    "paired_bootstrap",
    "paired_t_test",
]

_CELLS = 300_000
"""Resampled positions held at once (2.4 MB of indices, so that they stay in a core's own cache)."""


@dataclass(frozen=True)
class Interval:
    """A mean over users and its confidence interval at `level`."""

    mean: float
    low: float
    high: float
    level: float = 0.95

    @property
    def excludes_zero(self) -> bool:
        """True when all of the interval is on one side of 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Model A against model B on the same users, for one metric.

    - `difference`: mean of A − B with its bootstrap interval.
    - `p`: of the paired t-test, two-sided, not yet corrected for the number of pairs shown (see `holm`).
    - `effect`: Cohen's d_z, the mean difference in standard deviations of the differences.
    - `ahead`, `behind`: shares of users for whom A is better, or worse; the rest are ties.
    """

    metric: str
    n_users: int
    difference: Interval
    p: float
    effect: float
    ahead: float
    behind: float


def compare(
    a: PerUser, b: PerUser, metric: str, resamples: int = 10_000, level: float = 0.95, seed: int = 0
) -> Comparison:
    """Compare two evaluations of the same split. Raises EvaluationError unless both are of the same users."""
    if not np.array_equal(a.users, b.users):
        raise EvaluationError(
            f"A paired comparison needs the same users on both sides; these have {len(a.users)} and "
            f"{len(b.users)}, {len(np.intersect1d(a.users, b.users))} of them in common. "
            "Evaluate both on the same split."
        )
    for result in (a, b):
        if metric not in result.values:
            raise EvaluationError(f"There is no metric '{metric}' here. Known: {', '.join(result.values)}.")
    left, right = a.values[metric], b.values[metric]  # (n,) each
    return Comparison(
        metric=metric,
        n_users=len(left),
        difference=paired_bootstrap(left, right, resamples, level, seed),
        p=paired_t_test(left, right),
        effect=cohens_d(left, right),
        ahead=float((left > right).mean()),
        behind=float((left < right).mean()),
    )


def bootstrap_means(values: np.ndarray, resamples: int = 10_000, seed: int = 0) -> np.ndarray:
    """Means of users drawn with replacement: (n, m) -> (resamples, m) float64.

    All m columns (models, metrics) share the draws, so that the difference of two columns is the paired
    bootstrap of their difference: a whole board costs one call. Memory is bounded whatever n is.
    """
    table = np.asarray(values, dtype=np.float64)  # (n, m)
    if table.ndim != 2 or len(table) == 0 or not np.isfinite(table).all():
        finite = "" if np.isfinite(table).all() else ", some of them not finite"
        raise EvaluationError(
            f"A bootstrap needs finite values of at least one user as (users, columns); received {table.shape}{finite}."
        )
    n, rng = len(table), np.random.default_rng(seed)
    block = max(1, _CELLS // n)
    means = np.empty((resamples, table.shape[1]))  # (R, m)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = rng.integers(0, n, size=(size, n), dtype=np.int64)  # (r, n)
        drawn += np.arange(size)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)  # (r, n): times each user is drawn
        means[start : start + size] = counts @ table / n
    return means


def bootstrap_mean(values: np.ndarray, resamples: int = 10_000, level: float = 0.95, seed: int = 0) -> Interval:
    """Percentile interval of the mean of values (n,) over resampled users.

    Source: Efron and Tibshirani, An introduction to the bootstrap, 1993, chapter 13.
    """
    column = np.asarray(values, dtype=np.float64)  # (n,)
    means = bootstrap_means(column[:, None], resamples, seed)[:, 0]  # (R,)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(column.mean()), float(low), float(high), level)


def paired_bootstrap(
    a: np.ndarray, b: np.ndarray, resamples: int = 10_000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Interval of the mean of a − b over resampled users; a and b (n,) are of the same users, in order."""
    return bootstrap_mean(_differences(a, b), resamples, level, seed)


def paired_t_test(a: np.ndarray, b: np.ndarray) -> float:
    """Two-sided p-value of the paired t-test of the mean of a − b (n,) being 0; 1 where they are the same."""
    differences = _differences(a, b)  # (n,)
    if len(differences) < 2 or not differences.any():
        return 1.0
    if _constant(differences):
        return 0.0
    return float(stats.ttest_1samp(differences, 0.0).pvalue)


def cohens_d(a: np.ndarray, b: np.ndarray) -> float:
    """Cohen's d_z: mean of a − b (n,) over its standard deviation (n − 1). About 0.2 is small, 0.5
    medium, 0.8 large.

    0 where a and b are the same; infinite where they differ by the same amount for everyone.
    Source: Lakens, Calculating and reporting effect sizes, Frontiers in Psychology 2013, eq. 6.
    """
    differences = _differences(a, b)  # (n,)
    mean = float(differences.mean())
    if _constant(differences):
        return math.copysign(math.inf, mean) if mean else 0.0
    return mean / float(differences.std(ddof=1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values for the number of comparisons shown, in the order given.

    Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 1979.
    """
    p = np.asarray(p_values, dtype=np.float64)  # (n,)
    order = np.argsort(p, kind="stable")  # (n,)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))  # (n,)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in adjusted]


def _differences(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)  # (n,) each
    if left.shape != right.shape or left.ndim != 1 or len(left) == 0:
        raise EvaluationError(
            f"A paired comparison needs one value a user on both sides; received shapes {left.shape} and {right.shape}."
        )
    return left - right


def _constant(differences: np.ndarray) -> bool:
    """Whether all users differ by the same amount, up to rounding."""
    return bool(np.ptp(differences) <= 1e-12 * np.abs(differences).max())
