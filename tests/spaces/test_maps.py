"""Layouts keep what lies together, maps are laid onto each other, and trust is what the field's library says."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference

from mmviz.errors import MmvizError, UnknownNameError
from mmviz.searching import unit_rows
from mmviz.spaces.align import MISSING, framed, onto
from mmviz.spaces.atlas import Space, laid, make_layout, sheet
from mmviz.spaces.layouts import lay_out, principal
from mmviz.spaces.neighbours import nearest
from mmviz.spaces.store import SpaceStore
from mmviz.spaces.trust import map_neighbours, point_trust, trustworthiness
from mmviz.views.maps import LayoutSettings


@pytest.fixture(scope="module")
def groups() -> tuple[np.ndarray, np.ndarray]:
    """120 unit vectors in three groups, and the group of each."""
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(3), 40)
    vectors = 3 * np.eye(3, 20)[group] + rng.normal(0, 0.4, (120, 20))
    return unit_rows(vectors.astype(np.float32)), group


@pytest.mark.parametrize("method", ["pca", "umap", "tsne"])
@pytest.mark.parametrize("dims", [2, 3])
def test_groups_stay_together(groups: tuple[np.ndarray, np.ndarray], method: str, dims: int) -> None:
    vectors, group = groups
    start = principal(vectors, dims)
    points = lay_out(vectors, nearest(vectors, 60), start, LayoutSettings(method, dims))  # type: ignore[arg-type]
    assert points.shape == (120, dims) and np.isfinite(points).all()
    near = map_neighbours(points, 10)
    assert (group[near] == group[:, None]).mean() > 0.95


def test_a_guide_pulls_a_category_together(groups: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, _ = groups
    label = np.arange(120) % 2  # has nothing to do with the vectors
    plain = lay_out(vectors, nearest(vectors, 60), principal(vectors, 2), LayoutSettings())
    guided = lay_out(vectors, nearest(vectors, 60), principal(vectors, 2), LayoutSettings(guide="label"), label)
    alike = [(label[map_neighbours(points, 10)] == label[:, None]).mean() for points in (plain, guided)]
    assert alike[1] > alike[0] + 0.1


@pytest.mark.parametrize("most", [2000, 60])
def test_trustworthiness_is_that_of_scikit_learn(groups: tuple[np.ndarray, np.ndarray], most: int) -> None:
    vectors, _ = groups
    points = np.random.default_rng(2).normal(size=(120, 2))
    points[:, 0] += 2 * vectors[:, 0]
    trust = trustworthiness(vectors, map_neighbours(points, 7), 7, most)
    expected = reference(vectors, points, n_neighbors=7)
    assert trust.of == 120 and trust.measured == min(most, 120)
    assert trust.value == pytest.approx(expected, abs=1e-6 if most > 120 else 0.05)


def test_trust_of_a_point_is_the_share_of_neighbours_kept() -> None:
    assert point_trust(np.array([[1, 2], [0, 2]]), np.array([[2, 3], [0, 2]])).tolist() == [0.5, 1.0]


def test_equal_points_do_not_count_as_their_own_neighbours() -> None:
    near = map_neighbours(np.zeros((30, 2)), 5)
    assert near.shape == (30, 5) and not (near == np.arange(30)[:, None]).any()


def test_a_turned_mirrored_map_is_laid_onto_the_first() -> None:
    fixed = np.random.default_rng(3).normal(size=(50, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1.0, -1.0])
    moving = 7 * fixed @ turn + [3, -4]
    moving[4] = np.nan
    placed = onto(moving, fixed)
    np.testing.assert_allclose(np.delete(placed, 4, 0), np.delete(fixed, 4, 0), atol=1e-9)
    assert np.isnan(placed[4]).all()


def test_the_frame_keeps_shapes_and_marks_what_is_missing() -> None:
    placed = framed(np.array([[0.0, 0.0], [10.0, 5.0], [np.nan, 1.0]]))
    np.testing.assert_allclose(placed[:2], [[-0.95, -0.475], [0.95, 0.475]], atol=1e-6)
    assert (placed[2] == MISSING).all() and placed.dtype == np.float32


def test_a_space_with_two_ends_and_gaps_is_kept_and_read(tmp_path, groups: tuple[np.ndarray, np.ndarray]) -> None:
    vectors, _ = groups
    image, text = vectors[:60].copy(), vectors[60:].copy()
    image[0] = text[1] = 0
    store, settings = SpaceStore(tmp_path), LayoutSettings("pca")
    anchor = Space("joint", (unit_rows(image + text),))
    make_layout(anchor, None, settings, store)
    make_layout(Space("ends", (image, text)), sheet("joint", settings, store), settings, store)
    kept = sheet("ends", settings, store)
    assert kept is not None and kept.of == 118
    first, second = laid(kept, sheet("joint", settings, store), 60)
    assert (first[0] == MISSING).all() and (second[1] == MISSING).all()
    assert np.abs(first[1:]).max() <= 0.951 and np.isfinite(second).all()


def test_a_damaged_file_counts_as_absent(tmp_path) -> None:
    store = SpaceStore(tmp_path)
    store.save("space", "thing", values=np.arange(3))
    assert store.load("space", "thing")["values"].tolist() == [0, 1, 2]
    next(tmp_path.rglob("thing.npz")).write_bytes(b"PK half of it")
    assert store.load("space", "thing") is None
    assert not list(tmp_path.rglob("*.part"))


def test_settings_say_what_is_wrong() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'umap'"):
        LayoutSettings("umpa")  # type: ignore[arg-type]
    with pytest.raises(MmvizError, match="2 or 3"):
        LayoutSettings(dims=4)
    with pytest.raises(MmvizError, match="neighbours"):
        LayoutSettings(neighbours=61)
    assert LayoutSettings("pca", guide="genre").key == LayoutSettings("pca", neighbours=5).key
    assert LayoutSettings(guide="genre").key != LayoutSettings(guide="../genre").key
