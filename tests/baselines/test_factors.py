"""The factor models: VBPR as Cornac scores it, LightGCN as its equations say, and how a history becomes a person."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from mmviz.baselines._bpr import Trainer
from mmviz.baselines._factors import digests, served
from mmviz.baselines._mf import LightGcnModule, MatrixFactors, VisualFactors
from mmviz.baselines.bpr import Bpr
from mmviz.baselines.lightgcn import LightGcn, LightGcnConfig
from mmviz.baselines.vbpr import Vbpr, VbprConfig
from tests.baselines.planted import histories, planted

BIAS = np.array([0.7, 0.3, 0.0, -0.4])
PEOPLE = np.array([[-0.4, -0.9], [-0.8, -0.9], [-0.6, 0.6]])
ITEMS = np.array([[0.3, 0.8], [0.0, 0.2], [0.9, 0.4], [0.3, 0.1]])
TASTE = np.array([[0.1, 0.8, -0.4], [0.6, 0.3, -0.9], [-0.2, 0.7, 0.1]])
LOOK = np.array([[-0.9, 0.5, 0.4], [0.7, -0.6, -0.8], [0.7, -0.9, 0.1], [-0.8, -0.4, 0.0], [-0.1, -0.2, -0.9]])
LOOK_BIAS = np.array([-0.9, -0.7, -0.9, 0.3, 0.0])
PICTURES = np.array(
    [[0.3, -0.5, 0.2, 0.5, -0.2], [-0.1, 0.9, 0.6, 0.9, -0.2], [0.4, 0.9, 0.3, 0.6, 0.4], [0.4, -0.2, 0.7, -0.7, 0.1]]
)
CORNAC = [[-0.376, -1.598, -2.192, -1.776], [-1.341, -0.393, -1.662, -1.751], [1.371, -1.545, -2.112, -1.693]]
"""What `cornac.models.VBPR.score` of Cornac 3.0.1 gives for these parameters, a row a person."""


def _vbpr() -> tuple[Vbpr, csr_array]:
    train = csr_array(np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 1, 1, 0]], dtype=np.float32))
    tables = {
        "items": ITEMS.astype(np.float32),
        "bias": BIAS.astype(np.float32),
        "vectors.image": (PICTURES @ LOOK).astype(np.float32),
        "look_bias": (PICTURES @ LOOK_BIAS).astype(np.float32),
    }
    side = np.concatenate([tables["items"], tables["vectors.image"]], axis=1)
    people = np.concatenate([PEOPLE, TASTE], axis=1).astype(np.float32)
    return Vbpr.from_state(tables | served(train, people, side)), train


def test_vbpr_scores_are_those_of_cornac() -> None:
    model, train = _vbpr()
    np.testing.assert_allclose(model.score(train), CORNAC, atol=1e-5)


def test_what_vbpr_is_trained_on_is_the_difference_of_these_scores() -> None:
    module = VisualFactors(3, PICTURES.astype(np.float32), 2, 3)
    given = {"people": PEOPLE, "items": ITEMS, "taste": TASTE, "look": LOOK, "bias": BIAS}
    given["look_bias"] = LOOK_BIAS[:, None]
    with torch.no_grad():
        for name, value in given.items():
            getattr(module, name).copy_(torch.from_numpy(value))
        user, item, other = torch.tensor([0, 1, 2]), torch.tensor([0, 3, 1]), torch.tensor([2, 1, 0])
        ahead, _ = module(user, item, other)
    expected = [CORNAC[u][i] - CORNAC[u][j] for u, i, j in ((0, 0, 2), (1, 3, 1), (2, 1, 0))]
    np.testing.assert_allclose(ahead.numpy(), expected, atol=1e-5)


def test_without_pictures_vbpr_is_matrix_factorisation() -> None:
    model, train = _vbpr()
    np.testing.assert_allclose(model.score(train, {"image": 0.0}), BIAS + PEOPLE @ ITEMS.T, atol=1e-6)


def test_new_items_are_ranked_by_their_looks_under_vbpr_and_last_without_content() -> None:
    data = planted()
    model = Vbpr(VbprConfig(l2=0.1)).fit(data.train, vectors=data.vectors)
    for group in (0, 1):
        scores = model.score(histories([group, group + 2, group + 4]))[0]
        assert scores[data.cold & (data.group == group)].mean() > scores[data.cold & (data.group != group)].mean()
    for cls in (Bpr, LightGcn):
        scores = cls().fit(data.train).score(data.train)
        assert (scores[:, data.cold] <= scores[:, ~data.cold].min(axis=1, keepdims=True)).all()


def test_lightgcn_is_spread_as_its_equations_say() -> None:
    train = planted().train[:12, :10]
    module = LightGcnModule(csr_array(train), 4, 3)
    dense = train.toarray()
    graph = np.block([[np.zeros((12, 12)), dense], [dense.T, np.zeros((10, 10))]])
    root = 1 / np.sqrt(np.maximum(graph.sum(axis=1), 1))
    graph = root[:, None] * graph * root
    layer = total = module.start.detach().numpy().astype(np.float64)
    for _ in range(3):
        layer = graph @ layer
        total = total + layer
    np.testing.assert_allclose(module.spread().detach().numpy(), total / 4, atol=1e-5)


def test_every_parameter_of_every_module_learns() -> None:
    data = planted()
    content = np.random.default_rng(0).normal(size=(48, 6)).astype(np.float32)
    for module in (
        MatrixFactors(60, 48, 4), VisualFactors(60, content, 4, 3), LightGcnModule(data.train, 4, 2),
    ):  # fmt: skip
        ahead, pulled = module(torch.tensor([0, 1]), torch.tensor([0, 1]), torch.tensor([3, 2]))
        (-ahead.sum() + pulled).backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())


def test_the_way_may_be_taken_in_parts_and_the_seed_decides() -> None:
    train = planted().train

    def trainer(seed: int = 0) -> Trainer:
        return Trainer(lambda: MatrixFactors(60, 48, 4), train, 0.05, 0.01, seed, (2, 4))

    parts = trainer()
    assert parts.at(2) is not None
    in_parts, at_once, other = parts.at(6), trainer().at(6), trainer(1).at(6)
    assert in_parts is not None and at_once is not None and other is not None
    np.testing.assert_array_equal(in_parts["items"], at_once["items"])
    np.testing.assert_array_equal(parts.at(2)["items"], trainer().at(2)["items"])  # type: ignore[index]
    assert parts.at(3) is None  # passed without a mark
    assert not np.allclose(in_parts["items"], other["items"])


def test_what_is_drawn_against_is_known_and_not_owned() -> None:
    data = planted()
    trainer = Trainer(lambda: MatrixFactors(60, 48, 4), data.train, 0.05, 0.01, 0, ())
    others = trainer._others()
    assert not data.cold[others].any()
    assert not data.train.toarray()[trainer.user, others].any()


def test_a_history_is_known_by_its_items_in_any_order() -> None:
    one = csr_array((np.ones(3), np.array([5, 1, 3]), np.array([0, 3])), (1, 9))
    two = csr_array((np.ones(3), np.array([1, 3, 5]), np.array([0, 3])), (1, 9))
    other = csr_array((np.ones(2), np.array([1, 3]), np.array([0, 2])), (1, 9))
    assert digests(one) == digests(two) != digests(other)


@pytest.mark.parametrize("cls", [Bpr, LightGcn])
def test_people_in_training_get_their_own_trained_vector(cls: type) -> None:
    data = planted()
    model = cls().fit(data.train)
    own, folded = (
        model.people(data.train[[4]], model._table("items")),
        model.people(histories([4]), model._table("items")),
    )
    assert own.tolist()[0] in model._table("people").tolist()
    assert folded.tolist()[0] not in model._table("people").tolist()


def test_settings_travel_into_the_model() -> None:
    data = planted()
    model = LightGcn(LightGcnConfig(factors=6, epochs=3)).fit(data.train)
    assert model.embedding().shape == (48, 6)


def test_vbpr_fed_with_the_same_looks_is_the_same_and_takes_other_looks_and_newcomers() -> None:
    data = planted()
    model, known = Vbpr().fit(data.train, vectors=data.vectors), np.asarray(data.train.sum(axis=0)).ravel() > 0
    like, scores = {"image": data.vectors["image"]}, model.score(data.train)
    np.testing.assert_allclose(model.fed(like, like, known).score(data.train), scores, atol=1e-4)
    blind = model.fed({"image": np.zeros_like(like["image"])}, like, known)
    assert np.abs(blind.score(data.train) - scores).max() > 0.1
    longer = {"image": np.concatenate([like["image"], like["image"][:1]])}
    grown = csr_array((data.train.data, data.train.indices, data.train.indptr), (len(scores), scores.shape[1] + 1))
    np.testing.assert_allclose(model.fed(longer, like, known).score(grown)[:, :-1], scores, atol=1e-4)
