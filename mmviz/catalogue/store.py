"""Kept catalogues, one folder each under the data home.

catalogues/<name>/
    catalogue.json         name, fingerprint, further columns, counts
    items.parquet          `Catalogue.items` with file names in place of paths
    interactions.parquet, users.parquet
    report.json, rejected.csv          of the import, where it was one
    truth.json, truth.npz, truth_users.parquet   of a simulated catalogue
    pictures/, thumbnails/ named by content
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import time
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mmviz.catalogue.base import Catalogue, Column
from mmviz.catalogue.fingerprint import fingerprint
from mmviz.catalogue.locate import PictureProblem
from mmviz.catalogue.pictures import KeptPicture, keep_pictures
from mmviz.catalogue.report import ImportReport
from mmviz.catalogue.schema import check_catalogue
from mmviz.catalogue.truth_store import has_truth, read_truth, write_truth
from mmviz.errors import CatalogueError, UnknownNameError
from mmviz.home import replacing_folder
from mmviz.progress import Report, silent

__all__ = [
    "Summary",
    "check_name",
    "load",
    "load_report",
    "name_pictures",
    "names",
    "place",
    "refuse_other",
    "rejected_rows",
    "remove",
    "save",
    "slug",
    "stamp",
    "summary",
    "tidy",
    "write",
]

FORMAT = 1
DAY = 86_400
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Summary:
    """What `catalogue.json` says, without reading any table."""

    name: str
    fingerprint: str
    simulated: bool
    n_items: int
    n_users: int
    n_interactions: int
    n_without_image: int
    n_without_text: int


def slug(words: str) -> str:
    """A catalogue name made of any words: "Möbel & Mode" becomes "mobel-mode"; "catalogue" where nothing is left."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:64].strip("-_") or "catalogue"


def check_name(name: str) -> str:
    """The name, when it can be one. Raises `CatalogueError` that proposes one which can."""
    if not _NAME.fullmatch(name):
        raise CatalogueError(
            f"'{name}' can't be the name of a catalogue: at most 64 small letters, digits, - and _ are allowed. "
            f"'{slug(name)}' would do."
        )
    return name


def place(home: Path, name: str) -> Path:
    """The folder of a catalogue, whether or not it is there."""
    return home / "catalogues" / check_name(name)


def names(home: Path) -> list[str]:
    """Names of the kept catalogues, in alphabetical order."""
    found = (home / "catalogues").glob("*/catalogue.json")
    return sorted(path.parent.name for path in found if _NAME.fullmatch(path.parent.name))


def stamp(home: Path, name: str) -> str:
    """A short text that changes whenever the catalogue of this name is written anew."""
    status = (_existing(home, name) / "catalogue.json").stat()
    return f"{name}/{status.st_mtime_ns}/{status.st_ino}"


def save(home: Path, catalogue: Catalogue, replace: bool = False, report: Report = silent) -> Catalogue:
    """Keep a catalogue made elsewhere, with its truth: its pictures are copied, its fingerprint is computed anew.

    `image` holds paths of JPEG, PNG or WebP files; thumbnails are made here. Returns the kept catalogue. Raises
    `CatalogueError` when a picture can't be used, a rule is broken, or other content is kept under this name and
    `replace` is False.
    """
    tidy(home, catalogue.name)
    with replacing_folder(place(home, catalogue.name)) as draft:
        kept = keep_pictures([Path(path) if path else None for path in catalogue.items["image"]], draft, report)
        if problem := next((entry for entry in kept if isinstance(entry, PictureProblem)), None):
            raise CatalogueError(f"A picture of catalogue '{catalogue.name}' can't be used: {problem.detail}.")
        made = name_pictures(catalogue, kept)
        refuse_other(home, made, replace)
        write(draft, made)
    return load(home, catalogue.name)


def name_pictures(catalogue: Catalogue, kept: Sequence[KeptPicture | PictureProblem | None]) -> Catalogue:
    """The catalogue with kept pictures' file names in `image` and `thumbnail`, checked, and with its fingerprint."""
    pairs = [(entry.image, entry.thumbnail) if isinstance(entry, KeptPicture) else ("", "") for entry in kept]
    items = catalogue.items.assign(
        image=pd.Series([image for image, _ in pairs], index=catalogue.items.index, dtype="str"),
        thumbnail=pd.Series([thumbnail for _, thumbnail in pairs], index=catalogue.items.index, dtype="str"),
    )
    check_catalogue(dataclasses.replace(catalogue, items=items))
    content = fingerprint(items, catalogue.interactions, catalogue.user_ids, catalogue.columns)
    return dataclasses.replace(catalogue, items=items, fingerprint=content)


def refuse_other(home: Path, catalogue: Catalogue, replace: bool) -> None:
    """Raise `CatalogueError` when other content is kept under the catalogue's name and may not be replaced."""
    name = catalogue.name
    if replace or name not in names(home) or summary(home, name).fingerprint == catalogue.fingerprint:
        return
    raise CatalogueError(
        f"A catalogue '{name}' with other content is kept already. Give this one another name (--name), or ask for "
        "the old one to be replaced (--replace, replace=True)."
    )


