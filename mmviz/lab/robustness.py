"""What breaks: damaged pictures and texts on the trained models, measured on the validation part of their split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from mmviz import __version__, twins
from mmviz.baselines.base import Baseline
from mmviz.errors import EvaluationError, RunError
from mmviz.evaluation.evaluate import evaluate
from mmviz.evaluation.knockouts import Curve, KnockOut, curve, knock_out, knock_outs_of, knocked_out
from mmviz.evaluation.splits import Part
from mmviz.features import Features
from mmviz.features.damage import damaged, hit_items, mixed
from mmviz.lab.core import Core
from mmviz.lab.curves import Kept, card_of, flat_line, line_of, too_few
from mmviz.memo import Memo
from mmviz.progress import Progress, Report, silent
from mmviz.ranker import Ranker
from mmviz.views import RunCard
from mmviz.views.robustness import Curves, KnockOutCard

__all__ = ["METRIC", "SEED", "Robustness", "now", "vectors_of"]

SEED = 0
METRIC = "ndcg@10"
PART: Part = "valid"
"""The part of a split that all of this is measured on; what was once measured on another part does not count."""

UNDAMAGED = "undamaged"


class Robustness(Core):
    """Verbs on what trained models are worth when something is missing."""

    def knock_outs(self, catalogue: str) -> list[KnockOutCard]:
        """What can be damaged in this catalogue. Raises FeatureError when it is not encoded."""
        return [card_of(each) for each in knock_outs_of(self.features(catalogue).modalities)]

    def knock_out_curves(
        self,
        catalogue: str,
        name: str,
        strategies: Sequence[str] | None = None,
        split: str | None = None,
        metric: str = METRIC,
    ) -> Curves:
        """The curves of a knock-out that were measured so far; nothing is computed but the intervals.

        A run that does not read the damaged modality has a flat line. Where too few people have something in the
        validation part, `problem` says so.
        """
        knock = knock_out(name)
        chosen = self._split(self.catalogue(catalogue), split)
        lines, missing = [], []
        problem = too_few(chosen)
        for run in () if problem else self._asked(catalogue, strategies, split):
            kept = self._kept_measure(run, _measure_of(knock, run))
            if kept is None:
                missing.append(run)
            elif _reads(knock, run):
                lines.append(line_of(run, self._curve(run, name, kept, metric), kept[1]))
            else:
                lines.append(flat_line(run, kept, knock.severities, metric))
        n_users = chosen.n_valid_users
        return Curves(card_of(knock), metric, chosen.name, n_users, tuple(lines), tuple(missing), problem)

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

        People and what they are to find are the validation part of the split: the test part stays closed. What is
        measured is not measured again unless `again`. Raises EvaluationError where too few people have something there.
        """
        if problem := too_few(self._split(self.catalogue(catalogue), split)):
            raise EvaluationError(problem)
        runs = self._asked(catalogue, strategies, split)
        asked = {(run.run_id, _measure_of(knock, run)): (knock, run) for knock in map(knock_out, names) for run in runs}
        todo = [
            (*each, name) for (_, name), each in asked.items() if again or self._kept_measure(each[1], name) is None
        ]
        for at, (knock, run, name) in enumerate(todo):
            title = "As trained" if name == UNDAMAGED else card_of(knock).title

            def step(inner: Progress, said: str = f"{title}: {run.title} ({at + 1} of {len(todo)})") -> None:
                report(Progress(said, inner.done, inner.total, inner.stage))

            with self._working:
                step(Progress(""))
                if name == UNDAMAGED:
                    self._validated(run, again)
                else:
                    self._knock_out(knock, run, step)

    def start_knock_outs(
        self, catalogue: str, names: Sequence[str], strategies: Sequence[str] | None = None, split: str | None = None
    ) -> str:
        """As `measure_knock_outs` in the background; the job's id."""
        cards = [card_of(knock_out(name)) for name in names]
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

    def _kept_measure(self, run: RunCard, name: str) -> Kept | None:
        """What was measured on a run, or None where that is still to be done."""
        kept = self._runs.measure(run.run_id, name)
        return kept if kept is not None and kept[1].get("part") == PART else None

    def _keep_measure(self, run: RunCard, name: str, frame: pd.DataFrame, since: str) -> None:
        """Keep what was measured since a moment (UTC, ISO 8601)."""
        record = {"measured": since, "finished": now(), "seed": SEED, "part": PART, "mmviz": __version__}
        self._runs.save_measure(run.run_id, name, frame, record)

    def _validated(self, run: RunCard, again: bool = False) -> pd.DataFrame:
        """What an undamaged run reaches on the validation part: a column `user` and one for each metric."""
        kept = None if again else self._kept_measure(run, UNDAMAGED)
        if kept is not None:
            return kept[0]
        since, found = now(), self.catalogue(run.catalogue)
        result = evaluate(self._ranker(run), found, self._split(found, run.split, run.seed), PART)
        frame = pd.DataFrame({"user": result.users, **result.values})
        self._keep_measure(run, UNDAMAGED, frame, since)
        return frame

    def _curve(self, run: RunCard, name: str, kept: Kept, metric: str, by: str = "severity") -> Curve:
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
        since = now()
        frame = knocked_out(
            self._feeder(run, features, report),
            self._steps(knock, found.name, features, report),
            found,
            self._split(found, run.split, run.seed),
            self._validated(run),
        )
        self._keep_measure(run, _measure_of(knock, run), frame, since)

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

            def step(inner: Progress, at: float = severity) -> None:
                report(Progress(f"{inner.stage}, severity {at:.0%}".replace("%", " %"), inner.done, inner.total))

            yield severity, self._reencoded(knock, catalogue, features, severity, step), present

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


def _reads(knock: KnockOut, run: RunCard) -> bool:
    return knock.modality in run.modalities


def _measure_of(knock: KnockOut, run: RunCard) -> str:
    """The name of what is measured on a run for a knock-out; one that does not read what is damaged stays as it is."""
    return f"knocked-{knock.name}" if _reads(knock, run) else UNDAMAGED


def now() -> str:
    """This moment (UTC, ISO 8601)."""
    return datetime.now(UTC).isoformat(timespec="seconds")
