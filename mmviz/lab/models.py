"""What can be trained, training it, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmviz import interaction
from mmviz.evaluation.splits import default_split, describe, split_names
from mmviz.lab.core import DEFAULT_ENCODER, Core
from mmviz.methods import method_cards
from mmviz.progress import Report, silent
from mmviz.views import (
    InteractionCard,
    MethodCard,
    RunCard,
    SplitCard,
)

__all__ = ["Models"]


class Models(Core):
    """Verbs on strategies, splits and runs."""

    def interaction_models(self) -> list[InteractionCard]:
        """The second axis: what a fusion can run under, the default first."""
        named = [(name, interaction.texts(name)) for name in interaction.names()]
        return [InteractionCard(name, t["title"], t["summary"], t["formula"], t["paper"]) for name, t in named]

    def methods(self, catalogue: str, encoder: str = DEFAULT_ENCODER) -> list[MethodCard]:
        """How data flows through each fusion on this catalogue. Raises FeatureError when it is not encoded."""
        return method_cards(self.features(catalogue, encoder), self.home)

    def splits(self, catalogue: str) -> list[SplitCard]:
        """Every way to split a catalogue, with the number of people it evaluates and whether that is enough."""
        found = self.catalogue(catalogue)
        return [_split_card(describe(found, name)) for name in split_names()]

    def default_split(self, catalogue: str) -> SplitCard:
        """The split to use when none is named, with the reason."""
        name, reason = default_split(self.catalogue(catalogue))
        card = _split_card(describe(self.catalogue(catalogue), name))
        return SplitCard(**{**card.__dict__, "reason": reason})

    def train(
        self,
        catalogue: str,
        strategy: str,
        split: str | None = None,
        settings: Mapping[str, Any] | None = None,
        seed: int = 0,
        encoder: str = DEFAULT_ENCODER,
        report: Report = silent,
    ) -> RunCard:
        """Train a strategy, test it once, and keep the run. `settings` name fields of its configs."""
        from mmviz.experiment import Experiment, run_experiment

        with self._working:
            found = self.catalogue(catalogue)
            experiment = Experiment(
                found,
                self.features(catalogue, encoder),
                self._split(found, split, seed),
                self.strategy(strategy).name,
                seed,
                settings or {},
                self._device,
            )
            trained = run_experiment(experiment, report)
            self._runs.save(trained.run, trained.per_user, trained.ranker.state(), trained.model, trained.lists)
        return self._run_card(trained.run)


def _split_card(summary: Any) -> SplitCard:
    return SplitCard(summary.name, summary.title, summary.n_test_users, summary.n_test, summary.usable, summary.reason)
