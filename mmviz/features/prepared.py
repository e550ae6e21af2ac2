"""Content vectors as closed forms and graphs use them: standardised, in their main directions, of length 1.

Shape letters: I items, n items that may be fitted on, D raw width, d kept width.
"""

from __future__ import annotations

import numpy as np

from mmviz.errors import TrainingError

__all__ = ["prepared"]


def prepared(raw: np.ndarray, fitted_items: np.ndarray, directions: int, name: str = "content") -> np.ndarray:
    """Raw vectors (I, D) standardised, rotated to their main directions and scaled to length 1: (I, d) float32.

    Means, deviations and directions come from the items in `fitted_items` (I,) that have the modality, and from no
    other. An item without it (a row of zeros) stays zero. Standardising keeps a few loud dimensions of an encoder
    from deciding every cosine; leaving out the faint directions keeps a ridge on few items from fitting noise.
    """
    present = np.asarray(raw.any(axis=1))  # (I,)
    fitted = np.flatnonzero(present & fitted_items)  # (n,)
    if len(fitted) < 2:
        raise TrainingError(
            f"Only {len(fitted)} of the training items have {name} content, too few to learn from. "
            "Use a control without content."
        )
    wide = raw.astype(np.float64)  # (I, D)
    mean, deviation = wide[fitted].mean(axis=0), wide[fitted].std(axis=0)  # (D,) each
    varies = deviation > 1e-6 * deviation.max()  # (D,)
    standard = (wide - mean)[:, varies] / deviation[varies]  # (I, D')
    kept = min(directions, len(fitted) - 1)
    if kept < standard.shape[1]:
        _, axes = np.linalg.eigh(standard[fitted].T @ standard[fitted])  # (D', D'), the main direction last
        standard = standard @ axes[:, ::-1][:, :kept]  # (I, d)
    standard[~present] = 0.0
    lengths = np.linalg.norm(standard, axis=1, keepdims=True)  # (I, 1)
    return np.asarray(standard / np.maximum(lengths, 1e-9), dtype=np.float32)
