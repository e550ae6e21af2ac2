"""Two levels of attention multiplied: everything adds up, and strategies without two levels have none."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from mmviz.explain.levels import limbs
from mmviz.views.explanations import Sight


def sight(modalities: dict[str, float], **attention: Any) -> Sight:
    maps = {name.replace("_", " ").replace(" to ", "→"): np.asarray(values) for name, values in attention.items()}
    return Sight(cast(Any, None), maps, {}, None, modalities, 0.0)


def test_products_and_the_rest_add_up_to_the_weight_of_the_modality() -> None:
    rng = np.random.default_rng(0)
    image, text = rng.dirichlet(np.ones(81)), np.append(rng.dirichlet(np.ones(10)), np.zeros(62))
    seen = sight({"image": 0.3, "text": 0.7}, modality=[0.3, 0.7], image_pool=image, text_pool=text)
    first, second = limbs(seen, 10, most=4)
    assert (first.name, first.count, second.name, second.count) == ("image", 81, "text", 10)
    for limb, pool in ((first, image), (second, text)):
        assert sum(share for _, share in limb.tokens) + limb.rest == pytest.approx(limb.weight)
        best = np.argsort(-pool)[:4]
        assert [place for place, _ in limb.tokens] == best.tolist()
        assert [share for _, share in limb.tokens] == pytest.approx((limb.weight * pool[best]).tolist())


def test_fewer_tokens_than_asked_for_leave_no_rest() -> None:
    (only,) = limbs(sight({"text": 1.0}, modality=[1.0], text_pool=[0.25, 0.75, 0, 0]), 2)
    assert only.tokens == ((1, 0.75), (0, 0.25)) and only.rest == 0 and only.count == 2


def test_a_missing_modality_is_no_limb() -> None:
    seen = sight({"image": 0.0, "text": 1.0}, modality=[0.0, 1.0], image_pool=np.zeros(4), text_pool=[1.0])
    assert [limb.name for limb in limbs(seen, 1)] == ["text"]


def test_a_strategy_without_two_levels_has_no_tree() -> None:
    assert limbs(sight({}, image_pool=[0.5, 0.5]), 2) == ()
    assert limbs(sight({"image": 0.5, "text": 0.5}, modality=[0.5, 0.5]), 2) == ()
    pools: dict[str, Any] = {"image_pool": [0.5, 0.5], "text_pool": [0.5, 0.5]}
    mixed = sight({"image": 0.5, "text": 0.5}, modality=[0.5, 0.5], text_to_image=np.ones((1, 2, 2)) / 2, **pools)
    assert limbs(mixed, 2) == ()
