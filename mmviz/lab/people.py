"""People and what is recommended to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmviz.boards import Wish, make_board, matches, person_history
from mmviz.errors import MmvizError
from mmviz.lab.core import Core
from mmviz.people import find_people, person
from mmviz.views import (
    Board,
    HistoryEntry,
    Person,
)

__all__ = ["People"]


class People(Core):
    """Verbs on people."""

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
        cards = self._by_strategy(catalogue, split)
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
