"""Keeping what is known to be right about a simulated catalogue: truth.json, truth.npz and truth_users.parquet."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmviz.catalogue.truth import Truth, TruthItem, TruthSpan
from mmviz.errors import CatalogueError

__all__ = ["has_truth", "read_truth", "write_truth"]


def has_truth(folder: Path) -> bool:
    """True when `write_truth` wrote into this folder."""
    return (folder / "truth.json").is_file()


def write_truth(folder: Path, truth: Truth) -> None:
    """Write the three files into `folder`; user columns that hold lists are kept as JSON."""
    nested = [name for name in truth.users.columns if _is_nested(truth.users[name])]
    users = truth.users.assign(**{name: truth.users[name].map(json.dumps) for name in nested})
    users.to_parquet(folder / "truth_users.parquet", index=False)
    np.savez_compressed(folder / "truth.npz", masks=truth.masks)
    plain = {
        "sources": truth.sources,
        "parts": truth.parts,
        "ceiling": truth.ceiling,
        "nested_user_columns": nested,
        "items": [asdict(item) for item in truth.items],
    }
    (folder / "truth.json").write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")


def read_truth(folder: Path) -> Truth:
    """The truth that `write_truth` wrote. Raises `CatalogueError` when the files are damaged."""
    try:
        plain = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        users = pd.read_parquet(folder / "truth_users.parquet")
        with np.load(folder / "truth.npz", allow_pickle=False) as arrays:
            masks = arrays["masks"]
        nested = {name: users[name].map(json.loads) for name in plain["nested_user_columns"]}
        return Truth(
            sources=plain["sources"],
            items=tuple(_item(raw) for raw in plain["items"]),
            masks=masks,
            parts=tuple(plain["parts"]),
            users=users.assign(**nested),
            ceiling=plain["ceiling"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"The truth kept in '{folder.name}' is damaged ({error}). Make the demo again.") from error


def _is_nested(column: pd.Series) -> bool:
    return any(isinstance(value, (list, tuple, dict)) for value in column)


def _item(raw: dict[str, Any]) -> TruthItem:
    """JSON knows lists only; the dataclass wants tuples."""
    return TruthItem(
        attributes=raw["attributes"],
        boxes={part: (box[0], box[1], box[2], box[3]) for part, box in raw["boxes"].items()},
        spans=tuple(TruthSpan(**span) for span in raw["spans"]),
        tags=tuple(raw["tags"]),
        questions=tuple((question, answer) for question, answer in raw["questions"]),
        captions=tuple(raw["captions"]),
        wrong=tuple(raw["wrong"]),
        where={attribute: tuple(parts) for attribute, parts in raw["where"].items()},
        numbers=raw["numbers"],
    )
