"""What a model may learn beside recommending: one task a file, the folder is the registry, as in `mmviz.fusion`.

Importing this package does not import torch; asking for a class does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmviz.errors import TrainingError
from mmviz.registry import FolderRegistry

if TYPE_CHECKING:
    from mmviz.heads.base import Head

__all__ = ["head", "names", "texts"]

_registry: FolderRegistry[Head] = FolderRegistry(__name__, __path__, "Head", ("task", "tasks"), TrainingError)


def names() -> tuple[str, ...]:
    """Names of all tasks, in alphabetical order, without importing any of them (no torch)."""
    return _registry.names


def head(name: str) -> type[Head]:
    """The class of one task. Raises UnknownNameError with the nearest name."""
    return _registry.get(name)


def texts(name: str) -> dict[str, str]:
    """Title, summary, formula, paper and what one task learns, without importing it (no torch)."""
    return _registry.texts(name)
