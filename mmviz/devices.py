"""Where models run: chosen by what is there, never hard-coded, and looked up without loading torch on a plain CPU."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import psutil

from mmviz.errors import MmvizError
from mmviz.views import DeviceCard

if TYPE_CHECKING:
    import torch

__all__ = ["describe_device", "pick_device", "torch_device"]

Kind = Literal["cuda", "mps", "cpu"]
_KINDS = ("cuda", "mps", "cpu")


def pick_device(wanted: str | None = None) -> Kind:
    """`wanted`, else `MMVIZ_DEVICE`, else the best that is there: CUDA, then MPS, then the CPU.

    Raises MmvizError when the one asked for is not a kind of device or is not there.
    """
    wanted = wanted or os.environ.get("MMVIZ_DEVICE") or None
    if wanted is None:
        return "cuda" if _has_cuda() else "mps" if _has_mps() else "cpu"
    if wanted not in _KINDS:
        raise MmvizError(f"'{wanted}' is not a device. Set MMVIZ_DEVICE to one of: {', '.join(_KINDS)}.")
    if (wanted == "cuda" and not _has_cuda()) or (wanted == "mps" and not _has_mps()):
        raise MmvizError(f"The device '{wanted}' was asked for but torch does not find one. Unset MMVIZ_DEVICE.")
    return cast(Kind, wanted)


def torch_device(kind: Kind) -> torch.device:
    """The torch device of a kind."""
    import torch

    return torch.device(kind)


def describe_device(kind: Kind) -> DeviceCard:
    """A name and the memory in bytes, as the sidebar shows them."""
    if kind == "cuda":
        import torch

        free, total = torch.cuda.mem_get_info()
        return DeviceCard("cuda", torch.cuda.get_device_name(), total - free, total)
    used = int(psutil.Process().memory_info().rss)
    total = int(psutil.virtual_memory().total)
    if kind == "mps":
        return DeviceCard("mps", "Apple GPU", used, total)
    return DeviceCard("cpu", f"CPU, {psutil.cpu_count() or 1} cores ({platform.machine()})", used, total)


def _has_cuda() -> bool:
    if not (Path("/proc/driver/nvidia").exists() or Path("/dev/nvidiactl").exists() or platform.system() == "Windows"):
        return False
    import torch

    return torch.cuda.is_available()


def _has_mps() -> bool:
    if platform.system() != "Darwin":
        return False
    import torch

    return torch.backends.mps.is_available()
