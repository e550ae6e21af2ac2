"""A task only reading across modalities solves: the word names a patch, and the answer is what that patch shows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmviz.fusion.base import Fusion, ModalityShape, Tokens

KEYS, ANSWERS, PATCHES, WORDS = 6, 3, 4, 2
SHAPES = {
    "image": ModalityShape(PATCHES, KEYS + ANSWERS, 4),
    "text": ModalityShape(WORDS, KEYS + 1, 4),
}


@dataclass(frozen=True)
class Riddles:
    """Modalities, the patch that the first word names (B,), and what it shows (B, ANSWERS)."""

    modalities: dict[str, Tokens]
    patch: Tensor
    answer: Tensor


def riddles(n: int, seed: int) -> Riddles:
    """Patches of different keys, each with an answer of its own; a word with one of the keys, and a filler word."""
    random = torch.Generator().manual_seed(seed)
    keys = torch.rand(n, KEYS, generator=random).argsort(dim=1)[:, :PATCHES]  # (B, P)
    shown = torch.randn(n, PATCHES, ANSWERS, generator=random)  # (B, P, ANSWERS)
    patch = torch.randint(PATCHES, (n,), generator=random)  # (B,)
    rows = torch.arange(n)
    image = torch.cat([3 * nn.functional.one_hot(keys, KEYS), shown], dim=-1).float()  # (B, P, KEYS + ANSWERS)
    text = torch.zeros(n, WORDS, KEYS + 1)
    text[rows, 0, keys[rows, patch]] = 3.0
    text[:, 1, KEYS] = 3.0
    nothing = torch.zeros(n, 4)
    modalities = {
        "image": Tokens(image, torch.ones(n, PATCHES, dtype=torch.bool), nothing),
        "text": Tokens(text, torch.ones(n, WORDS, dtype=torch.bool), nothing),
    }
    return Riddles(modalities, patch, shown[rows, patch])


def solved(cls: type[Fusion], steps: int = 400, **settings: object) -> tuple[Fusion, float]:
    """A strategy trained on riddles, and the share of the answer's variance that it explains on new ones."""
    torch.manual_seed(0)
    model = cls(SHAPES, cls.Config(**{"dim": 32, "dropout": 0.0, **settings}))
    head = nn.Linear(32, ANSWERS)
    optimiser = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=5e-3)
    for step in range(steps):
        asked = riddles(256, seed=step)
        loss = (head(model(asked.modalities).embedding) - asked.answer).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    new = riddles(512, seed=10**6)
    with torch.no_grad():
        missed = (head(model(new.modalities).embedding) - new.answer).square().mean()
    return model, 1.0 - float(missed / new.answer.square().mean())
