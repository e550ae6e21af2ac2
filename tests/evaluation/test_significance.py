"""Intervals that cover, tests that agree with worked examples, and what bad input says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mmviz.errors import EvaluationError
from mmviz.evaluation import significance
from mmviz.evaluation.metrics import PerUser
from mmviz.evaluation.significance import (
    bootstrap_mean,
    bootstrap_means,
    cohens_d,
    compare,
    holm,
    paired_bootstrap,
    paired_t_test,
)


def _per_user(values: np.ndarray, users: np.ndarray | None = None) -> PerUser:
    codes = np.arange(len(values)) if users is None else users
    return PerUser(codes, {"ndcg@10": values}, np.zeros((len(values), 1), dtype=np.int64))


def test_intervals_cover_the_true_difference_in_about_95_of_100_repeats() -> None:
    rng = np.random.default_rng(0)
    truth, repeats, covered = 0.02, 500, 0
    for repeat in range(repeats):
        # NDCG-like values: many zeros, skewed, and strongly correlated between the two models.
        base = rng.beta(0.5, 2.0, 200) * (rng.random(200) < 0.6)
        change = rng.choice([-0.1, 0.0, 0.2], size=200, p=[0.4, 0.3, 0.3])  # mean 0.02
        interval = paired_bootstrap(base + change, base, resamples=1000, seed=repeat)
        covered += interval.low <= truth <= interval.high
    assert 0.93 <= covered / repeats <= 0.97


def test_the_interval_is_that_of_the_normal_where_the_normal_holds() -> None:
    values = np.random.default_rng(1).normal(0.3, 0.1, 2000)
    interval = bootstrap_mean(values)
    error = values.std(ddof=1) / math.sqrt(2000)
    assert interval.mean == pytest.approx(values.mean())
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
    wide = bootstrap_mean(values, level=0.99)
    assert wide.low < interval.low < interval.high < wide.high


def test_seeded_and_independent_of_how_memory_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).random((50, 3))
    whole = bootstrap_means(values, 400, seed=5)
    np.testing.assert_array_equal(whole, bootstrap_means(values, 400, seed=5))
    assert not np.array_equal(whole, bootstrap_means(values, 400, seed=6))
    monkeypatch.setattr(significance, "_CELLS", 1000)
    np.testing.assert_allclose(bootstrap_means(values, 400, seed=5), whole, atol=1e-12)


def test_columns_share_their_draws_so_that_differences_are_paired() -> None:
    values = np.random.default_rng(3).random((80, 2))
    means = bootstrap_means(values, 500)
    paired = bootstrap_means(values[:, :1] - values[:, 1:], 500)
    np.testing.assert_allclose(means[:, 0] - means[:, 1], paired[:, 0], atol=1e-12)


def test_t_test_and_effect_size_agree_with_the_book() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random(60), rng.random(60)
    assert paired_t_test(a, b) == pytest.approx(float(stats.ttest_rel(a, b).pvalue))
    assert cohens_d(a, b) == pytest.approx(float(stats.ttest_rel(a, b).statistic) / math.sqrt(60))
    assert cohens_d(a, b) == -cohens_d(b, a)


def test_equal_and_constantly_different_models() -> None:
    a = np.linspace(0, 1, 20)
    assert (paired_t_test(a, a), cohens_d(a, a)) == (1.0, 0.0)
    assert (paired_t_test(a + 0.1, a), cohens_d(a, a + 0.1)) == (0.0, -math.inf)
    assert paired_t_test(a[:1] + 1, a[:1]) == 1.0


def test_holm_on_a_worked_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_holm_keeps_the_family_wise_error_under_the_null() -> None:
    p = np.random.default_rng(5).random((2000, 6))
    assert np.mean([min(holm(row.tolist())) < 0.05 for row in p]) < 0.06


def test_compare_counts_who_is_ahead() -> None:
    a, b = np.array([0.5, 0.5, 0.2, 0.9]), np.array([0.4, 0.5, 0.1, 1.0])
    found = compare(_per_user(a), _per_user(b), "ndcg@10", resamples=200)
    assert (found.ahead, found.behind, found.n_users) == (0.5, 0.25, 4)
    assert found.difference.mean == pytest.approx((a - b).mean())
    assert not found.difference.excludes_zero
    sure = compare(_per_user(a + 1), _per_user(b), "ndcg@10", resamples=200)
    assert sure.difference.excludes_zero


def test_bad_input_is_refused_in_words() -> None:
    a = np.ones(3)
    with pytest.raises(EvaluationError, match="have 3 and 3, 2 of them in common"):
        compare(_per_user(a), _per_user(a, np.array([0, 1, 9])), "ndcg@10")
    with pytest.raises(EvaluationError, match=r"no metric 'mrr' here. Known: ndcg@10"):
        compare(_per_user(a), _per_user(a), "mrr")
    with pytest.raises(EvaluationError, match="one value a user on both sides"):
        paired_bootstrap(a, np.ones(4))
    with pytest.raises(EvaluationError, match="not finite"):
        bootstrap_mean(np.array([1.0, np.nan]))
    with pytest.raises(EvaluationError, match="at least one user"):
        bootstrap_mean(np.array([]))
