"""The two colour vocabularies, defined once: modalities and strategies, each for the light and the dark theme.

A colour is a `Pair` (light, dark). Every pair has a contrast of at least 4.5:1 against the paper and the panel of
its theme (WCAG 2.2, 1.4.3), and all sixteen strategies stay apart for people with red- or green-blindness
(simulated after Machado, Oliveira and Fernandes, 2009, severity 1.0). The tests compute both.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = [
    "BORDER",
    "CONTROLS",
    "HIT",
    "INK",
    "MODALITIES",
    "MUTED",
    "PANEL",
    "PAPER",
    "SEQUENTIAL",
    "STRATEGIES",
    "Pair",
    "Theme",
    "contrast",
    "modality_colour",
    "strategy_colour",
]

Theme = Literal["light", "dark"]


class Pair(NamedTuple):
    """One colour as it looks on either theme."""

    light: str
    dark: str

    def on(self, theme: Theme) -> str:
        """The hex code for one theme."""
        return self.dark if theme == "dark" else self.light


PAPER = Pair("#FBF8F1", "#191714")
PANEL = Pair("#F3EDE1", "#24211C")
INK = Pair("#26221C", "#EFE8DB")
MUTED = Pair("#6A6154", "#A89E8D")
BORDER = Pair("#DED5C4", "#3A352D")
HIT = Pair("#26221C", "#EFE8DB")

MODALITIES: dict[str, Pair] = {
    "image": Pair("#9A5B00", "#EBAE45"),
    "text": Pair("#1D5FA6", "#7FB4F0"),
    "interactions": Pair("#84306F", "#D893C8"),
    "attributes": Pair("#2C6E3D", "#86C690"),
}

STRATEGIES: tuple[Pair, ...] = (
    Pair("#026168", "#41AA67"),
    Pair("#CA2731", "#FC6424"),
    Pair("#3E34BA", "#A9C9FC"),
    Pair("#526A06", "#E9C50E"),
    Pair("#AD278A", "#FD73AA"),
    Pair("#721100", "#FDD6B0"),
    Pair("#226AB2", "#60AEDE"),
    Pair("#2E227D", "#917CFF"),
    Pair("#153F26", "#C6C484"),
    Pair("#6E1154", "#E454A6"),
    Pair("#16416E", "#B7DCFD"),
    Pair("#734000", "#D9AB15"),
    Pair("#527253", "#E1E90D"),
    Pair("#7A3C45", "#EF7A6E"),
    Pair("#1529A3", "#788ED6"),
    Pair("#01688E", "#93CFC7"),
)

CONTROLS: tuple[Pair, ...] = (
    Pair("#4A443B", "#CFC6B6"),
    Pair("#6E675C", "#A79E8F"),
    Pair("#5C554B", "#BBB2A2"),
    Pair("#38332C", "#E0D8C9"),
    Pair("#666056", "#958C7E"),
)

SEQUENTIAL: tuple[str, ...] = (
    "#FDF3DC", "#F9DDB0", "#F2C283", "#E7A45F", "#D68549", "#BF673F", "#A24C3B", "#803637", "#5B2530", "#371724",
)  # fmt: skip
"""One scale for heatmaps, light to dark with steadily falling lightness."""


def modality_colour(name: str) -> Pair:
    """The colour of a modality; one that is not known yet gets the colour of attributes."""
    return MODALITIES.get(name, MODALITIES["attributes"])


def strategy_colour(kind: str, order: int) -> Pair:
    """The colour of a strategy from its place in the registry; controls are greys."""
    series = CONTROLS if kind == "control" else STRATEGIES
    return series[order % len(series)]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two hex colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
