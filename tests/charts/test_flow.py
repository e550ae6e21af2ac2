"""The drawing of a data flow: lanes side by side, joint parts across, nothing overlaps."""

from __future__ import annotations

from xml.etree import ElementTree

from mmviz.charts.flow import HEIGHT, Step, flow_svg

SVG = "{http://www.w3.org/2000/svg}"
STEPS = [
    Step("image tokens", (81, 192), "image", ()),
    Step("text tokens", (64, 192), "text", ()),
    Step("token input", (81, 64), "image", (0,)),
    Step("token input", (64, 64), "text", (1,)),
    Step("attention", (81, 64), "image", (2, 3)),
    Step("attention", (64, 64), "text", (2, 3)),
    Step("gate <&>", (128,), "", (4, 5)),
    Step("item vector", (64,), "", (2, 4, 6)),
]


def boxes(svg: str) -> list[tuple[float, float, float]]:
    root = ElementTree.fromstring(svg)
    return [(float(r.get("x", 0)), float(r.get("y", 0)), float(r.get("width", 0))) for r in root.iter(f"{SVG}rect")]


def test_lanes_stand_side_by_side_and_no_two_boxes_overlap() -> None:
    found = boxes(flow_svg(STEPS, "light"))
    assert len(found) == len(STEPS)
    assert found[0][1] == found[1][1]
    assert found[4][1] == found[5][1], "both directions of a crossing stand on one level"
    for at, (x, y, width) in enumerate(found):
        for other_x, other_y, other_width in found[at + 1 :]:
            apart = x + width <= other_x or other_x + other_width <= x or abs(y - other_y) >= HEIGHT
            assert apart
    assert found[6][2] > 2 * found[0][2], "what reads both spans both"


def test_there_is_a_line_from_everything_that_is_read_and_long_ones_go_around() -> None:
    paths = [path.get("d", "") for path in ElementTree.fromstring(flow_svg(STEPS, "light")).iter(f"{SVG}path")]
    assert len(paths) == sum(len(step.sources) for step in STEPS)
    around = [path for path in paths if path.count("L") == 3]
    assert len(around) == 2, "from the token input and the attention of the picture to the item vector"
    assert all("L-8 " in path for path in around)


def test_it_is_told_in_words_and_strange_names_are_escaped() -> None:
    svg = flow_svg(STEPS, "dark")
    title = ElementTree.fromstring(svg).find(f"{SVG}title")
    assert title is not None and title.text is not None
    assert title.text.startswith("image tokens 81 × 192; text tokens 64 × 192")
    assert "gate <&> 128" in title.text


def test_one_lane_is_enough() -> None:
    found = boxes(flow_svg([Step("text summary", (384,), "text", ()), Step("item vector", (64,), "", (0,))], "light"))
    assert found[0][2] == found[1][2]
