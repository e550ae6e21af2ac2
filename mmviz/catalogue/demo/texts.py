"""The shop's writer: titles and descriptions from a grammar, with a note of every word that tells a fact.

A template is a sentence with slots, such as "{maker} makes this {kind} in {material}". A slot is filled with one
of the many words for the item's value, and the place where they land is kept as a `TruthSpan`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from mmviz.catalogue.demo.vocabulary import CARES, KINDS, SCENES, WORDS
from mmviz.catalogue.truth import TruthSpan

__all__ = ["Written", "write"]

_SLOT = re.compile(r"\{(a |)([a-z ]+)\}")

_SERIES = (
    "Solvi", "Harrow", "Aune", "Tide", "Linnea", "Orchard", "Kestrel", "Fjord", "Ember", "Wren", "Alder", "Hazel",
    "Marina", "Juniper", "Sorrel", "Isla", "Quarry", "Meadow", "Nora", "Otto", "Pilot", "Rowan", "Signe", "Thea",
    "Una", "Vesper", "Willa", "Ysolt", "Brook", "Clover", "Dune", "Elin", "Fable", "Gale", "Heron", "Ida",
)  # fmt: skip

_TITLES = (
    "{series} {kind}",
    "{series} {kind} by {maker}",
    "{kind} {series}",
    "{maker} {series} {kind}",
    "{material} {kind} {series}",
    "The {series} {kind}",
)
_COLOURED_TITLES = ("{series} {kind} in {colour}", "{colour} {kind} {series}", "{colour} {kind} by {maker}")

_OPENINGS = (
    "{maker} makes this {kind} of {material}.",
    "This {kind} of {material} comes from {maker}.",
    "{a kind} in {material}, made by {maker}.",
    "Made by {maker}, this {kind} is all about its {material}.",
    "We asked {maker} for {a kind} in {material}, and here it is.",
    "The people at {maker} work in {material}, and this {kind} shows why.",
)
_FEELINGS = (
    "It is {a mood} thing, like {scene}.",
    "The mood is {mood}: think of {scene}.",
    "There is something {mood} about it, as of {scene}.",
    "It makes a place feel {mood} and brings to mind {scene}.",
)
_GIFTS = (
    "We like it for {occasion}.",
    "A good choice for {occasion}.",
    "Think of it for {occasion}.",
    "It was thought up with {occasion} in mind.",
)
_FEELING_GIFTS = (
    "Its {mood} character, like {scene}, suits {occasion}.",
    "It is {mood}, it brings to mind {scene}, and it is just right for {occasion}.",
    "For {occasion} we know nothing more {mood}: it feels like {scene}.",
    "{a mood} idea for {occasion}, with something of {scene} about it.",
    "Think of {occasion}; think of {scene}, for it is {a mood} thing.",
)
_COLOURS = (
    "It comes in {colour}.",
    "The colour is {colour}.",
    "You see it here in {colour}.",
    "We chose it in {colour} for this season.",
)
_PARTS = (
    "Look closely at the {part}.",
    "The {part} had our attention first.",
    "Great thought went into the {part}.",
    "Small marks on the {part} show that it is finished by hand.",
)
_FILLERS = (
    "Each one is looked over before it leaves us.",
    "It ships in a simple paper box.",
    "No two are quite alike.",
    "Measurements are given below.",
    "It has been with us for some seasons now.",
)
_PRICES = ("{price band}.", "{price band}, we think.")
_CARES = ("To keep it well: {care}.", "About care: {care}.", "{care}.")
_PRICE_CARES = ("{price band}; {care}.", "{price band}; as for care, {care}.")


@dataclass
class Written:
    """A title and a description, and where their words name which attribute."""

    title: str = ""
    text: str = ""
    spans: list[TruthSpan] = field(default_factory=list)


def write(told: dict[str, str], rng: Random, coloured: bool, described: bool) -> Written:
    """Write about one thing.

    `told` gives the attributes as the writer believes them to be; `coloured` says whether to tell the colour, and
    `described` whether there is a description below the title.
    """
    written = Written()
    in_title = coloured and (not described or rng.random() < 0.5)
    _add(written, "title", rng.choice(_COLOURED_TITLES if in_title else _TITLES), told, rng)
    if not described:
        return written
    group = KINDS[told["kind"]].group
    for template in _plan(told, rng, coloured and not (in_title and rng.random() < 0.7)):
        _add(written, "text", template, told, rng, group)
    return written


def _plan(told: dict[str, str], rng: Random, coloured: bool) -> list[str]:
    """Two to four sentences that together tell almost everything."""
    sentences = []
    mood, occasion = rng.random() < 0.96, rng.random() < 0.92
    if mood and occasion:
        sentences.append(rng.choice(_FEELING_GIFTS))
    elif mood or occasion:
        sentences.append(rng.choice(_FEELINGS if mood else _GIFTS))
    price, care = rng.random() < 0.90, rng.random() < 0.92
    if price and care:
        sentences.append(rng.choice(_PRICE_CARES))
    elif price or care:
        sentences.append(rng.choice(_PRICES if price else _CARES))
    if coloured:
        sentences.append(rng.choice(_COLOURS))
    elif KINDS[told["kind"]].parts and rng.random() < 0.45:
        sentences.append(rng.choice(_PARTS))
    elif rng.random() < 0.3:
        sentences.append(rng.choice(_FILLERS))
    rng.shuffle(sentences)
    return [rng.choice(_OPENINGS), *sentences]


def _add(
    written: Written,
    place: Literal["title", "text"],
    template: str,
    told: dict[str, str],
    rng: Random,
    group: str = "",
) -> None:
    """Fill a template, put it at the end of the title or the text, and keep its spans."""
    so_far = written.title if place == "title" else written.text
    line = so_far + " " if so_far else ""
    at = len(line)
    done = 0
    for slot in _SLOT.finditer(template):
        line += template[done : slot.start()]
        done = slot.end()
        attribute = slot.group(2)
        value, words = _said(attribute, told, rng, group)
        if slot.group(1):
            line += "an " if words[0].lower() in "aeiou" else "a "
        if attribute != "series":
            name = "mood" if attribute == "scene" else attribute
            written.spans.append(TruthSpan(name, value, len(line), len(line) + len(words), place))
        line += words
    line += template[done:]
    line = line[:at] + line[at].upper() + line[at + 1 :]
    if place == "title":
        written.title = line
    else:
        written.text = line


def _said(attribute: str, told: dict[str, str], rng: Random, group: str) -> tuple[str, str]:
    """The value of a slot and the words for it."""
    if attribute == "series":
        return "", rng.choice(_SERIES)
    if attribute == "part":
        part = rng.choice(KINDS[told["kind"]].parts)[0]
        return part, part
    if attribute == "scene":
        return told["mood"], rng.choice(SCENES[told["mood"]])
    value = told[attribute]
    if attribute == "kind":
        return value, rng.choice(KINDS[value].nouns)
    if attribute == "care":
        return value, rng.choice(CARES[value][group])
    return value, rng.choice(WORDS[attribute][value])
