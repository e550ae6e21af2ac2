"""Pictures blurred and words struck go through the encoder; what is not damaged is not encoded again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmviz.encoders import find_words
from mmviz.features.reencoded import blurred, struck, with_words_struck
from mmviz.lab import Lab


def test_words_are_struck_one_after_the_other() -> None:
    text = "A red mug, glazed by hand: well-known since 1,200 days."

    def left(severity: float) -> str:
        return with_words_struck(text, severity, np.random.default_rng(1))

    def words(part: str) -> list[str]:
        return [part[word.start : word.end] for word in find_words(part)]

    assert left(0.0) == text
    assert left(1.0) == ""
    assert with_words_struck("", 0.5, np.random.default_rng(0)) == ""
    assert len(words(text)) == 10
    assert [len(words(left(severity))) for severity in (0.2, 0.5, 0.8)] == [8, 5, 2]
    assert set(words(left(0.8))) < set(words(left(0.5))) < set(words(left(0.2))) < set(words(text))


@pytest.mark.parametrize("severity", [0.5])
def test_through_the_encoder(lab: Lab, severity: float) -> None:
    catalogue, clean, encoder = lab.catalogue("shop"), lab.features("shop"), lab._encoder("bundled")
    soft = blurred(catalogue, clean, encoder, severity, lab.home)
    short = struck(catalogue, clean, encoder, severity, lab.home)
    assert soft.modalities["text"] is clean.modalities["text"]
    assert short.modalities["image"] is clean.modalities["image"]
    for name, hurt in (("image", soft), ("text", short)):
        before, after = clean.modalities[name], hurt.modalities[name]
        np.testing.assert_array_equal(before.present, after.present)
        assert not np.allclose(before.vectors, after.vectors, atol=1e-2)
        cosine = (before.vectors * after.vectors).sum(axis=1)[before.present] / np.maximum(
            np.linalg.norm(before.vectors, axis=1) * np.linalg.norm(after.vectors, axis=1), 1e-9
        )[before.present]
        assert cosine.mean() > 0.3  # damaged, and still of the same item
    assert short.modalities["text"].mask.sum() == pytest.approx(0.5 * clean.modalities["text"].mask.sum(), rel=0.1)
    stores = sorted(path.name for path in Path(lab.home / "features").iterdir() if path.is_dir())
    blurred(catalogue, clean, encoder, severity, lab.home)
    assert stores == sorted(path.name for path in Path(lab.home / "features").iterdir() if path.is_dir())
