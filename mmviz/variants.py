"""What a strategy may be given beyond its plain form, as the end of its full name: "concat@graph+attributes".

An extra says what else a model reads or learns. It is part of the name, so that runs with it and without stand side by
side on every board and in every table, and nothing downstream has to know what it means.
"""

from __future__ import annotations

from collections.abc import Iterable

from mmviz.errors import UnknownNameError

__all__ = ["ATTRIBUTES", "EXTRAS", "full_name", "parts", "title"]

ATTRIBUTES = "attributes"
EXTRAS: dict[str, str] = {ATTRIBUTES: "attributes"}
"""Extra -> what is added to the strategy's title, in the order in which they are named."""


def parts(name: str) -> tuple[str, tuple[str, ...]]:
    """The plain name and the extras of a full name, in their order. Raises UnknownNameError for an unknown extra."""
    plain, *extras = name.split("+")
    for extra in extras:
        if extra not in EXTRAS:
            raise UnknownNameError("addition to a strategy", extra, EXTRAS)
    return plain, tuple(extra for extra in EXTRAS if extra in extras)


def full_name(plain: str, extras: Iterable[str] = ()) -> str:
    """The full name of a strategy with extras: "concat+attributes"."""
    wanted = set(extras)
    return "+".join([plain, *(extra for extra in EXTRAS if extra in wanted)])


def title(plain: str, extras: Iterable[str] = ()) -> str:
    """The title of a strategy with extras: "Concatenation · attributes"."""
    return " · ".join([plain, *(EXTRAS[extra] for extra in extras)])
