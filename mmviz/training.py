"""The one training loop: it yields events, prints nothing, and stops by validation alone.

Shape letters: B users of a batch, S items of a batch, I items, D content width.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mmviz.errors import TrainingError
from mmviz.fusion.base import Tokens, setting
from mmviz.heads.base import Step
from mmviz.ranker import Ranker
from mmviz.recommender import ItemLoader, Recommender

__all__ = ["Round", "Steps", "TrainingConfig", "train"]


LOOK = 0.25
"""Share of each item's tokens that the pass after a round looks at; what serves in the end has looked at all."""
WINDOW = 3
"""Rounds over which validation is averaged to judge a round: one lucky round among few items must not end training."""


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of the loop."""

    rounds: int = setting(24, "Rounds at most; after each the model is measured on validation.", 1, 1000)
    patience: int = setting(6, "Rounds without a better mean of the last three validations before it stops.", 1, 100)
    steps: int = setting(16, "Gradient steps a round, or one pass over the users if that is more.", 1, 1000)
    users: int = setting(128, "People a step (B).", 1, 4096)
    items: int = setting(3072, "Items a step at most (S); a token-level fusion takes a third.", 16, 100_000)
    averaging: float = setting(
        0.97, "What the average of the weights, which is what counts, keeps at a step; 0 = no average.", 0.0, 0.999
    )
    learning_rate: float = setting(3e-3, "Step size of Adam.", 1e-5, 0.1)
    decay: float = setting(0.02, "Weight decay of the fusion (decoupled).", 0.0, 1.0)
    factor_decay: float = setting(0.02, "Weight decay of the collaborative vectors (decoupled).", 0.0, 1.0)
    hide: float = setting(0.5, "Share of a person's items that is hidden and has to be found again.", 0.1, 0.9)
    modality_dropout: float = setting(0.1, "Share of items that lose one modality in a step.", 0.0, 0.9)
    token_share: float = setting(0.1, "Share of an item's patches and of its words that a step looks at.", 0.01, 1.0)
    content_weight: float = setting(
        1.0, "Weight of the second loss, in which content alone has to find them.", 0.0, 10.0
    )


@dataclass(frozen=True)
class Round:
    """One round of training: mean losses by name, validation, and whether the last three rounds are the best so far."""

    number: int
    of: int
    losses: dict[str, float]
    validation: float
    best: bool
    seconds: float
    note: str = ""


def train(
    model: Recommender,
    loader: ItemLoader,
    interactions: csr_array,
    validate: Callable[[Ranker], float],
    config: TrainingConfig,
    seed: int,
    kind: Callable[..., Steps] | None = None,
) -> Iterator[Round]:
    """Train `model` in place and leave it in its best validated state.

    In each step the items of B people are split into a seen and a hidden part; from the seen part the model has to
    find the hidden one among S items (multinomial likelihood, Liang et al., Variational autoencoders for
    collaborative filtering, WWW 2018, eq. 2). A second such loss on the content part alone keeps the content vectors
    good where there is nothing else, as for a new item (the aim of Volkovs et al., DropoutNet, NeurIPS 2017). Only
    items with train interactions take part. Running out of GPU memory halves S and says so in the round's note. What is
    validated and kept are the weights averaged over the last steps (Polyak, Juditsky, Acceleration of stochastic
    approximation by averaging, 1992): they are far steadier than any single step's, most of all on few items.

    `interactions` is the binary train matrix (U, I); `validate` gets a ranker and returns a number, higher = better;
    `kind` says what a step is, where it is not one of recommendation.
    """
    if interactions.nnz == 0:
        raise TrainingError("There is no training interaction. Choose another split, or import interactions.")
    started = time.perf_counter()
    steps = (kind or Steps)(model, loader, interactions, config, seed)
    prelude = steps.begin()
    best, best_state, stale = -np.inf, deepcopy(model.state_dict()), 0
    values: deque[float] = deque(maxlen=min(WINDOW, config.rounds))
    for number in range(1, config.rounds + 1):
        losses, note = steps.run_round()
        note = f"{prelude} {note}".strip() if number == 1 else note
        value = validate(steps.averaged.ranker(loader, steps.bank))
        values.append(value)
        judged, recent = len(values) == values.maxlen, float(np.mean(values))
        improved = judged and recent > best
        if improved:
            best, best_state = recent, deepcopy(steps.averaged.state_dict())
        stale = 0 if improved else stale + judged
        yield Round(number, config.rounds, losses, value, improved, time.perf_counter() - started, note)
        if stale >= config.patience:
            break
    model.load_state_dict(best_state)


class Steps:
    """The gradient steps: who, which items, which loss."""

    def __init__(
        self,
        model: Recommender,
        loader: ItemLoader,
        interactions: csr_array,
        config: TrainingConfig,
        seed: int,
    ) -> None:
        self.model, self.loader, self.config = model, loader, config
        self.interactions = interactions
        self.device = loader.device
        self.random = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)  # dropout draws from the global generator
        self.people = np.flatnonzero(np.diff(interactions.indptr) >= 2)
        if len(self.people) == 0:
            raise TrainingError("No person has two or more training interactions, so there is nothing to learn from.")
        self.pool = torch.from_numpy(np.flatnonzero(model.known.cpu().numpy()))  # (I_known,)
        counts = torch.from_numpy(np.bincount(interactions.indices, minlength=interactions.shape[1]))[self.pool]
        # Half of a step's items are drawn evenly, half by how often they were taken.
        self.chance = 0.5 / len(self.pool) + 0.5 * counts.double() / counts.sum()  # (I_known,)
        self.n_items = config.items if loader.level == "pooled" else max(16, config.items // 3)
        self.n_users = max(16, min(config.users, 20_000_000 // interactions.shape[1]))
        if model.propagation is not None:  # a step's people are left out of its graph, which must not become empty
            self.n_users = min(self.n_users, max(1, len(self.people) // 4))
        factors = [model.inward, model.outward]
        opponent = model.fusion.opponent()
        against = list(opponent.parameters()) if opponent is not None else []
        self.opposing = torch.optim.AdamW(against, lr=config.learning_rate) if against else None
        uncertainties = list(model.tasks.log_variances.values()) if model.tasks is not None else []
        apart = {id(p) for p in (*factors, *against, *uncertainties)}
        rest = [p for p in model.parameters() if id(p) not in apart]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": rest, "weight_decay": config.decay},
                {"params": factors, "weight_decay": config.factor_decay},
                {"params": uncertainties, "weight_decay": 0.0},
            ],
            lr=config.learning_rate,
        )
        self.bank = torch.empty(0)  # (I, D) once training begins
        self.average: AveragedModel

    @property
    def averaged(self) -> Recommender:
        """The model with its weights averaged over the last steps, which is what is validated and kept."""
        return cast(Recommender, self.average.module)

    def begin(self) -> str:
        """Pre-train, choose the unit of the content vectors, and compute them all; says what pre-training did."""
        said = self._pretrain()
        self.bank = self.model.calibrate(self.loader)  # (I, D)
        self.average_from_here()
        return said

    def average_from_here(self) -> None:
        """Average the weights over the steps that follow."""
        average = get_ema_multi_avg_fn(self.config.averaging)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(self.model, multi_avg_fn=average)

    def _pretrain(self) -> str:
        """The fusion's own self-supervised steps on train items, before the task; says what they did."""
        fusion, n_steps = self.model.fusion, self.model.fusion.pretraining()
        if n_steps == 0:
            return ""
        optimiser = torch.optim.AdamW(fusion.parameters(), lr=self.config.learning_rate, weight_decay=self.config.decay)
        values = []
        self.model.train()
        for _ in range(n_steps):
            with self._autocast():
                loss = fusion.pretraining_loss(self.model.tokens(self.loader, self._items()[0]))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(fusion.parameters(), 5.0)
            optimiser.step()
            values.append(float(loss.detach()))
        return f"Pre-training took {n_steps} steps; its loss went from {values[0]:.3f} to {values[-1]:.3f}."

    def run_round(self) -> tuple[dict[str, float], str]:
        self.model.train()
        sums: dict[str, float] = {}
        note, done = "", 0
        n_steps = max(self.config.steps, -(-len(self.people) // self.n_users))
        while done < n_steps:
            try:
                losses = self._step()
            except torch.cuda.OutOfMemoryError:
                if self.n_items <= 32:
                    raise
                self.n_items //= 2
                torch.cuda.empty_cache()
                note = f"The GPU ran out of memory; steps now take {self.n_items} items."
                continue
            done += 1
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + value / n_steps
        share = max(LOOK, self.config.token_share)
        self.bank = self.averaged.all_content(self.loader, share=share, random=self.random)  # (I, D)
        return sums, note

    def _objective(self) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """The terms of a step's loss, its items (S,), and their content (S, D)."""
        people = self._people()
        items, correction = self._items()
        with self._autocast():
            content, own = self._content(items)  # (S, D)
            seen, hidden = self._split(people, items)  # (B, I), (B, S)
            table = self.bank.index_copy(0, items.to(self.device), content.float())  # (I, D)
            full, as_new = self.model.scores(seen, table, torch.from_numpy(people).to(self.device))  # (B, I) each
        free = (seen[:, items] == 0).to(self.device)  # (B, S)
        losses = {
            "all": _likelihood(full[:, items].float() - correction, hidden, free),
            "content": self.config.content_weight * _likelihood(as_new[:, items].float() - correction, hidden, free),
            **own,
        }
        if self.model.tasks is not None:
            who = torch.from_numpy(people)  # (B,)
            losses = self.model.tasks(losses, Step(items, content.float(), table, who, seen > 0, hidden > 0))
        return losses, items, content

    def _step(self) -> dict[str, float]:
        losses, items, content = self._objective()
        total = torch.stack(list(losses.values())).sum()
        if not torch.isfinite(total):
            raise TrainingError(
                f"The loss became {total.item()} after {self.config.learning_rate} a step; lower the learning rate."
            )
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        if self.opposing is not None:
            self.opposing.step()
            self.opposing.zero_grad(set_to_none=True)
        self.average.update_parameters(self.model)
        self.bank[items.to(self.device)] = content.detach().float()
        return {name: float(value.detach()) for name, value in losses.items()}

    def _autocast(self) -> Any:
        return torch.autocast("cuda", dtype=torch.bfloat16) if self.device.type == "cuda" else nullcontext()

    def _people(self) -> np.ndarray:
        drawn = torch.randperm(len(self.people), generator=self.random)[: self.n_users]
        return np.asarray(self.people[drawn.numpy()])

    def _items(self) -> tuple[Tensor, Tensor]:
        """Items of a step (S,) and the logit correction for how they were drawn (S,).

        Source: Yi et al., Sampling-bias-corrected neural modeling, RecSys 2019, eq. 3. All items: no correction.
        """
        if len(self.pool) <= self.n_items:
            return self.pool, torch.zeros(len(self.pool), device=self.device)
        drawn = torch.multinomial(self.chance, self.n_items, replacement=False, generator=self.random)  # (S,)
        correction = (self.chance[drawn] * self.n_items).clamp(max=1.0).log().float()  # (S,)
        return self.pool[drawn], correction.to(self.device)

    def _split(self, people: np.ndarray, items: Tensor) -> tuple[Tensor, Tensor]:
        """What is seen, normalised (B, I), and what is hidden among the step's items (B, S)."""
        owned = torch.from_numpy(self.interactions[people].toarray())  # (B, I)
        seen = owned * (torch.rand(owned.shape, generator=self.random) >= self.config.hide)  # (B, I)
        hidden = (owned - seen)[:, items]  # (B, S)
        seen = seen / seen.sum(dim=1, keepdim=True).clamp_min(1.0).sqrt()  # (B, I)
        return seen.to(self.device), hidden.to(self.device)

    def _tokens(self, items: Tensor) -> dict[str, Tokens]:
        """A random part of the tokens of the items (S,)."""
        return self.model.tokens(self.loader, items, self.config.token_share, self.random)

    def _content(self, items: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        tokens = self._without_some(self._tokens(items))
        content, fused = self.model.content(tokens)  # (S, D)
        if self.opposing is not None:
            for _ in range(self.model.fusion.opponent_turns()):
                self.model.fusion.opponent_loss(fused, tokens).backward()  # type: ignore[no-untyped-call]
                self.opposing.step()
                self.opposing.zero_grad(set_to_none=True)
        return content, self.model.fusion.losses(fused, tokens)

    def _without_some(self, tokens: dict[str, Tokens]) -> dict[str, Tokens]:
        """Take one modality away from some items, never the last: the model has to know what lacking one is like."""
        if len(tokens) < 2 or self.config.modality_dropout == 0:
            return tokens
        n = len(next(iter(tokens.values())).mask)
        hit = torch.rand(n, generator=self.random) < self.config.modality_dropout  # (S,)
        which = torch.randint(len(tokens), (n,), generator=self.random)  # (S,)
        present = torch.stack([t.present.cpu() for t in tokens.values()]).sum(dim=0)  # (S,)
        lost = {name: hit & (which == m) & (present > 1) for m, name in enumerate(tokens)}  # (S,) each
        return {name: t.where(~lost[name].to(self.device)) for name, t in tokens.items()}


def _likelihood(logits: Tensor, hidden: Tensor, free: Tensor) -> Tensor:
    """Mean negative log-likelihood of the hidden items among those not seen: (B, S) each -> scalar."""
    logits = logits.masked_fill(~free, -1e9)  # (B, S)
    log_p = logits.log_softmax(dim=1)  # (B, S)
    return -(log_p * hidden).sum() / hidden.sum().clamp_min(1.0)
