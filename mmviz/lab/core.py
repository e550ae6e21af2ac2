"""What every verb of the lab stands on: what is kept, what is loaded, and names turned into things."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mmviz import baselines, interaction, twins, variants
from mmviz.catalogue import store
from mmviz.catalogue.base import Catalogue
from mmviz.devices import describe_device, pick_device
from mmviz.errors import CatalogueError, RunError, UnknownNameError
from mmviz.evaluation.splits import Split, default_split, make_split
from mmviz.features import Features, attributed, load_features
from mmviz.features.tuned import tuned_features, tuned_run
from mmviz.home import data_home
from mmviz.jobs import Jobs
from mmviz.lab.strategies import Strategies
from mmviz.memo import Memo
from mmviz.ranker import Ranker
from mmviz.runs import Run, RunStore
from mmviz.searching import joint_space, pooled_space, unit_rows
from mmviz.settings import Settings
from mmviz.views import DeviceCard, RunCard
from mmviz.views.tasks import TaskResult

if TYPE_CHECKING:
    from mmviz.encoders.base import Encoder
    from mmviz.interaction.base import InteractionModel
    from mmviz.restoring import Restored

__all__ = ["DEFAULT_ENCODER", "Core"]

DEFAULT_ENCODER = "bundled"


class Core(Strategies):
    """The stores, the bounded memory of loaded things, and the way from a name to a thing."""

    def __init__(self, home: Path | None = None, device: str | None = None) -> None:
        self.home = home or data_home()
        self._device = pick_device(device)
        self._runs = RunStore(self.home / "runs")
        self._settings = Settings(self.home / "settings.json")
        self._jobs = Jobs()
        self._catalogues: Memo[Catalogue] = Memo(8)
        self._features: Memo[Features] = Memo(4)
        self._splits: Memo[Split] = Memo(32)
        self._defaults: Memo[tuple[str, str]] = Memo(32)
        self._rankers: Memo[Ranker] = Memo(24)
        self._spaces: Memo[np.ndarray] = Memo(16)
        self._encoders: Memo[Any] = Memo(2)
        self._networks: Memo[Restored] = Memo(6)
        self._results: Memo[pd.DataFrame] = Memo(256)
        self._evidence: Memo[Any] = Memo(64)
        self._working = threading.Lock()  # one encoding or training at a time, whoever asks

    def catalogue(self, name: str) -> Catalogue:
        """A kept catalogue. Raises UnknownNameError with the nearest name."""
        known = store.names(self.home)
        if name not in known:
            raise UnknownNameError("catalogue", name, known)
        return self._catalogues.get(store.stamp(self.home, name), lambda: store.load(self.home, name))

    def features(self, catalogue: str, encoder: str = DEFAULT_ENCODER) -> Features:
        """The stored features, with attributes for a name such as "bundled+attributes".

        "bundled@RUN" are those of a run that fine-tuned the encoder.
        Raises FeatureError that says to encode first, or that there are no attributes.
        """
        found = self.catalogue(catalogue)
        plain, run_id = tuned_run(encoder)

        def load() -> Features:
            base = load_features(found, plain, self.home)
            if not run_id:
                return base
            return tuned_features(base, self._runs.tokens(run_id), encoder, self._runs.encoder_state(run_id))

        return self._features.get(f"{found.fingerprint}/{encoder}", load)

    def runs(self, catalogue: str, split: str | None = None) -> list[RunCard]:
        """The newest run of each strategy, under each interaction model, on a split (default: the default split).

        In the order of `strategies`; a fusion's runs under several interaction models stand together.
        """
        found = self.catalogue(catalogue)
        newest = {run.strategy: run for run in self._runs_on(found, self._split(found, split))}
        cards = [self._run_card(run) for run in newest.values()]
        return sorted(cards, key=lambda card: (card.kind == "control", card.order, card.strategy))

    def run(self, run_id: str) -> Run:
        """The whole record of one run."""
        return self._runs.load(run_id)

    def per_user(self, run_id: str) -> pd.DataFrame:
        """What a run reached for each tested person: `user` (place in the catalogue) and one column a metric."""
        return self._results.get(run_id, lambda: self._runs.per_user(run_id))

    def device(self) -> DeviceCard:
        """Where models run, and its memory."""
        return describe_device(self._device)

    def setting(self, name: str, default: Any = None) -> Any:
        """A small thing remembered between starts."""
        return self._settings.get(name, default)

    def set_setting(self, name: str, value: Any) -> None:
        """Remember a small JSON value between starts."""
        self._settings.set(name, value)

    def _default_split(self, catalogue: Catalogue) -> tuple[str, str]:
        """Name of the split to use when none is named, and why."""
        return self._defaults.get(catalogue.fingerprint, lambda: default_split(catalogue))

    def _split(self, catalogue: Catalogue, name: str | None, seed: int = 0) -> Split:
        chosen = name or self._default_split(catalogue)[0]
        return self._splits.get(f"{catalogue.fingerprint}/{chosen}/{seed}", lambda: make_split(catalogue, chosen, seed))

    def _runs_on(self, catalogue: Catalogue, split: Split) -> list[Run]:
        """Every run of a known strategy on this content and this very split, oldest first."""
        wanted = {"catalogue": catalogue.fingerprint, "split": split.fingerprint}
        return [
            run
            for run in self._runs.all()
            if wanted.items() <= run.fingerprints.items() and self._is_known(run.strategy)
        ]

    def _encoder(self, name: str) -> Any:
        from mmviz.encoders import load_encoder

        plain, run_id = tuned_run(attributed(name)[0])

        def load() -> Encoder:
            encoder = load_encoder(plain, self._device, self.home)
            if run_id:
                encoder.load_layers(self._runs.encoder_state(run_id))
            return encoder

        return self._encoders.get(f"{plain}@{run_id}", load)

    def _ranker(self, card: RunCard) -> Ranker:
        return self._rankers.get(
            card.run_id, lambda: self._serving(card).from_state(self._runs.ranker_state(card.run_id))
        )

    def _network(self, card: RunCard) -> Restored:
        """The trained network of a fusion's run, ready to look into. Raises RunError for a control."""
        from mmviz.devices import torch_device
        from mmviz.experiment import material_of
        from mmviz.restoring import restore

        def load() -> Restored:
            run = self.run(card.run_id)
            found = self.catalogue(card.catalogue)
            material = material_of(
                found, self._split(found, run.split, run.seed), self.features(found.name, run.encoder)
            )
            arrays = {} if card.kind == "control" else self._runs.model_state(card.run_id)
            return restore(run, arrays, self._ranker(card), material, torch_device(self._device))

        return self._networks.get(card.run_id, load)

    def _serving(self, card: RunCard) -> type[Ranker]:
        """The class that serves a run."""
        plain = _plain(card.strategy)
        return baselines.strategy(plain) if plain in baselines.names() else self._axis(card).serves

    def _axis(self, card: RunCard) -> type[InteractionModel]:
        """The interaction model that a fusion's run was trained under."""
        return interaction.model(interaction.parts(_plain(card.strategy))[1])

    def _space(self, catalogue: str, space: str) -> np.ndarray:
        """(I, D) unit vectors of a space by name."""
        features = self.features(catalogue)
        if space == "joint":
            return self._spaces.get(f"{features.fingerprint}/joint", lambda: joint_space(features))
        if space in features.modalities:
            return self._spaces.get(f"{features.fingerprint}/{space}", lambda: pooled_space(features, space))
        card = self._runs_of(catalogue, (space,))[0]
        vectors = self._ranker(card).embedding()
        if vectors is None:
            raise RunError(f"{card.title} has no item vectors, so nothing is near anything in it.")
        return self._spaces.get(card.run_id, lambda: unit_rows(vectors))

    def _by_strategy(self, catalogue: str, split: str | None = None) -> dict[str, RunCard]:
        """The newest run of each strategy on a split."""
        return {card.strategy: card for card in self.runs(catalogue, split)}

    def _runs_of(self, catalogue: str, strategies: Iterable[str], split: str | None = None) -> list[RunCard]:
        """The newest runs of these strategies, in their order. Raises RunError for one that has none."""
        cards = self._by_strategy(catalogue, split)
        return [self._trained(cards, name) for name in strategies]

    def _trained(self, cards: Mapping[str, RunCard], strategy: str) -> RunCard:
        if strategy not in cards:
            title = self.strategy(strategy).title
            raise RunError(f"{title} is not trained on this split of the catalogue yet. Train it first.")
        return cards[strategy]

    def _run_card(self, run: Run) -> RunCard:
        card = self.strategy(run.strategy)
        return RunCard(
            run_id=run.run_id,
            strategy=run.strategy,
            title=card.title,
            kind=card.kind,
            order=card.order,
            catalogue=run.catalogue,
            encoder=run.encoder,
            split=run.split,
            seed=run.seed,
            metrics=run.metrics,
            validation=run.validation,
            n_users=run.n_users,
            seconds=run.seconds,
            parameters=run.parameters,
            created=run.created,
            modalities=run.modalities,
            knobs=bool(run.modalities),
            tasks={name: TaskResult(**result) for name, result in run.tasks.items()},
        )

    def _item(self, catalogue: Catalogue, item_id: str) -> int:
        item = catalogue.item_index(item_id)
        if item is None:
            raise CatalogueError(f"'{catalogue.name}' has no item '{item_id}'. Search for it by its title.")
        return item

    def _user(self, catalogue: Catalogue, user_id: str) -> int:
        user = catalogue.user_index(user_id)
        if user is None:
            raise CatalogueError(f"'{catalogue.name}' has no person '{user_id}'. Pick one from the list.")
        return user


def _plain(strategy: str) -> str:
    """The name of a fusion with its interaction model, or of a control, without twins and extras."""
    return variants.parts(twins.parts(strategy)[0])[0]
