"""People as points on the maps of items."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from mmviz.errors import RunError
from mmviz.lab.mapping import Maps
from mmviz.memo import Memo
from mmviz.progress import Progress, Report, silent
from mmviz.searching import unit_rows
from mmviz.spaces.align import MISSING
from mmviz.spaces.people import kept_near, nearest_items, stand
from mmviz.views.maps import LayoutSettings, PeopleMap

__all__ = ["MOST_PEOPLE", "Crowd"]

MOST_PEOPLE = 20_000


class Crowd(Maps):
    """Verbs on people as points. The maps of the items stay what they are; people are placed on them.

    A person lies in a trained fusion's space where its rule puts them, w_u of `FusionRanker.users`, and in the
    encoder's spaces at the mean of their items; both from the train side alone.
    """

    @cached_property
    def _crowds(self) -> Memo[PeopleMap]:
        return Memo(32)

    def place_people(
        self, catalogue: str, spaces: Sequence[str], split: str | None = None, report: Report = silent
    ) -> None:
        """Find the nearest items of every person in those of the spaces where they are not known yet, and keep them."""
        for number, name in enumerate(self.not_placed(catalogue, spaces, split)):
            title = self._space_card(catalogue, name, split).title

            def step(progress: Progress, at: int = number, title: str = title) -> None:
                done = round(100 * (at + progress.fraction))
                report(Progress("Placing people", done, 100 * len(spaces), title))

            space = self._arrays_of(catalogue, name, split)
            tastes = self._tastes(catalogue, name, split, self._histories(catalogue, split)[1])
            rows = [nearest_items(own, end, report=step) for own, end in zip(tastes, space.ends, strict=True)]
            self._store.save(space.key, self._people_name(catalogue, split), rows=np.stack(rows))

    def start_place_people(self, catalogue: str, spaces: Sequence[str], split: str | None = None) -> str:
        """Place people in the background; the job's id."""
        key = f"people:{catalogue}:{split}:{','.join(spaces)}"
        work = lambda report: self.place_people(catalogue, spaces, split, report)  # noqa: E731
        return self._jobs.start(f"People on the maps of {catalogue}", work, catalogue, key)

    def not_placed(self, catalogue: str, spaces: Sequence[str], split: str | None = None) -> list[str]:
        """In which of the spaces nobody has been placed yet."""
        name = self._people_name(catalogue, split)
        return [space for space in spaces if not self._store.has(self._space_key(catalogue, space, split), name)]

    def people_map(self, catalogue: str, space: str, settings: LayoutSettings, split: str | None = None) -> PeopleMap:
        """People on the map of a space; they are placed now where that was not done yet."""
        drawn = self.space_map(catalogue, space, settings, split).ends
        key, name = self._space_key(catalogue, space, split), self._people_name(catalogue, split)

        def load() -> PeopleMap:
            self.place_people(catalogue, (space,), split)
            found = self._store.load(key, name)
            if found is None:
                raise RunError(f"The people on '{space}' cannot be kept. Is there room on the disk?")
            users, history, active = self._histories(catalogue, split)
            ends, shares = [], []
            for rows, points in zip(found["rows"], drawn, strict=True):
                shown = np.where(points > MISSING / 10, np.nan, points)  # (I, d)
                placed = stand(rows, shown)  # (P, d)
                shares.append(kept_near(rows, placed, shown))  # (P,)
                ends.append(np.where(np.isfinite(placed), placed, MISSING).astype(np.float32))
            every = np.concatenate(shares)
            kept = float(np.nanmean(every)) if np.isfinite(every).any() else float("nan")
            counts, n_users = np.diff(history.indptr), self.catalogue(catalogue).n_users
            return PeopleMap(users, counts, tuple(ends), kept, active, n_users)

        own = self._settled(catalogue, space, settings, split)
        return self._crowds.get(f"{key}/{own.key}/{name}", load)

    def _histories(self, catalogue: str, split: str | None) -> tuple[np.ndarray, csr_array, int]:
        """The people (P,) with something on the train side, the most active first; their rows (P, I); and how many."""
        found = self.catalogue(catalogue)
        train = found.matrix(self._split(found, split).train)  # (U, I)
        counts = np.diff(train.indptr)  # (U,)
        order = np.argsort(-counts, kind="stable")
        active = int((counts > 0).sum())
        users = order[: min(active, MOST_PEOPLE)]
        return users, train[users], active

    def _tastes(self, catalogue: str, name: str, split: str | None, history: csr_array) -> tuple[np.ndarray, ...]:
        """Unit vectors (P, D) of people in a space, one array an end; 0 for someone with no item there."""
        card = self._by_strategy(catalogue, split).get(name)
        if card is None:
            return tuple(unit_rows(np.asarray(history @ end)) for end in self._ends(catalogue, name, split))
        return (unit_rows(self._axis(card).fused_of(self._ranker(card)).users(history)),)

    def _people_name(self, catalogue: str, split: str | None) -> str:
        return f"people-{self._split(self.catalogue(catalogue), split).fingerprint}"
