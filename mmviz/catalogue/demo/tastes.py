"""What each person of the demo catalogue likes, as rules that can be read, drawn and computed exactly.

A rule is a few facts that must all hold ("pattern is striped" and "material is linen") and what it is worth at the
start and at the end of the catalogue's time; in between its worth drifts evenly. The four sorts of person:

- *seen*: likes some colours, patterns and a silhouette. The words are no help.
- *told*: likes some makers, moods, materials and an occasion. The picture is no help.
- *conjunction*: likes certain pairs of a seen and a told fact ("striped, but only linen; dotted, but only wool").
  Either half of a pair alone is worth nothing, and half of one pair with half of another neither, so that no sum of
  a liking for what is seen and a liking for what is told can rank these things.
- *popular*: has no taste and takes what everybody takes.

People are not alone with their taste: the first two sorts come in some styles, the third in camps, and a person
differs from the style in weights, in drift and now and then in a value.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from mmviz.catalogue.demo.vocabulary import VALUES
from mmviz.errors import CatalogueError

__all__ = ["TASTES", "Person", "Rule", "Shares", "people", "rules_from_json"]

TASTES = ("seen", "told", "conjunction", "popular")

_STYLES = 12
_OWN_MIND = 0.3
_CAMPS = 10
_PAIR_SHARE = 0.08
_DRIFTING = 0.25
_PURPOSES = {
    "wedding": "weddings",
    "housewarming": "housewarmings",
    "birthday": "birthdays",
    "holidays": "the holidays",
    "every day": "every day",
}


@dataclass(frozen=True)
class Shares:
    """The planted share of each sort of taste; they sum to 1."""

    seen: float = 0.28
    told: float = 0.27
    conjunction: float = 0.33
    popular: float = 0.12

    def __post_init__(self) -> None:
        parts = self.as_tuple()
        if min(parts) < 0 or abs(sum(parts) - 1) > 1e-6:
            raise CatalogueError(
                f"The shares of tastes are {parts} for {TASTES}, which sum to {sum(parts):.3f}. "
                "Give four shares of at least 0 that sum to 1."
            )

    def as_tuple(self) -> tuple[float, float, float, float]:
        """In the order of `TASTES`."""
        return self.seen, self.told, self.conjunction, self.popular

    def counts(self, users: int) -> tuple[int, ...]:
        """How many of so many users have each taste: the nearest whole numbers that sum to all (largest rest)."""
        exact = [share * users for share in self.as_tuple()]
        counts = [int(number) for number in exact]
        by_rest = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
        for place in by_rest[: users - sum(counts)]:
            counts[place] += 1
        return tuple(counts)


@dataclass(frozen=True)
class Rule:
    """`worth` (at the start, at the end) is added to an item's utility when all `facts` hold for it."""

    facts: tuple[tuple[str, str], ...]
    worth: tuple[float, float]


@dataclass(frozen=True)
class Person:
    """One user's taste: its sort, its rules, the camp of a conjunction (-1 = none), and `wants` in words."""

    taste: str
    rules: tuple[Rule, ...]
    camp: int
    wants: str

    def rules_json(self) -> str:
        """The rules as JSON, for a table."""
        return json.dumps([[list(map(list, rule.facts)), list(rule.worth)] for rule in self.rules])


def rules_from_json(text: str) -> tuple[Rule, ...]:
    """The rules that `Person.rules_json` wrote."""
    return tuple(
        Rule(tuple((name, value) for name, value in facts), (float(worth[0]), float(worth[1])))
        for facts, worth in json.loads(text)
    )


def people(users: int, shares: Shares, seed: int) -> tuple[Person, ...]:
    """Everybody's taste, in a random order of sorts; person number n depends on nothing but these arguments."""
    sorts = [taste for taste, count in zip(TASTES, shares.counts(users), strict=True) for _ in range(count)]
    Random(f"{seed}:order").shuffle(sorts)
    camps = _camps(seed)
    met = 0
    found = []
    for number, taste in enumerate(sorts):
        rng = Random(f"{seed}:person:{number}")
        if taste == "conjunction":
            found.append(_matched(rng, camps[met % len(camps)], met % len(camps)))
            met += 1
        elif taste == "popular":
            found.append(Person(taste, (), -1, "whatever is popular"))
        else:
            style = Random(f"{seed}:{taste}:{rng.randrange(_STYLES)}")
            found.append(_seen(style, rng) if taste == "seen" else _told(style, rng))
    return tuple(found)


