"""The folder is the registry: every module here that defines one `Fusion` subclass is a strategy of that name.

`base` holds the contract and `_layers` what several strategies share; neither is a strategy.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from mmviz.errors import FusionError, UnknownNameError
from mmviz.fusion.base import Fusion

__all__ = ["names", "strategies", "strategy"]


@cache
def names() -> tuple[str, ...]:
    """Names of all strategies, in alphabetical order, without importing any of them (no torch)."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base" and not m.name.startswith("_")))


@cache
def strategies() -> dict[str, type[Fusion]]:
    """Name -> class of every strategy in this folder.

    Raises FusionError when a file does not define exactly one strategy, or when two share a title.
    """
    found = {name: _the_one_in(name) for name in names()}
    titles: dict[str, str] = {}
    for name, cls in found.items():
        if cls.title in titles:
            raise FusionError(
                f"Two strategies are titled '{cls.title}': fusion/{titles[cls.title]}.py and fusion/{name}.py. "
                "Give one of them another title."
            )
        titles[cls.title] = name
    return found


def strategy(name: str) -> type[Fusion]:
    """The class of one strategy. Raises UnknownNameError with the nearest name."""
    known = strategies()
    if name not in known:
        raise UnknownNameError("strategy", name, known)
    return known[name]


def _the_one_in(name: str) -> type[Fusion]:
    module = importlib.import_module(f"{__name__}.{name}")
    own = [
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if issubclass(cls, Fusion) and cls.__module__ == module.__name__ and not inspect.isabstract(cls)
    ]
    if len(own) != 1:
        raise FusionError(
            f"fusion/{name}.py defines {len(own)} strategies ({', '.join(c.__name__ for c in own) or 'none'}); "
            "a strategy file holds exactly one subclass of Fusion."
        )
    return own[0]
