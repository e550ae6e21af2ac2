"""Alignment, relevance and pointing on planted data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from mmviz.catalogue.truth import TruthItem, TruthSpan
from mmviz.explain.alignment import aligned_relevance, fit_alignment
from mmviz.explain.covering import covered, without_words
from mmviz.explain.grading import pointed
from mmviz.explain.history import history_parts
from mmviz.explain.pointing import energy_inside, enlarged, hits, shown_region
from mmviz.explain.reasons import place_said
from mmviz.explain.relevance import guided, propagate
from mmviz.features import Features, ModalityFeatures, Word
from mmviz.fusion_ranker import FusionRanker
from mmviz.ranker import Ranker

RNG = np.random.default_rng(0)


def planted(n: int = 300, concepts: int = 6, width: int = 16) -> Features:
    """Items with three concepts each: three of nine patches show them and three of five words tell them."""
    seen, told = RNG.normal(size=(concepts, width)), RNG.normal(size=(concepts, width))
    image, text = 0.3 * RNG.normal(size=(n, 9, width)), 0.3 * RNG.normal(size=(n, 5, width))
    for item in range(n):
        for at, concept in enumerate(RNG.choice(concepts, 3, replace=False)):
            image[item, 3 * at] += seen[concept]
            text[item, at] += told[concept]
    parts = {"image": image, "text": text}
    modalities = {
        name: ModalityFeatures(v.astype(np.float16), np.ones(v.shape[:2], bool), v.mean(1).astype(np.float16))
        for name, v in parts.items()
    }
    return Features(modalities, {}, (3, 3), [()] * n, "planted", "planted")


def test_alignment_finds_the_patch_that_shows_what_a_word_tells() -> None:
    features = planted()
    alignment = fit_alignment(features, np.arange(300) < 250)
    assert alignment is not None
    image, text = features.modalities["image"].tokens, features.modalities["text"].tokens
    found = np.array([alignment.map(text[item], image[item])[:3].argmax(axis=1) for item in range(250, 300)])
    assert (found == [0, 3, 6]).mean() > 0.9


def test_there_is_no_alignment_of_a_handful_of_items() -> None:
    assert fit_alignment(planted(20), np.arange(20) < 9) is None


def test_a_place_counts_for_a_word_only_where_the_score_hangs_on_it() -> None:
    alignment = np.array([[4.0, 4.0, 0.0, 0.0]])
    assert aligned_relevance(alignment, np.array([0.0, -2.0, 1.0, 0.0])).tolist() == [[0, 1, 0, 0]]


def test_guided_attention_is_the_positive_part_over_the_heads() -> None:
    attention, gradient = np.array([[[0.5]], [[0.5]]]), np.array([[[2.0]], [[-4.0]]])
    assert guided(attention, gradient).tolist() == [[0.5]]


def test_relevance_goes_through_self_attention_into_cross_attention() -> None:
    """A word that looked at another word, which looked at a patch, is told of the patch (eq. 6, 8 and 10)."""
    within = np.array([[0.0, 1.0], [0.0, 0.0]])
    across = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = propagate([("text", "text", within), ("text", "image", across)], {"text": 2, "image": 3})
    expected = (np.eye(2) + within).T @ across  # the second word's row, and nothing in the others
    assert found["text", "image"] == pytest.approx(expected)
    assert not found["image", "text"].any()


def test_layers_of_one_tower_roll_up() -> None:
    step = np.array([[0.0, 1.0], [0.0, 0.0]])
    found = propagate([("text", "text", step), ("text", "text", step)], {"text": 2})
    assert found["text", "text"].tolist() == [[1, 2], [0, 1]]


def test_enlarging_keeps_a_flat_map_flat_and_a_peak_in_its_place() -> None:
    assert enlarged(np.full((9, 9), 2.0)) == pytest.approx(np.full((32, 32), 2.0))
    peak = np.zeros((9, 9))
    peak[2, 7] = 1
    row, column = divmod(int(enlarged(peak).argmax()), 32)
    assert (row * 9 // 32, column * 9 // 32) == (2, 7)


def test_pointing_and_energy() -> None:
    region = np.zeros((32, 32), bool)
    region[:16, :16] = True
    corner = np.zeros((4, 4))
    corner[0, 0] = 1
    assert hits(corner, region) and not hits(corner[::-1], region)
    assert energy_inside(corner, region) == pytest.approx(1.0)
    assert energy_inside(np.ones((4, 4)), region) == pytest.approx(0.25)
    assert np.isnan(energy_inside(np.zeros((4, 4)), region))
    found = pointed({"right": corner.reshape(1, 16), "wrong": corner[::-1].reshape(1, 16)}, [([0], region)], (4, 4))
    assert (found["right"][0], found["wrong"][0], found["chance"][0]) == (1.0, 0.0, 0.25)


def test_the_region_of_a_word_is_that_of_the_parts_that_show_it() -> None:
    labels = np.array([[0, 1], [2, 2]])
    item = TruthItem({}, {}, (), where={"colour": ("body",), "lid": ("lid",)})
    span = TruthSpan("colour", "red", 0, 3)
    assert shown_region(item, span, labels, ("body", "lid")).tolist() == [[False, True], [False, False]]
    lid = TruthSpan("part", "lid", 0, 3)
    assert shown_region(item, lid, labels, ("body", "lid")).tolist() == [[False, False], [True, True]]
    assert shown_region(item, TruthSpan("mood", "calm", 0, 3), labels, ("body", "lid")) is None


@pytest.mark.parametrize("channels_first", [False, True])
def test_covered_patches_have_the_mean_colour(channels_first: bool) -> None:
    picture = RNG.integers(0, 255, size=(30, 20, 3), dtype=np.uint8)
    given = np.moveaxis(picture, -1, 0) if channels_first else picture
    keep = np.ones((3, 2), bool)
    keep[1, 0] = False
    left = covered(given, keep, channels_first)
    left = np.moveaxis(left, 0, -1) if channels_first else left
    assert (left[10:20, :10] == picture.reshape(-1, 3).mean(axis=0).astype(np.uint8)).all()
    left[10:20, :10] = picture[10:20, :10]
    assert (left == picture).all()
    assert covered(given, np.ones((3, 2), bool), channels_first) is given


def test_struck_words_leave_a_text_that_reads_on() -> None:
    text = "A red lamp, of oak."
    words = [Word("A", 0, 1), Word("red", 2, 5), Word("lamp", 6, 10), Word("of", 12, 14), Word("oak", 15, 18)]
    assert without_words(text, words, {1}) == "A lamp, of oak."
    assert without_words(text, words, {0, 4}) == "red lamp, of."
    assert without_words(text, words, range(5)) == ",."
    assert without_words(text, words, ()) == text


def tables() -> FusionRanker:
    content = RNG.normal(size=(3, 12, 4)).astype(np.float32)
    square, side = RNG.normal(size=(4, 4)), RNG.normal(size=(2, 12, 3))
    arrays = [a.astype(np.float32) for a in (square, side[0], side[1], RNG.normal(size=12))]
    return FusionRanker(("image", "text"), content, *arrays)


def test_parts_of_the_history_and_the_rest_add_up_to_the_score() -> None:
    ranker = tables()
    history = csr_array((np.ones(4, np.float32), ([0] * 4, [1, 3, 5, 7])), (1, 12))
    parts, rest = history_parts(ranker, history, 9)
    assert parts.sum() + rest == pytest.approx(ranker.score(history)[0, 9], abs=1e-4)
    assert len(parts) == 4 and np.ptp(parts) > 0


def test_what_is_no_sum_over_the_history_is_not_split() -> None:
    class Greatest(Ranker):
        modalities = ()

        def score(self, history: csr_array, weights: object = None) -> np.ndarray:
            table = np.array([[1.0, 5.0, 0.0], [4.0, 0.0, 0.0], [0.0, 0.0, 3.0]])
            return np.asarray((history.toarray()[:, :, None] * table).max(axis=1))

        def state(self) -> dict[str, np.ndarray]:
            return {}

        @classmethod
        def from_state(cls, state: object) -> Ranker:
            return cls()

    assert history_parts(Greatest(), csr_array(np.ones((1, 3), np.float32)), 0) is None
    assert history_parts(tables(), csr_array((1, 12), dtype=np.float32), 0) is None


def test_places_have_names() -> None:
    assert [place_said(at, (9, 9)) for at in (0, 8, 40, 72, 4)] == [
        "upper left",
        "upper right",
        "middle",
        "lower left",
        "upper",
    ]
