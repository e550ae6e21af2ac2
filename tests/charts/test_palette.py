"""The two vocabularies can be read on both themes, and told apart by people with red- or green-blindness."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from mmviz.charts import palette

ROOT = Path(__file__).resolve().parents[2]
THEMES: tuple[palette.Theme, ...] = ("light", "dark")
# Machado, Oliveira and Fernandes, 2009, severity 1.0, on linear sRGB
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def oklab(colour: str, blindness: np.ndarray) -> np.ndarray:
    """A hex colour as OKLab (Ottosson, 2020) after a simulated colour blindness."""
    coded = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return lab @ np.cbrt(cones @ np.clip(blindness @ linear, 0, None))


def test_contrast_of_known_pairs() -> None:
    assert palette.contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert palette.contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=0.001)
    assert palette.contrast("#123456", "#123456") == 1.0


@pytest.mark.parametrize("theme", THEMES)
def test_every_meaningful_colour_can_be_read_on_paper_and_panel(theme: palette.Theme) -> None:
    colours = [palette.INK, palette.MUTED, *palette.MODALITIES.values(), *palette.STRATEGIES, *palette.CONTROLS]
    for colour in colours:
        for ground in (palette.PAPER, palette.PANEL):
            assert palette.contrast(colour.on(theme), ground.on(theme)) >= 4.5, colour


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_strategies_stay_apart_for_everyone(theme: palette.Theme, blindness: str) -> None:
    seen = [oklab(colour.on(theme), BLINDNESS[blindness]) for colour in palette.STRATEGIES]
    apart = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2)]
    assert min(apart) > 0.04
    first = [float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen[:8], 2)]
    assert min(first) > (0.12 if blindness == "none" else 0.065)


@pytest.mark.parametrize("theme", THEMES)
def test_captions_can_be_read_too(theme: palette.Theme) -> None:
    # Streamlit draws captions as ink at 60 %.
    for ground in (palette.PAPER, palette.PANEL):
        pairs = [(palette.INK.on(theme)[at : at + 2], ground.on(theme)[at : at + 2]) for at in (1, 3, 5)]
        mixed = "#" + "".join(f"{round(0.6 * int(ink, 16) + 0.4 * int(under, 16)):02x}" for ink, under in pairs)
        assert palette.contrast(mixed, ground.on(theme)) >= 4.5


def test_heat_falls_steadily_in_lightness() -> None:
    lightness = [oklab(tone, BLINDNESS["none"])[0] for tone in palette.SEQUENTIAL]
    steps = -np.diff(lightness)
    assert (steps > 0.02).all()


def test_a_strategy_keeps_its_colour_and_controls_are_grey() -> None:
    assert palette.strategy_colour("fusion", 0) == palette.STRATEGIES[0]
    assert palette.strategy_colour("fusion", 16) == palette.STRATEGIES[0]
    for order in range(12):
        grey = palette.strategy_colour("control", order).light
        channels = [int(grey[at : at + 2], 16) for at in (1, 3, 5)]
        assert max(channels) - min(channels) < 32


def test_an_unknown_modality_looks_like_an_attribute() -> None:
    assert palette.modality_colour("price") == palette.MODALITIES["attributes"]


def test_the_theme_of_the_app_uses_this_palette() -> None:
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]
    for name in THEMES:
        assert theme[name]["backgroundColor"] == palette.PAPER.on(name)
        assert theme[name]["secondaryBackgroundColor"] == palette.PANEL.on(name)
        assert theme[name]["textColor"] == palette.INK.on(name)
        assert theme[name]["borderColor"] == palette.BORDER.on(name)
        assert theme[name]["chartCategoricalColors"] == [colour.on(name) for colour in palette.STRATEGIES]
        assert theme[name]["chartSequentialColors"] == list(palette.SEQUENTIAL)
        assert palette.contrast(theme[name]["primaryColor"], "#FFFFFF") >= 4.5
