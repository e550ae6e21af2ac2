"""The answers for one item: where its attributes show, questions with their answers, and reference captions."""

from __future__ import annotations

from random import Random

from mmviz.catalogue.demo.plan import ItemPlan
from mmviz.catalogue.demo.vocabulary import KINDS, SOURCES, VALUES
from mmviz.catalogue.truth import TruthItem

__all__ = ["truth_of"]

_ASKED: dict[str, tuple[str, ...]] = {
    "kind": ("What is it?", "What kind of thing is this?"),
    "colour": ("What colour is it?", "Which colour does it have?"),
    "pattern": ("Which pattern does it have?", "What pattern is on it?"),
    "silhouette": ("What shape is it?", "What is its silhouette?"),
    "material": ("What is it made of?", "Which material is it?"),
    "maker": ("Who makes it?", "Which maker is it from?"),
    "mood": ("What is its mood?", "What mood does it have?"),
    "occasion": ("What is it for?", "Which occasion does it suit?"),
    "price band": ("Is its price low, middle or high?", "Which price band is it in?"),
    "care": ("How does one care for it?", "What care does it need?"),
}

_NOUN = {
    "plain": "no pattern",
    "striped": "stripes",
    "dotted": "dots",
    "checked": "checks",
    "floral": "flowers",
    "geometric": "geometric shapes",
    "gradient": "a gradient",
}


def truth_of(plan: ItemPlan, boxes: dict[str, tuple[float, float, float, float]]) -> TruthItem:
    """Everything that is known about an item; `boxes` are those of its drawing, {} before it is drawn."""
    return TruthItem(
        attributes=plan.attributes,
        boxes=boxes,
        spans=plan.spans,
        tags=plan.tags,
        questions=_questions(plan),
        captions=_captions(plan),
        wrong=plan.wrong,
        where=_where(plan),
        numbers={"appeal": plan.appeal, "released": plan.released, "price": plan.price},
    )


def _where(plan: ItemPlan) -> dict[str, tuple[str, ...]]:
    """Attribute, or word for a part -> the labels that show it; nothing for an item without a picture."""
    if not plan.pictured:
        return {}
    kind = KINDS[plan.attributes["kind"]]
    sleeves = ("sleeves",) if plan.attributes["kind"] == "shirt" else ()
    surface = ("body", "pattern", *sleeves)
    plain = plan.attributes["pattern"] == "plain"
    whole = (*surface, *(label for _, labels in kind.parts for label in labels if label not in surface))
    return {
        "kind": whole,
        "colour": surface,
        "pattern": surface if plain else ("pattern", *sleeves),
        "silhouette": surface,
        **dict(kind.parts),
    }


def _questions(plan: ItemPlan) -> tuple[tuple[str, str], ...]:
    """Questions that this item's picture or text can answer; the last ones need yes or no."""
    rng = plan.random("questions")
    said = {span.attribute for span in plan.spans} - set(plan.wrong)
    known = [name for name in VALUES if name in said or (plan.pictured and SOURCES[name] != "told")]
    asked = [(rng.choice(_ASKED[name]), plan.attributes[name]) for name in known]
    return (*asked, *_yes_or_no(plan, rng, known))


def _yes_or_no(plan: ItemPlan, rng: Random, known: list[str]) -> list[tuple[str, str]]:
    answers = []
    if "pattern" in known:
        pattern = _maybe(plan, rng, "pattern")
        answers.append((f"Is it {pattern}?", _yes(pattern == plan.attributes["pattern"])))
    if "material" in known:
        material = _maybe(plan, rng, "material")
        answers.append((f"Is it made of {material}?", _yes(material == plan.attributes["material"])))
    if "pattern" in known and "material" in known:
        pattern, material = _maybe(plan, rng, "pattern"), _maybe(plan, rng, "material")
        both = pattern == plan.attributes["pattern"] and material == plan.attributes["material"]
        answers.append((f"Is it {pattern} and made of {material}?", _yes(both)))
    return answers


def _maybe(plan: ItemPlan, rng: Random, attribute: str) -> str:
    """The true value in 65 of 100 cases, else another."""
    truth = plan.attributes[attribute]
    return truth if rng.random() < 0.65 else rng.choice([v for v in VALUES[attribute] if v != truth])


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _captions(plan: ItemPlan) -> tuple[str, ...]:
    """Three captions: of what is seen, of what is told, and of both."""
    a = plan.attributes
    kind, colour, pattern, shape = a["kind"], a["colour"], a["pattern"], a["silhouette"]
    article = "an" if shape[0] in "aeiou" else "a"
    return (
        f"{article} {shape} {kind} in {colour} with {_NOUN[pattern]}",
        f"{'an' if a['mood'][0] in 'aeiou' else 'a'} {a['mood']} {kind} made of {a['material']} by {a['maker']}",
        f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {kind} of {a['material']} with {_NOUN[pattern]}",
    )
