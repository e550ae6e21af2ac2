"""What every torch encoder shares: copies to the device, precision, memory errors, checked weights, directions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from mmviz.encoders.base import OutOfMemory
from mmviz.errors import EncoderError

__all__ = [
    "checked_file",
    "inference",
    "package_folder",
    "random_directions",
    "replace_weights",
    "to_device",
    "to_numpy",
    "top_directions",
]


@contextmanager
def inference(device: torch.device, exact: bool = False) -> Iterator[None]:
    """No gradients, bf16 where the device is CUDA (but for `exact`), and a full memory told as `OutOfMemory`."""
    half = device.type == "cuda" and not exact
    try:
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16, enabled=half):
            yield
    except RuntimeError as error:  # torch.OutOfMemoryError on CUDA; MPS and CPU raise the plain kind
        if not _is_memory(error):
            raise
        if device.type == "cuda":
            torch.cuda.empty_cache()
        raise OutOfMemory(f"The batch does not fit into the memory of {device}.") from error


def _is_memory(error: RuntimeError) -> bool:
    words = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in words or "can't allocate memory" in words


def to_device(array: np.ndarray, device: torch.device) -> Tensor:
    """Copy an array to `device`, through pinned memory and without blocking on CUDA."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def to_numpy(tensor: Tensor) -> np.ndarray:
    """A float32 array of a tensor, wherever it lives."""
    array: np.ndarray = tensor.float().cpu().numpy()
    return array


def package_folder(package: str) -> Path:
    """Where an installed package lies, found without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EncoderError(f"The package {package.replace('_', '-')} is not installed. Install mmviz again.")
    return Path(spec.origin).parent


def checked_file(path: Path, sha256: str, what: str) -> Path:
    """`path` when its content has this SHA-256; `EncoderError` when it is missing or other."""
    if not path.is_file():
        raise EncoderError(f"{what} is missing: {path} does not exist. Install mmviz again.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise EncoderError(
            f"{what} is damaged or replaced: {path} has SHA-256 {found[:12]}…, expected {sha256[:12]}…. "
            "Install mmviz again."
        )
    return path


def top_directions(matrix: Tensor, width: int) -> Tensor:
    """The first `width` right singular vectors of `matrix` (n, W), as columns on the CPU: (W, width).

    Each is signed so that its largest entry is positive, so that two machines agree.
    """
    _, _, rows = torch.linalg.svd(matrix.cpu().double(), full_matrices=False)  # (min(n, W), W)
    chosen = rows[:width]  # (width, W)
    largest = chosen.abs().argmax(dim=1, keepdim=True)  # (width, 1)
    signed: Tensor = chosen * chosen.gather(1, largest).sign()  # (width, W)
    return signed.T.float().contiguous()  # (W, width)


def random_directions(native: int, width: int) -> Tensor:
    """(native, width) orthonormal columns from a fixed seed, for a tower without a readable output map."""
    generator = torch.Generator().manual_seed(native)
    draw = torch.randn(native, width, generator=generator, dtype=torch.float64)  # (W, width)
    basis: Tensor = torch.linalg.qr(draw).Q  # (W, width)
    return basis.float()


def replace_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Put weights in the place of those of the same names; `EncoderError` for one that the model does not have."""
    own = dict(model.named_parameters())
    for name, values in weights.items():
        if name not in own or own[name].shape != values.shape:
            raise EncoderError(f"The stored weights do not fit this encoder: it has no '{name}' {tuple(values.shape)}.")
        with torch.no_grad():
            own[name].copy_(values)
