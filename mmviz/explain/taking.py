"""Taking up an item, from a catalogue or from outside, with another text or picture where it was given one."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

from mmviz.catalogue.base import Catalogue
from mmviz.encoders.base import Encoder
from mmviz.encoders.words import item_text, text_offset
from mmviz.errors import CatalogueError
from mmviz.explain.feeding import Subject
from mmviz.explain.pointing import shown_region
from mmviz.features import Features, ModalityFeatures, Word
from mmviz.views.explanations import Explanation, Question

__all__ = ["MOST_LETTERS", "known_places", "take_up"]

MOST_LETTERS = 5_000
"""Characters of a text that are read; an encoder keeps far fewer words."""

Source = Path | BytesIO | None


def take_up(question: Question, catalogue: Catalogue, features: Features, encoder: Encoder) -> Subject:
    """The question's item as its encoder reads it. Raises CatalogueError when there is no item to look at.

    What was not changed comes from the token store, so that the score is exactly the one that is recommended with.
    """
    source, text, stored = _own(question, catalogue, features)
    change = question.change
    if change.picture_of is not None:
        source = _picture(catalogue, _row(catalogue, change.picture_of))
        stored.pop("image", None)
    if change.text is not None:
        text = change.text
        stored.pop("text", None)
    text = text[:MOST_LETTERS]
    return Subject(encoder, _prepared(encoder, source), text, _words(encoder, text), stored)


def known_places(question: Question, catalogue: Catalogue, seen: Explanation) -> list[tuple[list[int], np.ndarray]]:
    """Words of an unchanged item of a simulated catalogue, and where the picture shows what they name (s, s) bool."""
    truth = catalogue.truth
    if truth is None or question.item_id is None or question.change.something or not seen.has_picture:
        return []
    row = _row(catalogue, question.item_id)
    item, below = truth.items[row], text_offset(*_texts(catalogue, row))
    places = []
    for span in item.spans:
        start, end = (at + (below if span.place == "text" else 0) for at in (span.start, span.end))
        words = [at for at, word in enumerate(seen.words) if word.start < end and word.end > start]
        region = shown_region(item, span, truth.masks[row], truth.parts)
        if words and region is not None and span.attribute not in item.wrong:
            places.append((words, region))
    return places


def _own(
    question: Question, catalogue: Catalogue, features: Features
) -> tuple[Source, str, dict[str, ModalityFeatures]]:
    """Picture and text as they are, and what the token store has of them."""
    if question.upload is not None:
        picture = question.upload.picture
        return None if picture is None else BytesIO(picture), question.upload.text, {}
    if question.item_id is None:
        raise CatalogueError("There is nothing to look at. Choose an item, or bring a picture or a text.")
    row = _row(catalogue, question.item_id)
    at = slice(row, row + 1)
    parts = features.modalities.items()
    stored = {name: ModalityFeatures(part.tokens[at], part.mask[at], part.pooled[at]) for name, part in parts}
    return _picture(catalogue, row), item_text(*_texts(catalogue, row)), stored


def _row(catalogue: Catalogue, item_id: str) -> int:
    row = catalogue.item_index(item_id)
    if row is None:
        raise CatalogueError(f"'{catalogue.name}' has no item '{item_id}'. Search for it by its title.")
    return row


def _texts(catalogue: Catalogue, row: int) -> tuple[str, str]:
    return str(catalogue.items["title"].iat[row]), str(catalogue.items["text"].iat[row])


def _picture(catalogue: Catalogue, row: int) -> Path | None:
    path = str(catalogue.items["image"].iat[row])
    return Path(path) if path else None


def _prepared(encoder: Encoder, source: Source) -> np.ndarray | None:
    """None for a picture that is not there or cannot be read: the item then counts as without."""
    try:
        return None if source is None else encoder.prepare_image(source)
    except (OSError, ValueError):
        return None


def _words(encoder: Encoder, text: str) -> tuple[Word, ...]:
    if not text.strip():
        return ()
    codes = encoder.encode_texts([text])
    spans = codes.spans[0][codes.mask[0]].tolist()  # (T, 2)
    return tuple(Word(text[start:end], start, end) for start, end in spans)
