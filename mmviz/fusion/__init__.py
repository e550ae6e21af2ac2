"""The folder is the registry: every module here that defines one `Fusion` is a strategy of that name.

`base` holds the contract and `_layers` what several strategies share; neither is a strategy. Importing
this package does not import torch; asking for a class does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmviz.errors import FusionError
from mmviz.registry import FolderRegistry

if TYPE_CHECKING:
    from mmviz.fusion.base import Fusion

__all__ = ["names", "reads", "strategies", "strategy", "texts"]

_registry: FolderRegistry[Fusion] = FolderRegistry(
    __name__, __path__, "Fusion", ("strategy", "strategies"), FusionError
)


def names() -> tuple[str, ...]:
    """Names of all strategies, in alphabetical order, without importing any of them (no torch)."""
    return _registry.names


def strategies() -> dict[str, type[Fusion]]:
    """Name -> class of every strategy in this folder.

    Raises FusionError when a file does not define exactly one strategy, or when two share a title.
    """
    return _registry.classes


def strategy(name: str) -> type[Fusion]:
    """The class of one strategy. Raises UnknownNameError with the nearest name."""
    return _registry.get(name)


def reads(name: str) -> tuple[str, ...] | None:
    """The modalities that one strategy reads, without importing it; None = all there are."""
    return _registry.words(name, "reads")


def texts(name: str) -> dict[str, str]:
    """Title, summary, formula and paper of one strategy, without importing it (no torch)."""
    return _registry.texts(name)
