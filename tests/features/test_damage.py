"""Damaged features: what is taken away is gone, what is swapped is another item's, and the rest is untouched."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.errors import UnknownNameError
from mmviz.features.damage import DAMAGES, damaged, hit_items, mixed
from tests.planted import planted

FEATURES = planted().features
CLEAN = FEATURES.modalities["image"]
EVERY = np.arange(len(CLEAN.mask))


def test_severities_grow_into_each_other() -> None:
    half, more = hit_items(CLEAN.present, 0.5), hit_items(CLEAN.present, 0.75)
    assert half.sum() == round(0.5 * CLEAN.present.sum())
    assert not (half & ~more).any()
    assert not hit_items(CLEAN.present, 0.0).any()
    np.testing.assert_array_equal(hit_items(CLEAN.present, 1.0), CLEAN.present)


def test_absent_is_as_if_it_had_never_been_there() -> None:
    gone = damaged(FEATURES, "image", "absent").modalities["image"]
    assert not gone.present.any()
    assert not np.asarray(gone.tokens[EVERY]).any()
    assert not np.asarray(gone.pooled).any()


def test_rows_that_are_made_when_read_are_indexed_like_an_array() -> None:
    made = damaged(FEATURES, "image", "shuffled").modalities["image"].tokens
    whole = np.asarray(made[EVERY])
    assert made.shape == whole.shape and len(made) == len(whole) and made.dtype == whole.dtype
    rows, places = np.array([4, 0]), np.array([[2, 1], [0, 2]])
    np.testing.assert_array_equal(made[rows[:, None], places], whole[rows[:, None], places])
    np.testing.assert_array_equal(made[3], whole[3])
    np.testing.assert_array_equal(made[2:5], whole[2:5])
    np.testing.assert_array_equal(made[EVERY < 2], whole[:2])


def test_noise_is_as_loud_as_what_it_replaces() -> None:
    noise = damaged(FEATURES, "image", "noise").modalities["image"]
    np.testing.assert_array_equal(noise.mask, CLEAN.mask)
    tokens = np.asarray(noise.tokens[EVERY], dtype=np.float64)
    assert not tokens[~noise.mask].any()
    real = np.asarray(CLEAN.tokens, dtype=np.float64)[CLEAN.mask]
    np.testing.assert_allclose(tokens[noise.mask].std(), real.std(), rtol=0.15)
    assert abs(np.corrcoef(tokens[noise.mask].ravel(), real.ravel())[0, 1]) < 0.35  # only the means are shared
    np.testing.assert_array_equal(noise.tokens[[3, 5]], tokens[[3, 5]].astype(np.float16))  # the same whenever read


def test_shuffled_is_whole_and_nobodys_own() -> None:
    swapped = damaged(FEATURES, "image", "shuffled").modalities["image"]
    source = [int(np.flatnonzero((CLEAN.pooled == row).all(axis=1))[0]) for row in swapped.pooled]
    present = np.flatnonzero(CLEAN.present)
    assert sorted(np.array(source)[present]) == present.tolist()
    assert all(source[row] != row for row in present)
    np.testing.assert_array_equal(np.asarray(swapped.tokens[EVERY]), np.asarray(CLEAN.tokens)[source])
    np.testing.assert_array_equal(swapped.present, CLEAN.present)


@pytest.mark.parametrize("damage", DAMAGES)
def test_only_the_items_that_are_hit_change(damage: str) -> None:
    hit = hit_items(CLEAN.present, 0.3)
    hurt = damaged(FEATURES, "image", damage)
    half = mixed(FEATURES, hurt, hit)
    assert half.modalities["text"] is FEATURES.modalities["text"]
    part, whole = half.modalities["image"], hurt.modalities["image"]
    for values, clean, bad in (
        (part.tokens[EVERY], CLEAN.tokens, whole.tokens[EVERY]),
        (part.pooled, CLEAN.pooled, whole.pooled),
        (part.mask, CLEAN.mask, whole.mask),
    ):
        np.testing.assert_array_equal(np.asarray(values)[~hit], np.asarray(clean)[~hit])
        np.testing.assert_array_equal(np.asarray(values)[hit], np.asarray(bad)[hit])


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="damage"):
        damaged(FEATURES, "image", "blurred")
    with pytest.raises(UnknownNameError, match="modality"):
        damaged(FEATURES, "sound", "absent")
