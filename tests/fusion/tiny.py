"""Small random batches for the fusion tests."""

from __future__ import annotations

import torch

from mmviz.fusion.base import Fusion, ModalityShape, Tokens

IMAGE = ModalityShape(tokens=9, token_dim=12, pooled_dim=20)
TEXT = ModalityShape(tokens=7, token_dim=10, pooled_dim=14)
ATTRIBUTES = ModalityShape(tokens=3, token_dim=6, pooled_dim=6)
SHAPES = {"image": IMAGE, "text": TEXT}
THREE = {**SHAPES, "attributes": ATTRIBUTES}


def batch(shapes: dict[str, ModalityShape], level: str, rows: int = 8, seed: int = 0) -> dict[str, Tokens]:
    """Random modalities whose masks have padding at the end; every item has every modality."""
    random = torch.Generator().manual_seed(seed)
    made = {}
    for name, shape in sorted(shapes.items()):
        pooled = torch.randn(rows, shape.pooled_dim, generator=random)
        if level == "pooled":
            made[name] = Tokens(torch.zeros(rows, 1, 0), torch.ones(rows, 1, dtype=torch.bool), pooled)
            continue
        lengths = torch.randint(2, shape.tokens + 1, (rows,), generator=random)
        lengths[0] = shape.tokens
        mask = torch.arange(shape.tokens)[None] < lengths[:, None]
        values = torch.randn(rows, shape.tokens, shape.token_dim, generator=random) * mask[:, :, None]
        made[name] = Tokens(values, mask, pooled)
    return made


def build(cls: type[Fusion], shapes: dict[str, ModalityShape] = SHAPES, seed: int = 0, **settings: object) -> Fusion:
    """A strategy in evaluation mode, its closed form fitted on a random set."""
    torch.manual_seed(seed)
    model = cls(shapes, cls.Config(**{"dim": 8, **settings}))
    model.prepare(batch(shapes, "pooled", rows=40, seed=1))
    return model.eval()
