"""What every strategy in the folder must hold, whatever it does inside."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load, save

from mmviz import fusion
from mmviz.errors import FusionError
from mmviz.fusion.base import Fusion, Tokens
from tests.fusion.tiny import SHAPES, THREE, batch, build

CLASSES = [pytest.param(cls, id=name) for name, cls in fusion.strategies().items()]
pytestmark = [pytest.mark.parametrize("cls", CLASSES), pytest.mark.filterwarnings("error")]


def test_shapes_are_those_of_the_contract(cls: type[Fusion]) -> None:
    fused = build(cls)(batch(SHAPES, cls.level))
    assert fused.embedding.shape == (8, 8)
    assert all(view.shape == (8, 8) for view in fused.views.values())
    assert torch.isfinite(fused.embedding).all()


def test_one_item_is_the_same_alone_and_in_a_batch(cls: type[Fusion]) -> None:
    model, items = build(cls), batch(SHAPES, cls.level)
    whole = model(items).embedding
    alone = model({n: t[3:4] for n, t in items.items()}).embedding
    torch.testing.assert_close(alone, whole[3:4], rtol=1e-5, atol=1e-6)


def test_evaluation_is_deterministic(cls: type[Fusion]) -> None:
    model, items = build(cls), batch(SHAPES, cls.level)
    assert torch.equal(model(items).embedding, model(items).embedding)
    assert torch.equal(build(cls)(items).embedding, model(items).embedding)


@pytest.mark.parametrize(
    "missing",
    [
        ("image",),
        ("text",),
        ("attributes",),
        ("image", "text"),
        ("attributes", "image"),
        ("attributes", "image", "text"),
    ],
    ids="+".join,
)
def test_a_missing_modality_is_finite_and_its_content_is_without_effect(
    cls: type[Fusion], missing: tuple[str, ...]
) -> None:
    model = build(cls, THREE)
    items, others = batch(THREE, cls.level), batch(THREE, cls.level, seed=5)
    gone = torch.zeros(8, dtype=torch.bool)

    def without(source: dict[str, Tokens]) -> dict[str, Tokens]:
        return {n: (source[n].where(gone) if n in missing else items[n]) for n in items}

    first, second = model(without(items)), model(without(others))
    assert torch.isfinite(first.embedding).all()
    assert torch.equal(first.embedding, second.embedding)
    for name in missing:
        if "modality" in first.attention and name in model.names:
            column = model.names.index(name)
            assert (first.attention["modality"][:, column] == 0).all()


def test_padding_is_without_effect(cls: type[Fusion]) -> None:
    if cls.level == "pooled":
        pytest.skip("reads no tokens")
    model, items = build(cls), batch(SHAPES, cls.level)
    noisy = {
        n: Tokens(torch.where(t.mask[:, :, None], t.values, torch.full_like(t.values, 9.0)), t.mask, t.pooled)
        for n, t in items.items()
    }
    torch.testing.assert_close(model(noisy).embedding, model(items).embedding)


@pytest.mark.parametrize("number", [1, 3])
def test_any_number_of_modalities(cls: type[Fusion], number: int) -> None:
    names = sorted(THREE, key=lambda name: cls.reads is not None and name not in cls.reads)[:number]
    shapes = {name: THREE[name] for name in names}
    model, items = build(cls, shapes).train(), batch(shapes, cls.level)
    fused = model(items)
    terms = model.losses(fused, items)
    assert fused.embedding.shape == (8, 8)
    assert torch.isfinite(torch.stack([fused.embedding.sum(), *terms.values()])).all()


def test_a_modality_that_it_reads_and_the_catalogue_lacks_is_named(cls: type[Fusion]) -> None:
    if cls.reads is None:
        assert build(cls, {"attributes": THREE["attributes"]}).names == ("attributes",)
        return
    left = {name: shape for name, shape in THREE.items() if name not in cls.reads}
    with pytest.raises(FusionError, match=f"{cls.title} reads {cls.reads[0]}.*which has {' and '.join(sorted(left))}"):
        build(cls, left)


def test_every_parameter_gets_a_gradient(cls: type[Fusion]) -> None:
    """From the task, the strategy's own terms, the opponent's turn or the pre-training."""
    model, items = build(cls, dropout=0.0).train(), batch(SHAPES, cls.level)
    fused = model(items)
    random = torch.randn(fused.embedding.shape, generator=torch.Generator().manual_seed(3))
    loss = (fused.embedding * random).sum() + sum(model.losses(fused, items).values())
    if model.opponent() is not None:
        loss = loss + model.opponent_loss(fused, items)
    if model.pretraining():
        loss = loss + model.pretraining_loss(items)
    loss.backward()
    blind = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert blind == []


def test_attention_rows_sum_to_one_where_there_is_something_to_see(cls: type[Fusion]) -> None:
    items = batch(SHAPES, cls.level)
    items["text"] = items["text"].where(torch.arange(8) != 2)
    for name, weights in build(cls)(items).attention.items():
        sums = weights.sum(dim=-1)
        assert ((sums - 1).abs().lt(1e-5) | sums.eq(0)).all(), name
        assert (weights >= 0).all(), name


def test_maps_between_modalities_have_padding_at_exactly_zero(cls: type[Fusion]) -> None:
    items = batch(SHAPES, cls.level)
    for name, weights in build(cls)(items).attention.items():
        if "→" not in name:
            continue
        asking, asked = name.split("→")
        assert weights.shape[-2:] == (SHAPES[asking].tokens, SHAPES[asked].tokens)
        assert (weights.masked_select(~items[asked].mask[:, None, None, :]) == 0).all()
        sums = weights.sum(-1)
        torch.testing.assert_close(sums, items[asking].mask[:, None, :].expand_as(sums).float())


def test_an_opponent_and_the_rest_get_their_gradients_apart(cls: type[Fusion]) -> None:
    model, items = build(cls).train(), batch(SHAPES, cls.level)
    opponent = model.opponent()
    if opponent is None:
        pytest.skip("has no opponent")
    model.opponent_loss(model(items), items).backward()
    against = {id(p) for p in opponent.parameters()}
    assert all((p.grad is not None) == (id(p) in against) for p in model.parameters())


def test_the_taste_mask_fits_the_taste_map(cls: type[Fusion]) -> None:
    mask = build(cls).taste_mask()
    if mask is not None:
        assert mask.shape == (8, 8)
        assert torch.equal(mask, mask.T)
        assert ((mask == 0) | (mask == 1)).all()


def test_permuting_patches_permutes_the_map_and_leaves_the_item(cls: type[Fusion]) -> None:
    if cls.level == "pooled":
        pytest.skip("reads no tokens")
    model, items = build(cls), batch(SHAPES, cls.level)
    order = torch.randperm(SHAPES["image"].tokens, generator=torch.Generator().manual_seed(4))
    image = items["image"]
    moved = {**items, "image": Tokens(image.values[:, order], image.mask[:, order], image.pooled)}
    before, after = model(items), model(moved)
    torch.testing.assert_close(after.embedding, before.embedding)
    if "text→image" in before.attention:
        torch.testing.assert_close(after.attention["text→image"], before.attention["text→image"][..., order])


def test_weights_survive_a_round_trip(cls: type[Fusion]) -> None:
    model, items = build(cls), batch(SHAPES, cls.level)
    fresh = build(cls, seed=9)
    fresh.load_state_dict(load(save(model.state_dict())))
    assert torch.equal(fresh(items).embedding, model(items).embedding)


def test_it_introduces_itself(cls: type[Fusion]) -> None:
    for text in (cls.title, cls.summary, cls.formula, cls.paper):
        assert isinstance(text, str)
        assert text.strip()
    assert cls.summary.count(".") + cls.summary.count(":") >= 2
    name = next(name for name, known in fusion.strategies().items() if known is cls)
    assert fusion.texts(name)["title"] == cls.title
    assert fusion.texts(name)["summary"] == cls.summary
