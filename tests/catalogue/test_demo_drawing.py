"""The demo's drawings: the same bytes every time, parts where the label map says, colours that can be named."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmviz.catalogue.demo.canvas import GRID, SIZE, WORK, Canvas
from mmviz.catalogue.demo.curves import box, ellipse
from mmviz.catalogue.demo.drawing import draw_item, paint_item
from mmviz.catalogue.demo.facts import truth_of
from mmviz.catalogue.demo.palettes import COLOURS, oklch
from mmviz.catalogue.demo.plan import ItemPlan, plan_item
from mmviz.catalogue.demo.scene import PARTS
from mmviz.catalogue.demo.studio import draw_all, picture_name
from mmviz.catalogue.demo.vocabulary import KINDS, VALUES
from mmviz.progress import Cancelled, Progress, silent


def plan_of(index: int = 3, **attributes: str) -> ItemPlan:
    plan = plan_item(index, 7)
    return dataclasses.replace(plan, pictured=True, attributes={**plan.attributes, **attributes})


@pytest.mark.parametrize("kind", VALUES["kind"])
def test_every_kind_and_silhouette_is_drawn_whole_with_its_parts(kind: str) -> None:
    for number, silhouette in enumerate(VALUES["silhouette"]):
        plan = plan_of(number, kind=kind, silhouette=silhouette, pattern="striped")
        drawn = draw_item(plan)
        assert Image.open(io.BytesIO(drawn.webp)).size == (SIZE, SIZE)
        assert len(drawn.webp) < 16_000
        assert "pattern" in drawn.boxes
        for part, (left, top, right, bottom) in drawn.boxes.items():
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1
            rows, columns = np.nonzero(drawn.mask == 1 + PARTS.index(part))
            if len(rows):
                assert columns.min() >= np.floor(left * GRID) and columns.max() < np.ceil(right * GRID)
                assert rows.min() >= np.floor(top * GRID) and rows.max() < np.ceil(bottom * GRID)
        for word, labels in KINDS[kind].parts:
            assert set(labels) & set(drawn.boxes), f"the {word} of a {silhouette} {kind} can't be seen"
        covered = (drawn.mask > 0).mean()
        assert 0.08 < covered < 0.75
        assert (drawn.mask[:, [0, -1]] == 0).mean() > 0.9  # the thing stands free


@pytest.mark.parametrize("index", range(6))
def test_the_same_plan_gives_the_same_bytes(index: int) -> None:
    first, second = draw_item(plan_item(index, 7)), draw_item(plan_item(index, 7))
    assert first.webp == second.webp and first.boxes == second.boxes
    assert np.array_equal(first.mask, second.mask)


def test_another_seed_or_item_draws_another_picture() -> None:
    same = {"kind": "mug", "colour": "teal", "pattern": "dotted", "silhouette": "round"}
    pictures = {draw_item(plan_of(index, **same)).webp for index in range(4)}
    assert len(pictures) == 4


def test_only_patterned_things_have_a_pattern_and_it_is_where_the_truth_says() -> None:
    for pattern in VALUES["pattern"]:
        plan = plan_of(kind="vase", pattern=pattern)
        drawn = draw_item(plan)
        assert ("pattern" in drawn.boxes) == (pattern != "plain")
        where = truth_of(plan, drawn.boxes).where["pattern"]
        assert set(where) & set(drawn.boxes)


@pytest.mark.parametrize("kind", ["mug", "cushion", "shirt", "chair"])
def test_a_plain_thing_has_the_colour_that_its_attribute_names(kind: str) -> None:
    named = {name: oklch(*colour) for name, colour in COLOURS.items()}
    for colour in COLOURS:
        canvas = paint_item(plan_of(kind=kind, colour=colour, pattern="plain"))
        body = canvas.rgb[:, canvas.labels == 1 + PARTS.index("body")]
        middle = np.median(body, axis=1)
        nearest = min(named, key=lambda name: float(np.abs(named[name] - middle).sum()))
        assert nearest == colour


def test_an_item_without_a_picture_has_no_drawing() -> None:
    drawn = draw_item(dataclasses.replace(plan_of(), pictured=False))
    assert drawn.webp == b"" and drawn.boxes == {} and not drawn.mask.any()


def test_a_region_covers_its_area_and_holes_are_open() -> None:
    square = Canvas.region(box(0.25, 0.25, 0.75, 0.75))
    assert square.alpha.sum() / WORK**2 == pytest.approx(0.25, abs=0.002)
    ring = Canvas.region(ellipse(0.5, 0.5, 0.4, 0.4), holes=[ellipse(0.5, 0.5, 0.2, 0.2)])
    assert ring.alpha.sum() / WORK**2 == pytest.approx(np.pi * (0.16 - 0.04), abs=0.003)


def test_what_is_painted_last_owns_the_label() -> None:
    canvas = Canvas(("body", "handle"))
    red = np.array([1, 0, 0], dtype=np.float32)
    canvas.paint(Canvas.region(box(0.0, 0.0, 1.0, 1.0)), red, "body")
    canvas.paint(Canvas.region(box(0.5, 0.0, 1.0, 1.0)), red, "handle")
    canvas.paint(Canvas.region(box(0.0, 0.0, 0.25, 1.0)), red, None)
    mask = canvas.mask()
    assert (mask[:, :16] == 1).all() and (mask[:, 16:] == 2).all()
    assert canvas.boxes()["handle"] == pytest.approx((0.5, 0.0, 1.0, 1.0), abs=0.005)


def test_workers_draw_the_same_as_this_process(tmp_path: Path) -> None:
    for sub in ("one", "two"):
        for folder in ("pictures", "thumbnails"):
            (tmp_path / sub / folder).mkdir(parents=True)
    alone = draw_all(tmp_path / "one", 50, 7, silent, workers=1)
    shared = draw_all(tmp_path / "two", 50, 7, silent, workers=2)
    assert alone.boxes == shared.boxes and np.array_equal(alone.masks, shared.masks)
    names = sorted(path.name for path in (tmp_path / "one" / "pictures").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "two" / "pictures").iterdir())
    assert names == sorted(picture_name(7, index) for index in range(50) if plan_item(index, 7).pictured)
    for name in names:
        content = (tmp_path / "one" / "pictures" / name).read_bytes()
        assert content == (tmp_path / "two" / "pictures" / name).read_bytes()
        assert content == (tmp_path / "two" / "thumbnails" / name).read_bytes()


def test_drawing_can_be_stopped_and_leaves_whole_pictures_only(tmp_path: Path) -> None:
    for folder in ("pictures", "thumbnails"):
        (tmp_path / folder).mkdir()

    def impatient(progress: Progress) -> None:
        if progress.done >= 8:
            raise Cancelled

    with pytest.raises(Cancelled):
        draw_all(tmp_path, 60, 7, impatient, workers=2)
    for path in (tmp_path / "pictures").glob("*.webp"):
        Image.open(path).load()
