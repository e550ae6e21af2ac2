"""What the factor models share at serving: vectors of the people they were trained on, and of anyone else.

These models learn a vector for each person, while here a person is a history. So the trained vectors are kept under a
digest of the history that they were trained from: whoever comes with that history gets exactly the model of the
paper. Anyone else is folded in by the map that turns the history's items into the person's vector best over all
people in training: W = argmin Σ_u ‖p_u − h_u W‖² + λ‖W‖², where h_u is the sum of the person's item vectors over the
root of their number (a ridge regression, solved once; no retraining).

Shape letters: B users of a batch, U users, I items, F width of a person's vector, G width of an item's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines.base import Baseline, BaselineConfig, TrainData
from mmviz.fields import setting

if TYPE_CHECKING:
    from mmviz.baselines._bpr import Module, Trainer

__all__ = ["EPOCHS", "FactorBase", "FactorConfig", "served", "trained_tables", "unknown_last"]

EPOCHS = (10, 20, 40, 80)
RIDGE = 1e-2
"""Of the fold-in, as a share of the mean square of what is regressed on."""


@dataclass(frozen=True)
class FactorConfig(BaselineConfig):
    """Settings of every control that is trained by gradient."""

    factors: int = setting(64, "Width of the vectors of people and items.", 2, 1024)
    learning_rate: float = setting(0.01, "Step size of Adam.", 1e-5, 1.0)
    l2: float = setting(0.1, "Pull of the vectors towards 0.", 0.0, 100.0)
    epochs: int = setting(40, "Passes over all interactions.", 1, 10_000)
    seed: int = setting(0, "Of the start and of what is drawn.", 0, 2**31 - 1)


class FactorBase(Baseline):
    """Trained people's vectors (U, F) with their histories' digests, and the map (G, F) for everyone else."""

    Config = FactorConfig
    config: FactorConfig

    def people(self, history: csr_array, items: np.ndarray) -> np.ndarray:
        """Vectors (B, F) of the people with these histories (B, I), given the items' vectors (I, G)."""
        keys, known = digests(history), self._table("keys")  # (B,), (U,) ascending
        place = np.searchsorted(known, keys).clip(max=len(known) - 1)  # (B,)
        trained = known[place] == keys  # (B,)
        folded = summed(history, items) @ self._table("fold")  # (B, F)
        return np.asarray(np.where(trained[:, None], self._table("people")[place], folded), dtype=np.float32)


def served(train: csr_array, people: np.ndarray, items: np.ndarray) -> dict[str, np.ndarray]:
    """The tables "keys", "people" and "fold" from trained vectors (U, F) and the items' vectors (I, G)."""
    some = np.flatnonzero(np.diff(train.indptr) > 0)  # (n,)
    keys, place = np.unique(digests(train[some]), return_inverse=True)  # (m,), (n,)
    counts = np.bincount(place).astype(np.float32)  # (m,)
    means = np.zeros((len(keys), people.shape[1]), dtype=np.float32)  # (m, F)
    np.add.at(means, place, people[some])
    inside = summed(train[some], items).astype(np.float64)  # (n, G)
    gram = inside.T @ inside  # (G, G)
    gram += np.eye(len(gram)) * max(RIDGE * np.trace(gram) / len(gram), 1e-12)
    fold = np.linalg.solve(gram, inside.T @ people[some].astype(np.float64))  # (G, F)
    return {"keys": keys, "people": means / counts[:, None], "fold": fold.astype(np.float32)}


def unknown_last(scores: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Scores (B, I) with everyone's lowest one for the items that nobody has taken; `known` (I,) bool.

    A factor model's scores have no zero that means anything, so 0 would put such an item anywhere.
    """
    if not known.all():
        scores[:, ~known] = scores[:, known].min(axis=1, keepdims=True)
    return scores


def digests(history: csr_array) -> np.ndarray:
    """A number for each history (B, I) that depends on nothing but which items it holds: (B,) int64."""
    ordered = history.sorted_indices()
    items = ordered.indices.astype("<i4")
    rows = [items[start:stop].tobytes() for start, stop in zip(ordered.indptr, ordered.indptr[1:], strict=False)]
    return np.frombuffer(b"".join(blake2b(row, digest_size=8).digest() for row in rows), dtype="<i8").astype(np.int64)


def summed(history: csr_array, items: np.ndarray) -> np.ndarray:
    """The sum of a history's item vectors (I, G) over the root of their number: (B, G) float32."""
    counts = np.maximum(np.diff(history.indptr), 1)[:, None]  # (B, 1)
    return np.asarray(history.astype(np.float32) @ items / np.sqrt(counts), dtype=np.float32)


def trained_tables(data: TrainData, config: FactorConfig, make: Callable[[], Module]) -> Mapping[str, np.ndarray]:
    """The module's tables after `config.epochs`; fits on the same data that differ in epochs alone share the way."""
    from mmviz.baselines._bpr import Trainer

    key: dict[str, Any] = asdict(config)
    del key["epochs"]

    def start() -> Trainer:
        return Trainer(make, data.train, config.learning_rate, config.l2, config.seed, EPOCHS)

    trainer = data.latest("trainer", tuple(sorted(key.items())), start)
    tables: Mapping[str, np.ndarray] | None = trainer.at(config.epochs)
    return start().reach(config.epochs) if tables is None else tables
