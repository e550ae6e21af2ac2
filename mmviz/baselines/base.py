"""The contract of the controls: recommenders that are solved, not trained by gradient, and that everything else has
to beat.

Shape letters: U users, B users of a batch, I items, W items with train interactions, D width of content vectors.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import numpy as np
from scipy.sparse import csr_array

from mmviz.baselines._search import Search, Trial
from mmviz.errors import TrainingError
from mmviz.features import Features
from mmviz.fields import check_bounds
from mmviz.progress import Report, silent
from mmviz.ranker import Ranker

__all__ = ["Baseline", "BaselineConfig", "Best", "TrainData", "Trial"]

T = TypeVar("T")
B = TypeVar("B", bound="Baseline")


@dataclass(frozen=True)
class BaselineConfig:
    """Settings of a control; each control's own Config extends it. Raises ValueError for one out of bounds."""

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass
class TrainData:
    """What a control may learn from, with what several fits can share.

    - `train`: (U, I) binary interactions.
    - `train_items`: (I,) bool, items whose content may be used to fit scalers; None = those in `train`.
    - `vectors`: modality -> (I, D) raw content vectors; a row of zeros means that the item lacks the modality.
    """

    train: csr_array
    train_items: np.ndarray | None = None
    vectors: Mapping[str, np.ndarray] = field(default_factory=dict)
    _latest: dict[str, tuple[Hashable, Any]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        n_items = self.train.shape[1]
        if self.train.nnz == 0:
            raise TrainingError("There is no training interaction. Choose another split, or import interactions.")
        if self.train_items is not None and self.train_items.shape != (n_items,):
            raise TrainingError(
                f"train_items has shape {self.train_items.shape}; it must say yes or no for each of {n_items} items."
            )
        for name, vectors in self.vectors.items():
            if vectors.ndim != 2 or len(vectors) != n_items:
                raise TrainingError(
                    f"The {name} vectors have shape {vectors.shape}; there must be one row for each of {n_items} items."
                )
            if not np.isfinite(vectors).all():
                raise TrainingError(f"The {name} vectors hold values that are not finite. Encode the catalogue again.")

    @cached_property
    def popularity(self) -> np.ndarray:
        """(I,) float64: number of train users of each item."""
        return np.asarray(self.train.sum(axis=0), dtype=np.float64).ravel()

    @cached_property
    def known(self) -> np.ndarray:
        """(W,) int64: items with a train interaction."""
        return np.flatnonzero(self.popularity > 0)

    @cached_property
    def fitted_items(self) -> np.ndarray:
        """(I,) bool: items whose content may be used to fit scalers."""
        return self.popularity > 0 if self.train_items is None else self.train_items

    @cached_property
    def gram(self) -> np.ndarray:
        """(W, W) float64: in how many histories two items with train interactions are together."""
        columns = csr_array(self.train[:, self.known]).astype(np.float64)  # (U, W)
        return np.asarray((columns.T @ columns).toarray())

    def latest(self, name: str, key: Hashable, make: Callable[[], T]) -> T:
        """The last thing that was made under this name if its key is the same, else a new one in its place."""
        if name not in self._latest or self._latest[name][0] != key:
            self._latest.pop(name, None)
            self._latest[name] = (key, make())
        made: T = self._latest[name][1]
        return made


class Best(NamedTuple, Generic[B]):
    """The control at the settings that validation chose, its NDCG@10 there, and all that was tried, in order."""

    model: B
    score: float
    trials: tuple[Trial, ...]


class Baseline(Ranker):
    """One control. A file in `mmviz/baselines/` with one subclass is all that a new one needs.

    Class attributes: `title` (a name for buttons), `summary` (two sentences that a student understands), `formula`
    (LaTeX), `paper` (authors, title, venue, year), `Config`, `grid` (setting -> values that `fit_best` tries, in the
    order in which it does), `uses` (the modalities that it reads: () = no content, None = all there are).

    A fitted control is its `tables`: named arrays that hold all that scoring needs, so that `state` and `from_state`
    are the same for everyone. Everyone is history-inductive: a user is nothing but a row of items.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    formula: ClassVar[str]
    paper: ClassVar[str]
    Config: ClassVar[type[BaselineConfig]] = BaselineConfig
    grid: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    uses: ClassVar[tuple[str, ...] | None] = ()

    def __init__(self, config: BaselineConfig | None = None) -> None:
        self.config = config or self.Config()
        self._tables: dict[str, np.ndarray] = {}

    @abstractmethod
    def _fit(self, data: TrainData) -> dict[str, np.ndarray]:
        """All that scoring needs, as named arrays."""

    def fit(
        self,
        train: csr_array,
        features: Features | None = None,
        train_items: np.ndarray | None = None,
        vectors: Mapping[str, np.ndarray] | None = None,
    ) -> Self:
        """Fit on the binary train interactions (U, I) and return self.

        Content comes from the encoder's summaries in `features`, or from `vectors` (modality -> (I, D)), which may be
        anything: a fusion's item vectors too. Scalers are fitted on `train_items` (I,) only (None = items in `train`).
        Raises TrainingError for what cannot be fitted, in words.
        """
        return self.fit_data(self.data(train, features, train_items, vectors))

    def fit_data(self, data: TrainData) -> Self:
        """As `fit`, from data that several fits share."""
        # In one memory layout, so that a restored control adds up in the same order, to the last bit.
        self._tables = {name: np.array(table, order="C") for name, table in self._fit(data).items()}
        self._ready()
        return self

    @classmethod
    def data(
        cls,
        train: csr_array,
        features: Features | None = None,
        train_items: np.ndarray | None = None,
        vectors: Mapping[str, np.ndarray] | None = None,
    ) -> TrainData:
        """Gather what this control reads. Raises TrainingError when the content that it needs is not there."""
        if cls.uses == ():
            return TrainData(train, train_items)
        if vectors is None:
            vectors = {name: part.vectors for name, part in features.modalities.items()} if features else {}
        wanted = tuple(sorted(vectors)) if cls.uses is None else cls.uses
        missing = [name for name in wanted if name not in vectors]
        if missing or not wanted:
            raise TrainingError(
                f"{cls.title} needs {' and '.join(missing) or 'content'} vectors, and there are "
                f"{', '.join(vectors) or 'none'}. Encode the catalogue first, or choose another control."
            )
        return TrainData(train, train_items, {name: vectors[name] for name in wanted})

    @classmethod
    def fit_best(
        cls,
        train: csr_array,
        valid: csr_array,
        features: Features | None = None,
        train_items: np.ndarray | None = None,
        vectors: Mapping[str, np.ndarray] | None = None,
        candidates: np.ndarray | None = None,
        settings: Mapping[str, Any] | None = None,
        report: Report = silent,
    ) -> Best[Self]:
        """Choose settings by NDCG@10 on validation (U, I), which is all of the held-out data that it is given.

        One setting after the other takes each of its values in `grid` while the others stay; then once more the
        values next to the chosen one. A value wins only where it is strictly better, so that a setting without effect
        keeps its default. What is named in `settings` is not varied. The result is fitted on train alone, as every
        model here is.

        - `candidates`: (I,) bool, items that are ranked at validation (`Split.valid_candidates`); None = all.

        Raises UnknownNameError for a setting that does not exist, TrainingError for one out of bounds, and
        EvaluationError when nobody can be evaluated on validation.
        """
        data = cls.data(train, features, train_items, vectors)
        search = Search(cls, data, valid, candidates, dict(settings or {}), report)
        search.run()
        return Best(cls(search.best).fit_data(data), search.score, tuple(search.trials))

    @property
    def modalities(self) -> tuple[str, ...]:
        return tuple(sorted(key.removeprefix("vectors.") for key in self._fitted if key.startswith("vectors.")))

    @property
    def parameters(self) -> int:
        """How many numbers the fitted control holds."""
        return sum(table.size for table in self._fitted.values())

    def fed(
        self,
        vectors: Mapping[str, np.ndarray],  # noqa: ARG002
        like: Mapping[str, np.ndarray],  # noqa: ARG002
        fitted_items: np.ndarray,  # noqa: ARG002
    ) -> Self:
        """What would serve if the items had the raw content `vectors`, the interactions and all settings as they were.

        `like` are the raw vectors that this control was fitted on, at its `fitted_items` (I,) bool: scalers stay with
        them. Both map a modality to (I, D); `vectors` may have further rows at the end, items that nobody has taken.
        A control that reads no content answers itself.
        """
        return self

    def state(self) -> dict[str, np.ndarray]:
        return dict(self._fitted)

    @classmethod
    def from_state(cls, state: Mapping[str, np.ndarray]) -> Self:
        model = cls()
        model._tables = {name: np.asarray(table) for name, table in state.items()}
        model._ready()
        return model

    def _ready(self) -> None:
        """Called when the tables have been fitted or restored; drop here what was derived from older ones."""

    @property
    def _fitted(self) -> dict[str, np.ndarray]:
        if not self._tables:
            raise TrainingError(f"{self.title} has not been fitted yet. Call fit first.")
        return self._tables

    def _table(self, name: str) -> np.ndarray:
        return self._fitted[name]
