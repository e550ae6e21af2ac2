"""What breaks: knock-outs and cold start on the trained models, and an item that no model has seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from mmviz import __version__, baselines, interaction
from mmviz.baselines.base import Baseline
from mmviz.errors import EvaluationError
from mmviz.evaluation.cold_start import Trial, few_likes, few_takers, measure
from mmviz.evaluation.knockouts import Curve, KnockOut, curve, knock_out, knock_outs_of, knocked_out
from mmviz.evaluation.metrics import expected_at_random
from mmviz.features import Features
from mmviz.features.damage import damaged, hit_items, mixed
from mmviz.lab.core import Core
from mmviz.memo import Memo
from mmviz.newcomer import land
from mmviz.progress import Progress, Report, silent
from mmviz.ranker import Ranker
from mmviz.views import RunCard
from mmviz.views.robustness import ColdCurves, Curves, KnockOutCard, Line, Newcomer

__all__ = ["COLD", "Robustness"]

COLD: dict[str, Callable[..., Trial]] = {"people": few_likes, "items": few_takers}
"""The two cold starts: of whom or of what little is known."""

SEED = 0
METRIC = "ndcg@10"


class Robustness(Core):
    """Verbs on what trained models are worth when something is missing."""

    def knock_outs(self, catalogue: str) -> list[KnockOutCard]:
        """What can be damaged in this catalogue. Raises FeatureError when it is not encoded."""
        return [_card(each) for each in knock_outs_of(self.features(catalogue).modalities)]

    def knock_out_curves(
        self,
        catalogue: str,
        name: str,
        strategies: Sequence[str] | None = None,
        split: str | None = None,
        metric: str = METRIC,
    ) -> Curves:
        """The curves of a knock-out that were measured so far; nothing is computed but the intervals.

        A run that does not read the damaged modality has a flat line without being measured.
        """
        knock = knock_out(name)
        lines, missing = [], []
        for run in self._asked(catalogue, strategies, split):
            if knock.modality not in run.modalities:
                lines.append(_flat(run, self.per_user(run.run_id), knock.severities, metric))
            elif (kept := self._runs.measure(run.run_id, _knocked(name))) is not None:
                lines.append(_line(run, self._curve(run, name, kept, metric), kept[1]))
            else:
                missing.append(run)
        n_users = max((run.n_users for run in self.runs(catalogue, split)), default=0)
        named = split or self._split(self.catalogue(catalogue), None).name
        return Curves(_card(knock), metric, named, n_users, tuple(lines), tuple(missing))

    def measure_knock_outs(
        self,
        catalogue: str,
        names: Sequence[str],
        strategies: Sequence[str] | None = None,
        split: str | None = None,
        again: bool = False,
        report: Report = silent,
    ) -> None:
        """Measure knock-outs on the newest runs of strategies (None = all), and keep the results with the runs.

        Reads the held-out part of the split, and chooses nothing by it. What is measured is not measured again unless
        `again`.
        """
        runs = self._asked(catalogue, strategies, split)
        todo = [
            (knock, run)
            for knock in map(knock_out, names)
            for run in runs
            if knock.modality in run.modalities
            and (again or self._runs.measure(run.run_id, _knocked(knock.name)) is None)
        ]
        for at, (knock, run) in enumerate(todo):
            card = _card(knock)

            def step(inner: Progress, at: int = at, said: str = f"{card.title}: {run.title}") -> None:
                report(Progress(said, at, len(todo), inner.stage))

            with self._working:
                self._knock_out(knock, run, step)

    def measure_all(self, catalogue: str, split: str | None = None, report: Report = silent) -> None:
        """Every knock-out that needs no encoding, and the cold starts that the split allows, on every run."""
        names = [card.name for card in self.knock_outs(catalogue) if not card.encodes]
        self.measure_knock_outs(catalogue, names, None, split, report=report)
        for what in COLD:
            with suppress(EvaluationError):
                self.measure_cold(catalogue, what, None, split, report=report)

    def start_knock_outs(
        self, catalogue: str, names: Sequence[str], strategies: Sequence[str] | None = None, split: str | None = None
    ) -> str:
        """As `measure_knock_outs` in the background; the job's id."""
        cards = [_card(knock_out(name)) for name in names]
        title = f"Knock-outs: {', '.join(card.title.lower() for card in cards[:2])}{' …' if len(cards) > 2 else ''}"
        return self._jobs.start(
            title,
            lambda report: self.measure_knock_outs(catalogue, names, strategies, split, report=report),
            catalogue,
            f"knock-outs:{catalogue}:{split}:{','.join(names)}:{','.join(strategies or ())}",
        )

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
            kept = self._runs.measure(run.run_id, f"cold-{what}")
            if kept is None:
                missing.append(run)
                continue
            drawn = self._curve(run, what, kept, metric, by="count")
            lines.append(_line(run, drawn, kept[1], served=_refitted(run) if what == "items" else ""))
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

        Raises EvaluationError when the split does not allow it.
        """
        trial = self._trial(catalogue, what, split)
        runs = [
            run
            for run in self._asked(catalogue, strategies, split)
            if again or self._runs.measure(run.run_id, f"cold-{what}") is None
        ]
        for at, run in enumerate(runs):

            def step(inner: Progress, at: int = at, title: str = run.title) -> None:
                report(Progress(f"New {what}: {title}", at, len(runs), f"{inner.done + 1} of {inner.total} levels"))

            with self._working:
                serve = self._served_after(run) if what == "items" else _always(self._ranker(run))
                frame = measure(serve, trial, run.title, report=step)
                self._runs.save_measure(run.run_id, f"cold-{what}", frame, _record(seed=SEED))

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
        CatalogueError for a picture that is not fit, and when both are missing.
        """
        from mmviz.features.newcomer import encode_newcomer

        started = time.perf_counter()
        found = self.catalogue(catalogue)
        features = self.features(catalogue)
        with self._working:
            item = encode_newcomer(self._encoder(features.encoder), features, picture, text)
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

    @cached_property
    def _curves(self) -> Memo[Curve]:
        return Memo(512)

    def _curve(
        self, run: RunCard, name: str, kept: tuple[pd.DataFrame, dict[str, Any]], metric: str, by: str = "severity"
    ) -> Curve:
        """The curve of a stored measurement; its intervals are computed once."""
        key = (run.run_id, name, metric, kept[1]["finished"])
        return self._curves.get(key, lambda: curve(kept[0], metric, by))

    def _asked(self, catalogue: str, strategies: Sequence[str] | None, split: str | None) -> list[RunCard]:
        cards = self.runs(catalogue, split)
        if strategies is None:
            return cards
        by_name = {card.strategy: card for card in cards}
        return [self._trained(by_name, name) for name in strategies]

    def _trial(self, catalogue: str, what: str, split: str | None) -> Trial:
        found = self.catalogue(catalogue)
        return COLD[what](found, self._split(found, split), seed=SEED)

    def _knock_out(self, knock: KnockOut, run: RunCard, report: Report) -> None:
        found = self.catalogue(run.catalogue)
        features = self.features(found.name, run.encoder)
        opened = datetime.now(UTC).isoformat(timespec="seconds")
        frame = knocked_out(
            self._feeder(run, features, report),
            self._steps(knock, found.name, features, report),
            found,
            self._split(found, run.split, run.seed),
            self.per_user(run.run_id),
        )
        self._runs.save_measure(run.run_id, _knocked(knock.name), frame, _record(seed=SEED, measured=opened))

    def _steps(
        self, knock: KnockOut, catalogue: str, features: Features, report: Report
    ) -> Iterator[tuple[float, Features, np.ndarray]]:
        """Every severity above 0 with the features of the damaged items, and which items those are."""
        present = features.modalities[knock.modality].present  # (I,)
        if not knock.encodes:
            hurt = damaged(features, knock.modality, knock.damage, SEED)
            for severity in knock.severities[1:]:
                yield severity, hurt, hit_items(present, severity, SEED)
            return
        for severity in knock.severities[1:]:
            yield severity, self._reencoded(knock, catalogue, features, severity, report), present

    def _reencoded(
        self, knock: KnockOut, catalogue: str, features: Features, severity: float, report: Report
    ) -> Features:
        from mmviz.features.reencoded import blurred, struck

        if knock.damage == "struck" and severity == 1.0:
            return damaged(features, "text", "absent")
        found, encoder = self.catalogue(catalogue), self._encoder(features.encoder)
        if knock.damage == "blurred":
            return blurred(found, features, encoder, severity, self.home, report)
        return struck(found, features, encoder, severity, self.home, SEED, report)

    def _feeder(self, run: RunCard, clean: Features, report: Report) -> Callable[[Features, np.ndarray], Ranker]:
        """What serves a run when some items have other features; the network sees each set of features only once."""
        if run.kind == "control":
            control = self._ranker(run)
            assert isinstance(control, Baseline)
            like, known = _vectors(clean), self._known(run)
            return lambda hurt, hit: control.fed(_vectors(mixed(clean, hurt, hit)), like, known)
        return self._network_feeder(run, clean, report)

    def _network_feeder(
        self, run: RunCard, clean: Features, report: Report
    ) -> Callable[[Features, np.ndarray], Ranker]:
        import torch

        network = self._network(run)
        latest: list[tuple[Features, torch.Tensor]] = []

        def feed(hurt: Features, hit: np.ndarray) -> Ranker:
            if not latest or latest[0][0] is not hurt:
                latest[:] = [(hurt, network.contents(hurt, report))]
            rows = torch.from_numpy(hit).to(network.loader.device)[:, None]  # (I, 1)
            return network.fed(mixed(clean, hurt, hit), torch.where(rows, latest[0][1], network.clean))

        return feed

    def _served_after(self, run: RunCard) -> Callable[[float, csr_array], Ranker]:
        """What serves a run after more interactions, without a network being trained again."""
        if run.kind == "fusion":
            network = self._network(run)
            return lambda count, known: network.with_interactions(known) if count else network.served
        features = self.features(run.catalogue, run.encoder)
        cls, record = baselines.strategy(run.strategy), self.run(run.run_id)
        config = cls.Config(**record.settings["control"])
        served = self._ranker(run)
        return lambda count, known: cls(config).fit_data(cls.data(known, features)) if count else served

    def _joined_by(self, run: RunCard, item: Features, features: Features) -> Ranker:
        """What serves a run when the newcomer stands behind the other items."""
        if run.kind == "control":
            control = self._ranker(run)
            assert isinstance(control, Baseline)
            like, new = _vectors(features), _vectors(item)
            return control.fed({n: np.concatenate([like[n], new[n]]) for n in like}, like, self._known(run))
        return self._network(run).joined_by(item)

    def _known(self, run: RunCard) -> np.ndarray:
        """(I,) bool: items with a train interaction on the run's split."""
        found = self.catalogue(run.catalogue)
        train = found.matrix(self._split(found, run.split, run.seed).train)  # (U, I)
        return np.asarray(train.sum(axis=0)).ravel() > 0


