"""Content vectors as closed forms and graphs use them: standardised, in their main directions, of length 1.

Shape letters: I items, n items that may be fitted on, D raw width, d kept width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from mmviz.errors import TrainingError

__all__ = ["Preparation", "prepared"]


@dataclass(frozen=True)
class Preparation:
    """What was fitted once, so that other vectors can be prepared in the same way.

    - `mean`, `deviation`: (D,); `varies`: (D,) bool, the D' dimensions that are kept at all.
    - `axes`: (D', d), the main directions; None = all D' dimensions as they are.
    """

    mean: np.ndarray
    deviation: np.ndarray
    varies: np.ndarray
    axes: np.ndarray | None

    @classmethod
    def fit(cls, raw: np.ndarray, fitted_items: np.ndarray, directions: int, name: str = "content") -> Self:
        """From the rows of `raw` (I, D) in `fitted_items` (I,) bool that have the modality, and from no other.

        Raises TrainingError when fewer than two of them have it.
        """
        fitted = np.flatnonzero(raw.any(axis=1) & fitted_items)  # (n,)
        if len(fitted) < 2:
            raise TrainingError(
                f"Only {len(fitted)} of the training items have {name} content, too few to learn from. "
                "Use a control without content."
            )
        wide = raw[fitted].astype(np.float64)  # (n, D)
        mean, deviation = wide.mean(axis=0), wide.std(axis=0)  # (D,) each
        varies = deviation > 1e-6 * deviation.max()  # (D,)
        standard = (wide - mean)[:, varies] / deviation[varies]  # (n, D')
        kept = min(directions, len(fitted) - 1)
        if kept >= standard.shape[1]:
            return cls(mean, deviation, varies, None)
        _, axes = np.linalg.eigh(standard.T @ standard)  # (D', D'), the main direction last
        return cls(mean, deviation, varies, axes[:, ::-1][:, :kept])

    def __call__(self, raw: np.ndarray) -> np.ndarray:
        """Vectors (I, D) standardised, rotated and scaled to length 1: (I, d) float32; a row of zeros stays zero."""
        standard = (raw.astype(np.float64) - self.mean)[:, self.varies] / self.deviation[self.varies]  # (I, D')
        if self.axes is not None:
            standard = standard @ self.axes  # (I, d)
        standard[~raw.any(axis=1)] = 0.0
        lengths = np.linalg.norm(standard, axis=1, keepdims=True)  # (I, 1)
        return np.asarray(standard / np.maximum(lengths, 1e-9), dtype=np.float32)


def prepared(
    raw: np.ndarray,
    fitted_items: np.ndarray,
    directions: int,
    name: str = "content",
    like: np.ndarray | None = None,
) -> np.ndarray:
    """Raw vectors (I, D) standardised, rotated to their main directions and scaled to length 1: (I, d) float32.

    Means, deviations and directions come from the items in `fitted_items` that have the modality, and from no other.
    An item without it (a row of zeros) stays zero. Standardising keeps a few loud dimensions of an encoder from
    deciding every cosine; leaving out the faint directions keeps a ridge on few items from fitting noise. With `like`,
    other raw vectors, it is those that are fitted on, at their rows `fitted_items`.
    """
    return Preparation.fit(raw if like is None else like, fitted_items, directions, name)(raw)
