"""The protocol: what a model is shown, what is masked, who is evaluated."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.errors import EvaluationError
from mmviz.evaluation.evaluate import evaluate
from mmviz.evaluation.splits import make_split
from mmviz.ranker import Ranker, Weights
from tests.evaluation.small import catalogue_of, random_catalogue


class Recorder(Ranker):
    """Ranks by fixed scores (I,) and remembers what it was shown."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = scores
        self.shown: list[np.ndarray] = []
        self.weights: Weights | None = None

    modalities = ()

    def score(self, history: csr_array, weights: Weights | None = None) -> np.ndarray:
        self.shown.append(history.toarray())
        self.weights = weights
        return np.broadcast_to(self.scores, history.shape).astype(np.float32)

    def state(self) -> dict[str, np.ndarray]:
        return {"scores": self.scores}

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Recorder:
        return cls(state["scores"])


@pytest.mark.parametrize("part", ["valid", "test"])
def test_the_history_is_train_alone_in_both_parts(part: str) -> None:
    catalogue = random_catalogue()
    split = make_split(catalogue, "per-user-temporal")
    ranker = Recorder(np.arange(40.0))
    result = evaluate(ranker, catalogue, split, part, batch_users=7)
    train = catalogue.matrix(split.train).toarray()
    np.testing.assert_array_equal(np.concatenate(ranker.shown), train[result.users])
    assert max(len(block) for block in ranker.shown) == 7


def test_train_is_masked_at_validation_and_validation_too_at_test() -> None:
    catalogue = catalogue_of([0] * 4, [0, 1, 2, 3], [0, 1, 2, 3], n_items=6)
    split = make_split(catalogue, "leave-one-out")
    ranker = Recorder(np.array([6.0, 5, 4, 3, 2, 1]))
    at_valid = evaluate(ranker, catalogue, split, "valid", ks=(6,))
    at_test = evaluate(ranker, catalogue, split, "test", ks=(6,))
    assert at_valid.top.tolist() == [[2, 3, 4, 5, -1, -1]]  # the test item competes: nobody knows yet
    assert at_test.top.tolist() == [[3, 4, 5, -1, -1, -1]]
    assert at_valid.mean()["mrr@6"] == at_test.mean()["mrr@6"] == 1.0


def test_cold_items_compete_only_with_each_other() -> None:
    catalogue = random_catalogue(n_items=80)
    split = make_split(catalogue, "cold-items")
    for part in ("valid", "test"):
        result = evaluate(Recorder(np.arange(80.0)), catalogue, split, part, ks=(80,))
        listed = np.unique(result.top[result.top >= 0])
        np.testing.assert_array_equal(listed, np.flatnonzero(split.candidates(part)))


def test_people_without_history_are_counted_and_not_evaluated() -> None:
    users = [0] * 8 + [1] + [2]
    items = [0, 1, 2, 3, 4, 5, 6, 7, 3, 2]
    catalogue = catalogue_of(users, items, list(range(10)))
    split = make_split(catalogue, "global-temporal")  # rows 8 and 9 are validation and test
    assert split.n_test_users == 0
    with pytest.raises(EvaluationError, match=r"Nobody can be evaluated.*\(1 have held-out items only\)"):
        evaluate(Recorder(np.arange(8.0)), catalogue, split, "test")
    mixed = catalogue_of([*[0] * 9, 1, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8, 3, 9], list(range(11)))
    result = evaluate(Recorder(np.arange(10.0)), mixed, make_split(mixed, "global-temporal"), "test")
    assert (result.users.tolist(), result.n_skipped) == ([0], 1)


@pytest.mark.parametrize("name", ["per-user-temporal", "global-temporal", "random", "cold-items"])
def test_as_many_users_are_evaluated_as_the_split_says(name: str) -> None:
    catalogue = random_catalogue(per_user=4, n_items=60)
    split = make_split(catalogue, name)
    result = evaluate(Recorder(np.arange(60.0)), catalogue, split, "test")
    assert len(result.users) == split.n_test_users


def test_the_size_of_a_batch_changes_nothing_and_weights_reach_the_ranker() -> None:
    catalogue = random_catalogue()
    split = make_split(catalogue, "random", seed=4)
    ranker = Recorder(np.random.default_rng(0).integers(0, 3, 40).astype(float))
    whole = evaluate(ranker, catalogue, split, weights={"image": 0.3})
    parts = evaluate(ranker, catalogue, split, batch_users=1, weights={"image": 0.3})
    assert ranker.weights == {"image": 0.3}
    np.testing.assert_array_equal(whole.top, parts.top)
    for name, values in whole.values.items():
        np.testing.assert_array_equal(values, parts.values[name])
        assert values.shape == whole.users.shape


def test_knowing_the_answer_is_perfect() -> None:
    catalogue = catalogue_of([0] * 30 + [1] * 30, list(range(30)) * 2, list(range(60)))
    split = make_split(catalogue, "per-user-temporal")
    result = evaluate(Recorder(np.arange(30.0)), catalogue, split)
    assert result.mean()["ndcg@10"] == result.mean()["recall@10"] == 1.0


def test_a_split_of_another_catalogue_and_an_unknown_part_are_refused() -> None:
    catalogue = random_catalogue()
    split = make_split(catalogue, "random")
    with pytest.raises(EvaluationError, match="is over 40 items, and 'small' has 50"):
        evaluate(Recorder(np.arange(50.0)), random_catalogue(n_items=50), split)
    with pytest.raises(EvaluationError, match="no part 'train'"):
        evaluate(Recorder(np.arange(40.0)), catalogue, split, "train")
