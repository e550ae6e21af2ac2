"""Catalogues, their features, and finding things in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmviz.catalogue import store
from mmviz.catalogue.report import ImportReport
from mmviz.errors import UnknownNameError
from mmviz.features import attributed, encode_catalogue, has_features
from mmviz.lab.core import DEFAULT_ENCODER
from mmviz.lab.reading import Reading
from mmviz.progress import Report, silent
from mmviz.searching import by_words, nearest_to
from mmviz.views import (
    CatalogueCard,
    Found,
)

__all__ = ["DEMO_SIZE", "Catalogues"]

DEMO_SIZE = 1200
"""Items of the demo catalogue when no other size is asked for."""


class Catalogues(Reading):
    """Verbs on catalogues."""

    def catalogues(self) -> list[CatalogueCard]:
        """All kept catalogues, in alphabetical order."""
        return [self._card(name) for name in store.names(self.home)]

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

    def encode(self, catalogue: str, encoder: str | None = None, report: Report = silent) -> int:
        """Turn every picture and text into features; returns the number of items. Resumes where it was stopped.

        "bundled+attributes" chooses the catalogue's columns as a third modality from now on, "bundled" takes that
        back, and None (the default) leaves the choice as it is.
        """
        encoder = encoder or self.encoder_in_use(catalogue)
        self.use_attributes(catalogue, attributed(encoder)[1])
        with self._working:
            features = encode_catalogue(self.catalogue(catalogue), self._encoder(encoder), self.home, report)
        return features.n_items

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
