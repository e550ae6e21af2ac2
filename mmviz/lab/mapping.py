"""Spaces and their maps: what there is, laying it out, measuring it, and finding things in several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue
from mmviz.errors import MmvizError, RunError
from mmviz.lab.vectors import ENDS, JOINT, Vectors
from mmviz.progress import Progress, Report, silent
from mmviz.searching import nearest_to, unit_rows
from mmviz.settings import Settings
from mmviz.spaces.asking import Codes, encoded, fused_question, raw_question, shared
from mmviz.spaces.atlas import laid, make_layout, make_together, neighbours_of, sheet
from mmviz.spaces.choosing import apply, read
from mmviz.spaces.clusters import clusters, distinctive
from mmviz.spaces.neighbours import jaccard, overlap
from mmviz.spaces.portrait import closing_gap, measure_space
from mmviz.views import Found
from mmviz.views.maps import Clusters, LayoutSettings, Moved, Question, SpaceCard, SpaceMap, SpaceSearch

__all__ = ["Maps"]

LEAST = 3


class Maps(Vectors):
    """Verbs on spaces. A space is "image", "text", "joint", "ends", or a strategy that has a run on the split."""

    def spaces(self, catalogue: str, split: str | None = None) -> list[SpaceCard]:
        """The spaces of a catalogue in which at least three items have a place. Raises FeatureError if not encoded."""
        features = self.features(catalogue)
        names: list[str] = [name for name in ("image", "text") if name in features.modalities]
        names += [ENDS, JOINT] if len(names) == 2 else [JOINT]
        names += [name for name, card in self._by_strategy(catalogue, split).items() if card.kind == "fusion"]
        cards = [self._space_card(catalogue, name, split) for name in names]
        return [card for card in cards if card.n_placed >= LEAST]

    def lay_out(
        self,
        catalogue: str,
        spaces: Sequence[str],
        settings: LayoutSettings,
        split: str | None = None,
        report: Report = silent,
    ) -> None:
        """Lay out those of the spaces that are not yet, the joint space first, since all others start from it."""
        guide = self._guide(self.catalogue(catalogue), settings.guide)
        wanted = self._layouts(catalogue, spaces, settings, split)
        missing = [
            (name, own) for name, own in wanted if not self._store.has(self._space_key(catalogue, name, split), own.key)
        ]
        alone = [(name, own) for name, own in missing if own.method != "aligned"]
        together = [(name, own) for name, own in missing if own.method == "aligned"]
        stages = len(alone) + bool(together)

        def step(progress: Progress, at: int, title: str) -> None:
            note = f"{title}: {progress.stage.lower()}"
            report(Progress("Drawing the maps", round(100 * (at + progress.fraction)), 100 * stages, note))

        for number, (name, own) in enumerate(alone):
            said = partial(step, at=number, title=self._space_card(catalogue, name, split).title)
            said(Progress("Laying out"))
            start = None if name == JOINT else sheet(self._anchor(catalogue), own, self._store)
            space = self._arrays_of(catalogue, name, split)
            make_layout(space, start, own, self._store, guide, self._device, said)
        if together:
            said = partial(step, at=len(alone), title=f"{len(settings.beside)} spaces")
            own = together[0][1]
            anchor = sheet(self._anchor(catalogue), own.plain, self._store)
            arrays = [self._arrays_of(catalogue, name, split) for name in self._aligned(catalogue, settings, split)]
            n_items = self.catalogue(catalogue).n_items
            make_together(arrays, n_items, anchor, own, self._store, self._device, said)

    def start_lay_out(
        self, catalogue: str, spaces: Sequence[str], settings: LayoutSettings, split: str | None = None
    ) -> str:
        """Lay out in the background; the job's id."""
        self._layouts(catalogue, spaces, settings, split)  # what cannot be laid out is told before a job starts
        key = f"maps:{catalogue}:{split}:{settings.key}:{','.join(spaces)}"
        work = lambda report: self.lay_out(catalogue, spaces, settings, split, report)  # noqa: E731
        return self._jobs.start(f"Maps of {catalogue}", work, catalogue, key)

    def not_laid_out(
        self, catalogue: str, spaces: Sequence[str], settings: LayoutSettings, split: str | None = None
    ) -> list[str]:
        """Which of the spaces have no layout with these settings yet."""
        wanted = self._layouts(catalogue, spaces, settings, split)
        missing = [
            name for name, own in wanted if not self._store.has(self._space_key(catalogue, name, split), own.key)
        ]
        return list(dict.fromkeys(missing))

    def space_map(self, catalogue: str, space: str, settings: LayoutSettings, split: str | None = None) -> SpaceMap:
        """A space that was laid out, aligned with the others of these settings. Raises RunError when it was not."""
        key, own = self._space_key(catalogue, space, split), self._settled(catalogue, space, settings, split)

        def load() -> SpaceMap:
            kept, anchor = sheet(key, own, self._store), sheet(self._anchor(catalogue), own.plain, self._store)
            if kept is None:
                raise RunError(f"The map of '{space}' is not drawn yet. Lay it out first.")
            n_items = self.catalogue(catalogue).n_items
            shares = kept.point_trust.reshape(-1, n_items)  # (ends, I)
            some = np.isfinite(shares)
            mean = np.where(some, shares, 0).sum(axis=0) / np.maximum(some.sum(axis=0), 1)  # (I,)
            return SpaceMap(
                self._space_card(catalogue, space, split),
                laid(kept, anchor, n_items, own.method),
                kept.trust,
                kept.measured,
                kept.of,
                np.where(some.any(axis=0), mean, np.nan),
                kept.recall,
            )

        return self._maps.get(f"{key}/{own.key}", load)

    def select(
        self,
        catalogue: str,
        text: str,
        settings: LayoutSettings,
        codes: Callable[[str, str], np.ndarray],
        split: str | None = None,
    ) -> np.ndarray:
        """(I,) bool: the items of a selection as the maps and the address say it; see `mmviz.spaces.choosing`.

        `codes(colouring, map)` gives the codes (I,) of a colouring, for outlines drawn while some were hidden. Raises
        MmvizError for a text that is no selection.
        """
        found = self.catalogue(catalogue)
        ids = {item_id: row for row, item_id in enumerate(found.items["item_id"])}
        groups = {
            name: np.array([ids[each] for each in kept if each in ids], dtype=np.int64)
            for name, kept in self.selections(catalogue).items()
        }

        def places(space: str, layout: str) -> tuple[np.ndarray, ...]:
            drawn = LayoutSettings.of(layout) if layout else settings
            return self.space_map(catalogue, space, drawn, split).ends

        return apply(read(text), found.n_items, places, codes, groups)

    def clusters(self, catalogue: str, space: str, split: str | None = None, count: int = 12) -> Clusters:
        """Groups of items that lie together in a space, by k-means in its own dimensions, named by their words."""
        found, arrays = self.catalogue(catalogue), self._arrays_of(catalogue, self._single(space), split)
        kept = self._store.load(arrays.key, f"clusters-{count}")
        if kept is None:
            codes = np.full(found.n_items, -1)
            codes[arrays.there] = clusters(arrays.vectors, count)
            labels = distinctive(_words_of(found), codes)
            kept = {"codes": codes, "labels": np.array(labels)}
            self._store.save(arrays.key, f"clusters-{count}", **kept)
        return Clusters(space, kept["codes"], tuple(str(label) for label in kept["labels"]))

    def measure_spaces(
        self, catalogue: str, spaces: Sequence[str], split: str | None = None, report: Report = silent
    ) -> pd.DataFrame:
        """One row a space with its measures; see `measure_space` for the columns. Kept, so that it is done once."""
        found = self.catalogue(catalogue)
        chosen = self._split(found, split)
        rows = []
        for number, name in enumerate(spaces):
            report(Progress("Measuring spaces", number, len(spaces), name))
            space = self._arrays_of(catalogue, name, split)
            near = neighbours_of(space, self._store, self._device)
            pair = self._pair(catalogue, name, split)
            rows.append(measure_space(space, near, pair, found, chosen, self._store))
        return pd.DataFrame(rows, index=list(spaces))

    def start_measure(self, catalogue: str, spaces: Sequence[str], split: str | None = None) -> str:
        """Measure in the background; the job's id."""
        key = f"measure:{catalogue}:{split}:{','.join(spaces)}"
        work = lambda report: self.measure_spaces(catalogue, spaces, split, report)  # noqa: E731
        return self._jobs.start(f"Measure spaces of {catalogue}", work, catalogue, key)

    def not_measured(self, catalogue: str, spaces: Sequence[str], split: str | None = None) -> list[str]:
        """Which of the spaces were not measured yet on this split."""
        name = f"measures-{self._split(self.catalogue(catalogue), split).fingerprint}"
        return [space for space in spaces if not self._store.has(self._space_key(catalogue, space, split), name)]

    def close_gap(self, catalogue: str, space: str = JOINT, split: str | None = None) -> pd.DataFrame:
        """What closing the modality gap does to retrieval and to lists, on the validation part; see `closing`."""
        found = self.catalogue(catalogue)
        pair = self._pair(catalogue, space, split)
        if pair is None:
            raise RunError(f"'{space}' has no two modalities with a gap between them. Choose another space.")
        key = self._space_key(catalogue, space, split)
        return closing_gap(key, pair, found, self._split(found, split), self._store)

    def overlap(self, catalogue: str, spaces: Sequence[str], k: int = 15, split: str | None = None) -> pd.DataFrame:
        """Square frame (space × space): mean share of common neighbours among the k nearest, over common items."""
        lists = [self._neighbour_rows(catalogue, name, k, split) for name in spaces]
        values = [[overlap(a, b) for b in lists] for a in lists]
        return pd.DataFrame(values, index=list(spaces), columns=list(spaces))

    def moved(self, catalogue: str, first: str, second: str, k: int = 15, split: str | None = None) -> Moved:
        """How much each item's k nearest neighbours differ between two spaces."""
        a, b = (self._neighbour_rows(catalogue, name, k, split) for name in (first, second))
        both = (a[:, 0] >= 0) & (b[:, 0] >= 0)
        return Moved(np.where(both, 1.0 - jaccard(a, b), np.nan), a, b)

    def ask_spaces(
        self, catalogue: str, spaces: Sequence[str], question: Question, k: int = 20, split: str | None = None
    ) -> SpaceSearch:
        """Put one question to several spaces; each answers with its own k best items.

        An item asks for its neighbours, a person for what is best for them among what they have not seen on the train
        side. Words and pictures are encoded, and a strategy sees them as an item that has nothing else. Raises
        MmvizError for a question that cannot be read.
        """
        codes = encoded(question, self._encoder(self.features(catalogue).encoder)) if question.modality else None
        found, notes = {}, {}
        for name in spaces:
            try:
                found[name] = self._answer(catalogue, self._single(name), question, codes, k, split)
            except MmvizError as error:
                found[name], notes[name] = Found((), (), 0), str(error)
            if not found[name].items and name not in notes:
                notes[name] = "This item has no place in this space."
        return SpaceSearch(found, shared({name: each.items for name, each in found.items()}, k), notes)

    def _answer(
        self, catalogue: str, name: str, question: Question, codes: Codes | None, k: int, split: str | None
    ) -> Found:
        found = self.catalogue(catalogue)
        if question.kind == "person":
            scores = self.person_scores(catalogue, question.user_id, [name], split)[name]  # (I,)
            seen = found.matrix(self._split(found, split).train)[[self._user(found, question.user_id)]].indices
            scores = np.where(np.isfinite(scores), scores, -np.inf)
            scores[seen] = -np.inf
            best = np.argsort(-scores, kind="stable")[: min(k, int(np.isfinite(scores).sum()))]
            return Found(tuple(best.tolist()), tuple(scores[best].tolist()), int(np.isfinite(scores).sum()))
        vectors = self._arrays_of(catalogue, name, split).ends[0]  # (I, D)
        if codes is None:
            item = self._item(found, question.item_id)
            return nearest_to(vectors[item], vectors, k, but=item)
        if name in ("image", "text", JOINT):
            vector, others = raw_question(codes, question.modality, self.features(catalogue), name)
            return nearest_to(vector, vectors if others is None else others, k)
        network = self._network(self._run_of(catalogue, name, split))
        return nearest_to(fused_question(network, codes, question.modality), vectors, k)

    def person_scores(
        self, catalogue: str, user_id: str, spaces: Sequence[str], split: str | None = None
    ) -> dict[str, np.ndarray]:
        """(I,) what each space makes of every item for a person: a strategy its score, another space the cosine to
        the mean of the items on the train side; NaN where an item has no place.
        """
        found = self.catalogue(catalogue)
        train = found.matrix(self._split(found, split).train)[[self._user(found, user_id)]]  # (1, I)
        cards = self._by_strategy(catalogue, split)
        scores = {}
        for name in spaces:
            if name in cards:
                scores[name] = self._ranker(cards[name]).score(train)[0]
            else:
                vectors = self._arrays_of(catalogue, self._single(name), split).ends[0]
                own = vectors @ unit_rows(np.asarray(train @ vectors))[0]
                scores[name] = np.where(vectors.any(axis=1), own, np.nan)
        return scores

    def selections(self, catalogue: str) -> dict[str, list[str]]:
        """Saved selections: name -> item ids."""
        kept = self._selections(catalogue).get("selections", {})
        return kept if isinstance(kept, dict) else {}

    def save_selection(self, catalogue: str, name: str, item_ids: Sequence[str]) -> None:
        """Keep items under a name; an empty list forgets the name. Raises MmvizError for a name that cannot be used."""
        name = name.strip()
        if not name or len(name) > 60 or set(name) & set("~.%"):
            raise MmvizError(f"'{name}' cannot be the name of a selection. Use 1 to 60 characters without ~, . and %.")
        kept = {**self.selections(catalogue), name: list(item_ids)}
        if not item_ids:
            kept.pop(name)
        self._selections(catalogue).set("selections", kept)

    def _selections(self, catalogue: str) -> Settings:
        return Settings(Path(self.home) / "selections" / f"{self.catalogue(catalogue).fingerprint}.json")


def _words_of(catalogue: Catalogue) -> list[str]:
    """What names clusters: the title with categories and tags, or with the text where a catalogue has neither."""
    named = [column.name for column in catalogue.columns if column.kind in ("category", "tags")]
    parts = catalogue.items["title"]
    for name in named or ["text"]:
        parts = parts.str.cat(catalogue.items[name].fillna("").astype(str), sep=" ")
    return [str(part) for part in parts]
