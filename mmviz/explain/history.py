"""What each thing that a person did adds to a score: exact, or not said at all.

Shape letters: n items of the history, I items.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from mmviz.ranker import Ranker

__all__ = ["history_parts"]

TOLERANCE = 1e-3


def history_parts(ranker: Ranker, history: csr_array, item: int) -> tuple[np.ndarray, float] | None:
    """Parts (n,) of the score of `item` that the items of the history (1, I) brought, in its order, and the rest.

    The rest is what the score would be for nobody. Scores of the fusion models and of the closed forms, or the summands
    that a ranker says they have, are sums over the history up to one factor a person (such as 1/√n); the factor is
    found from the values of all items, and None is the answer when they do not fit it within a thousandth of their
    range.
    """
    own = history.indices  # (n,)
    if not len(own):
        return None
    singles = csr_array((np.ones(len(own), np.float32), (np.arange(len(own)), own)), (len(own), history.shape[1]))
    parts, rest = np.zeros(len(own)), 0.0
    for nobody, *somebody in zip(
        ranker.summands(csr_array(history.shape, dtype=np.float32)),
        ranker.summands(singles),
        ranker.summands(history),
        strict=True,
    ):
        base = nobody[0].astype(np.float64)  # (I,)
        apart, whole = (values.astype(np.float64) - base for values in somebody)  # (n, I), (1, I)
        factor = _factor(apart.sum(axis=0), whole[0])
        if factor is None:
            return None
        parts += factor * apart[:, item]  # (n,)
        rest += float(base[item])
    return parts, rest


def _factor(together: np.ndarray, whole: np.ndarray) -> float | None:
    """f with whole = f · together, (I,) each, or None when there is none."""
    factor = float(whole @ together) / max(float(together @ together), 1e-30)
    off = np.abs(whole - factor * together).max()
    return None if off > TOLERANCE * max(float(np.ptp(whole)), 1e-12) else factor
