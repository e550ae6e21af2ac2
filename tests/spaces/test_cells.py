"""Neighbours found within cells are the true ones but for a share that is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmviz.searching import unit_rows
from mmviz.spaces import atlas
from mmviz.spaces.atlas import Space, make_layout, neighbours_of, sheet
from mmviz.spaces.cells import WANTED, likely
from mmviz.spaces.neighbours import nearest
from mmviz.spaces.store import SpaceStore
from mmviz.views.maps import LayoutSettings


def grouped(n: int) -> np.ndarray:
    """(n, 16) unit vectors in forty groups of very different size."""
    rng = np.random.default_rng(0)
    group = np.minimum(rng.geometric(0.1, n) - 1, 39)
    return unit_rows((rng.normal(size=(40, 16))[group] + 0.2 * rng.normal(size=(n, 16))).astype(np.float32))


@pytest.mark.parametrize("k", [5, 60])
def test_it_finds_as_many_as_it_says(k: int) -> None:
    vectors = grouped(4000)
    found, true = likely(vectors, k), nearest(vectors, k)
    same = np.mean([len(set(a) & set(b)) / k for a, b in zip(found.near.rows, true.rows, strict=True)])
    assert WANTED <= found.recall < 1.0
    assert same == pytest.approx(found.recall, abs=0.01)
    ordered = (vectors[:, None] * vectors[found.near.rows]).sum(axis=2)  # (n, k)
    np.testing.assert_allclose(found.near.cosines, ordered, atol=2e-6)
    assert (np.diff(found.near.cosines) <= 0).all()
    assert (found.near.rows != np.arange(4000)[:, None]).all()
    assert all(len(set(row)) == k for row in found.near.rows[:200].tolist())


def test_without_groups_every_pair_is_looked_at() -> None:
    vectors = unit_rows(np.random.default_rng(1).normal(size=(1500, 64)).astype(np.float32))
    found, true = likely(vectors, 10), nearest(vectors, 10)
    assert found.recall == 1.0
    np.testing.assert_array_equal(found.near.rows, true.rows)


def test_a_large_map_is_drawn_from_cells_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atlas, "LARGE", 1000)
    store, space, settings = SpaceStore(tmp_path), Space("some", (grouped(2500),)), LayoutSettings("pca")
    make_layout(space, None, settings, store)
    drawn = sheet("some", settings, store)
    assert drawn is not None and WANTED <= drawn.recall < 1.0
    assert not store.has("some", "neighbours")
    neighbours_of(space, store)  # the measures look at every pair; from then on, so does what is drawn
    make_layout(space, None, LayoutSettings("pca", dims=3), store)
    exact = sheet("some", LayoutSettings("pca", dims=3), store)
    assert exact is not None and exact.recall == 1.0
