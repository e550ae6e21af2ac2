"""What the shop sells and how people speak of it: kinds, attributes, and the many words for each value.

Attributes come in three sorts. *Seen* ones are drawn and never told: pattern and silhouette. *Told* ones are
written and never drawn: material, maker, mood, occasion, price band and care. *Both*: kind, and in some texts
colour. Every value is drawn independently of all others, save that a potter's things have a potter's materials.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmviz.catalogue.demo.palettes import COLOURS
from mmviz.catalogue.demo.patterns import PATTERNS
from mmviz.catalogue.truth import Source

__all__ = ["CARES", "KINDS", "MATERIALS", "SCENES", "SOURCES", "VALUES", "WORDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """A kind of thing.

    `group` says which materials it can have, `nouns` what people call it, `parts` the words for parts that every
    thing of the kind has, with the labels that show them, and `rooms` where it belongs.
    """

    group: str
    nouns: tuple[str, ...]
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    rooms: tuple[str, ...]


_SURFACE = ("body", "pattern")

KINDS: dict[str, Kind] = {
    "mug": Kind("clay", ("mug", "mug", "tea mug", "coffee mug"), (("handle", ("handle",)), ("rim", ("rim",))),
                ("kitchen", "table")),
    "bowl": Kind("clay", ("bowl", "bowl", "serving bowl"), (("rim", ("rim",)),), ("kitchen", "table")),
    "jug": Kind("clay", ("jug", "jug", "water jug", "pitcher"), (("handle", ("handle",)), ("spout", ("rim",))),
                ("kitchen", "table")),
    "vase": Kind("clay", ("vase", "vase", "flower vase"), (("mouth", ("rim",)),), ("living room",)),
    "plate": Kind("clay", ("plate", "plate", "dinner plate"), (), ("kitchen", "table")),
    "clock": Kind("clay", ("clock", "clock", "wall clock"), (("hands", ("hands",)), ("case", ("frame",))),
                  ("living room", "wall")),
    "lamp": Kind("cloth", ("lamp", "lamp", "table lamp"), (("shade", _SURFACE), ("foot", ("base",))),
                 ("living room", "bedroom")),
    "chair": Kind("cloth", ("chair", "chair", "easy chair"), (("legs", ("legs",)),), ("living room",)),
    "stool": Kind("cloth", ("stool", "stool", "footstool"), (("legs", ("legs",)),), ("living room", "bedroom")),
    "cushion": Kind("cloth", ("cushion", "cushion", "pillow"), (), ("living room", "bedroom")),
    "rug": Kind("cloth", ("rug", "rug", "floor rug"), (), ("living room", "bedroom")),
    "shirt": Kind("cloth", ("shirt", "shirt", "top"), (("sleeves", ("sleeves",)), ("collar", ("collar",))),
                  ("wardrobe",)),
    "bag": Kind("cloth", ("bag", "bag", "shoulder bag"), (("handles", ("handle",)),), ("wardrobe",)),
    "scarf": Kind("cloth", ("scarf", "scarf", "neck scarf"), (), ("wardrobe",)),
    "poster": Kind("cloth", ("poster", "poster", "art print", "wall print"), (), ("living room", "wall")),
}  # fmt: skip
"""Name -> kind, in the order of their codes."""

MATERIALS: dict[str, tuple[str, ...]] = {
    "clay": ("stoneware", "porcelain", "earthenware", "enamel"),
    "cloth": ("linen", "wool", "cotton", "hemp"),
}

VALUES: dict[str, tuple[str, ...]] = {
    "kind": tuple(KINDS),
    "colour": tuple(COLOURS),
    "pattern": tuple(PATTERNS),
    "silhouette": ("round", "straight", "angled"),
    "material": (*MATERIALS["clay"], *MATERIALS["cloth"]),
    "maker": ("Osk & Lind", "Field House", "Marlow Works", "Studio Vane", "Norra", "Pell & Daughter"),
    "mood": ("calm", "playful", "elegant", "nostalgic", "adventurous"),
    "occasion": ("wedding", "housewarming", "birthday", "holidays", "every day"),
    "price band": ("low", "middle", "high"),
    "care": ("wipe", "hand wash", "shade", "easy"),
}
"""Attribute -> its values; a value's place is its code."""

