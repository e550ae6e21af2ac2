"""The last layers of an encoder as a module that can be trained, apart from the frozen ones below them.

What the frozen layers make of an item never changes while the last ones are trained, so it is computed once.

Shape letters: B batch, P patches, T words, D token width, Dp summary width.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from torch import Tensor, nn

__all__ = ["Tail"]


class Tail(nn.Module, ABC):
    """The last layers of both towers. Norms keep their statistics and dropout stays off, in training too.

    What the layers below make of one picture or text is opaque to everyone else: `below_pictures` and `below_texts`
    give one such thing an item, and the other two turn batches of them into tokens with gradients.
    """

    def __init__(self, image: dict[str, nn.Module], text: dict[str, nn.Module]) -> None:
        super().__init__()
        self._names = {"image": tuple(image), "text": tuple(text)}
        self.image, self.text = nn.ModuleList(image.values()), nn.ModuleList(text.values())
        for parameter in self.parameters():
            parameter.requires_grad_(True)
        self.eval()

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """A copy with layers of its own over the same frozen towers."""
        copy = self.__class__.__new__(self.__class__)
        memo[id(self)] = copy
        copy.__dict__.update({**self.__dict__, "_modules": {n: deepcopy(m, memo) for n, m in self._modules.items()}})
        return copy

    def train(self, mode: bool = True) -> Self:  # noqa: ARG002 - statistics and dropout stay as they are
        return super().train(False)

    def weights(self) -> dict[str, np.ndarray]:
        """The layers' parameters by their names in the towers, "image." or "text." before them."""
        return {
            f"{tower}.{name}.{key}": values.detach().cpu().numpy().copy()
            for tower, names in self._names.items()
            for name, layer in zip(names, getattr(self, tower), strict=True)
            for key, values in layer.named_parameters()
        }

    @abstractmethod
    def below_pictures(self, pictures: Sequence[np.ndarray]) -> list[Any]:
        """What the frozen layers make of each prepared picture."""

    @abstractmethod
    def below_texts(self, texts: Sequence[str]) -> list[Any]:
        """What the frozen layers make of each text."""

    @abstractmethod
    def see(self, below: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Patch tokens (B, P, D) and summaries (B, Dp) of pictures, with gradients."""

    @abstractmethod
    def read(self, below: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Word tokens (B, T, D) and summaries (B, Dp) of texts, with gradients; zero beyond the last word."""
