"""Opening pictures: upright, on white, and an error that the caller expects for what is no picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmviz.encoders.pictures import open_picture


def left_red(size: tuple[int, int] = (40, 20)) -> Image.Image:
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    return picture


def test_an_exif_turn_is_undone(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    left_red().save(tmp_path / "turned.png", exif=exif)
    upright = open_picture(tmp_path / "turned.png", at_least=8)
    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5)) == (255, 0, 0)  # left has become top
    assert upright.getpixel((10, 35)) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_transparency_lies_on_white(tmp_path: Path, mode: str) -> None:
    picture = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    if mode == "P":
        picture = picture.quantize()
        picture.save(tmp_path / "clear.png", transparency=0)
    else:
        picture.convert(mode).save(tmp_path / "clear.png")
    assert np.asarray(open_picture(tmp_path / "clear.png", at_least=4)).min() == 255


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    grey = np.full((4, 4), 128 * 257, dtype=np.uint16)
    Image.fromarray(grey).save(tmp_path / "deep.png")
    assert abs(int(np.asarray(open_picture(tmp_path / "deep.png", at_least=4)).mean()) - 128) <= 1


def test_a_large_jpeg_keeps_its_sides_and_stays_large_enough(tmp_path: Path) -> None:
    left_red((1600, 800)).save(tmp_path / "large.jpg")
    picture = open_picture(tmp_path / "large.jpg", at_least=300)
    assert min(picture.size) >= 300
    assert picture.width == 2 * picture.height


def test_what_is_no_picture_raises_what_is_expected(tmp_path: Path) -> None:
    whole = tmp_path / "whole.png"
    noise = np.random.default_rng(0).integers(0, 255, (50, 50, 3), dtype=np.uint8)
    Image.fromarray(noise).save(whole)
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:3000])
    (tmp_path / "text.png").write_text("not a picture")
    for name in ("cut.png", "text.png", "gone.png"):
        with pytest.raises((OSError, ValueError)):
            open_picture(tmp_path / name, at_least=8)


def test_a_picture_that_is_too_large_to_be_safe_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left_red().save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match="too many pixels"):
        open_picture(tmp_path / "bomb.png", at_least=8)
