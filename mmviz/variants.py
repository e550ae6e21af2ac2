"""What a strategy may be given beyond its plain form, as the end of its full name: "concat@graph+attributes".

An extra says what else a model reads or learns. It is part of the name, so that runs with it and without stand side by
side on every board and in every table, and nothing downstream has to know what it means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mmviz import heads, twins
from mmviz.errors import TrainingError, UnknownNameError
from mmviz.heads._settings import SELF_SUPERVISED, named

__all__ = ["ATTRIBUTES", "EXTRAS", "FINE_TUNED", "SELF_SUPERVISED", "full_name", "parts", "settled", "title"]

ATTRIBUTES, FINE_TUNED = "attributes", "finetuned"
EXTRAS: dict[str, str] = {
    ATTRIBUTES: "attributes",
    **{task: task for task in heads.names()},
    SELF_SUPERVISED: "self-supervised",
    FINE_TUNED: "fine-tuned",
}
"""Extra -> what is added to the strategy's title, in the order in which they are named."""


def parts(name: str) -> tuple[str, tuple[str, ...]]:
    """The plain name and the extras of a full name, in their order.

    Raises UnknownNameError for an unknown extra, and TrainingError for a twin with any: it is compared with the plain
    strategy.
    """
    plain, *extras = name.split("+")
    if extras and twins.parts(name)[1]:
        raise TrainingError(f"'{name}' is a twin with additions, and a twin takes none. Train it without them.")
    for extra in extras:
        if extra not in EXTRAS:
            raise UnknownNameError("addition to a strategy", extra, EXTRAS)
    return plain, tuple(extra for extra in EXTRAS if extra in extras)


def full_name(plain: str, extras: Iterable[str] = ()) -> str:
    """The full name of a strategy with extras: "concat+attributes"."""
    wanted = set(extras)
    return "+".join([plain, *(extra for extra in EXTRAS if extra in wanted)])


def title(plain: str, extras: Iterable[str] = ()) -> str:
    """The title of a strategy with extras: "Concatenation · attributes · learns rating"."""
    tasks = [EXTRAS[extra] for extra in extras if extra in heads.names()]
    others = [EXTRAS[extra] for extra in extras if extra not in heads.names()]
    return " · ".join([plain, *others, *([f"learns {', '.join(tasks)}"] if tasks else [])])


def settled(name: str, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and settings of a training, each saying all that the other does.

    "concat+category" and tasks="category" are the same. Raises UnknownNameError for a task that does not exist.
    """
    plain, extras = parts(name)
    tasks = {*named(str(settings.get("tasks", ""))), *(extra for extra in extras if extra in heads.names())}
    kept = {extra for extra in extras if extra not in heads.names()} | tasks
    more: dict[str, Any] = dict(settings)
    if settings.get("objective") == SELF_SUPERVISED:
        kept.add(SELF_SUPERVISED)
    if SELF_SUPERVISED in kept:
        more["objective"] = SELF_SUPERVISED
    if int(settings.get("finetune", FINE_TUNED in kept)) > 0:
        kept.add(FINE_TUNED)
        more["finetune"] = int(settings.get("finetune", 1))
    else:
        kept.discard(FINE_TUNED)
    if tasks:
        more["tasks"] = ",".join(sorted(tasks))
    return full_name(plain, kept), more
