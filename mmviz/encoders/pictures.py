"""Opening pictures: any file that Pillow reads becomes an upright RGB picture."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from mmviz.errors import UploadError

__all__ = ["MOST_PIXELS", "checked_picture", "open_picture"]

MOST_PIXELS = 20_000_000
"""A picture given by hand may have so many pixels and no more."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_WHITE = (255, 255, 255)


def open_picture(path: Path | BytesIO, at_least: int) -> Image.Image:
    """Decode a picture: first frame, upright by its EXIF mark, transparency on white, RGB.

    A JPEG is decoded at a reduced size when both sides stay `at_least` pixels long. Raises `OSError` or
    `ValueError` for a file that is missing, truncated, too large to be safe or no picture at all.
    """
    try:
        with Image.open(path) as file:
            file.draft("RGB", (at_least, at_least))
            file.load()
            upright = ImageOps.exif_transpose(file)
            return _on_white(upright) if upright.has_transparency_data else _to_rgb(upright)
    except Image.DecompressionBombError as error:
        raise ValueError(f"{_name(path)} has too many pixels to be opened safely.") from error
    except SyntaxError as error:  # Pillow's word for a broken PNG chunk
        raise ValueError(f"{_name(path)} is damaged: {error}.") from error


def _name(path: Path | BytesIO) -> str:
    return path.name if isinstance(path, Path) else "The picture"


def checked_picture(data: bytes, most_pixels: int = MOST_PIXELS) -> Image.Image:
    """A picture that somebody gave by hand, upright and in RGB. Looks at its size before it decodes a single pixel.

    Raises UploadError in plain words for what is no JPEG, PNG or WebP, is damaged, or has more than `most_pixels`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_FORMATS) as file:
                width, height = file.size
                if width * height > most_pixels:
                    raise UploadError(
                        f"The picture has {width:,} × {height:,} pixels; up to {most_pixels:,} in all are taken. "
                        "Make it smaller."
                    )
                file.verify()
            with Image.open(BytesIO(data), formats=_FORMATS) as file:  # after verify() a file has to be opened anew
                file.load()
                upright = ImageOps.exif_transpose(file)
                return _on_white(upright) if upright.has_transparency_data else _to_rgb(upright)
    except UnidentifiedImageError:
        raise UploadError("This is no JPEG, PNG or WebP picture. Save it as one of these.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UploadError(
            f"The picture has too many pixels; up to {most_pixels:,} are taken. Make it smaller."
        ) from None
    except (OSError, ValueError, SyntaxError) as error:
        raise UploadError(f"The picture is damaged and cannot be read ({error}). Save it again.") from None


def _on_white(picture: Image.Image) -> Image.Image:
    layered = picture.convert("RGBA")
    ground = Image.new("RGBA", layered.size, (*_WHITE, 255))
    return Image.alpha_composite(ground, layered).convert("RGB")


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):  # 16-bit grey would be clipped, not scaled
        return picture.point(lambda value: value / 257).convert("L").convert("RGB")
    return picture.convert("RGB")
