"""The folder reader: items, pictures and interactions of a folder become a kept catalogue."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mmviz.catalogue import columns, store
from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.columns import INTERACTION_ROLES, ITEM_ROLES, Roles
from mmviz.catalogue.discover import check_folder, find_tables
from mmviz.catalogue.interactions import Interactions, clean_interactions, no_interactions
from mmviz.catalogue.items import Items, clean_items
from mmviz.catalogue.ledger import Ledger, few, many
from mmviz.catalogue.locate import PictureFinder, PictureProblem
from mmviz.catalogue.pictures import KeptPicture, keep_pictures
from mmviz.catalogue.report import Finding, ImportFailedError, ImportReport, TableRead
from mmviz.catalogue.sniff import delimiter_name
from mmviz.catalogue.tables import Table, read_table
from mmviz.errors import CatalogueError
from mmviz.home import replacing_folder
from mmviz.progress import Progress, Report, silent

__all__ = ["read_folder"]

PROBLEMS = {
    "picture-missing": "isn't in the folder",
    "picture-outside": "lies outside the folder, where nothing is read",
    "picture-web-address": "is a web address; nothing is fetched, so download it into the folder first",
    "picture-unreadable": "can't be read",
    "picture-truncated": "is cut off",
    "picture-too-large": "is too large",
}


def read_folder(
    folder: Path,
    home: Path,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    replace: bool = False,
    report: Report = silent,
) -> tuple[Catalogue, ImportReport]:
    """Read a folder and keep it as a catalogue under `home`; return the kept catalogue and what was found.

    `name` defaults to the folder's. `mapping` gives columns to roles (role -> column), where the roles are item_id,
    title, text, image, user_id, rating and time. Content kept under the same name is replaced if it is equal or
    `replace` is True. `report` may raise `Cancelled` at any time; then nothing is left behind.

    Raises `ImportFailedError` (a `CatalogueError`) when nothing can be imported, `UnknownNameError` for a mapping of
    a role or column that there isn't.
    """
    ledger = Ledger()
    try:
        return _read(Path(folder), home, name, mapping or {}, replace, report, ledger)
    except ImportFailedError:
        raise
    except CatalogueError as error:
        raise ImportFailedError((Finding("cannot-import", "error", str(error)), *ledger.findings)) from error
    except OSError as error:
        message = f"The import stopped because a file can't be read or written: {error}."
        raise ImportFailedError((Finding("cannot-import", "error", message), *ledger.findings)) from error


def _read(
    folder: Path,
    home: Path,
    name: str | None,
    mapping: Mapping[str, str],
    replace: bool,
    report: Report,
    ledger: Ledger,
) -> tuple[Catalogue, ImportReport]:
    started = time.monotonic()
    source = check_folder(folder)
    chosen = store.check_name(name) if name is not None else store.slug(source.name)
    tables = _Tables(source, mapping, ledger, report)
    items, interactions = tables.cleaned(ledger)
    store.tidy(home, chosen)
    with replacing_folder(store.place(home, chosen)) as draft:
        kept = _keep_pictures(items, source, draft, ledger, report)
        plain = Catalogue(chosen, items.frame, interactions.frame, interactions.user_ids, "", items.columns)
        catalogue = store.name_pictures(plain, kept)
        store.refuse_other(home, catalogue, replace)
        _note_bare_items(catalogue, ledger)
        report(Progress("Writing the catalogue"))
        result = _summary(catalogue, source, tables.read(), ledger, time.monotonic() - started)
        store.write(draft, catalogue, result, ledger.rejected())
        report(Progress("Writing the catalogue", 1, 1))
    return store.load(home, chosen), result


class _Tables:
    """The tables of a folder and the roles of their columns."""

    def __init__(self, folder: Path, mapping: Mapping[str, str], ledger: Ledger, report: Report) -> None:
        found = find_tables(folder, ledger)
        self.items = read_table(found.items, report)
        self.interactions = read_table(found.interactions, report) if found.interactions else None
        item_names = list(self.items.frame.columns)
        other_names = list(self.interactions.frame.columns) if self.interactions else None
        for_items, for_interactions = columns.split_mapping(mapping, item_names, other_names)
        self.item_roles = columns.recognise(item_names, ITEM_ROLES, for_items)
        self.interaction_roles: Roles = {}
        columns.require(self.item_roles, "item_id", self.items.file, item_names, ITEM_ROLES)
        if other_names is not None and self.interactions is not None:
            self.interaction_roles = columns.recognise(other_names, INTERACTION_ROLES, for_interactions)
            for role in ("user_id", "item_id"):
                columns.require(self.interaction_roles, role, self.interactions.file, other_names, INTERACTION_ROLES)

    def cleaned(self, ledger: Ledger) -> tuple[Items, Interactions]:
        for table in filter(None, (self.items, self.interactions)):
            _note_reading(table, ledger)
        items = clean_items(self.items, self.item_roles, ledger)
        if self.interactions is None:
            message = "There is no interactions table, such as ratings.csv: the items can be looked at, but no model "
            ledger.add("warning", "no-interactions-file", message + "can be trained.")
            return items, no_interactions()
        ids = items.frame["item_id"]
        return items, clean_interactions(self.interactions, self.interaction_roles, ids, ledger)

    def read(self) -> tuple[TableRead, ...]:
        pairs = (("items", self.items, self.item_roles), ("interactions", self.interactions, self.interaction_roles))
        return tuple(
            TableRead(
                table=kind,
                file=table.file,
                format=table.format,
                encoding=table.encoding,
                delimiter=delimiter_name(table.delimiter),
                rows=len(table.frame) + len(table.bad),
                columns={column: role for role, column in roles.items()},
            )
            for kind, table, roles in pairs
            if table is not None
        )


def _note_reading(table: Table, ledger: Ledger) -> None:
    ledger.reject_bad_lines(table)
    if table.encoding and not table.encoding.startswith("utf"):
        message = f"{table.file} isn't UTF-8; it was read as {table.encoding}. If letters look wrong, save it as UTF-8."
        ledger.add("warning", "encoding", message)
    lost = np.zeros(len(table.frame), dtype=bool)
    for column in table.frame.columns:
        lost |= table.frame[column].str.contains("\ufffd", regex=False).to_numpy(dtype=bool)
    if lost.any():
        message = f"{many(int(lost.sum()), 'row')} of {table.file} with letters that were lost (�); save it as UTF-8."
        ledger.add("warning", "lost-letters", message, int(lost.sum()), (f"line {n}" for n in table.lines[lost]))
    if table.left_out:
        message = f"Left out {many(len(table.left_out), 'column')} of {table.file}."
        ledger.add(
            "note", "column-left-out", message, len(table.left_out), (f"{n}: {why}" for n, why in table.left_out)
        )


def _keep_pictures(
    items: Items, source: Path, draft: Path, ledger: Ledger, report: Report
) -> list[KeptPicture | PictureProblem | None]:
    finder = PictureFinder(source)
    if items.pictures is None:
        found: list[Path | PictureProblem | None] = [finder.by_id(item_id) for item_id in items.frame["item_id"]]
        _note_no_picture_column(items, sum(path is not None for path in found), ledger)
    else:
        found = [finder.find(cell) if cell else None for cell in items.pictures]
    paths = [entry if isinstance(entry, Path) else None for entry in found]
    kept = keep_pictures(paths, draft, report)
    both = [there if isinstance(there, PictureProblem) else entry for there, entry in zip(found, kept, strict=True)]
    _note_problems(items.frame["item_id"], both, ledger)
    if items.pictures is not None and (n := int((items.pictures == "").sum())):
        ids = items.frame.loc[items.pictures == "", "item_id"]
        ledger.add("note", "no-picture", f"{many(n, 'item')} for which no picture is named.", n, ids)
    return both


def _note_no_picture_column(items: Items, n_found: int, ledger: Ledger) -> None:
    if n_found:
        message = f"No picture column; {many(n_found, 'picture')} named after item ids were found and used."
        ledger.add("note", "pictures-by-id", message, n_found)
    elif (items.frame["title"] == "").all() and (items.frame["text"] == "").all():
        raise ledger.failure(
            "nothing-to-see",
            "The items have neither a title, a text nor a picture. At least one of these columns is needed.",
        )
    else:
        message = "No picture column is recognised, and no picture is named after an item id."
        ledger.add("note", "no-image-column", message)


def _note_problems(item_ids: pd.Series, entries: list[KeptPicture | PictureProblem | None], ledger: Ledger) -> None:
    for kind, words in PROBLEMS.items():
        named = [
            f"{item_id}: {entry.detail}"
            for item_id, entry in zip(item_ids, entries, strict=True)
            if isinstance(entry, PictureProblem) and entry.kind == kind
        ]
        if named:
            message = f"{many(len(named), 'item')} without a picture, since the one that is named {words}."
            ledger.add("warning", kind, message, len(named), few(named))


def _note_bare_items(catalogue: Catalogue, ledger: Ledger) -> None:
    items = catalogue.items
    bare = items.loc[(items["image"] == "") & (items["text"] == "") & (items["title"] == ""), "item_id"]
    if len(bare):
        message = f"{many(len(bare), 'item')} with neither picture nor words; only interactions can speak for them."
        ledger.add("warning", "bare-item", message, len(bare), bare)
    cold = items.loc[~items.index.isin(catalogue.interactions["item"]), "item_id"]
    if len(cold) and len(catalogue.interactions):
        ledger.add("note", "cold-item", f"{many(len(cold), 'item')} without any interaction.", len(cold), cold)


def _summary(
    catalogue: Catalogue, source: Path, tables: tuple[TableRead, ...], ledger: Ledger, seconds: float
) -> ImportReport:
    return ImportReport(
        name=catalogue.name,
        folder=str(source),
        fingerprint=catalogue.fingerprint,
        n_items=catalogue.n_items,
        n_users=catalogue.n_users,
        n_interactions=len(catalogue.interactions),
        n_without_image=int((catalogue.items["image"] == "").sum()),
        n_without_text=int((catalogue.items["text"] == "").sum()),
        n_rejected=ledger.n_rejected,
        tables=tables,
        findings=ledger.findings,
        seconds=round(seconds, 2),
    )
