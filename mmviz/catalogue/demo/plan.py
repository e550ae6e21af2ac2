"""What each thing of the shop is, before anything is drawn or written: every item from its own random numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from mmviz.catalogue.demo.texts import Written, write
from mmviz.catalogue.demo.vocabulary import KINDS, MATERIALS, VALUES, WORDS
from mmviz.catalogue.truth import TruthSpan

__all__ = ["END", "START", "ItemPlan", "plan_item"]

START = 1_640_995_200.0
"""The shop opens: 2022-01-01, in seconds since 1970 UTC."""
END = START + 3 * 365.25 * 86_400
"""The last day that the catalogue knows, three years later."""

_PRICE_RANGE = {"low": (9, 29), "middle": (35, 79), "high": (95, 320)}
_WITHOUT_PICTURE = 0.03
_WITHOUT_WORDS = 0.015
_TITLE_ONLY = 0.015
_COLOUR_TOLD = 0.45
_WRONG = 0.04
_NEW = 0.12


@dataclass(frozen=True)
class ItemPlan:
    """One thing of the shop.

    `released` is in seconds since 1970 UTC, `appeal` how much everyone likes it (standard normal), `pictured`
    whether there is a picture, `wrong` the attributes about which the text errs.
    """

    index: int
    seed: int
    item_id: str
    attributes: dict[str, str]
    title: str
    text: str
    spans: tuple[TruthSpan, ...]
    wrong: tuple[str, ...]
    pictured: bool
    price: float
    appeal: float
    released: float

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of what the thing truly is, from both what is seen and what is told."""
        a = self.attributes
        return (a["colour"], a["pattern"], a["material"], a["mood"], *KINDS[a["kind"]].rooms)

    def random(self, purpose: str) -> Random:
        """The item's own random numbers for one purpose, whatever else is drawn before it."""
        return Random(f"{self.seed}:{self.index}:{purpose}")


def plan_item(index: int, seed: int) -> ItemPlan:
    """Decide on item `index` of the shop with this seed; the result depends on nothing else."""
    rng = Random(f"{seed}:{index}:plan")
    attributes = {name: rng.choice(values) for name, values in VALUES.items()}
    attributes["material"] = rng.choice(MATERIALS[KINDS[attributes["kind"]].group])
    pictured = rng.random() >= _WITHOUT_PICTURE
    words = rng.random() if pictured else 1.0  # nothing lacks both
    coloured = rng.random() < _COLOUR_TOLD
    believed, wrong = _believed(attributes, rng, coloured and pictured and words >= _WITHOUT_WORDS + _TITLE_ONLY)
    written = Written()
    if words >= _WITHOUT_WORDS:
        described = words >= _WITHOUT_WORDS + _TITLE_ONLY
        written = write(believed, Random(f"{seed}:{index}:text"), coloured, described)
    low, high = _PRICE_RANGE[attributes["price band"]]
    return ItemPlan(
        index=index,
        seed=seed,
        item_id=f"{attributes['kind']}-{index + 1:04d}",
        attributes=attributes,
        title=written.title,
        text=written.text,
        spans=tuple(written.spans),
        wrong=wrong,
        pictured=pictured,
        price=float(rng.randint(low, high)),
        appeal=_normal(rng),
        released=_released(rng),
    )


def _believed(truth: dict[str, str], rng: Random, may_err: bool) -> tuple[dict[str, str], tuple[str, ...]]:
    """The attributes as the writer believes them to be, and those about which the writer is mistaken."""
    if not may_err or rng.random() >= _WRONG / _COLOUR_TOLD:
        return truth, ()
    attribute = "kind" if rng.random() < 0.2 else "colour"
    options = [value for value in VALUES[attribute] if value != truth[attribute]]
    if attribute == "kind":
        group = KINDS[truth["kind"]].group
        options = [value for value in options if KINDS[value].group == group]
    else:
        options = [value for value in options if value in WORDS["colour"]]
    return {**truth, attribute: rng.choice(options)}, (attribute,)


def _released(rng: Random) -> float:
    """Half of the shop is there from the start; the rest comes over the years, a part of it at the very end."""
    share = rng.random()
    if share < _NEW:
        return START + (END - START) * rng.uniform(0.90, 0.995)
    return START if share < 0.55 else START + (END - START) * rng.uniform(0.02, 0.90)


def _normal(rng: Random) -> float:
    """A standard normal number (Box and Muller 1958), the same on every version of Python."""
    return math.sqrt(-2 * math.log(1 - rng.random())) * math.cos(2 * math.pi * rng.random())
