"""What every control must do. The registry names them, so that a new file is tested without an edit here."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load, save

from mmviz import baselines
from mmviz.baselines.base import Baseline
from mmviz.errors import TrainingError, UnknownNameError
from mmviz.ranker import modality_shares
from tests.baselines.planted import Planted, as_features, histories, planted

CONTENT = [name for name in baselines.names() if name.startswith(("content", "collective"))]
HISTORY_BASED = [name for name in baselines.names() if name != "popularity"]
LINEAR = [name for name in baselines.names() if name.startswith(("ease", "item", "collective"))]


@pytest.fixture(scope="module")
def data() -> Planted:
    return planted()


@pytest.fixture(params=baselines.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _fitted(name: str, data: Planted) -> Baseline:
    return baselines.strategy(name)().fit(data.train, vectors=data.vectors)


def test_scores_are_finite_float32_for_everyone_and_everything(name: str, data: Planted) -> None:
    people = histories([], [0], [0, 2, 4], [47], list(range(48)))
    scores = _fitted(name, data).score(people)
    assert scores.shape == people.shape
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_the_same_fit_gives_the_same_scores(name: str, data: Planted) -> None:
    one, two = (_fitted(name, data).score(data.train) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_scores_do_not_depend_on_the_batch(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    together = model.score(data.train)
    for row in (0, 7):
        np.testing.assert_allclose(model.score(data.train[[row]])[0], together[row], atol=1e-5)


def test_a_stored_control_scores_the_same(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    restored = type(model).from_state(load(save(model.state())))
    np.testing.assert_array_equal(restored.score(data.train), model.score(data.train))
    assert restored.modalities == model.modalities
    assert restored.parameters == model.parameters > 0


def test_a_person_is_nothing_but_a_history(name: str, data: Planted) -> None:
    """Someone new with the history of someone known gets the same scores."""
    model = _fitted(name, data)
    known = data.train[[3]]
    new = histories(known.indices.tolist())
    np.testing.assert_array_equal(model.score(new), model.score(known))


@pytest.mark.parametrize("name", HISTORY_BASED)
def test_the_planted_groups_are_found_for_a_new_person(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    for group in (0, 1):
        liked = [group, group + 2, group + 4]
        scores = model.score(histories(liked))[0]
        scores[liked] = -np.inf
        best = np.argsort(-np.where(data.cold, -np.inf, scores))[:10]
        assert (data.group[best] == group).all()


@pytest.mark.parametrize("name", CONTENT)
def test_cold_items_are_ranked_by_their_content(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    for group in (0, 1):
        scores = model.score(histories([group, group + 2, group + 4]))[0]
        assert scores[data.cold & (data.group == group)].min() > scores[data.cold & (data.group != group)].max()


@pytest.mark.parametrize("name", CONTENT)
def test_a_person_who_has_only_cold_items_is_served_by_their_content(name: str, data: Planted) -> None:
    scores = _fitted(name, data).score(histories([40, 42]))[0]
    warm = ~data.cold & (np.arange(48) != 39)
    assert scores[warm & (data.group == 0)].mean() > scores[warm & (data.group == 1)].mean()
    assert scores[44] > scores[45]


@pytest.mark.parametrize("name", LINEAR)
def test_scores_add_up_over_the_history(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    singles = model.score(histories([1], [4], [9], [44])).sum(axis=0)
    np.testing.assert_allclose(model.score(histories([1, 4, 9, 44]))[0], singles, atol=1e-4)


def test_shares_add_up_to_the_score(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    for weights in (None, {"image": 0.4, "text": 0.9}):
        shares = modality_shares(model, data.train, weights)
        assert set(shares) == {"interactions", *model.modalities}
        total = np.sum(list(shares.values()), axis=0)
        np.testing.assert_allclose(total, model.score(data.train, weights), atol=1e-4)


def test_weights_not_named_count_one_and_foreign_ones_nothing(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    full = model.score(data.train, dict.fromkeys(model.modalities, 1.0) | {"sound": 0.0})
    np.testing.assert_array_equal(full, model.score(data.train))


@pytest.mark.parametrize("name", CONTENT)
def test_a_weight_of_zero_takes_a_modality_out(name: str, data: Planted) -> None:
    model = _fitted(name, data)
    for modality in model.modalities:
        other = dict(data.vectors)
        other[modality] = np.random.default_rng(9).normal(size=other[modality].shape)
        without = baselines.strategy(name)().fit(data.train, vectors=other).score(data.train, {modality: 0.0})
        np.testing.assert_allclose(model.score(data.train, {modality: 0.0}), without, atol=1e-5)
        assert not np.allclose(model.score(data.train), model.score(data.train, {modality: 0.0}), atol=1e-3)


def test_features_and_their_summaries_are_the_same(name: str, data: Planted) -> None:
    rounded = {key: value.astype(np.float16).astype(np.float32) for key, value in data.vectors.items()}
    by_vectors = baselines.strategy(name)().fit(data.train, vectors=rounded)
    by_features = baselines.strategy(name)().fit(data.train, as_features(data.vectors))
    np.testing.assert_allclose(by_vectors.score(data.train), by_features.score(data.train), atol=1e-5)


def test_settings_are_chosen_by_validation_alone(name: str, data: Planted) -> None:
    cls = baselines.strategy(name)
    best = cls.fit_best(data.train, data.valid, vectors=data.vectors)
    assert best.score == max(trial.score for trial in best.trials)
    assert len({str(trial.settings) for trial in best.trials}) == len(best.trials)
    again = cls(best.model.config).fit(data.train, vectors=data.vectors)
    np.testing.assert_allclose(best.model.score(data.train), again.score(data.train), atol=1e-5)


def test_settings_that_are_given_stay(name: str, data: Planted) -> None:
    cls = baselines.strategy(name)
    fixed = {setting: values[-1] for setting, values in cls.grid.items()}
    best = cls.fit_best(data.train, data.valid, vectors=data.vectors, settings=fixed)
    assert len(best.trials) == 1
    assert {key: best.trials[0].settings[key] for key in fixed} == fixed
    with pytest.raises(UnknownNameError, match="no setting 'depth'"):
        cls.fit_best(data.train, data.valid, vectors=data.vectors, settings={"depth": 3})


def test_the_grid_holds_settings_within_their_bounds(name: str) -> None:
    cls = baselines.strategy(name)
    for setting, values in cls.grid.items():
        for value in values:
            cls.Config(**{setting: value})


def test_texts_are_there_for_a_person_without_importing(name: str) -> None:
    cls, texts = baselines.strategy(name), baselines.texts(name)
    for key in ("title", "summary", "formula", "paper"):
        assert texts[key] == getattr(cls, key)
        assert texts[key].strip()
    assert texts["summary"].count(". ") == 1


def test_bad_input_is_refused_in_words(name: str, data: Planted) -> None:
    cls = baselines.strategy(name)
    with pytest.raises(TrainingError, match="has not been fitted yet"):
        cls().score(data.train)
    with pytest.raises(TrainingError, match="no training interaction"):
        cls().fit(histories([], []), vectors=data.vectors)
    with pytest.raises(TrainingError, match=r"train_items has shape \(3,\)"):
        cls().fit(data.train, vectors=data.vectors, train_items=np.ones(3, dtype=bool))


@pytest.mark.parametrize("name", CONTENT)
def test_content_that_is_missing_or_broken_is_refused_in_words(name: str, data: Planted) -> None:
    cls = baselines.strategy(name)
    with pytest.raises(TrainingError, match=r"needs .* vectors, and there are none"):
        cls().fit(data.train)
    short = {key: value[:5] for key, value in data.vectors.items()}
    with pytest.raises(TrainingError, match="one row for each of 48 items"):
        cls().fit(data.train, vectors=short)
    broken = {key: np.where(value > 9, np.nan, value) for key, value in data.vectors.items()}
    with pytest.raises(TrainingError, match="not finite"):
        cls().fit(data.train, vectors=broken)
    with pytest.raises(TrainingError, match="too few to learn from"):
        cls().fit(data.train, vectors={key: value * 0 for key, value in data.vectors.items()})
