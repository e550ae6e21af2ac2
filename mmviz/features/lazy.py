"""Tokens whose rows are made when they are read: damaged, dealt out anew, or drawn, never all at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from mmviz.features.base import ModalityFeatures

__all__ = ["lazy_tokens"]


def lazy_tokens(like: ModalityFeatures, read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Tokens (I, N, D) float16 in the shape of a modality's; `read` gives the rows (n,) that are asked for, (n, N, D).

    Typed as the array that it stands in for: it answers all that a loader asks of the tokens on disk.
    """
    return cast(np.ndarray, _Rows(like.tokens.shape, read))


class _Rows:
    """Stands in for an array (I, N, D) float16."""

    def __init__(self, shape: tuple[int, ...], read: Callable[[np.ndarray], np.ndarray]) -> None:
        self.shape, self.dtype, self.ndim = shape, np.dtype(np.float16), len(shape)
        self._read = read

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, wanted: Any) -> np.ndarray:
        """Rows (…, N, D), or of rows (S, 1) some places (S, N'): (S, N', D)."""
        if isinstance(wanted, tuple):
            rows, places = wanted
            made = self._read(rows[:, 0])  # (S, N, D)
            return np.take_along_axis(made, places[..., None], axis=1).astype(np.float16)
        rows = np.arange(len(self))[wanted]
        made = self._read(np.atleast_1d(rows)).astype(np.float16)  # (n, N, D)
        return made.reshape(*np.shape(rows), *self.shape[1:])