def write(
    draft: Path, catalogue: Catalogue, report: ImportReport | None = None, rejected: pd.DataFrame | None = None
) -> None:
    """Write the tables of a catalogue that `name_pictures` made and whose pictures lie in `draft` already."""
    catalogue.items.to_parquet(draft / "items.parquet", index=False)
    catalogue.interactions.to_parquet(draft / "interactions.parquet", index=False)
    pd.DataFrame({"user_id": catalogue.user_ids}).to_parquet(draft / "users.parquet", index=False)
    if catalogue.truth is not None:
        write_truth(draft, catalogue.truth)
    if report is not None:
        (draft / "report.json").write_text(report.to_json(), encoding="utf-8")
    if rejected is not None:
        rejected.to_csv(draft / "rejected.csv", index=False, encoding="utf-8")
    plain = {
        "format": FORMAT,
        "summary": asdict(_summarise(catalogue)),
        "columns": [asdict(column) for column in catalogue.columns],
    }
    (draft / "catalogue.json").write_text(json.dumps(plain, ensure_ascii=False, indent=1), encoding="utf-8")


def load(home: Path, name: str) -> Catalogue:
    """A kept catalogue, with absolute paths of its pictures.

    Raises `UnknownNameError` when there is none of this name, `CatalogueError` when its files are damaged.
    """
    folder = _existing(home, name)
    plain = _plain(folder)
    with _damage_told(folder):
        items = pd.read_parquet(folder / "items.parquet")
        interactions = pd.read_parquet(folder / "interactions.parquet")
        users = pd.read_parquet(folder / "users.parquet")
        for column, sub in (("image", "pictures"), ("thumbnail", "thumbnails")):
            start = f"{(folder / sub).absolute()}{os.sep}"
            items[column] = pd.Series([start + file if file else "" for file in items[column]], dtype="str")
        catalogue = Catalogue(
            name=name,
            items=items,
            interactions=interactions,
            user_ids=pd.Index(users["user_id"], dtype="str", name=None),
            fingerprint=plain["summary"]["fingerprint"],
            columns=tuple(Column(**column) for column in plain["columns"]),
            simulated=plain["summary"]["simulated"],
            truth=read_truth(folder) if has_truth(folder) else None,
            folder=folder,
        )
    check_catalogue(catalogue)
    return catalogue


def summary(home: Path, name: str) -> Summary:
    """Counts of a kept catalogue, from one small file. Raises as `load` does."""
    folder = _existing(home, name)
    plain = _plain(folder)
    with _damage_told(folder):
        return Summary(**{**plain["summary"], "name": name})


def load_report(home: Path, name: str) -> ImportReport:
    """The report of the import. Raises `CatalogueError` for a catalogue that wasn't imported from a folder."""
    folder = _existing(home, name)
    if not (folder / "report.json").is_file():
        raise CatalogueError(f"The catalogue '{name}' wasn't imported from a folder, so there is no import report.")
    with _damage_told(folder):
        return ImportReport.from_json((folder / "report.json").read_text(encoding="utf-8"))


def rejected_rows(home: Path, name: str) -> pd.DataFrame:
    """Columns `table`, `line`, `reason`, `row` (all as in `rejected.csv`); no rows where nothing was rejected."""
    path = _existing(home, name) / "rejected.csv"
    if not path.is_file():
        return pd.DataFrame({"table": [], "line": [], "reason": [], "row": []})
    with _damage_told(path.parent):
        return pd.read_csv(path, dtype={"table": "str", "reason": "str", "row": "str"}, keep_default_na=False)


def remove(home: Path, name: str) -> None:
    """Forget a kept catalogue: it is gone at once, its files a moment later. Raises `UnknownNameError`."""
    folder = _existing(home, name)
    aside = folder.with_name(f".{name}.{uuid.uuid4().hex[:8]}.old")
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def tidy(home: Path, name: str) -> None:
    """Remove drafts that a killed import or removal of this name left behind more than a day ago."""
    for left in place(home, name).parent.glob(f".{name}.*"):
        if time.time() - left.stat().st_mtime > DAY:
            shutil.rmtree(left, ignore_errors=True)


def _existing(home: Path, name: str) -> Path:
    known = names(home)
    if name not in known:
        raise UnknownNameError("catalogue", name, known)
    return place(home, name)


def _plain(folder: Path) -> dict[str, Any]:
    with _damage_told(folder):
        plain: dict[str, Any] = json.loads((folder / "catalogue.json").read_text(encoding="utf-8"))
        if plain["format"] > FORMAT:
            raise CatalogueError(
                f"The catalogue '{folder.name}' was kept by a newer mmviz (format {plain['format']}; this one reads "
                f"up to {FORMAT}). Update mmviz or import the catalogue again."
            )
    return plain


@contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Turn whatever a damaged file raises into a `CatalogueError` that says what to do."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CatalogueError(
            f"The kept catalogue '{folder.name}' is damaged ({type(error).__name__}: {error}). Import it again, or "
            "remove it."
        ) from error


def _summarise(catalogue: Catalogue) -> Summary:
    return Summary(
        name=catalogue.name,
        fingerprint=catalogue.fingerprint,
        simulated=catalogue.simulated,
        n_items=catalogue.n_items,
        n_users=catalogue.n_users,
        n_interactions=len(catalogue.interactions),
        n_without_image=int((catalogue.items["image"] == "").sum()),
        n_without_text=int((catalogue.items["text"] == "").sum()),
    )
