"""The lab: the only thing that pages, the command line and notebooks talk to.

>>> lab = Lab()
>>> lab.import_folder(Path("films"))        # doctest: +SKIP
>>> lab.encode("films")                     # doctest: +SKIP
>>> lab.train("films", "concat").metrics    # doctest: +SKIP
>>> lab.recommend("films", ["concat", "afn"], user_id="7").columns[0].picks   # doctest: +SKIP
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmviz import baselines, fusion, interaction
from mmviz.boards import Wish, make_board, matches, person_history
from mmviz.catalogue import store
from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.report import ImportReport
from mmviz.devices import describe_device, pick_device
from mmviz.errors import CatalogueError, FeatureError, MmvizError, RunError, UnknownNameError
from mmviz.evaluation.splits import Split, default_split, describe, make_split, split_names
from mmviz.features import Features, encode_catalogue, has_features, load_features
from mmviz.home import data_home
from mmviz.jobs import Jobs
from mmviz.memo import Memo
from mmviz.methods import method_cards
from mmviz.people import find_people, person
from mmviz.progress import Progress, Report, silent
from mmviz.ranker import Ranker
from mmviz.runs import Run, RunStore
from mmviz.searching import by_words, joint_space, nearest_to, pooled_space, unit_rows
from mmviz.settings import Settings
from mmviz.views import (
    Board,
    CatalogueCard,
    DeviceCard,
    Found,
    HistoryEntry,
    InteractionCard,
    JobCard,
    Kind,
    MethodCard,
    Person,
    RunCard,
    SplitCard,
    StrategyCard,
)

__all__ = ["DEFAULT_ENCODER", "DEMO_SIZE", "FIRST_CONTROLS", "FIRST_STRATEGIES", "Lab"]

DEFAULT_ENCODER = "bundled"
FIRST_STRATEGIES = ("concat", "attention", "gcca", "afn")
"""What is trained on a new catalogue before anyone asks: four ways that differ, from plain to token by token."""

DEMO_SIZE = 1200
"""Items of the demo catalogue when no other size is asked for."""

FIRST_CONTROLS = ("popularity", "ease")
"""What is trained beside them, so that there is something to beat."""


class Lab:
    """Everything that mmviz can do, as verbs. Thread-safe; one instance a process is enough.

    `home` is where catalogues, features and runs are kept (default: `MMVIZ_HOME`, else the platform's data folder);
    `device` is "cuda", "mps" or "cpu" (default: `MMVIZ_DEVICE`, else the best that is there).
    """

    def __init__(self, home: Path | None = None, device: str | None = None) -> None:
        self.home = home or data_home()
        self._device = pick_device(device)
        self._runs = RunStore(self.home / "runs")
        self._settings = Settings(self.home / "settings.json")
        self._jobs = Jobs()
        self._catalogues: Memo[Catalogue] = Memo(8)
        self._features: Memo[Features] = Memo(4)
        self._splits: Memo[Split] = Memo(32)
        self._rankers: Memo[Ranker] = Memo(24)
        self._spaces: Memo[np.ndarray] = Memo(16)
        self._encoders: Memo[Any] = Memo(2)
        self._working = threading.Lock()  # one encoding or training at a time, whoever asks

    # ── catalogues ────────────────────────────────────────────────────────────────────────────────────────────

    def catalogues(self) -> list[CatalogueCard]:
        """All kept catalogues, in alphabetical order."""
        return [self._card(name) for name in store.names(self.home)]

    def catalogue(self, name: str) -> Catalogue:
        """A kept catalogue. Raises UnknownNameError with the nearest name."""
        known = store.names(self.home)
        if name not in known:
            raise UnknownNameError("catalogue", name, known)
        return self._catalogues.get(store.stamp(self.home, name), lambda: store.load(self.home, name))

    def import_folder(
        self,
        folder: Path,
        name: str | None = None,
        mapping: Mapping[str, str] | None = None,
        replace: bool = False,
        report: Report = silent,
    ) -> ImportReport:
        """Read a folder of items, pictures and interactions and keep it. Raises CatalogueError in plain words."""
        from mmviz.catalogue import read_folder

        _, result = read_folder(folder, self.home, name=name, mapping=mapping, replace=replace, report=report)
        return result

    def import_report(self, name: str) -> ImportReport:
        """What the import of a kept catalogue found. Raises CatalogueError for one that was not imported."""
        return store.load_report(self.home, self.catalogue(name).name)

    def add_demo(self, size: int | None = None, report: Report = silent) -> CatalogueCard:
        """Draw the demo catalogue, whose right answers are known, and keep it as "demo".

        `size` is the number of items, 30 to 100,000 (None = that of the demo that is kept, else 1,200); a demo of
        another size is replaced. It can be browsed from the first seconds, while its pictures are still drawn; stopped,
        it goes on next time.
        """
        from mmviz.catalogue.demo import make_demo
        from mmviz.evaluation.ceiling import demo_ceiling

        kept = {card.name: card.n_items for card in self.catalogues() if card.simulated}
        size = kept.get("demo", DEMO_SIZE) if size is None else size
        rows = min(40_000, 100 * size)
        made = make_demo(self.home, size=size, interactions=rows, report=report, ceiling=demo_ceiling)
        return self._card(made.name)

    def remove_catalogue(self, name: str) -> None:
        """Forget a catalogue. Its runs and features stay, and fit again if the same content is imported."""
        store.remove(self.home, self.catalogue(name).name)

    # ── features ──────────────────────────────────────────────────────────────────────────────────────────────

    def encode(self, catalogue: str, encoder: str = DEFAULT_ENCODER, report: Report = silent) -> int:
        """Turn every picture and text into features; returns the number of items. Resumes where it was stopped."""

        with self._working:
            features = encode_catalogue(self.catalogue(catalogue), self._encoder(encoder), self.home, report)
        return features.n_items

    def features(self, catalogue: str, encoder: str = DEFAULT_ENCODER) -> Features:
        """The stored features. Raises FeatureError that says to encode first."""

        found = self.catalogue(catalogue)
        key = f"{found.fingerprint}/{encoder}"
        return self._features.get(key, lambda: load_features(found, encoder, self.home))

    def search(self, catalogue: str, query: str, mode: str = "words", k: int = 60) -> Found:
        """Items for a query: mode "words" (letters of titles and texts) or "meaning" (the encoder's joint space)."""
        found = self.catalogue(catalogue)
        if mode == "words":
            return by_words(found, query, k)
        if mode != "meaning":
            raise UnknownNameError("search mode", mode, ("words", "meaning"))
        features = self.features(catalogue)
        vector = self._encoder(features.encoder).encode_query(query)
        return nearest_to(vector, self._space(catalogue, "joint"), k)

    def neighbours(self, catalogue: str, item_id: str, space: str, k: int = 12) -> Found:
        """The nearest items in a space: "image", "text", "joint", or a strategy that has a run on the default split."""
        vectors = self._space(catalogue, space)
        item = self._item(self.catalogue(catalogue), item_id)
        return nearest_to(vectors[item], vectors, k, but=item)

    # ── models ────────────────────────────────────────────────────────────────────────────────────────────────

    def strategies(self, under: str = interaction.DEFAULT) -> list[StrategyCard]:
        """What can be trained: the fusions under an interaction model in registry order, then the controls."""
        fusions, controls = fusion.names(), baselines.names()
        return [
            *(_strategy_card("fusion", name, fusion.texts(name), order, under) for order, name in enumerate(fusions)),
            *(
                _strategy_card("control", name, baselines.texts(name), order)
                for order, name in enumerate(controls, start=len(fusions))
            ),
        ]

    def strategy(self, name: str) -> StrategyCard:
        """One strategy by its full name, such as "concat", "concat@graph" or "ease"."""
        if name not in self._known_strategies:
            raise UnknownNameError("strategy", name, self._known_strategies)
        return self._known_strategies[name]

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
            self._runs.save(trained.run, trained.per_user, trained.ranker.state(), trained.model)
        return self._run_card(trained.run)

    def runs(self, catalogue: str, split: str | None = None) -> list[RunCard]:
        """The newest run of each strategy, under each interaction model, on a split (default: the default split).

        In the order of `strategies`; a fusion's runs under several interaction models stand together.
        """
        found = self.catalogue(catalogue)
        chosen = self._split(found, split)
        newest = {
            run.strategy: run
            for run in self._runs.all()
            if run.fingerprints["catalogue"] == found.fingerprint and run.fingerprints["split"] == chosen.fingerprint
        }
        known = self._known_strategies
        cards = [self._run_card(run) for run in newest.values() if run.strategy in known]
        return sorted(cards, key=lambda card: (card.kind == "control", card.order, card.strategy))

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

    def per_user(self, run_id: str) -> pd.DataFrame:
        """What a run reached for each tested person: `user` (place in the catalogue) and one column a metric."""
        return self._runs.per_user(run_id)

    def run(self, run_id: str) -> Run:
        """The whole record of one run."""
        return self._runs.load(run_id)

    # ── people ────────────────────────────────────────────────────────────────────────────────────────────────

    def people(
        self, catalogue: str, split: str | None = None, find: str = "", order: str = "active", limit: int = 50
    ) -> list[Person]:
        """People to look at: order "active", "newest", "hardest" (lowest NDCG of the runs present) or "id"."""
        found = self.catalogue(catalogue)
        results = [self.per_user(r.run_id) for r in self.runs(catalogue, split)] if order == "hardest" else []
        return find_people(found, self._split(found, split), find, order, limit, results)

    def history(self, catalogue: str, user_id: str, split: str | None = None) -> tuple[HistoryEntry, ...]:
        """What a person did, oldest first, with the side of the split."""
        found = self.catalogue(catalogue)
        return person_history(found, self._split(found, split), self._user(found, user_id))

    def recommend(
        self,
        catalogue: str,
        strategies: Sequence[str],
        user_id: str | None = None,
        liked: Sequence[str] = (),
        k: int = 10,
        weights: Mapping[str, float] | None = None,
        seen: bool = False,
        filters: Mapping[str, Sequence[str]] | None = None,
        reference: str | None = None,
        split: str | None = None,
    ) -> Board:
        """Several strategies' lists for one person, side by side.

        `liked` item ids stand for a new person (`user_id` None) or join the history of `user_id`; `weights` say how
        much of a modality counts, 0 to 1; `reference` is the strategy to compare ranks with.
        """
        if not 1 <= k <= 200:
            raise MmvizError(f"A list has between 1 and 200 items; {k} were asked for.")
        found = self.catalogue(catalogue)
        chosen = self._split(found, split)
        cards = {card.strategy: card for card in self.runs(catalogue, split)}
        picked = [self._trained(cards, name) for name in strategies]
        user = None if user_id is None else self._user(found, user_id)
        wish = Wish(
            user=user,
            liked=tuple(self._item(found, item_id) for item_id in liked),
            k=k,
            weights=dict(weights or {}),
            seen=seen,
            allowed=matches(found, filters or {}),
            reference=cards[reference].run_id if reference in cards else None,
        )
        who = None if user is None else person(found, chosen, user)
        return make_board(found, chosen, [(card, self._ranker(card)) for card in picked], wish, who)

    # ── device, jobs, memory of small things ──────────────────────────────────────────────────────────────────

    def device(self) -> DeviceCard:
        """Where models run, and its memory."""
        return describe_device(self._device)

    def start_import(self, folder: Path, name: str | None = None) -> str:
        """Import, encode and train the first strategies in the background; returns the job's id."""

        def work(report: Report) -> ImportReport:
            result = self.import_folder(folder, name, report=report)
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

    def setting(self, name: str, default: Any = None) -> Any:
        """A small thing remembered between starts."""
        return self._settings.get(name, default)

    def set_setting(self, name: str, value: Any) -> None:
        """Remember a small JSON value between starts."""
        self._settings.set(name, value)

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────

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
        return [name for name in (*FIRST_CONTROLS, *FIRST_STRATEGIES) if name not in done]

    def _train_each(
        self, catalogue: str, strategies: Sequence[str], split: str | None, report: Report
    ) -> list[RunCard]:
        """Train one after the other; the report says which of how many."""
        made = []
        for number, name in enumerate(strategies, start=1):

            def step(progress: Progress, number: int = number) -> None:
                place = f"{number} of {len(strategies)}"
                report(Progress(f"{progress.stage} ({place})", progress.done, progress.total, progress.note))

            made.append(self.train(catalogue, name, split, report=step))
        return made

    def _card(self, name: str) -> CatalogueCard:
        kept = store.summary(self.home, name)
        return CatalogueCard(
            name=name,
            n_items=kept.n_items,
            n_users=kept.n_users,
            n_interactions=kept.n_interactions,
            n_without_image=kept.n_without_image,
            n_without_text=kept.n_without_text,
            simulated=kept.simulated,
            encoded=has_features(self.catalogue(name), DEFAULT_ENCODER, self.home),
            fingerprint=kept.fingerprint,
        )

    def _split(self, catalogue: Catalogue, name: str | None, seed: int = 0) -> Split:
        chosen = name or default_split(catalogue)[0]
        return self._splits.get(f"{catalogue.fingerprint}/{chosen}/{seed}", lambda: make_split(catalogue, chosen, seed))

    def _encoder(self, name: str) -> Any:
        from mmviz.encoders import load_encoder

        return self._encoders.get(name, lambda: load_encoder(name, self._device, self.home))

    def _ranker(self, card: RunCard) -> Ranker:
        return self._rankers.get(
            card.run_id, lambda: self._serving(card).from_state(self._runs.ranker_state(card.run_id))
        )

    def _serving(self, card: RunCard) -> type[Ranker]:
        """The class that serves a run."""
        if card.kind == "control":
            return baselines.strategy(card.strategy)
        return interaction.model(interaction.parts(card.strategy)[1]).serves

    def _space(self, catalogue: str, space: str) -> np.ndarray:
        """(I, D) unit vectors of a space by name."""
        features = self.features(catalogue)
        if space == "joint":
            return self._spaces.get(f"{features.fingerprint}/joint", lambda: joint_space(features))
        if space in features.modalities:
            return self._spaces.get(f"{features.fingerprint}/{space}", lambda: pooled_space(features, space))
        cards = {card.strategy: card for card in self.runs(catalogue)}
        card = self._trained(cards, space)
        vectors = self._ranker(card).embedding()
        if vectors is None:
            raise RunError(f"{card.title} has no item vectors, so nothing is near anything in it.")
        return self._spaces.get(card.run_id, lambda: unit_rows(vectors))

    def _trained(self, cards: Mapping[str, RunCard], strategy: str) -> RunCard:
        if strategy not in cards:
            title = self.strategy(strategy).title
            raise RunError(f"{title} is not trained on this split of the catalogue yet. Train it first.")
        return cards[strategy]

    @cached_property
    def _known_strategies(self) -> dict[str, StrategyCard]:
        """Every strategy under every interaction model, and the controls, by full name."""
        return {card.name: card for under in interaction.names() for card in self.strategies(under)}

    def _run_card(self, run: Run) -> RunCard:
        card = self.strategy(run.strategy)
        return RunCard(
            run_id=run.run_id,
            strategy=run.strategy,
            title=card.title,
            kind=card.kind,
            order=card.order,
            catalogue=run.catalogue,
            encoder=run.encoder,
            split=run.split,
            seed=run.seed,
            metrics=run.metrics,
            validation=run.validation,
            n_users=run.n_users,
            seconds=run.seconds,
            parameters=run.parameters,
            created=run.created,
            modalities=run.modalities,
            knobs=bool(run.modalities),
        )

    def _item(self, catalogue: Catalogue, item_id: str) -> int:
        item = catalogue.item_index(item_id)
        if item is None:
            raise CatalogueError(f"'{catalogue.name}' has no item '{item_id}'. Search for it by its title.")
        return item

    def _user(self, catalogue: Catalogue, user_id: str) -> int:
        user = catalogue.user_index(user_id)
        if user is None:
            raise CatalogueError(f"'{catalogue.name}' has no person '{user_id}'. Pick one from the list.")
        return user


def _strategy_card(
    kind: Kind, base: str, texts: Mapping[str, str], order: int, under: str = interaction.DEFAULT
) -> StrategyCard:
    suffix = "" if under == interaction.DEFAULT else f" · {interaction.texts(under)['title']}"
    said = {part: texts.get(part, "") for part in ("summary", "formula", "paper")}
    return StrategyCard(
        interaction.full_name(base, under), base, f"{texts['title']}{suffix}", kind=kind, order=order, **said
    )


def _split_card(summary: Any) -> SplitCard:
    return SplitCard(summary.name, summary.title, summary.n_test_users, summary.n_test, summary.usable, summary.reason)