def _vectors(features: Features) -> dict[str, np.ndarray]:
    """Raw summaries (I, Dp) of every modality."""
    return {name: part.vectors for name, part in features.modalities.items()}


def _always(ranker: Ranker) -> Callable[[float, csr_array], Ranker]:
    return lambda _count, _known: ranker


def _knocked(name: str) -> str:
    return f"knocked-{name}"


def _record(seed: int, measured: str = "") -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"measured": measured or now, "finished": now, "seed": seed, "mmviz": __version__}


def _line(run: RunCard, drawn: Curve, record: dict[str, Any], served: str = "") -> Line:
    change = (drawn.change.mean, drawn.change.low, drawn.change.high)
    score = None if drawn.area is None else (drawn.area.mean, drawn.area.low, drawn.area.high)
    return Line(
        run, drawn.levels, drawn.mean, drawn.low, drawn.high, change, score, False, str(record["measured"]), served
    )


def _flat(run: RunCard, per_user: pd.DataFrame, levels: Sequence[float], metric: str) -> Line:
    """The line of a run that does not read what is damaged."""
    same = np.full(len(levels), per_user[metric].mean())  # (L,)
    return Line(run, np.array(levels), same, same, same, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), True, "")


def _refitted(run: RunCard) -> str:
    """What is done to a run when new items get their first interactions."""
    if run.kind == "control":
        reads_nothing = run.strategy.startswith("content_knn")
        return "nothing to fit but histories" if reads_nothing else "solved again at the same settings"
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


_DAMAGE_SAID = {
    "absent": ("absent", "Taken away from a share of the items, as if they never had {it}."),
    "noise": (
        "replaced by noise",
        "A share of the items gets random numbers with the mean and spread of the real ones.",
    ),
    "shuffled": ("shuffled", "A share of the items gets {the} of another item, as in a catalogue that was mixed up."),
    "blurred": (
        "blurred",
        "Every picture is blurred, up to a radius of a tenth of its shorter side, and goes through the encoder again.",
    ),
    "struck": ("words struck", "A share of the words of every text is struck out, and the rest is encoded again."),
}
_IT = {"image": ("a picture", "the picture"), "text": ("a text", "the text"), "attributes": ("any", "the attributes")}


def _card(knock: KnockOut) -> KnockOutCard:
    title, said = _DAMAGE_SAID[knock.damage]
    it, the = _IT[knock.modality]
    subject = knock.modality.capitalize()
    return KnockOutCard(
        knock.name,
        knock.modality,
        knock.damage,
        f"{subject}: {title}" if knock.damage == "struck" else f"{subject} {title}",
        said.format(it=it, the=the),
        knock.encodes,
    )
