"""Words: the one text of an item, where its words stand, and how pieces become words."""

from __future__ import annotations

import numpy as np
import pytest

from mmviz.encoders import MAX_WORDS, find_words, item_text, text_offset
from mmviz.encoders.words import assign_pieces, averaging, word_table


def letters(text: str) -> list[str]:
    return [text[start:end] for start, end in find_words(text)]


@pytest.mark.parametrize(
    ("title", "text", "whole", "offset"),
    [
        ("Alien", "A ship.", "Alien. A ship.", 7),
        ("Alien", "", "Alien", 0),
        ("", "A ship.", "A ship.", 0),
        ("Alien", "  \n", "Alien", 0),
        (" ", "A ship.", "A ship.", 0),
        ("", "", "", 0),
    ],
)
def test_the_text_of_an_item(title: str, text: str, whole: str, offset: int) -> None:
    assert item_text(title, text) == whole
    assert text_offset(title, text) == offset
    if text.strip():
        assert whole[offset:] == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Andy's well-known toys, uh… (1995)!", ["Andy's", "well-known", "toys", "uh", "1995"]),
        ("It’s 3.5 of 1,000; end.Start", ["It’s", "3.5", "of", "1,000", "end", "Start"]),
        ("naïve café Ärger हिन्दी", ["naïve", "café", "Ärger", "हिन्दी"]),
        ("东京 tower", ["东", "京", "tower"]),
        ("snake_case a/b --x- 'quoted'", ["snake", "case", "a", "b", "x", "quoted"]),
        ("... !? — 🙂", []),
        ("", []),
    ],
)
def test_words_are_found_without_punctuation(text: str, words: list[str]) -> None:
    assert letters(text) == words


def test_pieces_of_one_word_are_averaged_and_punctuation_is_left_out() -> None:
    text = "un aff.able!"
    offsets = [(0, 0), (0, 2), (3, 6), (6, 7), (7, 9), (9, 11), (11, 12), (0, 0)]
    pieces = assign_pieces(offsets, find_words(text))
    assert pieces.word_of.tolist() == [-1, 0, 1, -1, 2, 2, -1, -1]
    vectors = np.arange(8, dtype=np.float32)[:, None]  # (L, 1)
    merged = averaging([pieces], 8)[0] @ vectors  # (T, 1)
    assert merged[:4, 0].tolist() == [1.0, 2.0, 4.5, 0.0]
    spans, mask = word_table([pieces])
    assert [text[start:end] for start, end in spans[0][mask[0]]] == ["un", "aff", "able"]


def test_words_beyond_the_cap_and_beyond_the_pieces_are_counted_as_cut() -> None:
    text = " ".join(["word"] * 100)
    everything = [(5 * at, 5 * at + 4) for at in range(100)]
    assert assign_pieces(everything, find_words(text)).cut == 100 - MAX_WORDS
    truncated = assign_pieces(everything[:10], find_words(text))
    assert (len(truncated.spans), truncated.cut) == (10, 90)
