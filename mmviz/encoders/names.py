"""Encoder names and fingerprints, read without torch.

bundled                          the pair that comes with mmviz and needs no network
MODEL/TAG                        an open_clip model and one of its checkpoints: ViT-B-32/laion2b_s34b_b79k
MODEL/FILE                       the same with a local checkpoint: ViT-B-32//data/clip.pt, ViT-B-32/./clip.pt
hf-hub:ORGANISATION/REPOSITORY   a model published in open_clip's format on the Hugging Face hub
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mmviz.errors import EncoderError

__all__ = ["BUNDLED", "LITE2_SHA256", "MINILM_SHA256", "EncoderName", "encoder_fingerprint", "parse_name"]

BUNDLED = "bundled"
LITE2_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Raise a version when the same weights would give other numbers.
_BUNDLED_VERSION = 1
_OPEN_CLIP_VERSION = 1
_FORMS = "Use 'bundled', MODEL/TAG such as 'ViT-B-32/laion2b_s34b_b79k', or MODEL//path/to/checkpoint.pt."


@dataclass(frozen=True)
class EncoderName:
    """A parsed name: the model, and either a tag, a local file, or neither (bundled, hub)."""

    text: str
    model: str
    tag: str | None = None
    file: Path | None = None


def parse_name(name: str) -> EncoderName:
    """Take an encoder's name apart; raises `EncoderError` for one of no known form."""
    if name == BUNDLED or (name.startswith("hf-hub:") and name.count("/") == 1):
        return EncoderName(name, name)
    model, slash, rest = name.partition("/")
    if not (model and slash and rest) or model.startswith("hf-hub:"):
        raise EncoderError(f"'{name}' is no encoder name. {_FORMS}")
    if rest[0] in "/~." or Path(rest).is_absolute():
        return EncoderName(name, model, file=Path(rest).expanduser())
    if "/" in rest:
        raise EncoderError(
            f"'{name}' is no encoder name: a local file is written MODEL//path or MODEL/./path. {_FORMS}"
        )
    return EncoderName(name, model, tag=rest)


def encoder_fingerprint(name: str) -> str:
    """16 hexadecimal digits for weights, preprocessing and version behind a name.

    Raises `EncoderError` for a malformed name or a local checkpoint that is not there.
    """
    parsed = parse_name(name)
    if parsed.model == BUNDLED:
        return _digest(BUNDLED, str(_BUNDLED_VERSION), LITE2_SHA256, MINILM_SHA256)
    weights = _file_sha256(parsed.file) if parsed.file else (parsed.tag or "")
    return _digest("open_clip", str(_OPEN_CLIP_VERSION), parsed.model, weights)


def _file_sha256(path: Path) -> str:
    try:
        state = path.stat()
        return _cached_sha256(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise EncoderError(
            f"The checkpoint {path} cannot be read ({error.strerror}). Give the path of an open_clip checkpoint, or "
            f"use '{BUNDLED}'."
        ) from error


@lru_cache(maxsize=16)
def _cached_sha256(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001 - the key of the cache
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
