"""What a token store holds: the right rows, masks, words and notes, opened without torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmviz.catalogue.base import Catalogue
from mmviz.errors import EncoderError, FeatureError
from mmviz.features import Features, Word, encode_catalogue, item_text, load_features
from mmviz.features.load import with_attributes
from mmviz.progress import Progress
from tests.features.make import (
    BROKEN,
    ITEMS,
    NO_PICTURE,
    NO_TEXT,
    ONLY_MARKS,
    TITLE_ONLY,
    CountingEncoder,
    small_catalogue,
    write_pictures,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    write_pictures(tmp_path / "pictures")
    return small_catalogue(tmp_path / "pictures")


@pytest.fixture
def features(catalogue: Catalogue, tmp_path: Path) -> Features:
    return encode_catalogue(catalogue, CountingEncoder(), tmp_path / "home")


def test_every_row_is_what_the_encoder_says_of_that_item(catalogue: Catalogue, features: Features) -> None:
    encoder = CountingEncoder()
    for row in (0, 6, 31, ITEMS - 1):
        item = catalogue.items.iloc[row]
        seen = encoder.encode_images([encoder.prepare_image(Path(item["image"]))])
        read = encoder.encode_texts([item_text(item["title"], item["text"])])
        image, text = features.modalities["image"], features.modalities["text"]
        np.testing.assert_array_equal(image.tokens[row], seen.tokens[0].astype(np.float16))
        np.testing.assert_array_equal(image.pooled[row], seen.pooled[0].astype(np.float16))
        np.testing.assert_array_equal(text.tokens[row], read.tokens[0].astype(np.float16))
        np.testing.assert_array_equal(text.mask[row], read.mask[0])
        np.testing.assert_array_equal(features.joint["image"][row], seen.joint[0].astype(np.float16))
        np.testing.assert_array_equal(features.joint["text"][row], read.joint[0].astype(np.float16))
    assert features.modalities["image"].tokens.dtype == np.float16
    assert isinstance(features.modalities["image"].tokens, np.memmap)


def test_a_missing_modality_is_masked_and_zero(features: Features) -> None:
    image, text = features.modalities["image"], features.modalities["text"]
    assert np.flatnonzero(~image.present).tolist() == [NO_PICTURE, BROKEN]
    assert np.flatnonzero(~text.present).tolist() == [NO_TEXT, ONLY_MARKS]
    for modality, rows, name in ((image, [NO_PICTURE, BROKEN], "image"), (text, [NO_TEXT, ONLY_MARKS], "text")):
        assert not modality.tokens[rows].any() and not modality.pooled[rows].any()
        assert not features.joint[name][rows].any()
    assert features.notes == ("1 picture could not be read; these items count as without picture.",)


def test_words_are_cut_out_of_the_items_text(catalogue: Catalogue, features: Features) -> None:
    assert features.words[3][:4] == (Word("Item", 0, 4), Word("3", 5, 6), Word("The", 8, 11), Word("3th", 12, 15))
    assert features.words[TITLE_ONLY] == (Word("Item", 0, 4), Word("9", 5, 6))
    assert features.words[NO_TEXT] == ()
    assert len(features.words) == ITEMS and len(features.words[10:13]) == 3
    for row, words in enumerate(features.words):
        title, text = catalogue.items["title"][row], catalogue.items["text"][row]
        assert all(item_text(title, text)[word.start : word.end] == word.letters for word in words)
        assert len(words) == features.modalities["text"].mask[row].sum()


def test_progress_counts_every_item_once(catalogue: Catalogue, tmp_path: Path) -> None:
    events: list[Progress] = []
    encode_catalogue(catalogue, CountingEncoder(), tmp_path / "home", events.append)
    for stage, total in (("Encoding texts", ITEMS - 1), ("Encoding pictures", ITEMS - 1)):
        of_stage = [event for event in events if event.stage == stage]
        assert [event.done for event in of_stage] == sorted(event.done for event in of_stage)
        assert (of_stage[0].done, of_stage[-1].done, of_stage[-1].total) == (0, total, total)
        assert of_stage[-1].note.endswith("a second")
    assert events[-1].stage == "Encoded" and "could not be read" in events[-1].note


def test_a_full_memory_halves_the_batch_and_says_so(catalogue: Catalogue, features: Features, tmp_path: Path) -> None:
    notes: list[str] = []
    small = encode_catalogue(
        catalogue, CountingEncoder(most=1), tmp_path / "other", lambda event: notes.append(event.note)
    )
    assert [note for note in notes if "memory" in note] == [
        "Out of memory: going on in batches of 2",
        "Out of memory: going on in batches of 1",
    ] * 2
    np.testing.assert_array_equal(small.modalities["text"].tokens, features.modalities["text"].tokens)
    np.testing.assert_array_equal(small.modalities["image"].tokens, features.modalities["image"].tokens)
    with pytest.raises(EncoderError, match="Not even one item fits"):
        encode_catalogue(catalogue, CountingEncoder(most=0, fingerprint="g"), tmp_path / "other")


def test_numbers_that_are_none_are_refused(catalogue: Catalogue, tmp_path: Path) -> None:
    class Broken(CountingEncoder):
        def encode_texts(self, texts):  # type: ignore[no-untyped-def]
            codes = super().encode_texts(texts)
            codes.pooled[0, 0] = np.nan
            return codes

    with pytest.raises(EncoderError, match="not a number"):
        encode_catalogue(catalogue, Broken(), tmp_path / "home")


def test_large_numbers_are_clipped_to_the_range_of_float16(catalogue: Catalogue, tmp_path: Path) -> None:
    class Loud(CountingEncoder):
        def encode_images(self, pictures):  # type: ignore[no-untyped-def]
            codes = super().encode_images(pictures)
            codes.pooled[:, 0] = 1e6
            return codes

    pooled = encode_catalogue(catalogue, Loud(), tmp_path / "home").modalities["image"].pooled
    assert np.isfinite(pooled).all() and pooled[0, 0] == np.finfo(np.float16).max


def test_pictures_that_are_all_gone_are_no_masked_catalogue(catalogue: Catalogue, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "pictures")
    with pytest.raises(FeatureError, match=r"None of the 59 pictures of 'small' is at its place"):
        encode_catalogue(catalogue, CountingEncoder(), tmp_path / "home")


def test_a_full_disk_is_seen_before_the_work(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 90, 10))
    with pytest.raises(FeatureError, match=r"needs .* MB and .* has 0 MB free.*MMVIZ_HOME"):
        encode_catalogue(catalogue, CountingEncoder(), tmp_path / "home")


def test_content_or_encoder_that_differ_have_their_own_store(
    catalogue: Catalogue, features: Features, tmp_path: Path
) -> None:
    other = encode_catalogue(replace(catalogue, fingerprint="decaf"), CountingEncoder(), tmp_path / "home")
    newer = encode_catalogue(catalogue, CountingEncoder(fingerprint="g"), tmp_path / "home")
    assert len({features.fingerprint, other.fingerprint, newer.fingerprint}) == 3
    assert load_features(replace(catalogue, name="renamed"), CountingEncoder(), tmp_path / "home").fingerprint == (
        features.fingerprint
    )


def test_what_was_not_encoded_says_so(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="'small' has not been encoded with 'bundled' yet"):
        load_features(catalogue, "bundled", tmp_path)


def test_the_columns_come_along_only_when_asked_for(catalogue: Catalogue, features: Features, tmp_path: Path) -> None:
    assert set(features.modalities) == {"image", "text"}
    more = with_attributes(features, catalogue)
    assert list(more.modalities) == ["attributes", "image", "text"]
    assert more.modalities["attributes"].mask[:3, 0].tolist() == [True, True, False]
    assert more.encoder == f"{features.encoder}+attributes"
    assert more.fingerprint == with_attributes(features, catalogue).fingerprint != features.fingerprint
    with pytest.raises(FeatureError, match="'small' has no attributes"):
        with_attributes(features, replace(catalogue, columns=()))


def test_a_store_is_opened_without_torch(features: Features, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.features.make import CountingEncoder, small_catalogue; "
        "from mmviz.features import load_features; "
        f"found = load_features(small_catalogue(Path({str(tmp_path / 'pictures')!r})), CountingEncoder(), "
        f"Path({str(tmp_path / 'home')!r})); "
        "assert found.words[3][0].letters == 'Item'; "
        "assert not {'torch', 'transformers', 'open_clip', 'timm', 'streamlit'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
