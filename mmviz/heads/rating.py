"""Rating: how many stars a person gives an item."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn
from torch.nn.functional import softplus

from mmviz.catalogue.base import Catalogue
from mmviz.errors import TrainingError
from mmviz.evaluation.ratings import shrunken
from mmviz.evaluation.significance import bootstrap_means
from mmviz.heads.base import Head, Step, Taught
from mmviz.views.tasks import TaskResult

__all__ = ["Rating"]

BATCH = 256
ITEM_SHRINK, PERSON_SHRINK = 10.0, 5.0
"""Ratings worth of belief in the mean, in the control of person and item means (Koren 2008, section 2.1)."""


class Rating(Head):
    """A person is a history here too: who rated what is all that is known of them, so a new person is served.

    Histories are the train part of the split. It is judged on the ratings of the validation part, by whose NDCG the
    round was chosen, since the test part is opened once, by the run. Ratings are centred at the train mean μ and
    measured in their standard deviation σ while training; predictions stay within the lowest and highest train rating.
    """

    title = "Rating"
    summary = (
        "Says how many stars a person gives an item, from the mean, what this person and this item deviate from it, "
        "and how the item's vector fits what the person rated high and low. Judged on ratings of the validation part."
    )
    formula = (
        r"\hat r_{ui} = \mu + c_u + b_i + v^\top m_i "
        r"+ m_i^\top A \sum_{j \in H_u} (r_{uj} - \mu - c_u)\,m_j / \sqrt{|H_u|}"
    )
    paper = "Koren, Factorization meets the neighborhood, KDD 2008 (eq. 13), on content vectors"
    learns = "rating"

    rated: Tensor

    def __init__(self, taught: Taught, dim: int) -> None:
        super().__init__(taught, dim)
        catalogue, split = taught.catalogue, taught.split
        self.train_ratings = _ratings(catalogue, split.train)  # (U, I)
        self.valid_ratings = _ratings(catalogue, split.valid)  # (U, I)
        values = self.train_ratings.data
        if len(values) < 2 or self.valid_ratings.nnz == 0:
            raise TrainingError(
                f"{len(values):,} train ratings and {self.valid_ratings.nnz:,} validation ratings are too few to learn "
                "from. Train without the task 'rating'."
            )
        self.mean, self.scale = float(values.mean()), float(values.std()) or 1.0
        self.low, self.high = float(values.min()), float(values.max())
        rest, n_items = values - self.mean, catalogue.n_items
        self._item_means = shrunken(self.train_ratings.indices, rest, n_items, ITEM_SHRINK)  # (I,): b_i of the control
        rated = np.bincount(self.train_ratings.indices, minlength=n_items) > 0  # (I,)
        self.register_buffer("rated", torch.from_numpy(rated.astype(np.float32)), persistent=False)
        self.item = nn.Parameter(torch.zeros(catalogue.n_items))  # (I,)
        self.shrink = nn.Parameter(torch.tensor(5.0))  # ()
        self.offset = nn.Linear(dim, 1)
        self.match = nn.Parameter(torch.zeros(dim, dim))  # (D, D)
        with torch.no_grad():
            self.offset.weight.zero_()
            self.offset.bias.zero_()

    def loss(self, step: Step) -> Tensor:
        stars, given = self._stars(step.people, step.items.device)  # (B, I) each
        wanted = step.hidden & given[:, step.items]  # (B, S)
        if not wanted.any():
            return step.content.sum() * 0.0
        said = self._said(stars, given & step.seen, step.table, step.items)  # (B, S)
        return (said - stars[:, step.items])[wanted].square().mean() / 2

    @torch.no_grad()
    def measure(self, table: Tensor) -> TaskResult:
        people = np.flatnonzero(np.diff(self.valid_ratings.indptr))  # (n,)
        people = people[np.diff(self.train_ratings.indptr)[people] > 0]
        errors = [self._errors(part, table) for part in np.array_split(people, -(-len(people) // BATCH))]
        return _result(np.concatenate(errors), len(people))

    def _errors(self, people: np.ndarray, table: Tensor) -> np.ndarray:
        """(n, 3, 3): for head, mean, and person and item means, each person's Σe², Σ|e| and number of ratings."""
        stars, given = self._stars(torch.from_numpy(people), table.device)  # (n, I)
        every = torch.arange(table.shape[0], device=table.device)  # (I,)
        said = self._said(stars, given, table, every).cpu().numpy() * self.scale + self.mean  # (n, I)
        person = _person_means(self.train_ratings[people], self._item_means, self.mean)  # (n,)
        means = self.mean + person[:, None] + self._item_means  # (n, I)
        held_out = self.valid_ratings[people]
        wanted, truth = held_out.toarray() != 0, held_out.toarray()  # (n, I) each
        rows = []
        for predicted in (said, np.full_like(said, self.mean), means):
            error = (np.clip(predicted, self.low, self.high) - truth) * wanted  # (n, I)
            rows.append(np.stack([(error**2).sum(axis=1), np.abs(error).sum(axis=1), wanted.sum(axis=1)], axis=1))
        return np.stack(rows, axis=1)

    def _stars(self, people: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Train ratings of people (B, I), centred and scaled, 0 where there is none, and where there is one."""
        rows = torch.from_numpy(self.train_ratings[people.cpu().numpy()].toarray()).to(device)  # (B, I)
        given = rows != 0  # (B, I)
        return (rows - self.mean) / self.scale * given, given

    def _said(self, stars: Tensor, seen: Tensor, table: Tensor, items: Tensor) -> Tensor:
        """Predicted ratings (B, S) of items (S,), centred and scaled, from what is seen of them (B, I)."""
        count = seen.sum(dim=1, keepdim=True)  # (B, 1)
        own = (stars * seen).sum(dim=1, keepdim=True) / (count + softplus(self.shrink))  # (B, 1): c_u
        deviation = (stars - own) * seen / count.clamp_min(1).sqrt()  # (B, I)
        taste = deviation @ table  # (B, D)
        content = table[items]  # (S, D)
        item = (self.item * self.rated)[items] + self.offset(content).squeeze(1)  # (S,)
        said: Tensor = own + item + taste @ self.match.T @ content.T  # (B, S)
        return said


def _ratings(catalogue: Catalogue, rows: np.ndarray) -> csr_array:
    """Ratings of some interactions as (U, I) float32, the last one of a pair that is there twice.

    A rating of exactly 0 is kept as a tiny number, since 0 is what a matrix calls "none".
    """
    chosen = catalogue.interactions.iloc[rows].dropna(subset=["rating"]).drop_duplicates(["user", "item"], keep="last")
    values = chosen["rating"].to_numpy(dtype=np.float32)
    values = np.where(values == 0, np.float32(1e-6), values)
    shape = (catalogue.n_users, catalogue.n_items)
    return csr_array((values, (chosen["user"].to_numpy(), chosen["item"].to_numpy())), shape)


def _person_means(ratings: csr_array, item: np.ndarray, mean: float) -> np.ndarray:
    """(n,) how far each person is from μ + b_i, shrunk towards 0; b_u of the control."""
    person = np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr))  # one a rating
    return shrunken(person, ratings.data - mean - item[ratings.indices], ratings.shape[0], PERSON_SHRINK)


def _result(errors: np.ndarray, n: int) -> TaskResult:
    """From (n, 3, 3) errors of people: pooled RMSE with an interval over people, and what it gains."""
    count = errors[:, :1, 2]  # (n, 1)
    pooled = np.sqrt(errors[:, :, 0].sum(axis=0) / count.sum())  # (3,)
    best = 1 + int(pooled[1:].argmin())
    drawn = bootstrap_means(np.concatenate([errors[:, [0, best], 0], count], axis=1))  # (R, 3)
    rmse = np.sqrt(drawn[:, :2] / drawn[:, 2:])  # (R, 2)
    low, high = np.quantile(rmse[:, 0], (0.025, 0.975))
    gain_low, gain_high = np.quantile(rmse[:, 1] - rmse[:, 0], (0.025, 0.975))
    return TaskResult(
        metric="rmse",
        higher=False,
        value=float(pooled[0]),
        low=float(low),
        high=float(high),
        controls={"mean rating": float(pooled[1]), "person and item means": float(pooled[2])},
        gain=float(pooled[best] - pooled[0]),
        gain_low=float(gain_low),
        gain_high=float(gain_high),
        n=n,
        unit="people",
        column="rating",
        more={
            "mae": float(errors[:, 0, 1].sum() / count.sum()),
            "rmse_per_person": float(np.sqrt(errors[:, 0, 0] / count[:, 0]).mean()),
            "mae_per_person": float((errors[:, 0, 1] / count[:, 0]).mean()),
        },
    )
