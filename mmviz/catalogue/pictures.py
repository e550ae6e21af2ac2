"""Keeping pictures: checked, at most 512 pixels a side, named by their content, with a thumbnail each.

A file from elsewhere is never trusted: only JPEG, PNG and WebP are tried, the size is looked at before anything is
decoded, and whatever a decoder raises is the fault of that picture alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from mmviz.catalogue.locate import PictureProblem
from mmviz.errors import CatalogueError
from mmviz.progress import Progress, Report, silent

__all__ = [
    "KEPT_SIDE",
    "MAX_PIXELS",
    "THUMBNAIL_SIDE",
    "KeptPicture",
    "UnusablePictureError",
    "checked_picture",
    "keep_picture",
    "keep_pictures",
]

KEPT_SIDE = 512
THUMBNAIL_SIDE = 256
MAX_PIXELS = 50_000_000
MAX_BYTES = 64 << 20
FORMATS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
PLAIN_MODES = frozenset({"RGB", "L"})
ORIENTATION = 0x0112
BLOCK = 64
WHITE = (255, 255, 255)


@dataclass(frozen=True)
class KeptPicture:
    """File names of a kept picture below `pictures/` and of its thumbnail below `thumbnails/`.

    Both start with the first 32 hex digits of the SHA-256 of the source file.
    """

    image: str
    thumbnail: str

    @property
    def digest(self) -> str:
        return Path(self.image).stem


class UnusablePictureError(CatalogueError):
    """A picture can't be kept; `problem` says why in a form for the report."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"The picture can't be used: {detail}. Give a JPEG, PNG or WebP file.")
        self.problem = PictureProblem(kind, detail)


def keep_pictures(
    paths: Sequence[Path | None], target: Path, report: Report = silent
) -> list[KeptPicture | PictureProblem | None]:
    """Keep each picture under `target/pictures` and `target/thumbnails`; None where there is no path.

    Pictures are decoded side by side. The answer has the order of `paths`. `report` may raise `Cancelled`.
    """
    for folder in ("pictures", "thumbnails"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    total = sum(path is not None for path in paths)
    kept: list[KeptPicture | PictureProblem | None] = []
    done = 0
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for block in _blocks(paths):
            report(Progress("Keeping pictures", done, total))
            kept += pool.map(lambda path: path and _keep_or_problem(path, target), block)
            done += sum(path is not None for path in block)
    report(Progress("Keeping pictures", total, total))
    return kept


def _blocks(paths: Sequence[Path | None]) -> Iterator[Sequence[Path | None]]:
    for start in range(0, len(paths), BLOCK):
        yield paths[start : start + BLOCK]


def _keep_or_problem(path: Path, target: Path) -> KeptPicture | PictureProblem:
    try:
        return _keep_file(path, target)
    except UnusablePictureError as error:
        return error.problem


def _keep_file(path: Path, target: Path) -> KeptPicture:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnusablePictureError(
                "picture-too-large", f"{path.name}: {size >> 20} MB, at most {MAX_BYTES >> 20} MB are read"
            )
        content = path.read_bytes()
    except OSError as error:
        raise UnusablePictureError("picture-unreadable", f"{path.name}: {error.strerror or error}") from error
    try:
        return keep_picture(content, target)
    except UnusablePictureError as error:
        raise UnusablePictureError(error.problem.kind, f"{path.name}: {error.problem.detail}") from error


def keep_picture(content: bytes, target: Path) -> KeptPicture:
    """Keep one picture, given as the bytes of a JPEG, PNG or WebP file; a picture already kept isn't decoded again.

    The folders `target/pictures` and `target/thumbnails` must be there.

    The bytes stay as they are, unless the picture is larger than 512 pixels a side, turned by EXIF, transparent or in
    an unusual colour mode: then it is drawn upright on white and kept as WebP, so that all see the same.
    Raises `UnusablePictureError`.
    """
    digest = hashlib.sha256(content).hexdigest()[:32]
    thumbnail = target / "thumbnails" / f"{digest}.webp"
    known = next((name for end in FORMATS.values() if (target / "pictures" / (name := digest + end)).exists()), None)
    if known is None or not thumbnail.exists():
        picture, suffix = _decoded(content)
        known = digest + (suffix or ".webp")
        _write(target / "pictures" / known, content if suffix else _webp(picture, quality=90))
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
        _write(thumbnail, _webp(picture, quality=82))
    return KeptPicture(known, thumbnail.name)


def checked_picture(content: bytes, most_pixels: int = MAX_PIXELS) -> bytes:
    """An uploaded JPEG, PNG or WebP as a plain WebP of at most 512 pixels a side; nothing is written anywhere.

    Raises `UnusablePictureError` for anything else, and for more pixels than `most_pixels`, before decoding.
    """
    picture, _ = _decoded(content, most_pixels)
    return _webp(picture, quality=95)


def _write(path: Path, content: bytes) -> None:
    """Through a name of this thread's own, since two threads may keep the same picture at once."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{id(content)}")
    draft.write_bytes(content)
    draft.replace(path)


def _webp(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def _decoded(content: bytes, most_pixels: int = MAX_PIXELS) -> tuple[Image.Image, str]:
    """The upright RGB picture of at most 512 pixels a side, and a suffix where the bytes can stay ("" = they can't)."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as probe:
            _check_size(probe, most_pixels)
            probe.verify()
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as picture:
            stays = _stays(picture)
            suffix = FORMATS[picture.format or ""] if stays else ""
            picture.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
            picture.load()
            upright = _rgb(ImageOps.exif_transpose(picture))
    except UnusablePictureError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UnusablePictureError(
            "picture-too-large", f"more than {most_pixels // 1_000_000} million pixels"
        ) from error
    except UnidentifiedImageError as error:
        raise UnusablePictureError("picture-unreadable", "not a JPEG, PNG or WebP picture") from error
    except Exception as error:  # whatever a decoder raises on a damaged file, the import goes on
        kind = "picture-truncated" if "truncated" in str(error).lower() else "picture-unreadable"
        raise UnusablePictureError(kind, str(error) or type(error).__name__) from error
    upright.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    return upright, suffix


def _check_size(picture: Image.Image, most_pixels: int) -> None:
    width, height = picture.size
    if width * height > most_pixels:
        raise UnusablePictureError(
            "picture-too-large", f"{width} × {height} pixels, at most {most_pixels // 1_000_000} million are read"
        )


def _stays(picture: Image.Image) -> bool:
    """True when every reader of these bytes sees the same plain, upright, small picture."""
    plain = picture.mode in PLAIN_MODES or picture.mode == "P"
    still = getattr(picture, "n_frames", 1) == 1
    upright = picture.getexif().get(ORIENTATION, 1) == 1
    return plain and still and upright and "transparency" not in picture.info and max(picture.size) <= KEPT_SIDE


def _rgb(picture: Image.Image) -> Image.Image:
    """In RGB, with what is transparent drawn on white and 16-bit greys scaled to 8."""
    if picture.mode.startswith("I"):
        grey = np.asarray(picture, dtype=np.uint32) >> 8
        return Image.fromarray(grey.clip(0, 255).astype(np.uint8)).convert("RGB")
    if picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGB", clear.size, WHITE)
        ground.paste(clear, mask=clear.getchannel("A"))
        return ground
    return picture.convert("RGB")
