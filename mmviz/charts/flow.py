"""The data flow of a fusion as an SVG drawing: one lane a modality, what reads several below, in the order it runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from mmviz.charts import palette

__all__ = ["Step", "flow_svg"]

WIDTH, HEIGHT, GAP, SIDE, MARGIN = 172, 40, 24, 32, 16
"""Pixels: a box, the room between two boxes below each other, between two lanes, and beside them for long lines."""


class Step(NamedTuple):
    """A box: what it is called, the shape that it puts out, its lane ("" = all), and the places of what it reads."""

    name: str
    shape: tuple[int, ...]
    lane: str
    sources: tuple[int, ...]


class _Box(NamedTuple):
    step: Step
    x: float
    y: float
    width: float
    row: int

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def flow_svg(steps: Sequence[Step], theme: palette.Theme) -> str:
    """An SVG of the flow, readable by a screen reader through its title."""
    lanes = list(dict.fromkeys(step.lane for step in steps if step.lane))
    boxes = _placed(steps, lanes)
    width = _across(lanes) + 2 * MARGIN
    height = max(box.y for box in boxes) + HEIGHT
    lines = [_line(boxes, boxes[source], box, lanes, theme) for box in boxes for source in box.step.sources]
    said = "; ".join(f"{step.name} {_shape(step.shape)}" for step in steps)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-MARGIN} -1 {width:g} {height + 2:g}" width="{width:g}" '
        f'role="img"><title>{escape(said)}</title>{"".join(lines)}{"".join(_box(box, theme) for box in boxes)}</svg>'
    )


def _across(lanes: Sequence[str]) -> float:
    """Width of all lanes together."""
    return max(len(lanes), 1) * (WIDTH + SIDE) - SIDE


def _placed(steps: Sequence[Step], lanes: Sequence[str]) -> list[_Box]:
    """Every box below all that it reads and below the last one of its lane; one without a lane spans them all.

    What reads nothing is placed just before its first reader, so that its line is short.
    """
    used = dict.fromkeys(lanes, 0)  # rows that a lane has taken
    boxes: dict[int, _Box] = {}
    readers = [at for at, step in enumerate(steps) if step.sources]
    order = [at for reader in readers for at in (*(s for s in steps[reader].sources if not steps[s].sources), reader)]
    for at in dict.fromkeys([*order, *range(len(steps))]):
        step = steps[at]
        own = [step.lane] if step.lane else list(lanes)
        row = max([used[lane] for lane in own] + [boxes[source].row + 1 for source in step.sources], default=0)
        x = float(lanes.index(step.lane) * (WIDTH + SIDE)) if step.lane else 0.0
        boxes[at] = _Box(step, x, row * (HEIGHT + GAP), WIDTH if step.lane else _across(lanes), row)
        used |= dict.fromkeys(own, row + 1)
    return [boxes[at] for at in range(len(steps))]


def _line(boxes: Sequence[_Box], source: _Box, target: _Box, lanes: Sequence[str], theme: palette.Theme) -> str:
    """From what is read to what reads it: straight where nothing stands between, else around on the outside."""
    crossing = source.step.lane and target.step.lane and source.step.lane != target.step.lane
    lane = source.step.lane or target.step.lane
    start = source.middle if source.step.lane else target.middle
    end = target.middle if target.step.lane else start
    colour = palette.modality_colour(source.step.lane).on(theme) if crossing else palette.MUTED.on(theme)
    top, bottom = source.y + HEIGHT, target.y
    between = [box for box in boxes if source.row < box.row < target.row and box.step.lane in (lane, "")]
    if not between or crossing:
        path = f"M{start:g} {top:g}L{end:g} {bottom:g}"
    else:
        left = lane == lanes[0] if lane else False
        side = source.x if left else source.x + source.width
        out = -MARGIN / 2 if left else _across(lanes) + MARGIN / 2
        into = target.x if left else target.x + target.width
        high, low = source.y + HEIGHT / 2, target.y + HEIGHT / 2
        path = f"M{side:g} {high:g}L{out:g} {high:g}L{out:g} {low:g}L{into:g} {low:g}"
    return f'<path d="{path}" stroke="{colour}" stroke-width="1.4" fill="none"/>'


def _box(box: _Box, theme: palette.Theme) -> str:
    step = box.step
    edge = palette.modality_colour(step.lane).on(theme) if step.lane else palette.INK.on(theme)
    paper, ink, muted = (pair.on(theme) for pair in (palette.PANEL, palette.INK, palette.MUTED))
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{HEIGHT}" rx="3" fill="{paper}" '
        f'stroke="{edge}" stroke-width="1.4"/>'
        f'<text x="{box.middle:g}" y="{box.y + 17:g}" text-anchor="middle" font-size="13" fill="{ink}">'
        f"{escape(step.name)}</text>"
        f'<text x="{box.middle:g}" y="{box.y + 32:g}" text-anchor="middle" font-size="11.5" fill="{muted}">'
        f"{escape(_shape(step.shape))}</text>"
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(f"{size:,}" for size in shape)
