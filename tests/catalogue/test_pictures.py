"""Kept pictures: their size, their bytes, their names, and every colour mode."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from mmviz.catalogue.locate import PictureProblem
from mmviz.catalogue.pictures import KeptPicture, UnusablePictureError, checked_picture, keep_picture, keep_pictures


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    for name in ("pictures", "thumbnails"):
        (tmp_path / name).mkdir()
    return tmp_path


def opened(target: Path, kept: KeptPicture) -> tuple[Image.Image, Image.Image]:
    return Image.open(target / "pictures" / kept.image), Image.open(target / "thumbnails" / kept.thumbnail)


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_a_small_plain_picture_keeps_its_bytes(target: Path, kind: str, suffix: str) -> None:
    content = encoded(Image.new("RGB", (512, 300), "red"), kind)
    kept = keep_picture(content, target)
    assert kept.image == hashlib.sha256(content).hexdigest()[:32] + suffix
    assert (target / "pictures" / kept.image).read_bytes() == content
    thumbnail = opened(target, kept)[1]
    assert thumbnail.format == "WEBP"
    assert thumbnail.size == (256, 150)


def test_a_large_picture_is_made_smaller(target: Path) -> None:
    kept = keep_picture(encoded(Image.new("RGB", (2000, 1000), "blue"), "JPEG"), target)
    picture, thumbnail = opened(target, kept)
    assert (picture.format, picture.size, thumbnail.size) == ("WEBP", (512, 256), (256, 128))
    assert np.abs(np.asarray(picture, dtype=int)[100, 100] - (0, 0, 255)).max() < 8


def test_a_tiny_picture_and_a_thread_are_not_blown_up(target: Path) -> None:
    assert opened(target, keep_picture(encoded(Image.new("RGB", (3, 2))), target))[1].size == (3, 2)
    assert opened(target, keep_picture(encoded(Image.new("RGB", (3000, 1))), target))[0].size == (512, 1)


def test_a_picture_turned_by_exif_is_kept_upright(target: Path) -> None:
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("red", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    kept, thumbnail = opened(target, keep_picture(encoded(picture, "JPEG", exif=exif, quality=95), target))
    assert kept.size == thumbnail.size == (20, 40)
    pixels = np.asarray(kept.convert("RGB"), dtype=int)
    assert pixels[5, 10, 1] < 60  # red above
    assert pixels[35, 10, 1] > 200  # white below


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK"])
def test_every_colour_mode_looks_the_same(target: Path, mode: str) -> None:
    """A light grey square, as the mode writes it, is light grey for whoever opens the kept picture."""
    grey = 255 if mode == "1" else 200
    plain = Image.new("L", (30, 30), grey)
    if mode == "I;16":
        source = Image.fromarray(np.full((30, 30), grey * 257, dtype=np.uint16))
    else:
        source = plain.quantize(2) if mode == "P" else plain.convert("RGB").convert(mode)
    kept = keep_picture(encoded(source, "JPEG" if mode == "CMYK" else "PNG"), target)
    for picture in opened(target, kept):
        assert np.abs(np.asarray(picture.convert("RGB"), dtype=int) - grey).max() <= 6


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(target: Path, mode: str) -> None:
    if mode == "P":
        source, options = Image.new("P", (20, 20), 0), {"transparency": 0}
    else:
        source, options = Image.new("RGBA", (20, 20), (0, 0, 0, 0)).convert(mode), {}
    kept = keep_picture(encoded(source, **options), target)
    for picture in opened(target, kept):
        assert np.asarray(picture.convert("RGB")).min() >= 250


def test_a_moving_picture_is_kept_still(target: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    kept, _ = opened(target, keep_picture(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]), target))
    assert getattr(kept, "n_frames", 1) == 1
    assert np.asarray(kept.convert("RGB"), dtype=int)[10, 10, 0] > 200


def test_a_picture_seen_twice_is_kept_once(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (9, 9), "red").save(tmp_path / name)
    kept = keep_pictures([tmp_path / "a.png", None, tmp_path / "b.png"], tmp_path / "out")
    assert isinstance(kept[0], KeptPicture)
    assert kept[0] == kept[2]
    assert kept[1] is None
    assert [path.name for path in (tmp_path / "out" / "pictures").iterdir()] == [kept[0].image]
    assert [path.name for path in (tmp_path / "out" / "thumbnails").iterdir()] == [kept[0].thumbnail]


def test_the_order_is_that_of_the_paths_and_bad_ones_keep_their_place(tmp_path: Path) -> None:
    paths = []
    for number in range(150):
        path = tmp_path / f"{number}.png"
        Image.new("L", (8, 8), number).save(path)
        paths.append(path)
    paths[70].write_bytes(b"nothing")
    kept = keep_pictures(paths, tmp_path / "out")
    for number, entry in enumerate(kept):
        if number == 70:
            assert entry == PictureProblem("picture-unreadable", "70.png: not a JPEG, PNG or WebP picture")
        else:
            assert isinstance(entry, KeptPicture)
            assert np.asarray(opened(tmp_path / "out", entry)[0])[0, 0] == number


def test_a_file_of_too_many_bytes(tmp_path: Path) -> None:
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate((64 << 20) + 1)
    (problem,) = keep_pictures([tmp_path / "big.png"], tmp_path / "out")
    assert isinstance(problem, PictureProblem)
    assert problem.kind == "picture-too-large"


def test_text_that_unpacks_without_end_is_refused(target: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("bomb", "x" * (PngImagePlugin.MAX_TEXT_CHUNK + 10), zip=True)
    with pytest.raises(UnusablePictureError) as caught:
        keep_picture(encoded(Image.new("RGB", (4, 4)), pnginfo=info), target)
    assert caught.value.problem.kind == "picture-unreadable"


def test_an_upload_is_checked_before_it_is_decoded_and_kept_nowhere(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.new("RGB", (900, 600), (200, 30, 30)).save(content, "PNG")
    with Image.open(io.BytesIO(checked_picture(content.getvalue(), 20_000_000))) as kept:
        assert (kept.format, kept.size) == ("WEBP", (512, 341))
    with pytest.raises(UnusablePictureError, match="900 × 600 pixels, at most 0 million"):
        checked_picture(content.getvalue(), 500_000)
    gif = io.BytesIO()
    Image.new("RGB", (9, 9)).save(gif, "GIF")
    for wrong in (gif.getvalue(), b"no picture", content.getvalue()[:-800]):
        with pytest.raises(UnusablePictureError, match="JPEG, PNG or WebP"):
            checked_picture(wrong)
