"""What can be trained, training it, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mmviz import interaction, variants
from mmviz.errors import UnknownNameError
from mmviz.evaluation.splits import SplitSummary, default_split, describe, split_names
from mmviz.features import attributed, features_name
from mmviz.lab.core import DEFAULT_ENCODER
from mmviz.lab.reading import Reading
from mmviz.methods import method_cards
from mmviz.progress import Report, silent
from mmviz.views import (
    InteractionCard,
    MethodCard,
    RunCard,
    SplitCard,
)

__all__ = ["Models", "split_card"]


class Models(Reading):
    """Verbs on strategies, splits and runs."""

    def interaction_models(self) -> list[InteractionCard]:
        """The second axis: what a fusion can run under, the default first."""
        named = [(name, interaction.texts(name)) for name in interaction.names()]
        return [InteractionCard(name, t["title"], t["summary"], t["formula"], t["paper"]) for name, t in named]

    def methods(self, catalogue: str, encoder: str | None = None) -> list[MethodCard]:
        """How data flows through each fusion on this catalogue. Raises FeatureError when it is not encoded."""
        return method_cards(self.features(catalogue, encoder or self.encoder_in_use(catalogue)), self.home)

    def splits(self, catalogue: str) -> list[SplitCard]:
        """Every way to split a catalogue, with the number of people it evaluates and whether that is enough."""
        found = self.catalogue(catalogue)
        return [split_card(describe(found, name)) for name in split_names()]

    def default_split(self, catalogue: str) -> SplitCard:
        """The split to use when none is named, with the reason."""
        name, reason = default_split(self.catalogue(catalogue))
        card = split_card(describe(self.catalogue(catalogue), name))
        return SplitCard(**{**card.__dict__, "reason": reason})

    def train(
        self,
        catalogue: str,
        strategy: str,
        split: str | None = None,
        settings: Mapping[str, Any] | None = None,
        seed: int = 0,
        encoder: str | None = None,
        report: Report = silent,
    ) -> RunCard:
        """Train a strategy, test it once, and keep the run. `settings` name fields of its configs.

        Attributes are read when the strategy's name ends with "+attributes", when the encoder's does, or when neither
        says anything and they were chosen for the catalogue; the run's name tells.
        """
        from mmviz.experiment import Experiment, run_experiment

        strategy, encoder = self._with_encoder(catalogue, strategy, encoder)
        strategy, settings = variants.settled(strategy, settings or {})
        with self._working:
            found = self.catalogue(catalogue)
            experiment = Experiment(
                found,
                self.features(catalogue, encoder),
                self._split(found, split, seed),
                self.strategy(strategy).name,
                seed,
                settings,
                self._device,
                lambda: self._encoder(encoder),
            )
            trained = run_experiment(experiment, report)
            tuning = (trained.tuning.weights, trained.tuning.arrays) if trained.tuning else (None, None)
            self._runs.save(trained.run, trained.per_user, trained.ranker.state(), trained.model, *tuning)
        return self._run_card(trained.run)

    def _with_encoder(self, catalogue: str, strategy: str, encoder: str | None) -> tuple[str, str]:
        """Full name and encoder of a training, the one saying of attributes what the other does."""
        plain, extras = variants.parts(strategy)
        named = variants.ATTRIBUTES in extras
        asked = named or attributed(encoder or self.encoder_in_use(catalogue))[1]
        if asked and (named or self.reads_attributes(plain)):
            name = variants.full_name(plain, (*extras, variants.ATTRIBUTES))
            return name, features_name(encoder or DEFAULT_ENCODER, attributes=True)
        return strategy, features_name(encoder or DEFAULT_ENCODER, attributes=False)

    def evaluate(
        self, catalogue: str, split: str | None = None, metric: str = "ndcg@10", reference: str = "popularity"
    ) -> pd.DataFrame:
        """The runs of a split on one metric, person by person, with 95 % bootstrap intervals.

        One row a run, best first: strategy, title, mean, low, high, and the paired difference from the run of
        `reference` (difference, difference_low, difference_high), n_users. Reads what the runs recorded when they
        opened the test split; it is not opened again.
        """
        from mmviz.evaluation.significance import bootstrap_mean, paired_bootstrap

        cards = {card.strategy: card for card in self.runs(catalogue, split)}
        results = {name: self.per_user(card.run_id) for name, card in cards.items()}
        base = results[self._trained(cards, reference).strategy]
        if metric not in base.columns:
            raise UnknownNameError("metric", metric, base.columns.drop("user"))
        rows = []
        for name, card in cards.items():
            own = bootstrap_mean(results[name][metric].to_numpy())
            gap = paired_bootstrap(results[name][metric].to_numpy(), base[metric].to_numpy())
            rows.append(
                {
                    "strategy": name,
                    "title": card.title,
                    "mean": own.mean,
                    "low": own.low,
                    "high": own.high,
                    "difference": gap.mean,
                    "difference_low": gap.low,
                    "difference_high": gap.high,
                    "n_users": card.n_users,
                }
            )
        return pd.DataFrame(rows).sort_values("mean", ascending=False, ignore_index=True)

    def ceiling(self, catalogue: str, split: str | None = None) -> float | None:
        """NDCG@10 of an oracle that knows everyone's taste, for a simulated catalogue; None where nobody knows it."""
        found = self.catalogue(catalogue)
        return None if found.truth is None else found.truth.ceiling.get(self._split(found, split).name)


def split_card(summary: SplitSummary) -> SplitCard:
    """A split as a page shows it."""
    return SplitCard(summary.name, summary.title, summary.n_test_users, summary.n_test, summary.usable, summary.reason)
