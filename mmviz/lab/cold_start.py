"""Cold start on the trained models, and an item that no model has seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
from scipy.sparse import csr_array

from mmviz import baselines, interaction, variants
from mmviz.baselines.base import Baseline
from mmviz.errors import EvaluationError, UploadError
from mmviz.evaluation.cold_start import Trial, few_likes, few_takers, measure
from mmviz.evaluation.metrics import expected_at_random
from mmviz.features import Features
from mmviz.lab.curves import line_of
from mmviz.lab.robustness import METRIC, SEED, Robustness, now, vectors_of
from mmviz.newcomer import land
from mmviz.progress import Progress, Report, silent
from mmviz.ranker import Ranker
from mmviz.views import RunCard
from mmviz.views.robustness import ColdCurves, Newcomer

__all__ = ["COLD", "ColdStart"]

COLD: dict[str, Callable[..., Trial]] = {"people": few_likes, "items": few_takers}
"""The two cold starts: of whom or of what little is known."""


PATIENCE = 20.0
"""Seconds that a newcomer waits for other work."""


class ColdStart(Robustness):
    """Verbs on people and items of whom little or nothing is known."""

    def measure_all(self, catalogue: str, split: str | None = None, report: Report = silent) -> None:
        """Every knock-out that needs no encoding, and the cold starts that the split allows, on every run."""
        names = [card.name for card in self.knock_outs(catalogue) if not card.encodes]
        self.measure_knock_outs(catalogue, names, None, split, report=report)
        for what in COLD:
            with suppress(EvaluationError):
                self.measure_cold(catalogue, what, None, split, report=report)

    def cold_curves(
        self,
        catalogue: str,
        what: str,
        strategies: Sequence[str] | None = None,
        split: str | None = None,
        metric: str = METRIC,
    ) -> ColdCurves:
        """Learning curves of new "people" or new "items" that were measured so far.

        Where the split allows none, `problem` says why.
        """
        named = self._split(self.catalogue(catalogue), split).name
        try:
            trial = self._trial(catalogue, what, split)
        except EvaluationError as error:
            return ColdCurves(metric, named, 0, 0, 0.0, (), (), str(error))
        lines, missing = [], []
        for run in self._asked(catalogue, strategies, split):
            kept = self._kept_measure(run, f"cold-{what}")
            if kept is None:
                missing.append(run)
                continue
            drawn = self._curve(run, what, kept, metric, by="count")
            lines.append(line_of(run, drawn, kept[1], served=_refitted(run) if what == "items" else ""))
        chance = _chance(trial, metric)
        return ColdCurves(metric, named, trial.n_users, trial.n_items, chance, tuple(lines), tuple(missing))

    def measure_cold(
        self,
        catalogue: str,
        what: str,
        strategies: Sequence[str] | None = None,
        split: str | None = None,
        again: bool = False,
        report: Report = silent,
    ) -> None:
        """Measure a cold start on the newest runs of strategies (None = all), and keep the results with the runs.

        What is to be found is the validation part of the split: the test part stays closed. Raises EvaluationError when
        the split does not allow it.
        """
        trial = self._trial(catalogue, what, split)
        runs = [
            run
            for run in self._asked(catalogue, strategies, split)
            if again or self._kept_measure(run, f"cold-{what}") is None
        ]
        for at, run in enumerate(runs):

            def step(inner: Progress, at: int = at, title: str = run.title) -> None:
                report(Progress(f"New {what}: {title}", at, len(runs), f"{inner.done + 1} of {inner.total} levels"))

            with self._working:
                since = now()
                serve = self._served_after(run) if what == "items" else _always(self._ranker(run))
                frame = measure(serve, trial, run.title, report=step)
                self._keep_measure(run, f"cold-{what}", frame, since)

    def start_cold(
        self, catalogue: str, what: str, strategies: Sequence[str] | None = None, split: str | None = None
    ) -> str:
        """As `measure_cold` in the background; the job's id."""
        return self._jobs.start(
            f"Cold start: new {what}",
            lambda report: self.measure_cold(catalogue, what, strategies, split, report=report),
            catalogue,
            f"cold:{catalogue}:{split}:{what}:{','.join(strategies or ())}",
        )

    def newcomer(
        self,
        catalogue: str,
        picture: bytes | None,
        text: str,
        strategies: Sequence[str] | None = None,
        split: str | None = None,
        near: int = 8,
        takers: int = 8,
    ) -> Newcomer:
        """Where every strategy puts an item that is not in the catalogue, what is near it, and who would get it.

        `picture` holds the bytes of a JPEG, PNG or WebP; either it or the text may be missing. Nothing is kept. Raises
        UploadError for a picture that is not fit, when both are missing, and while other work holds the encoder.
        """
        from mmviz.features.newcomer import encode_newcomer

        started = time.perf_counter()
        found = self.catalogue(catalogue)
        features = self.features(catalogue)
        if not self._working.acquire(timeout=PATIENCE):  # an encoder serves one at a time
            raise UploadError("Other work is running, and the encoder is not free. Try again when it has ended.")
        try:
            item = encode_newcomer(self._encoder(features.encoder), features, picture, text)
        finally:
            self._working.release()
        train = found.matrix(self._split(found, split).train)  # (U, I)
        users = [str(user_id) for user_id in found.user_ids]
        landings, blind = [], []
        for run in self._asked(catalogue, strategies, split):
            if any(item.modalities[name].present.any() for name in run.modalities):
                landings.append(land(run, self._joined_by(run, item, features), train, users, near, takers))
            else:
                blind.append(run)
        seconds = time.perf_counter() - started
        words = int(item.modalities["text"].mask.sum()) if "text" in item.modalities else 0
        return Newcomer(tuple(landings), tuple(blind), words, picture is not None, seconds)

    def _trial(self, catalogue: str, what: str, split: str | None) -> Trial:
        found = self.catalogue(catalogue)
        return COLD[what](found, self._split(found, split), seed=SEED)

    def _served_after(self, run: RunCard) -> Callable[[float, csr_array], Ranker]:
        """What serves a run after more interactions, without a network being trained again."""
        if run.kind == "fusion":
            network = self._network(run)
            return lambda count, known: network.with_interactions(known) if count else network.served
        features = self.features(run.catalogue, run.encoder)
        cls, record = baselines.strategy(variants.parts(run.strategy)[0]), self.run(run.run_id)
        config = cls.Config(**record.settings["control"])
        served = self._ranker(run)
        return lambda count, known: cls(config).fit_data(cls.data(known, features)) if count else served

    def _joined_by(self, run: RunCard, item: Features, features: Features) -> Ranker:
        """What serves a run when the newcomer stands behind the other items."""
        if run.kind == "control":
            control = self._ranker(run)
            assert isinstance(control, Baseline)
            like, new = vectors_of(features), vectors_of(item)
            return control.fed({n: np.concatenate([like[n], new[n]]) for n in like}, like, self._known(run))
        return self._network(run).joined_by(item)


def _always(ranker: Ranker) -> Callable[[float, csr_array], Ranker]:
    return lambda _count, _known: ranker


def _refitted(run: RunCard) -> str:
    """What is done to a run when new items get their first interactions."""
    if run.kind == "control":
        reads_nothing = run.strategy.startswith("content_knn")
        return "nothing to fit but histories" if reads_nothing else "fitted again at the same settings"
    axis = interaction.parts(run.strategy)[1]
    return {
        "collective": "network kept, closed form solved again",
        "graph": "network kept, graph redrawn",
    }.get(axis, "nothing: new items have no collaborative vector until it is trained again")


def _chance(trial: Trial, metric: str) -> float:
    """What a list in random order reaches on a trial; 0 for a metric that has no plain closed form."""
    found = np.asarray(trial.relevant.sum(axis=1)).ravel()  # (U,)
    left = trial.candidates.sum() - np.asarray(trial.excluded[:, trial.candidates].sum(axis=1)).ravel()  # (U,)
    k = int(metric.rpartition("@")[2])
    return expected_at_random(found[found > 0], left[found > 0], (k,)).get(metric, 0.0)
