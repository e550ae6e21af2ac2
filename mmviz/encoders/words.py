"""Words: how an item's text is put together, where its words stand, and how word pieces become words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import regex

from mmviz.encoders.base import MAX_WORDS

__all__ = [
    "Span",
    "WordPieces",
    "assign_pieces",
    "averaging",
    "find_words",
    "item_text",
    "text_offset",
    "word_table",
]

_GLUE = ". "
# Han and kana are read letter by letter; elsewhere a word is letters, marks and digits, joined by an inner
# apostrophe or hyphen ("Andy's", "well-known"), and digits also by an inner point or comma ("3.5", "1,000").
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}]"
    r"|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}])[\p{L}\p{M}\p{N}])+"
    r"(?:(?:['’\-‐](?=[\p{L}\p{N}])|(?<=\p{N})[.,](?=\p{N}))"
    r"(?:(?![\p{Han}\p{Hiragana}\p{Katakana}])[\p{L}\p{M}\p{N}])+)*"
)


class Span(NamedTuple):
    """Characters `start:end` of a text."""

    start: int
    end: int


class WordPieces(NamedTuple):
    """Which word each piece belongs to.

    `word_of` holds, for each of a text's pieces, the index of its word or -1 (punctuation, special tokens).
    """

    word_of: np.ndarray
    spans: tuple[Span, ...]
    cut: int


def item_text(title: str, text: str) -> str:
    """The one string that stands for an item: `title + ". " + text`, or the one that is not blank, or ""."""
    parts = [part for part in (title, text) if part.strip()]
    return _GLUE.join(parts)


def text_offset(title: str, text: str) -> int:
    """Where `text` begins in `item_text(title, text)`."""
    return len(title) + len(_GLUE) if title.strip() and text.strip() else 0


def find_words(text: str) -> list[Span]:
    """Every word of a text, in order; punctuation and symbols belong to none."""
    return [Span(*match.span()) for match in _WORD.finditer(text)]


def assign_pieces(offsets: Sequence[tuple[int, int]], words: Sequence[Span]) -> WordPieces:
    """Match pieces, given by their (start, end) in the text, to the words that hold them.

    Keeps the first `MAX_WORDS` words that have a piece; words cut off with the end of the pieces count as cut.
    """
    word_of = np.full(len(offsets), -1, dtype=np.int64)
    owner = {at: index for index, word in enumerate(words) for at in range(word.start, word.end)}
    kept: dict[int, int] = {}
    for piece, (start, end) in enumerate(offsets):
        word = next((owner[at] for at in range(start, end) if at in owner), None)
        if word is None or (word not in kept and len(kept) == MAX_WORDS):
            continue
        word_of[piece] = kept.setdefault(word, len(kept))
    return WordPieces(word_of, tuple(words[word] for word in kept), len(words) - len(kept))


def averaging(pieces: Sequence[WordPieces], length: int) -> np.ndarray:
    """(B, T, L) float32 weights that turn L piece vectors into T word vectors, each the mean of its pieces."""
    weights = np.zeros((len(pieces), MAX_WORDS, length), dtype=np.float32)
    for row, one in enumerate(pieces):
        at = np.flatnonzero(one.word_of >= 0)
        weights[row, one.word_of[at], at] = 1.0
    weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1.0)
    return weights


def word_table(pieces: Sequence[WordPieces]) -> tuple[np.ndarray, np.ndarray]:
    """Spans (B, T, 2) int32 and mask (B, T) bool of a batch's words."""
    spans = np.zeros((len(pieces), MAX_WORDS, 2), dtype=np.int32)
    mask = np.zeros((len(pieces), MAX_WORDS), dtype=bool)
    for row, one in enumerate(pieces):
        count = len(one.spans)
        spans[row, :count] = np.asarray(one.spans, dtype=np.int32).reshape(count, 2)
        mask[row, :count] = True
    return spans, mask
