"""A selection as text: written, read, and refused when it is none."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.errors import MmvizError
from mmviz.spaces.choosing import MAX_STEP, apply, corners, encode_corners, inside, read

SQUARE = encode_corners(np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]))
POINTS = np.array([[0, 0], [0.4, 0.4], [0.9, 0], [1e9, 1e9]], dtype=np.float32)
OTHER = np.array([[0.9, 0.9], [0, 0.1], [0, 0.2], [0.1, 0.1]], dtype=np.float32)


def chosen(text: str) -> list[int]:
    places = {"one": (POINTS,), "two": (OTHER,), "ends": (POINTS, OTHER)}
    drawn = lambda name, layout: places["two" if layout == "tsne!15" else name]  # noqa: E731
    found = apply(read(text), 4, drawn, lambda *_: np.array([0, 1, 0, 0]), {"kept": np.array([2])})
    return np.flatnonzero(found).tolist()


def test_corners_come_back_from_the_grid() -> None:
    points = np.random.default_rng(0).uniform(-1.9, 1.9, (30, 2))
    text = encode_corners(points)
    np.testing.assert_allclose(corners(text), points, atol=1 / 65536)
    assert encode_corners(corners(text)) == text
    assert len(f"nlimage.{text}") < MAX_STEP


def test_inside_agrees_with_a_star_drawn_by_hand() -> None:
    angles = np.arange(10) * np.pi / 5
    star = np.stack([np.cos(angles), np.sin(angles)], 1) * np.where(np.arange(10) % 2, 0.4, 1.0)[:, None]
    assert inside(np.array([[0, 0], [0.9, 0], [0.75, 0.55], [-0.95, 0.1]]), star).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (f"nlone.{SQUARE}", [0, 1]),
        (f"nlone.{SQUARE}~altwo.{SQUARE}", [0, 1, 2, 3]),
        (f"nlone.{SQUARE}~sltwo.{SQUARE}", [0]),
        (f"nlone.{SQUARE}~ai3~si0", [1, 3]),
        (f"nlone.{SQUARE}.kind.1", [0]),
        (f"nlends.{SQUARE}", [0, 1, 2, 3]),
        (f"nlone>two@100.{SQUARE}", [1, 2]),
        (f"nlone>two@50.{SQUARE}", [0, 1, 2]),
        (f"nlone!tsne!15.{SQUARE}", [1, 2, 3]),
        (f"nlone!pca!15.{SQUARE}", [0, 1]),
        (f"nlone!pca!15.{SQUARE}.kind.1", [0]),
        (f"nlone>one@50!tsne!15.{SQUARE}", [1, 2, 3]),
        ("ngkept", [2]),
        ("ni99999999", []),
    ],
)
def test_steps_add_and_take_away(text: str, expected: list[int]) -> None:
    assert chosen(text) == expected


@pytest.mark.parametrize(
    "text", ["x", "nq1", "nlone", "nlone.!!!", "nlone.AAAA", "ngone", "nlone>two@x." + SQUARE, "n"]
)
def test_what_is_no_selection_is_refused_in_plain_words(text: str) -> None:
    with pytest.raises(MmvizError, match="Select anew"):
        chosen(text)
