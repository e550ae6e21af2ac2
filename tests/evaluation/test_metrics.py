"""Metrics against an independent library, against values worked out by hand, and at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.errors import EvaluationError
from mmviz.evaluation.metrics import (
    METRICS,
    PerUser,
    ranking_metrics,
)
from tests.evaluation.peer import Query, ask

KS = (1, 5, 10, 50)


def _random_case(seed: int) -> tuple[np.ndarray, csr_array, csr_array, np.ndarray]:
    """Scores (30, 24) full of ties, items to find, items excluded, candidates; some users have nothing."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 5, size=(30, 24)).astype(np.float32)
    relevant, excluded = rng.random(scores.shape) < 0.15, rng.random(scores.shape) < 0.2
    relevant[::7] = False
    candidates = rng.random(24) < 0.8
    return scores, csr_array(relevant.astype(np.float32)), csr_array(excluded.astype(np.float32)), candidates


def test_equal_to_ranx_with_ties_empty_users_and_k_beyond_the_items() -> None:
    cases = [_random_case(seed) for seed in range(5)]
    names = {f"{m}@{k}": f"{'hit_rate' if m == 'hit' else m}@{k}" for m in METRICS for k in KS}
    wanted = [_findable(case) for case in cases]  # (30, 24) each
    runs = [_as_run(case) for case in cases]
    qrels = [{f"{r:02}": {f"{i:02}": 1 for i in np.flatnonzero(w[r])} for r in _rows(w)} for w in wanted]
    kept = [{query: run[query] for query in qrel} for run, qrel in zip(runs, qrels, strict=True)]
    answers = ask(kept, qrels, list(names.values()))
    for case, findable, answer in zip(cases, wanted, answers, strict=True):
        mine = ranking_metrics(*case, KS).values
        rows = _rows(findable)
        assert 0 < len(rows) < 30
        for name, theirs in names.items():
            expected = [answer[theirs][f"{r:02}"] for r in rows]
            np.testing.assert_allclose(mine[name][rows], expected, rtol=0, atol=1e-9, err_msg=name)
            assert np.isnan(np.delete(mine[name], rows)).all()


def _findable(case: tuple[np.ndarray, csr_array, csr_array, np.ndarray]) -> np.ndarray:
    _, relevant, excluded, candidates = case
    return (relevant.toarray() > 0) & (excluded.toarray() == 0) & candidates


def _rows(findable: np.ndarray) -> np.ndarray:
    return np.flatnonzero(findable.any(axis=1))


def _as_run(case: tuple[np.ndarray, csr_array, csr_array, np.ndarray]) -> Query:
    """Scores of the items that may be listed, with ties set apart by item position.

    The other library leaves the order of equal scores open.
    """
    scores, _, excluded, candidates = case
    apart = scores - np.arange(scores.shape[1]) * 1e-3
    allowed = (excluded.toarray() == 0) & candidates
    return {f"{r:02}": {f"{i:02}": float(apart[r, i]) for i in np.flatnonzero(allowed[r])} for r in range(len(scores))}


def test_values_worked_out_by_hand() -> None:
    scores = np.array([[0.9, 0.8, 0.7, 0.6, 0.5]])
    relevant = csr_array(np.array([[0, 1, 0, 1, 0]]))
    values = {name: float(v[0]) for name, v in ranking_metrics(scores, relevant, ks=(3, 4)).values.items()}
    gain = 1 / math.log2(3)
    assert values["ndcg@3"] == pytest.approx(gain / (1 + gain))
    assert values["ndcg@4"] == pytest.approx((gain + 1 / math.log2(5)) / (1 + gain))
    assert (values["recall@3"], values["recall@4"]) == (0.5, 1.0)
    assert values["precision@3"] == pytest.approx(1 / 3)
    assert (values["mrr@3"], values["hit@3"]) == (0.5, 1.0)
    assert values["map@3"] == pytest.approx(0.5 / 2)
    assert values["map@4"] == pytest.approx((0.5 + 0.5) / 2)


def test_more_relevant_items_than_places_can_still_be_perfect() -> None:
    scores = np.array([[5.0, 4.0, 3.0, 2.0]])
    values = ranking_metrics(scores, csr_array(np.ones((1, 4))), ks=(2,)).values
    assert values["ndcg@2"][0] == 1.0
    assert values["recall@2"][0] == 0.5


def test_equal_scores_are_ranked_by_position() -> None:
    ranked = ranking_metrics(np.zeros((1, 6)), csr_array(np.array([[0, 0, 1, 0, 0, 0]])), ks=(2, 3))
    assert ranked.top.tolist() == [[0, 1, 2]]
    assert ranked.values["hit@2"][0] == 0.0
    assert ranked.values["hit@3"][0] == 1.0


def test_excluded_items_are_neither_listed_nor_wanted() -> None:
    relevant = csr_array(np.array([[1, 1, 0, 0]]))
    excluded = csr_array(np.array([[1, 0, 0, 0]]))
    ranked = ranking_metrics(np.array([[9.0, 8.0, 7.0, 6.0]]), relevant, excluded, ks=(4,))
    assert ranked.top.tolist() == [[1, 2, 3, -1]]
    assert ranked.values["recall@4"][0] == 1.0


def test_a_score_of_minus_infinity_is_never_a_hit() -> None:
    scores = np.array([[1.0, -np.inf]])
    ranked = ranking_metrics(scores, csr_array(np.array([[0, 1]])), ks=(2,))
    assert ranked.values["hit@2"][0] == 0.0


def test_scores_are_left_as_they_were() -> None:
    scores, relevant, excluded, candidates = _random_case(0)
    before = scores.copy()
    ranking_metrics(scores, relevant, excluded, candidates)
    np.testing.assert_array_equal(scores, before)


def test_bad_input_is_refused_in_words() -> None:
    relevant = csr_array(np.eye(3))
    with pytest.raises(EvaluationError, match=r"1 of 3 users have a score that is not a number \(first: row 1\)"):
        ranking_metrics(np.array([[0.0, 1, 2], [0, np.nan, 1], [0, 1, 2]]), relevant)
    with pytest.raises(EvaluationError, match=r"\(3, 4\) do not fit relevance of shape \(3, 3\)"):
        ranking_metrics(np.zeros((3, 4)), relevant)
    with pytest.raises(EvaluationError, match="each 1 or more"):
        ranking_metrics(np.zeros((3, 3)), relevant, ks=(0, 10))


def test_mean_is_over_users() -> None:
    result = PerUser(np.array([3, 5]), {"ndcg@10": np.array([0.2, 0.4])}, np.zeros((2, 1), dtype=np.int64))
    assert result.mean() == {"ndcg@10": pytest.approx(0.3)}
