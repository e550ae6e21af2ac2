"""Cold start: the same people, the same things to find, and only what is known grows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.baselines.popularity import Popularity
from mmviz.errors import EvaluationError
from mmviz.evaluation.cold_start import EVERYTHING, few_likes, few_takers, measure
from mmviz.evaluation.evaluate import evaluate
from mmviz.evaluation.splits import make_split
from tests.evaluation.small import random_catalogue


def dense(matrix: csr_array) -> np.ndarray:
    return np.asarray(matrix.toarray()) > 0


def test_short_histories_are_parts_of_longer_ones() -> None:
    catalogue = random_catalogue(n_users=60, n_items=80, per_user=30)
    split = make_split(catalogue, "random")
    trial = few_likes(catalogue, split, (1, 2, 5), draws=2)
    train = dense(catalogue.matrix(split.train))
    taking_part = dense(trial.relevant).any(axis=1)
    assert trial.n_users == taking_part.sum() == 60
    for draw in range(2):
        before = np.zeros_like(train)
        for count in (1, 2, 5):
            now = dense(trial.histories[count][draw])
            assert (now.sum(axis=1) == count).all()
            assert (now & before).sum() == before.sum()
            assert not (now & ~train).any()
            before = now
    assert (dense(trial.histories[1][0]) != dense(trial.histories[1][1])).any()
    np.testing.assert_array_equal(dense(trial.histories[EVERYTHING][0]), train)


def test_whole_histories_give_what_the_evaluation_gives() -> None:
    catalogue = random_catalogue(n_users=60, n_items=80, per_user=30)
    split = make_split(catalogue, "random")
    model = Popularity().fit(catalogue.matrix(split.train))
    frame = measure(lambda _count, _known: model, few_likes(catalogue, split), "Popularity")
    own = evaluate(model, catalogue, split, "valid")
    whole = frame[frame["count"] == EVERYTHING]
    np.testing.assert_array_equal(whole["user"], own.users)
    np.testing.assert_allclose(whole["ndcg@10"], own.values["ndcg@10"])
    by_count = frame.groupby("count")["ndcg@10"].mean()  # a model that is deaf to histories serves everyone alike
    np.testing.assert_allclose(by_count, by_count.iloc[-1])


def test_too_long_counts_are_left_out_and_too_few_people_refused() -> None:
    catalogue = random_catalogue(n_users=60, n_items=80, per_user=30)
    split = make_split(catalogue, "random")
    assert set(few_likes(catalogue, split, (1, 500)).histories) == {1.0, EVERYTHING}
    with pytest.raises(EvaluationError, match="Choose another split"):
        few_likes(catalogue, split, (500,))


def test_new_items_become_known_at_the_same_pace() -> None:
    catalogue = random_catalogue(n_users=200, n_items=300, per_user=60)
    split = make_split(catalogue, "cold-items")
    trial = few_takers(catalogue, split, (0, 1, 5, 20))
    train, held = dense(catalogue.matrix(split.train)), dense(catalogue.matrix(split.valid))
    items = np.flatnonzero(trial.candidates)
    assert trial.n_items == len(items) >= 20
    before = train
    for count in (0, 1, 5, 20):
        known = dense(trial.known[count])
        assert (known[:, items].sum(axis=0) == count).all()
        assert not (before & ~known).any()
        assert not (known & ~train & ~held).any()
        assert (known == train)[:, ~trial.candidates].all()
        assert not (known & dense(trial.relevant)).any()
        before = known
    assert (dense(trial.relevant)[:, items].sum(axis=0) >= 3).all()
    assert not (dense(trial.relevant) & ~held).any()
    assert (dense(trial.excluded) == (train | dense(trial.known[20]))).all()


def test_what_is_known_reaches_the_model() -> None:
    catalogue = random_catalogue(n_users=200, n_items=300, per_user=60)
    trial = few_takers(catalogue, make_split(catalogue, "cold-items"), (0, 5))
    seen: dict[float, int] = {}

    def serve(count: float, known: csr_array) -> Popularity:
        seen[count] = int(known.nnz)
        return Popularity().fit(known)

    frame = measure(serve, trial, "Popularity")
    assert seen[5.0] - seen[0.0] == 5 * trial.n_items
    assert frame.groupby("count")["user"].apply(tuple).nunique() == 1


def test_other_splits_have_no_new_items() -> None:
    catalogue = random_catalogue()
    with pytest.raises(EvaluationError, match="cold-items"):
        few_takers(catalogue, make_split(catalogue, "random"))
    with pytest.raises(EvaluationError, match="Too few new items"):
        few_takers(catalogue, make_split(catalogue, "cold-items"))
