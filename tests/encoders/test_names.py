"""Encoder names: which form means what, and what changes a fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmviz.encoders import encoder_fingerprint, parse_name
from mmviz.errors import EncoderError


def test_a_tag_and_a_file_are_told_apart() -> None:
    tagged = parse_name("ViT-B-32/laion2b_s34b_b79k")
    assert (tagged.model, tagged.tag, tagged.file) == ("ViT-B-32", "laion2b_s34b_b79k", None)
    absolute = parse_name("ViT-B-32//data/clip.pt")
    assert (absolute.model, absolute.tag, absolute.file) == ("ViT-B-32", None, Path("/data/clip.pt"))
    relative = parse_name("ViT-B-32/./weights/clip.pt")
    assert (relative.model, relative.file) == ("ViT-B-32", Path("weights/clip.pt"))
    assert parse_name("RN50/~/clip.pt").file == Path.home() / "clip.pt"
    hub = parse_name("hf-hub:timm/ViT-B-16-SigLIP")
    assert (hub.model, hub.tag, hub.file) == ("hf-hub:timm/ViT-B-16-SigLIP", None, None)


@pytest.mark.parametrize(
    "name", ["", "ViT-B-32", "ViT-B-32/", "/tag", "ViT-B-32/weights/clip.pt", "hf-hub:timm", "hf-hub:a/b/c"]
)
def test_another_form_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(EncoderError, match=r"is no encoder name.*Use 'bundled'"):
        parse_name(name)


def test_a_fingerprint_follows_the_content_of_a_local_checkpoint(tmp_path: Path) -> None:
    first, copy, other = (tmp_path / name for name in ("a.pt", "b.pt", "c.pt"))
    first.write_bytes(b"weights")
    copy.write_bytes(b"weights")
    other.write_bytes(b"weightz")
    prints = [encoder_fingerprint(f"ViT-B-32/{path}") for path in (first, copy, other)]
    assert prints[0] == prints[1] != prints[2]
    first.write_bytes(b"other weights")  # the same path, other content
    assert encoder_fingerprint(f"ViT-B-32/{first}") != prints[0]
    assert encoder_fingerprint(f"ViT-L-14/{copy}") != prints[1]


def test_a_missing_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"gone\.pt cannot be read .*use 'bundled'"):
        encoder_fingerprint(f"ViT-B-32/{tmp_path}/gone.pt")
