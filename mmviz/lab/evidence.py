"""Comparing what was trained, on one honest ruler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmviz import interaction, twins, variants
from mmviz import leaderboard as boards
from mmviz.catalogue.base import Catalogue
from mmviz.errors import EvaluationError, FeatureError, TrainingError, UnknownNameError
from mmviz.evaluation.splits import Split, summarise
from mmviz.lab.models import Models, encoder_of
from mmviz.leaderboard import MEASURES, Reached
from mmviz.progress import Report, silent
from mmviz.runs import Run
from mmviz.views import StrategyCard
from mmviz.views.evidence import Group, Leaderboard, Measure, Measured, Pair, SlicePanel, Standing, Tuned

__all__ = ["Evidence"]

TWINNED = ("concat",)
"""Fusions whose twins stand on the whole board unless others are named."""

GROUPS: tuple[Group, ...] = ("accuracy", "ratings", "beyond", "cost")


class Evidence(Models):
    """Verbs that compare runs. They read what the runs recorded at their one opening of the test split.

    All of them raise EvaluationError on a split that leaves too few people to rank models.
    """

    def leaderboard(self, catalogue: str, split: str | None = None, group: str = "accuracy") -> Leaderboard:
        """All runs of a split by a group of measures: "accuracy", "ratings", "beyond" (accuracy) or "cost".

        Best first by NDCG@10. Means over people carry 95 % bootstrap intervals; a simulated catalogue has its ceiling.
        """
        if group not in GROUPS:
            raise UnknownNameError("group of measures", group, GROUPS)
        found = self.catalogue(catalogue)
        chosen = self._judging(found, split)
        every = self._runs_on(found, chosen)
        key = ("board", tuple(sorted(run.run_id for run in every)), group, chosen.fingerprint)
        made: Leaderboard = self._evidence.get(key, lambda: self._board(found, chosen, every, group))
        return made

    def pairs(
        self, catalogue: str, strategies: Sequence[str], split: str | None = None, metric: str = "ndcg@10"
    ) -> tuple[Pair, ...]:
        """Every two of these strategies, person by person, with Holm's correction over these pairs."""
        found = self.catalogue(catalogue)
        chosen = self._chosen(found, self._judging(found, split), strategies)
        key = ("pairs", tuple(run.run_id for run in chosen.values()), metric)

        def compared() -> tuple[Pair, ...]:
            named = {n: (self.strategy(n).title, self.per_user(run.run_id)) for n, run in chosen.items()}
            return boards.pairs(named, metric)

        made: tuple[Pair, ...] = self._evidence.get(key, compared)
        return made

    def slices(
        self, catalogue: str, strategies: Sequence[str], split: str | None = None, metric: str = "ndcg@10"
    ) -> tuple[SlicePanel, ...]:
        """How these strategies do for parts of the people and of the items."""
        found = self.catalogue(catalogue)
        taken = self._judging(found, split)
        chosen = self._chosen(found, taken, strategies)
        key = ("slices", tuple(run.run_id for run in chosen.values()), metric)
        made: tuple[SlicePanel, ...] = self._evidence.get(
            key, lambda: boards.slices(found, taken, self._reached(chosen), metric)
        )
        return made

    def side_by_side(
        self, catalogue: str, a: str, b: str, split: str | None = None, metric: str = "ndcg@10"
    ) -> pd.DataFrame:
        """What each tested person got from two strategies: user_id, a, b, and how many items they have in train."""
        found = self.catalogue(catalogue)
        taken = self._judging(found, split)
        chosen = self._chosen(found, taken, (a, b)).values()
        frames = [self.per_user(run.run_id).set_index("user") for run in chosen]
        if metric not in frames[0].columns:
            raise UnknownNameError("metric", metric, frames[0].columns)
        joined = pd.DataFrame({"a": frames[0][metric], "b": frames[-1][metric]}).dropna()
        activity = np.diff(found.matrix(taken.train).indptr)  # (U,)
        return joined.assign(
            user_id=found.user_ids[joined.index.to_numpy()].astype(str), n_train=activity[joined.index.to_numpy()]
        ).reset_index(drop=True)

    def evaluate(
        self, catalogue: str, split: str | None = None, metric: str = "ndcg@10", reference: str = "popularity"
    ) -> pd.DataFrame:
        """The runs of a split on one metric, person by person, with 95 % bootstrap intervals.

        One row a run, best first: strategy, title, mean, low, high, and the paired difference from the run of
        `reference` (difference, difference_low, difference_high), n_users.
        """
        found = self.catalogue(catalogue)
        newest = _newest(self._runs_on(found, self._judging(found, split)))
        frames = {name: self.per_user(run.run_id).set_index("user") for name, run in newest.items()}
        base = frames[self._trained({name: self._run_card(run) for name, run in newest.items()}, reference).strategy]
        if metric not in base.columns:
            raise UnknownNameError("metric", metric, base.columns)
        tables = {name: frame[metric] for name, frame in frames.items()}
        joined = pd.concat(tables, axis=1, join="inner").dropna()  # (n, m)
        own = boards.means_with_intervals([joined[name].to_numpy() for name in tables])
        gaps = boards.means_with_intervals([(joined[n] - joined[reference]).to_numpy() for n in tables])
        rows = [
            (name, self.strategy(name).title, *mean, *gap, len(joined))
            for name, mean, gap in zip(tables, own, gaps, strict=True)
        ]
        differences = ("difference", "difference_low", "difference_high")
        columns = ["strategy", "title", "mean", "low", "high", *differences, "n_users"]
        return pd.DataFrame(rows, columns=columns).sort_values("mean", ascending=False, ignore_index=True)

    def ceiling(self, catalogue: str, split: str | None = None) -> float | None:
        """NDCG@10 of an oracle that knows everyone's taste, for a simulated catalogue; None where nobody knows it."""
        found = self.catalogue(catalogue)
        return None if found.truth is None else found.truth.ceiling.get(self._split(found, split).name)

    def twins(self, strategy: str) -> list[StrategyCard]:
        """The twins of a fusion, on shuffled content and on noise; none for a control, or for one with additions."""
        plain = self.strategy(strategy).kind == "fusion" and not variants.parts(strategy)[1]
        kinds = twins.TWINS if plain else ()
        return [self.strategy(twins.full_name(strategy, kind)) for kind in kinds]

    def tune(
        self,
        catalogue: str,
        strategy: str,
        split: str | None = None,
        trials: int = 20,
        settings: Mapping[str, Any] | None = None,
        seed: int = 0,
        encoder: str | None = None,
        report: Report = silent,
    ) -> Tuned:
        """Search the settings of a strategy by validation, then train once at the best ones, test, and keep the run.

        The search is handed train and validation only; the test split is opened once, by the run at the end, which
        keeps every trial. `settings` that are given are not varied. Attributes are read as by `train`. Raises
        TrainingError for tasks and fine-tuning, which need more than a search is handed.
        """
        from mmviz.experiment import Experiment, material_of, run_experiment
        from mmviz.fitting import Recipe
        from mmviz.tuning import search

        strategy, encoder = self._with_encoder(catalogue, strategy, encoder)
        strategy, settings = variants.settled(strategy, settings or {})
        self._check_searched(strategy)
        with self._working:
            found = self.catalogue(catalogue)
            chosen, features = self._split(found, split, seed), self.features(catalogue, encoder)
            recipe = Recipe(self.strategy(strategy).name, seed, {}, self._device)
            outcome = search(recipe, material_of(found, chosen, features), trials, report, settings)
            kept = {"by": "validation ndcg@10", "trials": list(outcome.trials)}
            experiment = Experiment(found, features, chosen, recipe.strategy, seed, outcome.best, self._device)
            trained = run_experiment(experiment, report, kept)
            self._keep(trained)
        return Tuned(self._run_card(trained.run), outcome.trials, outcome.best)

    def start_tune(self, catalogue: str, strategies: Sequence[str], split: str | None = None, trials: int = 20) -> str:
        """Search the settings of strategies, one after the other, in the background; the job's id."""
        cards = [self.strategy(name) for name in strategies]
        for card in cards:
            self._check_searched(card.name)

        def work(report: Report) -> list[Tuned]:
            return [
                self.tune(catalogue, card.name, split, trials, encoder=encoder_of(card.name), report=report)
                for card in cards
            ]

        title = f"Search settings of {', '.join(card.title for card in cards)}"
        return self._jobs.start(title, work, catalogue, f"tune:{catalogue}:{split}:{','.join(strategies)}")

    def whole_board(
        self,
        catalogue: str,
        split: str | None = None,
        under: Sequence[str] = (interaction.DEFAULT,),
        twins_of: Sequence[str] = TWINNED,
        again: bool = False,
        report: Report = silent,
    ) -> Leaderboard:
        """Train everything that is not trained yet on a split: all fusions, all controls, and twins; the leaderboard.

        `under` names the interaction models of the fusions; `again` trains what has a run already once more.
        """
        self._judging(self.catalogue(catalogue), split)
        plain = [card for name in under for card in self.strategies(name)]
        wanted = dict.fromkeys(card.name for card in sorted(plain, key=lambda card: card.kind == "fusion"))
        wanted |= dict.fromkeys(twin.name for name in twins_of for twin in self.twins(name))
        done = set() if again else {card.strategy for card in self.runs(catalogue, split)}
        todo = [name for name in self._named(catalogue, wanted) if name not in done]
        self._train_each(catalogue, todo, split, report)
        return self.leaderboard(catalogue, split)

    def _judging(self, found: Catalogue, name: str | None) -> Split:
        """The split to rank models on. Raises EvaluationError where too few people have something to be found."""
        split = self._split(found, name)
        known = summarise(split)
        if not known.usable:
            raise EvaluationError(
                f"On '{split.name}', {known.reason[0].lower()}{known.reason[1:]} Choose another split."
            )
        return split

    def _check_searched(self, strategy: str) -> None:
        """Raises TrainingError for what cannot be searched for lack of what a search is handed."""
        extras = set(variants.parts(strategy)[1])
        if more := extras - {variants.ATTRIBUTES, variants.SELF_SUPERVISED}:
            raise TrainingError(
                f"A search is handed train and validation pairs only, and {', '.join(sorted(more))} needs the "
                "catalogue. Search without it, then train with the settings that were found."
            )

    def _chosen(self, found: Catalogue, split: Split, strategies: Sequence[str]) -> dict[str, Run]:
        """The newest runs of these strategies. Raises RunError for one that has none."""
        newest = _newest(self._runs_on(found, split))
        cards = {name: self._run_card(run) for name, run in newest.items()}
        return {name: newest[self._trained(cards, name).strategy] for name in dict.fromkeys(strategies)}

    def _reached(self, runs: Mapping[str, Run]) -> dict[str, Reached]:
        """These runs with what they recorded."""
        return {n: Reached(run, self.per_user(run.run_id), self._runs.lists(run.run_id)) for n, run in runs.items()}

    def _board(self, found: Catalogue, split: Split, every: Sequence[Run], group: str) -> Leaderboard:
        reached = self._reached(_newest(every))
        measures = tuple(each for each in MEASURES if each.group == group)
        space = self._neutral(found.name) if group == "beyond" else None
        parts = {name: boards.values_of(each, group, found, split, space) for name, each in reached.items()}
        ranked = sorted(reached, key=lambda name: -reached[name].run.metrics.get("ndcg@10", 0.0))
        intervals = boards.means_with_intervals([column for name in ranked for column in parts[name][0].values()])
        cells = iter(intervals)
        doubts = boards.doubts([each.run for each in reached.values()])
        standings = []
        for name in ranked:
            people, whole = parts[name]
            values = {measure: next(cells) for measure in people}
            values |= {measure: Measured(value) for measure, value in whole.items()}
            standings.append(self._standing(reached[name].run, values, every, doubts))
        missing = _missing(measures, standings, found)
        measured = tuple(m for m in measures if any(m.name in row.values for row in standings))
        return Leaderboard(
            catalogue=found.name,
            split=split.name,
            measures=measured,
            standings=tuple(standings),
            ceiling=self._ceiling_row(found, split, group),
            n_users=max((each.run.n_users for each in reached.values()), default=0),
            openings=tuple(sorted(run.test_opened for run in every)),
            missing=missing,
        )

    def _standing(
        self, run: Run, values: dict[str, Measured], every: Sequence[Run], doubts: dict[str, tuple[str, ...]]
    ) -> Standing:
        card = self._run_card(run)
        alike = {
            each.seed: each.metrics.get("ndcg@10", float("nan"))
            for each in every
            if each.strategy == run.strategy and _but_seed(each) == _but_seed(run)
        }
        return Standing(
            run.strategy,
            card.title,
            card.kind,
            card.order,
            values,
            card,
            run.test_opened,
            tuple(alike[seed] for seed in sorted(alike)),
            doubts.get(run.run_id, ()),
            run.ms_user,
        )

    def _ceiling_row(self, found: Catalogue, split: Split, group: str) -> Standing | None:
        """What an oracle that knows every taste reaches, for a simulated catalogue."""
        if found.truth is None or group != "accuracy":
            return None
        from mmviz.evaluation.ceiling import oracle

        known = oracle(found, split)
        names = [each.name for each in MEASURES if each.group == group]
        cells = boards.means_with_intervals([known.values[name] for name in names])
        return Standing("", "Oracle", "control", 0, dict(zip(names, cells, strict=True)))

    def _neutral(self, catalogue: str) -> np.ndarray | None:
        """The raw encoder's joint space, or None where the catalogue is not encoded."""
        try:
            return self._space(catalogue, "joint")
        except FeatureError:
            return None


def _newest(every: Sequence[Run]) -> dict[str, Run]:
    """The newest run of each strategy; runs come oldest first."""
    return {run.strategy: run for run in every}


def _but_seed(run: Run) -> dict[str, dict[str, object]]:
    """The settings of a run without its seed, which some controls list among them."""
    return {part: {k: v for k, v in own.items() if k != "seed"} for part, own in run.settings.items()}


def _missing(measures: Sequence[Measure], rows: Sequence[Standing], found: Catalogue) -> tuple[str, ...]:
    """Why some cells are empty."""
    lacking = [row.title for row in rows if any(m.name not in row.values for m in measures)]
    if not lacking:
        return ()
    group = measures[0].group
    if group == "ratings" and not np.isfinite(found.interactions["rating"].to_numpy(float)).any():
        return ("There are no ratings in this catalogue, so no error of ratings can be measured.",)
    several = len(lacking) > 3
    who = f"{len(lacking)} runs" if several else ", ".join(lacking)
    return (f"{who} did not record all of these measures; they were trained before it was kept. Train again.",)
