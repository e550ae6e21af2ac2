"""The two colour vocabularies, defined once: modalities and strategies, each for the light and the dark theme.

A colour is a `Pair` (light, dark). Every pair has a contrast of at least 4.5:1 against the paper and the panel of
its theme (WCAG 2.2, 1.4.3), and all sixteen strategies stay apart for people with red- or green-blindness
(simulated after Machado, Oliveira and Fernandes, 2009, severity 1.0). The tests compute both.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = [
    "BORDER",
    "CATEGORIES",
    "CONTROLS",
    "GLOW",
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
INK = Pair("#120F0A", "#EFE8DB")
MUTED = Pair("#6A6154", "#A89E8D")
BORDER = Pair("#DED5C4", "#3A352D")

MODALITIES: dict[str, Pair] = {
    "image": Pair("#9A5B00", "#EBAE45"),
    "text": Pair("#1D5FA6", "#7FB4F0"),
    "interactions": Pair("#84306F", "#D893C8"),
    "attributes": Pair("#2C6E3D", "#86C690"),
}

STRATEGIES: tuple[Pair, ...] = (
    Pair("#12493F", "#7CF3FD"),
    Pair("#A45155", "#FCD1BF"),
    Pair("#6750E4", "#9DB1FF"),
    Pair("#586110", "#CABF16"),
    Pair("#BE178C", "#FE91C7"),
    Pair("#6C2500", "#EC7600"),
    Pair("#1B6FA6", "#1D95FF"),
    Pair("#5B1779", "#A586AB"),
    Pair("#3B735B", "#47EC99"),
    Pair("#842B5B", "#CF9EA1"),
    Pair("#2923A6", "#C0CBF0"),
    Pair("#66472A", "#FECC68"),
    Pair("#2E7B00", "#7BAE5A"),
    Pair("#C92F38", "#E26085"),
    Pair("#7D32B9", "#9F7BE3"),
    Pair("#005673", "#48C1D2"),
)

CONTROLS: tuple[Pair, ...] = (
    Pair("#4A443B", "#CFC6B6"),
    Pair("#6E675C", "#A79E8F"),
    Pair("#5C554B", "#BBB2A2"),
    Pair("#38332C", "#E0D8C9"),
    Pair("#666056", "#958C7E"),
)

GLOW = Pair("#D9480F", "#FFC83D")
"""What marks found items on a map."""

CATEGORIES: tuple[Pair, ...] = (
    Pair("#3C66B0", "#86ABEE"),
    Pair("#BF4E30", "#F08F6E"),
    Pair("#3E7F3F", "#83C67E"),
    Pair("#84509C", "#C596DC"),
    Pair("#8A6A00", "#DDB93F"),
    Pair("#1E7C80", "#67C4C6"),
    Pair("#B5487F", "#EE93BE"),
    Pair("#6F5236", "#C2A281"),
    Pair("#5F701A", "#B4C45A"),
    Pair("#4A5C73", "#9FB2C9"),
    Pair("#A85F14", "#F0A95C"),
    Pair("#40409E", "#A3A3F2"),
)
"""What a map of items is coloured by, apart from modalities and strategies: values of a column, clusters."""

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