def _seen(style: Random, rng: Random) -> Person:
    """A taste for the eye: what a style likes, with a person's own weights, odd liking and favourite kinds."""
    colours, patterns = style.sample(VALUES["colour"], 4), style.sample(VALUES["pattern"], 2)
    silhouette = style.choice(VALUES["silhouette"])
    _swap(rng, colours, VALUES["colour"])
    rules = [
        *_liking(rng, "colour", colours[:2], colours[2], 0.8),
        Rule((("colour", colours[3]),), (-0.6, -0.6)),
        *_liking(rng, "pattern", patterns, "", 1.0),
        Rule((("silhouette", silhouette),), (0.6, 0.6)),
        *_favourites(rng),
    ]
    wants = f"{colours[0]} or {colours[1]}, {patterns[0]} or {patterns[1]}, {silhouette} shapes; not {colours[3]}"
    return Person("seen", tuple(rules), -1, wants)


def _told(style: Random, rng: Random) -> Person:
    """A taste for what is said: likewise."""
    makers, moods = style.sample(VALUES["maker"], 3), style.sample(VALUES["mood"], 2)
    materials, occasion = style.sample(VALUES["material"], 3), style.choice(VALUES["occasion"])
    _swap(rng, materials, VALUES["material"])
    rules = [
        *_liking(rng, "maker", makers[:2], makers[2], 0.9),
        *_liking(rng, "mood", moods, "", 0.9),
        *(Rule((("material", material),), (0.7, 0.7)) for material in materials),
        Rule((("occasion", occasion),), (0.5, 0.5)),
        *_favourites(rng),
    ]
    wants = f"{moods[0]} or {moods[1]} things by {makers[0]} or {makers[1]}, of {' or '.join(materials)}"
    return Person("told", tuple(rules), -1, f"{wants}, for {_PURPOSES[occasion]}")


def _swap(rng: Random, values: list[str], known: tuple[str, ...]) -> None:
    """In some people, one value of the style gives way to another."""
    if rng.random() < _OWN_MIND:
        others = [value for value in known if value not in values]
        values[rng.randrange(1, len(values))] = rng.choice(others)


def _favourites(rng: Random) -> list[Rule]:
    return [Rule((("kind", kind),), (0.25, 0.25)) for kind in rng.sample(VALUES["kind"], 3)]


def _liking(rng: Random, attribute: str, values: list[str], later: str, worth: float) -> list[Rule]:
    """Two liked values; a person who drifts gives up the second for a later one (or for more of the first)."""
    first, second = ((attribute, value) for value in values[:2])
    high, low = worth, worth * rng.uniform(0.75, 0.95)
    if rng.random() >= _DRIFTING:
        return [Rule((first,), (high, high)), Rule((second,), (low, low))]
    rules = [Rule((first,), (high * 0.9, high)), Rule((second,), (low, low * 0.2))]
    return [*rules, Rule(((attribute, later),), (low * 0.2, low))] if later else rules


def _camps(seed: int) -> tuple[tuple[tuple[tuple[str, str], tuple[str, str]], ...], ...]:
    """What the conjunction people share: for each camp, pairs of a seen and a told fact, each fact in one pair."""
    rng = Random(f"{seed}:camps")
    seen = ("pattern", "colour")
    told = ("material", "mood", "maker")
    camps = []
    for number in range(_CAMPS):
        first, second = seen[number % 2], told[number % 3]
        size = round(_PAIR_SHARE * len(VALUES[first]) * len(VALUES[second]))
        size = max(2, min(size, 4))
        pairs = zip(rng.sample(VALUES[first], size), rng.sample(VALUES[second], size), strict=True)
        camps.append(tuple(((first, a), (second, b)) for a, b in pairs))
    return tuple(camps)


def _matched(rng: Random, pairs: tuple[tuple[tuple[str, str], tuple[str, str]], ...], camp: int) -> Person:
    rules = []
    for pair in pairs:
        worth = rng.uniform(0.85, 1.0)
        rules.append(Rule(pair, (worth, worth)))
    wants = "; ".join(f"{seen[1]}, but only {told[1]}" for seen, told in pairs)
    return Person("conjunction", tuple(rules), camp, wants)
