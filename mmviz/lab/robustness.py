"""What breaks: damaged pictures and texts on the trained models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mmviz import __version__, twins
from mmviz.baselines.base import Baseline
from mmviz.errors import RunError
from mmviz.evaluation.knockouts import Curve, KnockOut, curve, knock_out, knock_outs_of, knocked_out
from mmviz.features import Features
from mmviz.features.damage import damaged, hit_items, mixed
from mmviz.lab.core import Core
from mmviz.memo import Memo
from mmviz.progress import Progress, Report, silent
from mmviz.ranker import Ranker
from mmviz.views import RunCard
from mmviz.views.robustness import Curves, KnockOutCard, Line

__all__ = ["METRIC", "SEED", "Robustness", "line_of", "record_now", "vectors_of"]

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
                lines.append(line_of(run, self._curve(run, name, kept, metric), kept[1]))
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
        """The newest runs of these strategies (None = all but twins, whose content says nothing as it is)."""
        if strategies is None:
            return [card for card in self.runs(catalogue, split) if not twins.parts(card.strategy)[1]]
        if twin := next((name for name in strategies if twins.parts(name)[1]), None):
            raise RunError(f"'{twin}' is a twin: its content says nothing already. Choose the strategy itself.")
        return self._runs_of(catalogue, strategies, split)

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
        self._runs.save_measure(run.run_id, _knocked(knock.name), frame, record_now(seed=SEED, measured=opened))

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
            like, known = vectors_of(clean), self._known(run)
            return lambda hurt, hit: control.fed(vectors_of(mixed(clean, hurt, hit)), like, known)
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

    def _known(self, run: RunCard) -> np.ndarray:
        """(I,) bool: items with a train interaction on the run's split."""
        found = self.catalogue(run.catalogue)
        train = found.matrix(self._split(found, run.split, run.seed).train)  # (U, I)
        return np.asarray(train.sum(axis=0)).ravel() > 0


def vectors_of(features: Features) -> dict[str, np.ndarray]:
    """Raw summaries (I, Dp) of every modality."""
    return {name: part.vectors for name, part in features.modalities.items()}


def _knocked(name: str) -> str:
    return f"knocked-{name}"


def record_now(seed: int, measured: str = "") -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"measured": measured or now, "finished": now, "seed": seed, "mmviz": __version__}


def line_of(run: RunCard, drawn: Curve, record: dict[str, Any], served: str = "") -> Line:
    change = (drawn.change.mean, drawn.change.low, drawn.change.high)
    score = None if drawn.area is None else (drawn.area.mean, drawn.area.low, drawn.area.high)
    return Line(
        run, drawn.levels, drawn.mean, drawn.low, drawn.high, change, score, False, str(record["measured"]), served
    )


def _flat(run: RunCard, per_user: pd.DataFrame, levels: Sequence[float], metric: str) -> Line:
    """The line of a run that does not read what is damaged."""
    same = np.full(len(levels), per_user[metric].mean())  # (L,)
    return Line(run, np.array(levels), same, same, same, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), True, "")


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
