"""What an item is made of as an SVG tree: a trunk, one limb a modality, one twig a token, each as wide as it counts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from mmviz.charts import palette

__all__ = ["Branch", "Twig", "tree_svg"]

WIDTH, TRUNK, ROW, HEAD, GAP = 480, 150, 27, 26, 20
"""Pixels: the drawing, a branch that counts for everything, a thin twig, a limb's title, between limbs."""
FORK, TIP, BAR, CROP = 150, 300, 7, 23
"""Pixels: where limbs part, where twigs end, the thickness of a fork, and the side of a patch."""


class Twig(NamedTuple):
    """The end of a branch: what it is called, its share of the item, and the patch (row, column) that it shows."""

    said: str
    share: float
    patch: tuple[int, int] | None = None
    rest: bool = False


class Branch(NamedTuple):
    """A modality: its name, its share of the item, how much of it is drawn in words, and its twigs."""

    name: str
    share: float
    drawn: str
    twigs: Sequence[Twig]


def tree_svg(
    root: str, branches: Sequence[Branch], theme: palette.Theme, picture: str = "", grid: tuple[int, int] = (1, 1)
) -> str:
    """An SVG of the tree, readable by a screen reader through its title; patches are cut from `picture`, an address."""
    heights = [HEAD + sum(map(_row, branch.twigs)) for branch in branches]
    height = max(sum(heights) + GAP * (len(branches) - 1), TRUNK + 2 * HEAD)
    trunk = TRUNK * sum(branch.share for branch in branches)
    top, at = 0.0, (height - trunk) / 2
    parts = [_text(0, 15, root, palette.INK.on(theme)), _bar(0, at, trunk, palette.INK.on(theme))]
    for branch, own in zip(branches, heights, strict=True):
        middle = top + HEAD + (own - HEAD) / 2
        colour = palette.modality_colour(branch.name).on(theme)
        thick = TRUNK * branch.share
        parts.append(_ribbon(BAR, at + thick / 2, FORK, middle, thick, colour))
        parts.append(_limb(branch, top, middle, colour, theme, (picture, grid)))
        top, at = top + own + GAP, at + thick
    said = "; ".join(
        f"{branch.name} {_percent(branch.share)}: {', '.join(f'{t.said} {_percent(t.share)}' for t in branch.twigs)}"
        for branch in branches
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" role="img">'
        f"<title>{escape(f'{root}. {said}')}</title>{''.join(parts)}</svg>"
    )


def _limb(
    branch: Branch, top: float, middle: float, colour: str, theme: palette.Theme, shown: tuple[str, tuple[int, int]]
) -> str:
    """The fork of one modality with its title and everything that grows from it."""
    thick = TRUNK * branch.share
    start = middle - thick / 2
    ink, muted = palette.INK.on(theme), palette.MUTED.on(theme)
    parts = [
        _text(FORK, top + 15, f"{branch.name} {_percent(branch.share)}", colour, bold=True),
        _text(WIDTH, top + 15, branch.drawn, muted, end=True),
    ]
    end = top + HEAD
    for twig in branch.twigs:
        y, own = end + _row(twig) / 2, TRUNK * twig.share
        parts.append(_ribbon(FORK + BAR, start + own / 2, TIP, y, own, muted if twig.rest else colour))
        left = TIP + 8
        if twig.patch is not None and shown[0]:
            parts.append(_crop(left, y - CROP / 2, twig.patch, *shown))
            left += CROP + 8
        parts.append(_text(left, y + 4.5, twig.said, muted if twig.rest else ink))
        parts.append(_text(WIDTH, y + 4.5, _percent(twig.share), muted if twig.rest else ink, end=True))
        start, end = start + own, end + _row(twig)
    return "".join([*parts, _bar(FORK, middle - thick / 2, thick, colour)])


def _row(twig: Twig) -> float:
    """Room for a twig: a line of text, or its own thickness where that is more."""
    return max(ROW, TRUNK * twig.share + 5)


def _ribbon(x: float, y: float, to_x: float, to_y: float, thick: float, colour: str) -> str:
    """A branch of even thickness between two places, flat at both ends."""
    half = (x + to_x) / 2
    return (
        f'<path d="M{x:g} {y:g}C{half:g} {y:g} {half:g} {to_y:g} {to_x:g} {to_y:g}" stroke="{colour}" fill="none" '
        f'stroke-opacity="0.5" stroke-width="{max(thick, 0.6):.2f}"/>'
    )


def _bar(x: float, y: float, height: float, colour: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{BAR}" height="{max(height, 1):g}" fill="{colour}"/>'


def _crop(x: float, y: float, patch: tuple[int, int], picture: str, grid: tuple[int, int]) -> str:
    """One patch of a picture, cut out by the window of an inner drawing."""
    row, column = patch
    return (
        f'<svg x="{x:g}" y="{y:g}" width="{CROP}" height="{CROP}" viewBox="{column} {row} 1 1" '
        f'preserveAspectRatio="none"><image href="{escape(picture)}" width="{grid[1]}" height="{grid[0]}" '
        'preserveAspectRatio="none"/></svg>'
    )


def _text(x: float, y: float, said: str, colour: str, end: bool = False, bold: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="13.5" fill="{colour}"{anchor}{weight}>{escape(said)}</text>'


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
