"""How good the maps of an item are, now or soon, and over a sample of items."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from mmviz.catalogue.base import Catalogue
from mmviz.explain.maps import word_maps
from mmviz.home import replacing
from mmviz.lab.explaining import Explaining, whole
from mmviz.memo import Memo
from mmviz.progress import Progress, Report, silent
from mmviz.views import RunCard
from mmviz.views.explanations import Grade, Question, Summary

if TYPE_CHECKING:
    from mmviz.explain.sampling import Value

__all__ = ["Grading"]

STEPS, ORDERS = 4, 2
"""Steps of the curves and random orders beside them, for an item of a sample."""


class Grading(Explaining):
    """Verbs that measure what the maps of `Explaining` are worth."""

    def __init__(self, home: Path | None = None, device: str | None = None) -> None:
        super().__init__(home, device)
        self._grades: Memo[tuple[Grade, ...]] = Memo(64)
        self._asking = threading.Lock()
        self._grader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mmviz-grade")
        self._grading: tuple[Question, Future[tuple[Grade, ...]]] | None = None

    def grade(self, question: Question, steps: int = 6, orders: int = 4) -> tuple[Grade, ...]:
        """Deletion and insertion of every map of the item, and pointing where the truth is known; kept while open."""
        base = whole(question)

        def measure() -> tuple[Grade, ...]:
            from mmviz.explain.grading import graded, pointed
            from mmviz.explain.taking import known_places

            seen = self.explain(base)
            places = known_places(base, self.catalogue(base.catalogue), seen)
            made = []
            for sight in seen.sights:
                net, subject = self._network(sight.run), self._subject(base, sight.run)
                direction = self._direction(sight.run, base, subject)
                for modality in sorted(sight.relevance):
                    curves = graded(net, subject, sight, modality, direction, (steps, orders), self._looking)
                    if curves is None:
                        continue
                    gains = {n: (curves.deletion_gain[n], curves.insertion_gain[n]) for n in curves.deletion_gain}
                    points = pointed(word_maps(seen, sight), places, seen.grid) if modality == "image" else {}
                    made.append(
                        Grade(sight.run, modality, curves.shares, curves.deletion, curves.insertion, gains, points)
                    )
            return tuple(made)

        return self._grades.get((base, steps, orders), measure)

    def grade_soon(self, question: Question) -> tuple[Grade, ...] | None:
        """What `grade` says if that is known, else None while it is measured; only the latest question waits."""
        base = whole(question)
        with self._asking:
            if self._grading is None or self._grading[0] != base:
                if self._grading is not None:
                    self._grading[1].cancel()
                self._grading = (base, self._grader.submit(self.grade, base))
            measured = self._grading[1]
        return measured.result() if measured.done() and not measured.cancelled() else None

    def grade_sample(
        self,
        catalogue: str,
        strategies: Sequence[str],
        split: str | None = None,
        n: int = 200,
        report: Report = silent,
        seed: int = 0,
    ) -> list[Summary]:
        """Grade the maps of n random items, each for a random person who chose it, and keep the means."""
        from mmviz.explain.sampling import means, of_somebody

        fusions = [card for card in self._runs_of(catalogue, strategies, split) if card.kind == "fusion"]
        found = self.catalogue(catalogue)
        pairs = of_somebody(found, self._split(found, split), n, seed)
        made = means(self._measured(found, fusions, split, pairs, report))
        for card in fusions:
            with replacing(self._kept(card)) as draft:
                draft.write_text(json.dumps([asdict(row) for row in made if row.strategy == card.strategy]), "utf-8")
        return made

    def graded_sample(self, catalogue: str, strategies: Sequence[str], split: str | None = None) -> list[Summary]:
        """What `grade_sample` kept of these strategies' runs."""
        rows: list[Summary] = []
        for card in self._runs_of(catalogue, strategies, split):
            if self._kept(card).is_file():
                rows += [Summary(**row) for row in json.loads(self._kept(card).read_text("utf-8"))]
        return rows

    def start_grading(self, catalogue: str, strategies: Sequence[str], split: str | None = None, n: int = 200) -> str:
        """`grade_sample` in the background; returns the job's id."""
        key = f"grade:{catalogue}:{split}:{','.join(strategies)}:{n}"

        def work(report: Report) -> list[Summary]:
            return self.grade_sample(catalogue, strategies, split, n, report)

        return self._jobs.start(f"Grade the maps of {n} items", work, catalogue, key)

    def _measured(
        self,
        catalogue: Catalogue,
        cards: Sequence[RunCard],
        split: str | None,
        chosen: Sequence[tuple[int, int]],
        report: Report,
    ) -> Iterator[Value]:
        """What every map reached on the chosen (item, person) pairs, one value at a time; one report a pair."""
        from mmviz.explain.sampling import likeness, shuffled, values_of

        random = {card.strategy: shuffled(self._network(card)) for card in cards}
        for done, (item, user) in enumerate(chosen):
            report(Progress("Grading maps", done, len(chosen)))
            question = Question(
                catalogue.name,
                tuple(card.strategy for card in cards),
                str(catalogue.items["item_id"].iat[item]),
                user_id=str(catalogue.user_ids[user]),
                split=split,
            )
            for grade in self.grade(question, STEPS, ORDERS):
                yield from values_of(grade)
            for card in cards:
                subject = self._subject(question, card)
                direction = self._direction(card, question, subject)
                alike = likeness(self._network(card), random[card.strategy], subject, direction)
                yield card, "shuffled", "likeness", alike
        report(Progress("Grading maps", len(chosen), len(chosen)))

    def _kept(self, card: RunCard) -> Path:
        name = sha256(card.run_id.encode()).hexdigest()[:16]
        return self.home / "grades" / f"{name}.json"
