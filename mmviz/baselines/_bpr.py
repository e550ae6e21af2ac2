"""The loop that trains the factor models by Bayesian personalised ranking (Rendle et al., UAI 2009). Loads torch.

For every interaction (u, i) of an epoch an item j that u has not is drawn, and −log σ(x_ui − x_uj) is minimised with
Adam, beside the pull of what took part towards 0.

Shape letters: U users, I items, S samples of a step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn

__all__ = ["Module", "Trainer"]

BATCH = 4096
LEAST_STEPS = 8
"""Steps an epoch, at least, so that small data is learned from too."""


class Module(nn.Module, ABC):
    """A model that scores pairs and hands out its tables."""

    @abstractmethod
    def forward(self, user: Tensor, item: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """x_ui − x_uj (S,), and the sum of what is pulled towards 0, a scalar."""

    @abstractmethod
    def tables(self) -> dict[str, Tensor]:
        """What scoring needs."""


class Trainer:
    """Trains one module as far as it is asked to, and remembers its tables at the epochs in `marks`.

    The same arguments give the same tables, however many steps the way was taken in.
    """

    def __init__(
        self,
        make: Callable[[], Module],
        train: csr_array,
        learning_rate: float,
        l2: float,
        seed: int,
        marks: Sequence[int],
    ) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.module = make()
        self.optimiser = torch.optim.Adam(self.module.parameters(), lr=learning_rate)
        self.l2, self.marks, self.epoch = l2, set(marks), 0
        self.random = np.random.default_rng(seed)
        self.user, self.item = (part.astype(np.int64) for part in train.nonzero())  # (n,) each
        self.n_items = train.shape[1]
        self.owned = np.sort(self.user * self.n_items + self.item)  # (n,)
        self.known = np.unique(self.item)  # (W,): an item that nobody could take is no wrong answer
        self.kept: dict[int, dict[str, np.ndarray]] = {}

    def at(self, epochs: int) -> dict[str, np.ndarray] | None:
        """The tables after so many epochs; None when that point was passed without a mark."""
        if epochs in self.kept:
            return self.kept[epochs]
        return self.reach(epochs) if epochs > self.epoch else None

    def reach(self, epochs: int) -> dict[str, np.ndarray]:
        """Train on until so many epochs are done."""
        while self.epoch < epochs:
            self._epoch()
            self.epoch += 1
            if self.epoch in self.marks or self.epoch == epochs:
                self.kept[self.epoch] = self._tables()
        return self.kept[epochs]

    def _tables(self) -> dict[str, np.ndarray]:
        with torch.no_grad():
            return {name: np.array(table.detach().numpy()) for name, table in self.module.tables().items()}

    def _epoch(self) -> None:
        order = self.random.permutation(len(self.user))
        size = max(1, min(BATCH, -(-len(order) // LEAST_STEPS)))
        others = self._others()  # (n,)
        for start in range(0, len(order), size):
            rows = order[start : start + size]  # (S,)
            batch = (torch.from_numpy(part[rows]) for part in (self.user, self.item, others))
            ahead, pulled = self.module(*batch)  # (S,), ()
            loss = nn.functional.softplus(-ahead).sum() + self.l2 * pulled
            self.optimiser.zero_grad(set_to_none=True)
            (loss / len(rows)).backward()
            self.optimiser.step()

    def _others(self) -> np.ndarray:
        """For every interaction a known item that its person has not (n,); one who has all of them gets any."""
        drawn = self.random.choice(self.known, size=len(self.user))  # (n,)
        for _ in range(10):
            keys = self.user * self.n_items + drawn  # (n,)
            place = np.searchsorted(self.owned, keys).clip(max=len(self.owned) - 1)
            wrong = np.flatnonzero(self.owned[place] == keys)
            if len(wrong) == 0:
                break
            drawn[wrong] = self.random.choice(self.known, size=len(wrong))
        return np.asarray(drawn)
