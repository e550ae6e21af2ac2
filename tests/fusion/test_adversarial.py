"""The adversary is right when a fresh probe cannot tell the modalities apart, and nothing was paid for it."""

from __future__ import annotations

import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn.functional import cross_entropy

from mmviz.fusion import _layers
from mmviz.fusion.adversarial import Adversarial, reverse
from mmviz.training import TrainingConfig
from tests.fusion.shared import Told, cold_views, fit, found, told
from tests.fusion.tiny import SHAPES, THREE, batch, build

TRAINING = TrainingConfig(rounds=1, steps=300, learning_rate=3e-3)


@pytest.fixture(scope="module")
def data() -> Told:
    return told(seed=2)


@pytest.fixture(scope="module")
def without(data: Told) -> dict[str, Tensor]:
    """The control: the same model with the pairing term and no adversary."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_layers, "PAIRS", 256)
        return cold_views(fit(Adversarial, data, TRAINING, adversary=0.0)[0], data)


def probes(views: dict[str, Tensor]) -> dict[str, float]:
    """Accuracy of fresh probes, a linear one and a network, trained on half of the items and tested on the others."""
    rows = np.concatenate([v.numpy() for v in views.values()])
    label = np.repeat(np.arange(len(views)), len(rows) // len(views))
    half = np.tile(np.arange(len(rows) // len(views)) % 2 == 0, len(views))
    made = {}
    for name, probe in (
        ("linear", LogisticRegression(max_iter=500)),
        ("network", MLPClassifier((64,), alpha=1e-2, max_iter=150, random_state=0)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = make_pipeline(StandardScaler(), probe).fit(rows[half], label[half])
        made[name] = float(fitted.score(rows[~half], label[~half]))
    return made


@pytest.mark.parametrize("mode", ["gan", "reversal"])
def test_a_fresh_probe_cannot_tell_the_modalities_of_new_items(
    mode: str, data: Told, without: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_layers, "PAIRS", 256)
    raw = {n: torch.from_numpy(p.pooled[data.cold].astype(np.float32)) for n, p in data.features.modalities.items()}
    assert min(probes(raw).values()) >= 0.95
    assert probes(without)["network"] > 0.70, "the pairing term alone must leave the modality visible"
    views = cold_views(fit(Adversarial, data, TRAINING, mode=mode)[0], data)
    assert max(probes(views).values()) <= 0.60
    assert found(views) > found(without) - 0.03
    assert found(without) > 0.4  # chance: 10 of 800


def test_the_reversal_turns_the_gradient_and_nothing_else() -> None:
    x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()

    def task(values: Tensor) -> Tensor:
        return (values.sin() * values.square()).sum()

    assert torch.equal(reverse(x, 0.7), x)
    (turned,) = torch.autograd.grad(task(reverse(x, 0.7)), x)
    step, numeric = 1e-6, torch.zeros_like(x)
    for place in range(x.numel()):
        shift = torch.zeros(x.numel(), dtype=torch.float64)
        shift[place] = step
        up, down = (task(x.detach() + sign * shift.view_as(x)) for sign in (1, -1))
        numeric.view(-1)[place] = (up - down) / (2 * step)
    torch.testing.assert_close(turned, -0.7 * numeric, rtol=1e-6, atol=1e-8)


def test_under_reversal_the_opponent_goes_down_what_the_encoders_go_up() -> None:
    """One backward pass: the opponent's gradient is that of its own loss, the encoders' the opposite, scaled."""
    model, items = (
        build(Adversarial, mode="reversal", adversary=0.4, pairing=0.0, damping=0.0).train(),
        batch(SHAPES, "pooled"),
    )
    opponent, encoders = list(model.against.parameters()), list(model.inputs.parameters())
    fused = model(items)
    turned = torch.autograd.grad(model.losses(fused, items)["adversary"], opponent + encoders, retain_graph=True)
    views, present = model._shown(fused, items)
    plain = torch.autograd.grad(model.against.judged(views, present), opponent + encoders)
    for place, (a, b) in enumerate(zip(turned, plain, strict=True)):
        torch.testing.assert_close(a, b if place < len(opponent) else -0.4 * b)


@pytest.mark.parametrize("shapes", [SHAPES, THREE], ids=["two", "three"])
def test_the_opponent_minimises_the_cross_entropy_of_its_guesses(shapes: dict) -> None:
    model, items = build(Adversarial, shapes), batch(shapes, "pooled")
    views = model(items).views
    stacked, present = torch.stack([views[n] for n in model.names], dim=1), torch.ones(8, len(shapes))
    logits = model.against.net(stacked)
    label = torch.arange(len(shapes)).expand(8, -1)
    torch.testing.assert_close(
        model.against.judged(stacked, present), cross_entropy(logits.flatten(0, 1), label.flatten())
    )
    wrong = 1 - logits.softmax(-1).diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(model.against.fooled(stacked, present), -wrong.log().mean())


def test_a_rare_modality_counts_as_much_as_a_common_one() -> None:
    model, items = build(Adversarial), batch(SHAPES, "pooled")
    views = torch.stack(list(model(items).views.values()), dim=1)
    present = torch.ones(8, 2)
    present[1:, 1] = 0
    terms = torch.nn.functional.softplus(-model.against(views))
    torch.testing.assert_close(model.against.judged(views, present), (terms[:, 0].mean() + terms[0, 1]) / 2)


def test_in_gan_mode_the_encoders_step_leaves_the_opponent_alone() -> None:
    model, items = build(Adversarial).train(), batch(SHAPES, "pooled")
    sum(model.losses(model(items), items).values()).backward()
    assert all(p.grad is None for p in model.against.parameters())
    assert all(p.grad is not None for p in model.inputs.parameters())


@pytest.mark.parametrize(("mode", "turns", "steps"), [("gan", 3, 30), ("reversal", 3, 30), ("reversal", 1, 10)])
def test_in_the_loop_the_opponent_takes_its_turns_by_its_own_optimiser(
    mode: str, turns: int, steps: int, data: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bool] = []
    step = torch.optim.AdamW.step

    def counted(optimiser: torch.optim.AdamW, *rest: object) -> object:
        mine = optimiser.param_groups[0]["params"]
        if len(mine) == 4:  # two layers of weights and biases: the opponent's
            taken.append(any(p.grad is not None for p in mine))
        return step(optimiser, *rest)

    monkeypatch.setattr(torch.optim.AdamW, "step", counted)
    fit(Adversarial, data, TrainingConfig(rounds=1, steps=10), mode=mode, turns=turns)
    assert sum(taken) == steps


def test_a_single_modality_has_no_opponent() -> None:
    one = {"image": SHAPES["image"]}
    model = build(Adversarial, one)
    assert model.opponent() is None
    assert model.losses(model(batch(one, "pooled")), batch(one, "pooled")) == {}


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="mode is 'wgan'; it must be gan or reversal"):
        Adversarial.Config(mode="wgan")


def test_a_fresh_copy_serves_without_the_opponent() -> None:
    """What serves an item does not depend on the opponent: another one gives the same vectors."""
    model, items = build(Adversarial), batch(SHAPES, "pooled")
    other = deepcopy(model)
    with torch.no_grad():
        for p in other.against.parameters():
            p.add_(1.0)
    assert torch.equal(other(items).embedding, model(items).embedding)
