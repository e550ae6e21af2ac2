"""Work in the background, and what is prepared before anyone asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmviz.catalogue.report import ImportReport
from mmviz.errors import FeatureError
from mmviz.lab.catalogues import Catalogues
from mmviz.lab.models import Models
from mmviz.progress import Report
from mmviz.views import (
    CatalogueCard,
    JobCard,
    RunCard,
)

__all__ = ["FIRST_CONTROLS", "FIRST_STRATEGIES", "Background"]

FIRST_STRATEGIES = ("concat", "attention", "gcca", "afn")
"""What is trained on a new catalogue before anyone asks: four ways that differ, from plain to token by token."""

FIRST_CONTROLS = ("popularity", "ease")
"""What is trained beside them, so that there is something to beat."""


class Background(Catalogues, Models):
    """Verbs that start a job and come back at once."""

    def start_import(self, folder: Path, name: str | None = None, attributes: bool = False) -> str:
        """Import, encode and train the first strategies in the background; returns the job's id.

        With `attributes` its categories, tags and numbers are read as a third modality, where it has any.
        """

        def work(report: Report) -> ImportReport:
            result = self.import_folder(folder, name, report=report)
            self.use_attributes(result.name, attributes and not self.attributes(result.name).problem)
            self._prepare(result.name, report)
            return result

        return self._jobs.start(f"Import {folder.name}", work, key=f"import:{folder}")

    def start_encode(self, catalogue: str) -> str:
        """Encode in the background; returns the job's id."""
        return self._jobs.start(
            f"Encode {catalogue}",
            lambda report: self.encode(catalogue, report=report),
            catalogue,
            f"encode:{catalogue}",
        )

    def start_train(self, catalogue: str, strategies: Sequence[str], split: str | None = None) -> str:
        """Train strategies one after the other in the background, encoding first if need be; the job's id."""
        cards = [self.strategy(name) for name in strategies]

        def work(report: Report) -> list[RunCard]:
            self._encode_once(catalogue, report)
            return self._train_each(catalogue, [card.name for card in cards], split, report)

        title = f"Train {', '.join(card.title for card in cards)}"
        return self._jobs.start(title, work, catalogue, f"train:{catalogue}:{split}:{','.join(strategies)}")

    def demo_is_due(self) -> bool:
        """Whether nothing is kept yet but perhaps a demo catalogue that was stopped half-way."""
        cards = self.catalogues()
        if any(card.name != "demo" for card in cards):
            return False
        return not cards or not cards[0].encoded or bool(self._untrained("demo"))

    def start_demo(self) -> str:
        """Draw, encode and train the demo catalogue in the background; no second one while one runs.

        Stopped half-way, it goes on where it was.
        """

        def work(report: Report) -> CatalogueCard:
            card = self.add_demo(report=report)
            self._prepare(card.name, report)
            return self._card(card.name)

        return self._jobs.start("Prepare the demo catalogue", work, "demo", "demo")

    def jobs(self) -> list[JobCard]:
        """Background work of this process, newest first."""
        return self._jobs.cards()

    def cancel(self, job_id: str) -> None:
        """Stop a job at its next step; what was finished stays."""
        self._jobs.cancel(job_id)

    def _prepare(self, catalogue: str, report: Report) -> None:
        """Encode if that is not done, then train those of the first models that have no run yet."""
        self._encode_once(catalogue, report)
        self._train_each(catalogue, self._untrained(catalogue), None, report)

    def _encode_once(self, catalogue: str, report: Report) -> None:
        try:
            self.features(catalogue)
        except FeatureError:
            self.encode(catalogue, report=report)

    def _untrained(self, catalogue: str) -> list[str]:
        """The models that are trained before anyone asks and have no run on the default split."""
        done = {card.strategy for card in self.runs(catalogue)}
        return [name for name in self._named(catalogue, (*FIRST_CONTROLS, *FIRST_STRATEGIES)) if name not in done]