SOURCES: dict[str, Source] = {
    "kind": "both",
    "colour": "both",
    "pattern": "seen",
    "silhouette": "seen",
    "material": "told",
    "maker": "told",
    "mood": "told",
    "occasion": "told",
    "price band": "told",
    "care": "told",
}

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "colour": {
        "terracotta": ("terracotta", "brick red", "burnt clay", "rust"),
        "ochre": ("ochre", "mustard", "honey yellow", "saffron"),
        "sage": ("sage", "olive green", "moss green", "soft green"),
        "teal": ("teal", "petrol", "deep sea green", "lagoon"),
        "indigo": ("indigo", "navy", "ink blue", "deep blue"),
        "plum": ("plum", "aubergine", "damson", "dark berry"),
        "blush": ("blush", "rose", "dusty pink", "pale pink"),
        "charcoal": ("charcoal", "slate", "graphite", "soft black"),
    },
    "material": {
        "stoneware": ("stoneware", "dense stoneware", "high-fired stoneware"),
        "porcelain": ("porcelain", "fine porcelain", "thin bone china"),
        "earthenware": ("earthenware", "low-fired earthenware", "turned earthenware clay"),
        "enamel": ("enamel", "enamelled steel", "vitreous enamel"),
        "linen": ("linen", "washed linen", "pure flax linen"),
        "wool": ("wool", "lambswool", "soft merino wool"),
        "cotton": ("cotton", "organic cotton", "brushed cotton"),
        "hemp": ("hemp", "sturdy hemp", "hemp canvas"),
    },
    "maker": {maker: (maker,) for maker in VALUES["maker"]},
    "mood": {
        "calm": ("calm", "calm and quiet", "serene", "peaceful"),
        "playful": ("playful", "playful and funny", "merry", "light-hearted"),
        "elegant": ("elegant", "elegant and refined", "graceful", "sophisticated"),
        "nostalgic": ("nostalgic", "old-fashioned", "vintage", "wistful and nostalgic"),
        "adventurous": ("adventurous", "daring", "wild and daring", "bold and adventurous"),
    },
    "occasion": {
        "wedding": ("a wedding", "the newly married", "bride and groom"),
        "housewarming": ("a housewarming", "a first home", "friends who have just moved house"),
        "birthday": ("a birthday", "a birthday present", "someone's birthday party"),
        "holidays": ("the holidays", "Christmas", "a festive winter evening"),
        "every day": ("everyday use", "daily life", "ordinary weekdays"),
    },
    "price band": {
        "low": ("A real bargain", "An inexpensive find for a small budget", "Low in price"),
        "middle": (
            "Fairly priced, in the middle of our range",
            "Medium in price",
            "Neither cheap nor expensive",
        ),
        "high": (
            "A luxury at a high price",
            "Expensive, an investment to save for",
            "High in price, a luxury",
        ),
    },
}
"""Attribute -> value -> what people say for it."""

SCENES: dict[str, tuple[str, ...]] = {
    "calm": ("slow deep breaths", "silence after a long day", "a still lake in the morning"),
    "playful": ("children laughing", "a joke shared over breakfast", "a game of hide and seek"),
    "elegant": ("an evening at the opera", "fine manners and good tailoring", "a ballroom in Paris"),
    "nostalgic": ("old photographs", "a grandmother's house", "the summers of long ago"),
    "adventurous": (
        "far journeys and open roads",
        "a mountain still to climb",
        "an expedition that sets out",
    ),
}
"""Mood -> what it brings to mind; a second way in which a mood is told."""

CARES: dict[str, dict[str, tuple[str, ...]]] = {
    "wipe": {
        "clay": ("wipe it with a damp cloth", "a damp cloth keeps it clean"),
        "cloth": ("sponge off spots with a damp cloth", "wipe it with a damp cloth"),
    },
    "hand wash": {
        "clay": ("wash it by hand", "hand wash only, in warm water"),
        "cloth": ("wash it by hand", "hand wash only, in cool water"),
    },
    "shade": {
        "clay": ("keep it out of direct sun", "it fades in strong sunlight, so find it a shady place"),
        "cloth": ("keep it out of direct sun", "it fades in strong sunlight, so find it a shady place"),
    },
    "easy": {
        "clay": ("it asks for no special care", "nothing harms it, so use it without a thought"),
        "cloth": ("it asks for no special care", "nothing harms it, so use it without a thought"),
    },
}
"""Care -> group -> whole clauses that tell it."""
