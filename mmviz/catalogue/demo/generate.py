"""The demo catalogue from end to end: planned, kept, drawn while it can be browsed already, and finished.

All tables are kept first, which takes a few seconds; from then on the catalogue can be opened, listed and searched.
Its pictures have names that are known before they are drawn and appear one after the other, in the order of the
items; until then an item's `image` names a file that is not there yet, and the catalogue has another fingerprint,
so that nothing computed from half of the pictures is ever taken for the whole. When the last one is drawn, the truth
is written again with boxes and label maps, and then `catalogue.json`, so that caches which look at it take the
finished catalogue. Whatever stops the drawing, the next `make_demo` with the same arguments goes on from there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmviz.catalogue import store
from mmviz.catalogue.base import Catalogue, Column
from mmviz.catalogue.demo.canvas import GRID
from mmviz.catalogue.demo.facts import truth_of
from mmviz.catalogue.demo.plan import ItemPlan, plan_item
from mmviz.catalogue.demo.scene import PARTS
from mmviz.catalogue.demo.shopping import go_shopping
from mmviz.catalogue.demo.studio import Sheet, draw_all, picture_name, version
from mmviz.catalogue.demo.tastes import Shares, people
from mmviz.catalogue.demo.vocabulary import KINDS, SOURCES
from mmviz.catalogue.fingerprint import fingerprint
from mmviz.catalogue.schema import check_catalogue
from mmviz.catalogue.truth import Truth
from mmviz.catalogue.truth_store import write_truth
from mmviz.errors import CatalogueError
from mmviz.home import data_home, replacing, replacing_folder
from mmviz.progress import Progress, Report, silent

__all__ = ["MAX_SIZE", "Ceiling", "make_demo", "plan_demo", "still_drawing"]

MAX_SIZE = 100_000

Ceiling = Callable[[Catalogue], dict[str, float]]
"""Split name -> NDCG@10 of the oracle; given by whoever may import both the catalogue and the splits."""

_COLUMNS = (Column("category", "category"), Column("rooms", "tags"), Column("price", "number"))
_TRUTH_FILES = ("truth.json", "truth.npz", "truth_users.parquet")
_STATE = "demo.json"


@dataclass(frozen=True)
class _Settings:
    """All that a demo catalogue follows from, beside the version of this code."""

    size: int
    users: int
    interactions: int
    seed: int
    shares: Shares

    def check(self) -> None:
        bounds = (("size", self.size, 30, MAX_SIZE), ("users", self.users, 4, 100_000))
        for name, value, low, high in bounds:
            if not low <= value <= high:
                raise CatalogueError(f"A demo catalogue with {name}={value} can't be made; give from {low} to {high}.")
        if not self.users <= self.interactions <= self.users * max(1, self.size // 4):
            raise CatalogueError(
                f"{self.interactions} interactions don't fit {self.users} users and {self.size} items; give from "
                f"{self.users} to {self.users * max(1, self.size // 4)}."
            )


def make_demo(
    home: Path | None = None,
    size: int = 1200,
    users: int = 600,
    interactions: int = 40_000,
    seed: int = 7,
    shares: Shares | None = None,
    report: Report = silent,
    name: str = "demo",
    workers: int | None = None,
    ceiling: Ceiling | None = None,
) -> Catalogue:
    """Make the demo catalogue, keep it under `home` (default: the data home), and return it with its truth.

    The same arguments and version give the same tables, and on one machine the same bytes of every picture. A
    catalogue already made with these arguments is returned at once; another demo of this name is replaced.
    `workers` processes draw at a time (None = one a core). `ceiling` fills `truth.ceiling` at the end. `report` may
    raise `Cancelled`: what is there stays and can be browsed, and the next call goes on.

    Raises `CatalogueError` for arguments that can't be, or when a real catalogue is kept under the name.
    """
    home = data_home() if home is None else home
    settings = _Settings(size, users, interactions, seed, shares or Shares())
    settings.check()
    folder = store.place(home, name)
    if _state(folder) == _mark(settings, "finished"):
        return store.load(home, name)
    _refuse_real(home, name)
    if _state(folder) != _mark(settings, "drawing"):
        _keep_tables(folder, plan_demo(name, size, users, interactions, seed, settings.shares, report), settings)
    sheet = draw_all(folder, size, seed, report, workers)
    _finish(home, name, settings, sheet, ceiling)
    return store.load(home, name)


def plan_demo(
    name: str = "demo",
    size: int = 1200,
    users: int = 600,
    interactions: int = 40_000,
    seed: int = 7,
    shares: Shares | None = None,
    report: Report = silent,
) -> Catalogue:
    """The whole demo catalogue but for its drawings: nothing is written, `image` holds file names only."""
    plans = []
    for index in range(size):
        if index % 500 == 0:
            report(Progress("Planning the shop", index, size))
        plans.append(plan_item(index, seed))
    report(Progress("Sending people shopping"))
    shopping = go_shopping(plans, people(users, shares or Shares(), seed), interactions, seed)
    items = _items(plans)
    user_ids = pd.Index([f"person-{number + 1:03d}" for number in range(users)], dtype="str")
    truth = Truth(
        sources=dict(SOURCES),
        items=tuple(truth_of(plan, {}) for plan in plans),
        masks=np.zeros((size, GRID, GRID), dtype=np.uint8),
        parts=PARTS,
        users=shopping.users,
    )
    return Catalogue(
        name=name,
        items=items,
        interactions=shopping.interactions,
        user_ids=user_ids,
        fingerprint=fingerprint(items, shopping.interactions, user_ids, _COLUMNS),
        columns=_COLUMNS,
        simulated=True,
        truth=truth,
    )


def still_drawing(catalogue: Catalogue) -> bool:
    """True while pictures of a kept demo catalogue are missing; it can be browsed, but not be encoded yet."""
    state = _state(catalogue.folder) if catalogue.folder is not None else {}
    return state.get("stage") == "drawing"


def _items(plans: list[ItemPlan]) -> pd.DataFrame:
    files = [picture_name(plan.seed, plan.index) if plan.pictured else "" for plan in plans]
    words = {
        "item_id": [plan.item_id for plan in plans],
        "title": [plan.title for plan in plans],
        "text": [plan.text for plan in plans],
        "image": files,
        "thumbnail": files,
        "category": [plan.attributes["kind"] for plan in plans],
        "rooms": ["|".join(KINDS[plan.attributes["kind"]].rooms) for plan in plans],
    }
    return pd.DataFrame(words, dtype="str").assign(price=[plan.price for plan in plans])


def _keep_tables(folder: Path, catalogue: Catalogue, settings: _Settings) -> None:
    check_catalogue(catalogue)
    unfinished = hashlib.sha256(f"drawing {catalogue.fingerprint}".encode()).hexdigest()
    with replacing_folder(folder) as draft:
        for sub in ("pictures", "thumbnails"):
            (draft / sub).mkdir()
        store.write(draft, dataclasses.replace(catalogue, fingerprint=unfinished))
        (draft / _STATE).write_text(json.dumps(_mark(settings, "drawing"), indent=1), encoding="utf-8")


def _finish(home: Path, name: str, settings: _Settings, sheet: Sheet, ceiling: Ceiling | None) -> None:
    """Complete the truth with what the drawings showed, and let everyone know by a new `catalogue.json`."""
    folder = store.place(home, name)
    kept = store.load(home, name)
    content = fingerprint(kept.items, kept.interactions, kept.user_ids, kept.columns)
    kept = dataclasses.replace(kept, fingerprint=content)
    if kept.truth is None:
        raise CatalogueError(f"The demo catalogue '{name}' has lost its truth. Remove it and make it again.")
    items = tuple(
        dataclasses.replace(item, boxes=boxes) for item, boxes in zip(kept.truth.items, sheet.boxes, strict=True)
    )
    truth = dataclasses.replace(kept.truth, items=items, masks=sheet.masks)
    if ceiling is not None:
        truth = dataclasses.replace(truth, ceiling=ceiling(dataclasses.replace(kept, truth=truth)))
    with replacing_folder(folder / "truth.new") as draft:
        write_truth(draft, truth)
    for file in _TRUTH_FILES:
        (folder / "truth.new" / file).replace(folder / file)
    (folder / "truth.new").rmdir()
    plain = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
    plain["summary"]["fingerprint"] = content
    with replacing(folder / "catalogue.json") as draft:
        draft.write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")
    with replacing(folder / _STATE) as draft:
        draft.write_text(json.dumps(_mark(settings, "finished"), indent=1), encoding="utf-8")


def _refuse_real(home: Path, name: str) -> None:
    if name in store.names(home) and not store.summary(home, name).simulated:
        raise CatalogueError(
            f"A catalogue '{name}' that is no demo is kept already. Give the demo another name, or rename that one."
        )


def _mark(settings: _Settings, stage: str) -> dict[str, object]:
    return {"stage": stage, "version": version(), **dataclasses.asdict(settings)}


def _state(folder: Path) -> dict[str, object]:
    """What `demo.json` says; {} where there is none or it can't be read."""
    try:
        plain = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return plain if isinstance(plain, dict) else {}
