"""Which files of a folder are the items and the interactions, by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mmviz.catalogue.ledger import Ledger, few
from mmviz.catalogue.tables import SUFFIXES
from mmviz.errors import CatalogueError, nearest

__all__ = ["Found", "check_folder", "find_tables"]

_ITEMS = """
    items item products product articles article movies movie films film books book songs tracks recipes games news
    listings catalogue catalog metadata meta
"""
_INTERACTIONS = """
    ratings rating interactions interaction reviews review transactions purchases orders events clicks views plays
    history feedback logs train
"""
ITEM_NAMES = tuple(_ITEMS.split())
INTERACTION_NAMES = tuple(_INTERACTIONS.split())


@dataclass(frozen=True)
class Found:
    """The table files of a folder; `interactions` is None when there are only items."""

    items: Path
    interactions: Path | None


def check_folder(folder: Path) -> Path:
    """The folder with links resolved. Raises `CatalogueError` when it isn't one, and suggests what may be meant."""
    try:
        path = folder.expanduser().resolve()
        if path.is_dir():
            return path
        is_file = path.exists()
    except (OSError, ValueError, RuntimeError) as error:
        raise CatalogueError(f"'{folder}' can't be a folder: {error}.") from error
    if is_file:
        raise CatalogueError(f"'{folder}' is a file. Give the folder that holds it: '{path.parent}'.")
    hint = f" Did you mean '{near}'?" if (near := _nearest_folder(path)) else ""
    raise CatalogueError(f"There is no folder '{folder}'.{hint}")


def _nearest_folder(path: Path) -> Path | None:
    try:
        siblings = [entry.name for entry in path.parent.iterdir() if entry.is_dir()]
    except OSError:
        return None
    near = nearest(path.name, siblings)
    return path.parent / near if near else None


def find_tables(folder: Path, ledger: Ledger) -> Found:
    """The items file and the interactions file; others that might be meant are noted as not read.

    A file whose whole name is known ("ratings.csv") goes before one that has it among its words
    ("ratings_small.csv"). Raises `CatalogueError` that says which names were looked for.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise CatalogueError(f"The folder '{folder}' can't be read: {error.strerror or error}.") from error
    interactions = _ranked(files, INTERACTION_NAMES)
    items = _ranked([file for file in files if file not in interactions], ITEM_NAMES)
    if not items:
        raise CatalogueError(_nothing_found(folder, files))
    if others := [file.name for file in (*items[1:], *interactions[1:])]:
        ledger.add("note", "file-not-read", "Found further tables that were not read.", len(others), others)
    return Found(items[0], interactions[0] if interactions else None)


def _ranked(files: list[Path], names: tuple[str, ...]) -> list[Path]:
    """The files that bear one of the names, the likeliest first."""
    ranks: list[tuple[tuple[int, int, int, str], Path]] = []
    for file in files:
        stem = file.stem.lower()
        words = re.split(r"[\W_\d]+", stem)
        hits = [(0 if name == stem else 1, position) for position, name in enumerate(names) if name in (stem, *words)]
        if hits:
            ranks.append(((*min(hits), SUFFIXES.index(file.suffix.lower()), file.name), file))
    return [file for _, file in sorted(ranks)]


def _nothing_found(folder: Path, files: list[Path]) -> str:
    looked = f"Looked for a file called {', '.join(ITEM_NAMES[:6])} … with one of {', '.join(SUFFIXES)}."
    there = f" Found only: {', '.join(few(file.name for file in files))}." if files else " No table is there."
    deeper = next((sub for sub in sorted(folder.iterdir()) if sub.is_dir() and _has_items(sub)), None)
    hint = f" Perhaps '{deeper}' is meant." if deeper else ""
    return f"The folder '{folder}' holds no items table. {looked}{there}{hint}"


def _has_items(folder: Path) -> bool:
    return any((folder / f"{name}{suffix}").is_file() for name in ITEM_NAMES for suffix in SUFFIXES)
