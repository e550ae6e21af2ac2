"""What can be trained, training it, and how good it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mmviz import interaction, variants
from mmviz.evaluation.splits import SplitSummary, describe, split_names
from mmviz.features import attributed, features_name
from mmviz.lab.core import DEFAULT_ENCODER
from mmviz.lab.reading import Reading
from mmviz.methods import method_cards
from mmviz.progress import Progress, Report, silent
from mmviz.views import (
    InteractionCard,
    MethodCard,
    RunCard,
    SplitCard,
)

if TYPE_CHECKING:
    from mmviz.experiment import Trained

__all__ = ["Models", "encoder_of", "split_card"]


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
        name, reason = self._default_split(self.catalogue(catalogue))
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
            self._keep(trained)
        return self._run_card(trained.run)

    def _keep(self, trained: Trained) -> None:
        """Write a run with all that came out of its training."""
        tuning = trained.tuning
        self._runs.save(
            trained.run,
            trained.per_user,
            trained.ranker.state(),
            trained.model,
            lists=trained.lists,
            encoder=tuning.weights if tuning else None,
            tokens=tuning.arrays if tuning else None,
        )

    def _train_each(
        self, catalogue: str, strategies: Sequence[str], split: str | None, report: Report
    ) -> list[RunCard]:
        """Train one after the other; the report says which of how many."""
        made = []
        for number, name in enumerate(strategies, start=1):

            def step(progress: Progress, number: int = number) -> None:
                place = f"{number} of {len(strategies)}"
                report(Progress(f"{progress.stage} ({place})", progress.done, progress.total, progress.note))

            made.append(self.train(catalogue, name, split, encoder=encoder_of(name), report=step))
        return made

    def _named(self, catalogue: str, strategies: Iterable[str]) -> list[str]:
        """The full names that runs of these strategies get: with attributes where those were chosen and are read."""
        return [self._with_encoder(catalogue, name, None)[0] for name in strategies]

    def _with_encoder(self, catalogue: str, strategy: str, encoder: str | None) -> tuple[str, str]:
        """Full name and encoder of a training, the one saying of attributes what the other does."""
        plain, extras = variants.parts(strategy)
        named = variants.ATTRIBUTES in extras
        asked = named or attributed(encoder or self.encoder_in_use(catalogue))[1]
        if asked and (named or self.reads_attributes(plain)):
            name = variants.full_name(plain, (*extras, variants.ATTRIBUTES))
            return name, features_name(encoder or DEFAULT_ENCODER, attributes=True)
        return strategy, features_name(encoder or DEFAULT_ENCODER, attributes=False)


def split_card(summary: SplitSummary) -> SplitCard:
    """A split as a page shows it."""
    return SplitCard(summary.name, summary.title, summary.n_test_users, summary.n_test, summary.usable, summary.reason)


def encoder_of(strategy: str) -> str:
    """The encoder that a full name asks for: with attributes only where the name says so."""
    return features_name(DEFAULT_ENCODER, variants.ATTRIBUTES in variants.parts(strategy)[1])
