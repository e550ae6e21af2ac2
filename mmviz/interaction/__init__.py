"""The second axis: the interaction model that a fusion runs under. The folder is the registry, as in `mmviz.fusion`.

A strategy's full name is "concat" under the default, the two-tower model, and "concat@graph" under another. Importing
this package does not import torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmviz.errors import TrainingError
from mmviz.registry import FolderRegistry

if TYPE_CHECKING:
    from mmviz.interaction.base import InteractionModel

__all__ = ["DEFAULT", "full_name", "model", "names", "parts", "texts"]

DEFAULT = "two_tower"
_registry: FolderRegistry[InteractionModel] = FolderRegistry(
    __name__, __path__, "InteractionModel", ("interaction model", "interaction models"), TrainingError
)


def names() -> tuple[str, ...]:
    """Names of all interaction models, the default first, without importing any of them."""
    return (DEFAULT, *(name for name in _registry.names if name != DEFAULT))


def model(name: str) -> type[InteractionModel]:
    """The class of one interaction model. Raises UnknownNameError with the nearest name."""
    return _registry.get(name)


def texts(name: str) -> dict[str, str]:
    """Title, summary, formula and paper of one interaction model, without importing it."""
    return _registry.texts(name)


def full_name(fusion: str, interaction: str) -> str:
    """The name of a fusion under an interaction model: "concat", "concat@graph"."""
    return fusion if interaction == DEFAULT else f"{fusion}@{interaction}"


def parts(name: str) -> tuple[str, str]:
    """Fusion and interaction model of a full name, whatever `variants` adds behind it."""
    fusion, _, interaction = name.partition("+")[0].partition("@")
    return fusion, interaction or DEFAULT
