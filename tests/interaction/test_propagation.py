"""Propagation is the operator that its docstring states, in value and in gradient."""

from __future__ import annotations

import copy

import numpy as np
import torch
from scipy.sparse import csr_array

from mmviz.interaction.graph import nearest_known
from mmviz.propagation import Propagation

TRAIN = np.array(
    [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [1, 0, 1, 1, 0], [0, 0, 1, 1, 0]], dtype=np.float32
)  # item 4 is new
NEAR = {
    "image": np.array([[0, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0.5, 0, 0.5, 0], [0, 0, 1, 0, 0], [0.5, 0.5, 0, 0, 0]]),
    "text": np.array([[0, 0, 1, 0, 0], [0] * 5, [1, 0, 0, 0, 0], [0.5, 0, 0.5, 0, 0], [0, 0, 0, 1, 0]]),
}
STEPS = [0.3, 0.2]
CPU = torch.device("cpu")


def built(layers: int = 2) -> Propagation:
    graph = Propagation(csr_array(TRAIN), {n: csr_array(m) for n, m in NEAR.items()}, layers, CPU)
    with torch.no_grad():
        graph.loudness.copy_(torch.tensor([0.7, 0.4]))
        graph.steps.copy_(torch.tensor(STEPS[:layers]))
    return graph


def dense(layers: int, train: np.ndarray = TRAIN) -> np.ndarray:
    """K by its formula, with the degrees of the whole graph."""
    taken, owned = np.maximum(TRAIN.sum(0), 1), np.maximum(TRAIN.sum(1), 1)
    walk = np.diag(taken**-0.5) @ train.T @ np.diag(1 / owned) @ train @ np.diag(taken**-0.5)
    return np.eye(5) + sum(STEPS[at] * np.linalg.matrix_power(walk, at + 1) for at in range(layers))


def test_both_operators_are_their_formulas() -> None:
    table = torch.randn(5, 3)
    walked, near = built()(table)
    torch.testing.assert_close(walked, torch.from_numpy(dense(2)).float() @ table)
    torch.testing.assert_close(near, torch.from_numpy(0.7 * NEAR["image"] + 0.4 * NEAR["text"]).float() @ table)
    _, pictures = built()(table, present=("image",))
    torch.testing.assert_close(pictures, torch.from_numpy(0.7 * NEAR["image"]).float() @ table)


def test_the_gradient_is_that_of_the_dense_operators() -> None:
    weights = torch.randn(5, 3)
    first, second = (torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2))
    graph = built()
    walked, near = graph(first)
    ((walked + near) * weights).sum().backward()
    loudness = torch.tensor([0.7, 0.4], requires_grad=True)
    nearby = sum(g * torch.from_numpy(m).float() for g, m in zip(loudness, NEAR.values(), strict=True))
    (((torch.from_numpy(dense(2)).float() + nearby) @ second) * weights).sum().backward()
    torch.testing.assert_close(first.grad, second.grad)
    torch.testing.assert_close(graph.loudness.grad, loudness.grad)


def test_people_who_are_left_out_tell_nothing_of_what_they_took() -> None:
    table = torch.randn(5, 3)
    walked, _ = built(1)(table, torch.tensor([2]))
    without = TRAIN.copy()
    without[2] = 0
    expected = np.eye(5) + (dense(1, without) - np.eye(5)) / 0.75  # three of four people are left
    torch.testing.assert_close(walked, torch.from_numpy(expected).float() @ table)


def test_a_new_item_is_reached_by_nobody_and_stays_what_it_is() -> None:
    table = torch.randn(5, 3)
    walked, _ = built()(table)
    torch.testing.assert_close(walked[4], table[4])


def test_a_copy_of_the_model_shares_the_graph_and_has_its_own_loudness() -> None:
    graph = built()
    other = copy.deepcopy(graph)
    assert other._taken is graph._taken
    assert other.loudness is not graph.loudness
    table = torch.randn(5, 2)
    torch.testing.assert_close(graph(table), other(table))
    assert set(graph.state_dict()) == {"loudness", "steps"}


def test_neighbours_are_the_nearest_known_items() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 4)).astype(np.float32)
    vectors[3] = 0.0
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    known = np.arange(30) < 24
    near = nearest_known(vectors, known, 5).toarray()
    cosines = vectors @ vectors.T
    cosines[:, ~known] = -2.0
    cosines[:, 3] = -2.0
    np.fill_diagonal(cosines, -2.0)
    for item in range(30):
        expected = set() if item == 3 else set(np.argsort(-cosines[item])[:5])
        assert set(np.flatnonzero(near[item])) == expected
    np.testing.assert_allclose(near.sum(axis=1), np.where(np.arange(30) == 3, 0.0, 1.0), rtol=1e-6)


def test_with_fewer_items_than_neighbours_all_of_them_are_taken() -> None:
    near = nearest_known(np.eye(3, dtype=np.float32), np.array([True, True, False]), 10).toarray()
    np.testing.assert_allclose(near, [[0, 1, 0], [1, 0, 0], [0.5, 0.5, 0]])
