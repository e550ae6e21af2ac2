"""The lab: the only thing that pages, the command line and notebooks talk to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.report import ImportReport
from mmviz.progress import Report, silent
from mmviz.views import (
    Board, CatalogueCard, DeviceCard, Found, HistoryEntry, JobCard, Person, RunCard, SplitCard, StrategyCard,
)

__all__ = ["Lab"]


class Lab:
    """Everything that mmviz can do, as verbs. Thread-safe; one instance a process is enough."""

    def __init__(self, home: Path | None = None, device: str | None = None) -> None: ...

    # catalogues
    def catalogues(self) -> list[CatalogueCard]: ...
    def catalogue(self, name: str) -> Catalogue: ...
    def import_folder(self, folder: Path, name: str | None = None, mapping: Mapping[str, str] | None = None,
                      report: Report = silent) -> ImportReport: ...
    def import_report(self, name: str) -> ImportReport: ...
    def add_demo(self, size: int = 1200, report: Report = silent) -> CatalogueCard: ...
    def remove_catalogue(self, name: str) -> None: ...

    # features
    def encode(self, catalogue: str, encoder: str = "bundled", report: Report = silent) -> int: ...
    def search(self, catalogue: str, query: str, mode: str = "words", k: int = 60) -> Found:
        """mode "words" (titles and texts) or "meaning" (through the encoder's joint space)."""
    def neighbours(self, catalogue: str, item_id: str, space: str, k: int = 12) -> Found:
        """space: "image", "text", "joint" or the name of a strategy that has a run."""

    # models
    def strategies(self) -> list[StrategyCard]:
        """Fusions in registry order, then controls."""
    def splits(self, catalogue: str) -> list[SplitCard]: ...
    def default_split(self, catalogue: str) -> SplitCard: ...
    def train(self, catalogue: str, strategy: str, split: str | None = None, settings: Mapping[str, Any] | None = None,
              seed: int = 0, encoder: str = "bundled", report: Report = silent) -> RunCard: ...
    def runs(self, catalogue: str, split: str | None = None) -> list[RunCard]:
        """The newest run of each strategy on that split (default split when None), fusions in registry order first."""

    # people
    def people(self, catalogue: str, split: str | None = None, find: str = "", order: str = "active",
               limit: int = 50) -> list[Person]:
        """order: "active", "newest", "hardest" (lowest NDCG of the runs present), "id"."""
    def history(self, catalogue: str, user_id: str, split: str | None = None) -> tuple[HistoryEntry, ...]: ...
    def recommend(self, catalogue: str, strategies: Sequence[str], user_id: str | None = None,
                  liked: Sequence[str] = (), k: int = 10, weights: Mapping[str, float] | None = None,
                  seen: bool = False, filters: Mapping[str, Sequence[str]] | None = None,
                  reference: str | None = None, split: str | None = None) -> Board:
        """`liked` item ids stand for a new person (user_id None) or are added to the history of user_id."""

    # device and jobs
    def device(self) -> DeviceCard: ...
    def start_import(self, folder: Path, name: str | None = None) -> str: ...
    def start_encode(self, catalogue: str) -> str: ...
    def start_train(self, catalogue: str, strategies: Sequence[str], split: str | None = None) -> str: ...
    def start_demo(self) -> str:
        """Draw, encode and train the demo catalogue in the background; no second one while one runs."""
    def jobs(self) -> list[JobCard]: ...
    def cancel(self, job_id: str) -> None: ...
