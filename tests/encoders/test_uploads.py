"""Pictures that somebody gives by hand: taken when they are what they say, refused in words when not."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from mmviz.encoders.pictures import checked_picture
from mmviz.errors import UploadError


def saved(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 120 if mode == "L" else (200, 30, 30, 0)[: len(mode)]).save(file, kind, **more)
    return file.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels and which holds next to none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_taken(kind: str) -> None:
    picture = checked_picture(saved(kind))
    assert picture.mode == "RGB"
    assert picture.size == (40, 30)


def test_it_is_made_upright_and_put_on_white() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert checked_picture(saved("JPEG", exif=turned)).size == (30, 40)
    assert checked_picture(saved("PNG", mode="RGBA")).getpixel((5, 5)) == (255, 255, 255)


def test_how_many_pixels_are_taken_can_be_said() -> None:
    assert checked_picture(saved("PNG"), 1200).size == (40, 30)
    with pytest.raises(UploadError, match="up to 1,199"):
        checked_picture(saved("PNG"), 1199)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JPEG, PNG or WebP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG, PNG or WebP"),
        (saved("GIF"), "no JPEG, PNG or WebP"),
        (saved("JPEG")[:200], "damaged"),
        (saved("PNG")[:-20], "damaged"),
        (png_of_size(5_000, 5_000), "up to 20,000,000"),
        (png_of_size(60_000, 60_000), "20,000,000"),
    ],
)
def test_what_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UploadError, match=said):
        checked_picture(data)
