"""A shared space for two encoders that were never trained together, through the names of ImageNet's classes.

Norouzi et al., "Zero-Shot Learning by Convex Combination of Semantic Embeddings" (ConSE), ICLR 2014, eq. 2: a picture
stands where the names of the classes seen in it stand, weighted by their probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize
from torchvision.models._meta import _IMAGENET_CATEGORIES

__all__ = ["Bridge", "class_prompts"]

TEMPERATURE = 2.0  # catalogue pictures differ from ImageNet, so that the classifier's certainty is too high for them


def class_prompts() -> list[str]:
    """One short caption for each of ImageNet's classes, in the classifier's order."""
    return [f"a photo of a {name}" for name in _IMAGENET_CATEGORIES]


@dataclass(frozen=True)
class Bridge:
    """`centre` (W,) is the mean of the class captions' vectors, `classes` (C, W) those vectors seen from it."""

    centre: Tensor
    classes: Tensor

    @classmethod
    def build(cls, captions: Tensor) -> Bridge:
        """From the text tower's vectors (C, W) of `class_prompts()`."""
        vectors = normalize(captions.float(), dim=-1)  # (C, W)
        centre = vectors.mean(dim=0)  # (W,)
        return cls(centre, normalize(vectors - centre, dim=-1))  # (W,), (C, W)

    def image(self, logits: Tensor) -> Tensor:
        """(B, C) class scores -> (B, W) unit vectors: norm(Σ_c p_c · norm(t_c − t̄))."""
        shares = torch.softmax(logits.float() / TEMPERATURE, dim=-1)  # (B, C)
        return normalize(shares @ self.classes, dim=-1)  # (B, W)

    def text(self, pooled: Tensor) -> Tensor:
        """(B, W) text vectors -> (B, W) unit vectors: norm(t − t̄)."""
        return normalize(normalize(pooled.float(), dim=-1) - self.centre, dim=-1)  # (B, W)
