"""The drawing of an item as a tree: branches as wide as they count, no overlap, patches cut from the picture."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from mmviz.charts.tree import ROW, TRUNK, WIDTH, Branch, Twig, tree_svg

SVG = "{http://www.w3.org/2000/svg}"
BRANCHES = [
    Branch(
        "image",
        0.4,
        "2 of 81 patches drawn",
        [
            Twig("row 3, col. 7", 0.1, (2, 6)),
            Twig("row 1, col. 1", 0.05, (0, 0)),
            Twig("the other 79", 0.25, rest=True),
        ],
    ),
    Branch("text", 0.6, "1 of 1 words drawn", [Twig("<oak>", 0.6)]),
]


@pytest.fixture
def root() -> ElementTree.Element:
    return ElementTree.fromstring(tree_svg("the item", BRANCHES, "light", "pictures/image/a/1?x=1&y=2", (9, 9)))


def test_branches_are_as_wide_as_they_count(root: ElementTree.Element) -> None:
    widths = [float(path.get("stroke-width", 0)) for path in root.iter(f"{SVG}path")]
    assert widths == pytest.approx([TRUNK * share for share in (0.4, 0.1, 0.05, 0.25, 0.6, 0.6)], abs=0.01)


def test_twigs_stand_below_each_other_inside_the_drawing(root: ElementTree.Element) -> None:
    box = [float(part) for part in root.get("viewBox", "").split()]
    drawn = [(float(p.get("d", "").split()[-1]), float(p.get("stroke-width", 0))) for p in root.iter(f"{SVG}path")]
    twigs = [each for at, each in enumerate(drawn) if at not in (0, 4)]  # without the two limbs
    for (above, wide), (below, wider) in pairwise(twigs):
        assert below - above >= max((wide + wider) / 2, ROW)
    assert twigs[-1][0] + twigs[-1][1] / 2 <= box[3]
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", -1)) <= WIDTH and 0 <= float(text.get("y", -1)) <= box[3]


def test_each_patch_is_cut_out_of_the_picture(root: ElementTree.Element) -> None:
    windows = [inner.get("viewBox") for inner in root.iter(f"{SVG}svg")][1:]
    assert windows == ["6 2 1 1", "0 0 1 1"]
    assert {image.get("href") for image in root.iter(f"{SVG}image")} == {"pictures/image/a/1?x=1&y=2"}
    bare = ElementTree.fromstring(tree_svg("the item", BRANCHES, "dark"))
    assert not list(bare.iter(f"{SVG}image"))


def test_it_is_told_in_words_and_strange_ones_are_escaped(root: ElementTree.Element) -> None:
    title = root.find(f"{SVG}title")
    assert title is not None and title.text is not None
    assert "text 60 %: <oak> 60 %" in title.text and "image 40 %: row 3, col. 7 10 %" in title.text
