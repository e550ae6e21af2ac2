"""The folder is the registry: every module here that defines one `Baseline` is a control of that name.

`base` holds the contract, and files that begin with an underscore what several controls share; neither is a control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmviz.errors import TrainingError
from mmviz.registry import FolderRegistry

if TYPE_CHECKING:
    from mmviz.baselines.base import Baseline

__all__ = ["names", "strategies", "strategy", "texts"]

_registry: FolderRegistry[Baseline] = FolderRegistry(
    __name__, __path__, "Baseline", ("control", "controls"), TrainingError
)


def names() -> tuple[str, ...]:
    """Names of all controls, in alphabetical order, without importing any of them."""
    return _registry.names


def strategies() -> dict[str, type[Baseline]]:
    """Name -> class of every control in this folder.

    Raises TrainingError when a file does not define exactly one control, or when two share a title.
    """
    return _registry.classes


def strategy(name: str) -> type[Baseline]:
    """The class of one control. Raises UnknownNameError with the nearest name."""
    return _registry.get(name)


def texts(name: str) -> dict[str, str]:
    """Title, summary, formula and paper of one control, without importing it."""
    return _registry.texts(name)
