"""Taking things away from an item before the encoder sees it: patches of its picture, words of its text."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from mmviz.features import Word

__all__ = ["covered", "without_words"]


def covered(picture: np.ndarray, keep: np.ndarray, channels_first: bool = False) -> np.ndarray:
    """A prepared picture (h, w, 3) or (3, h, w) whose patches outside `keep` (gh, gw) bool have its mean colour."""
    if keep.all():
        return picture
    image = np.moveaxis(picture, 0, -1) if channels_first else picture  # (h, w, 3)
    mean = image.reshape(-1, 3).mean(axis=0).astype(image.dtype)  # (3,)
    rows = np.arange(image.shape[0]) * keep.shape[0] // image.shape[0]  # (h,)
    columns = np.arange(image.shape[1]) * keep.shape[1] // image.shape[1]  # (w,)
    left = np.where(keep[rows][:, columns, None], image, mean)  # (h, w, 3)
    return np.ascontiguousarray(np.moveaxis(left, -1, 0) if channels_first else left)


def without_words(text: str, words: Sequence[Word], struck: Collection[int]) -> str:
    """A text without some of its words, given by their places, and without the space before each."""
    left, at = [], 0
    for place, word in enumerate(words):
        if place in struck:
            before = text[at : word.start]
            left.append(before if text[word.end : word.end + 1].isalnum() else before.rstrip(" "))
            at = word.end
    left.append(text[at:])
    return "".join(left).strip()
