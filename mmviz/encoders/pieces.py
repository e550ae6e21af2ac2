"""Reading texts with open_clip's tokenisers while keeping track of which word each piece belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

import numpy as np

from mmviz.encoders.words import Span, WordPieces, assign_pieces, find_words
from mmviz.errors import EncoderError

__all__ = ["ReadTexts", "Reader", "reader_of"]

Offsets = list[tuple[int, int]]
_NOWHERE = (0, 0)


class ReadTexts(NamedTuple):
    """A tokenised batch: `ids` (B, L) int64, and for each text the words that its pieces belong to."""

    ids: np.ndarray
    words: list[WordPieces]


Reader = Callable[[Sequence[str]], ReadTexts]


def reader_of(tokenizer: Any) -> Reader:
    """A reader for one of open_clip's tokenisers; `EncoderError` for one that cannot tell where its pieces stand."""
    fast = getattr(tokenizer, "tokenizer", None)
    if getattr(fast, "is_fast", False) and getattr(tokenizer, "tokenizer_mode", "") != "clips":
        return _FastReader(tokenizer)
    if all(hasattr(tokenizer, name) for name in ("encode", "clean_fn", "sot_token_id", "eot_token_id")):
        return _SegmentReader(tokenizer)
    raise EncoderError(
        f"The tokeniser {type(tokenizer).__name__} does not tell where its pieces stand in a text, so that words "
        "cannot be shown. Choose another open_clip model or the bundled encoder."
    )


class _FastReader:
    """For Hugging Face's fast tokenisers, which give the characters of each piece themselves."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, texts: Sequence[str]) -> ReadTexts:
        cleaned = [self._tokenizer.clean_fn(text) for text in texts]
        ids = self._tokenizer(list(texts)).numpy()  # (B, L)
        encoded = self._tokenizer.tokenizer(
            cleaned, max_length=ids.shape[1], padding="max_length", truncation=True, return_offsets_mapping=True
        )
        triples = zip(texts, cleaned, encoded["offset_mapping"], strict=True)
        return ReadTexts(ids, [_words(*triple) for triple in triples])


class _SegmentReader:
    """For open_clip's own tokeniser: every word, and what stands between two words, is cut into pieces by itself.

    Its pieces never span two words, so that this gives the pieces of the whole text.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, texts: Sequence[str]) -> ReadTexts:
        length = self._tokenizer.context_length
        ids = np.zeros((len(texts), length), dtype=np.int64)
        words = []
        for row, text in enumerate(texts):
            cleaned = self._tokenizer.clean_fn(text)
            pieces, offsets = self._cut(cleaned)
            kept = pieces[: length - 2]
            ids[row, : len(kept) + 2] = [self._tokenizer.sot_token_id, *kept, self._tokenizer.eot_token_id]
            words.append(_words(text, cleaned, [_NOWHERE, *offsets[: length - 2], _NOWHERE]))
        return ReadTexts(ids, words)

    def _cut(self, text: str) -> tuple[list[int], Offsets]:
        pieces: list[int] = []
        offsets: Offsets = []
        for start, end in _segments(text):
            ids = self._tokenizer.encode(text[start:end])
            pieces += ids
            offsets += [(start, end)] * len(ids)
        return pieces, offsets


def _segments(text: str) -> list[Span]:
    """The words of a text and what stands between them, in order."""
    segments, at = [], 0
    for word in find_words(text):
        segments += [Span(at, word.start), word]
        at = word.end
    segments.append(Span(at, len(text)))
    return [span for span in segments if text[span.start : span.end].strip()]


def _words(text: str, cleaned: str, offsets: Offsets) -> WordPieces:
    """Match pieces of the cleaned text to words of the text itself."""
    words = find_words(text)
    if cleaned == text:
        return assign_pieces(offsets, words)
    of_cleaned = find_words(cleaned)
    partner = _partners([_letters(cleaned, span) for span in of_cleaned], [_letters(text, span) for span in words])
    known = [at for at in range(len(of_cleaned)) if at in partner]
    found = assign_pieces(offsets, [of_cleaned[at] for at in known])
    own = {of_cleaned[at]: words[partner[at]] for at in known}
    return WordPieces(found.word_of, tuple(own[span] for span in found.spans), len(words) - len(found.spans))


def _letters(text: str, span: Span) -> str:
    return "".join(letter for letter in text[span.start : span.end].casefold() if letter.isalnum())


def _partners(left: Sequence[str], right: Sequence[str]) -> dict[int, int]:
    """Positions of equal words in two lists that are nearly the same, in order."""
    blocks = SequenceMatcher(a=left, b=right, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}
