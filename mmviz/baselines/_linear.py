"""What the closed forms share: one big inverse, and a look at the memory before it is made."""

from __future__ import annotations

import numpy as np
import psutil
from scipy.linalg import lapack
from scipy.sparse import csr_array

from mmviz.errors import TrainingError

__all__ = ["check_memory", "inverse", "onto", "spread"]


def check_memory(title: str, n_items: int, extra: int = 0) -> None:
    """Raise TrainingError when the closed form over `n_items` (W) will not fit into the memory that is free.

    It holds the Gram matrix and its inverse as float64 and the result as float32, 20·W² bytes, and `extra` bytes.
    """
    needed, free = 20 * n_items**2 + extra, int(psutil.virtual_memory().available)
    if needed > free:
        raise TrainingError(
            f"{title} needs about {needed / 1e9:.1f} GB for {n_items:,} items, and {free / 1e9:.1f} GB are free. "
            "Use item k-nearest neighbours, which keeps only a few neighbours an item, or a machine with more memory."
        )


def inverse(gram: np.ndarray, l2: float) -> np.ndarray:
    """(G + λI)⁻¹ of a positive semi-definite Gram matrix (W, W), float64, by Cholesky.

    A third of the work of a general inverse, and symmetric to the last bit.
    """
    regularised = np.array(gram, dtype=np.float64, order="F")  # (W, W)
    regularised[np.diag_indices_from(regularised)] += l2
    factor, failed = lapack.dpotrf(regularised, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise TrainingError(f"The item matrix cannot be inverted with l2 = {l2}. Use a larger l2.")
    _mirror(factor)
    return np.asarray(factor)


def _mirror(matrix: np.ndarray, step: int = 512) -> None:
    """Copy the lower triangle of a square matrix (W, W) onto the upper one, in place and without big temporaries."""
    for start in range(0, len(matrix), step):
        stop = start + step
        corner = matrix[start:stop, start:stop]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
        matrix[start:stop, stop:] = matrix[stop:, start:stop].T


def onto(history: csr_array, items: np.ndarray) -> csr_array:
    """The columns of a history (B, I) that belong to `items` (n): (B, n) float32."""
    return csr_array(history[:, items]).astype(np.float32)


def spread(scores: np.ndarray, items: np.ndarray, n_items: int) -> np.ndarray:
    """Scores (B, n) of `items` (n) among all items, 0 elsewhere: (B, I) float32."""
    everything = np.zeros((len(scores), n_items), dtype=np.float32)  # (B, I)
    everything[:, items] = scores
    return everything
