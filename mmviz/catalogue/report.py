"""What an import did: how each file was read, what was found, what was rejected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mmviz.errors import CatalogueError

__all__ = ["Finding", "ImportFailedError", "ImportReport", "Level", "TableRead"]

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that a person should know about an import.

    - `kind`: a slug that never changes with the wording, such as "unknown-item".
    - `level`: "error" = nothing could be imported, "warning" = something was lost or may be wrong,
      "note" = how something was understood.
    - `message`: a plain sentence; `count` rows, pictures or files are meant; `examples` are a few of them.
    """

    kind: str
    level: Level
    message: str
    count: int = 1
    examples: tuple[str, ...] = ()


class ImportFailedError(CatalogueError):
    """Nothing could be imported; `findings` holds all that was found, the error first."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(findings[0].message)
        self.findings = findings


@dataclass(frozen=True)
class TableRead:
    """How one file of the folder was read.

    `table` is "items" or "interactions"; `encoding` and `delimiter` are "" where the format has none;
    `columns` maps each recognised source column to its role; `rows` counts all rows, the rejected ones included.
    """

    table: str
    file: str
    format: str
    encoding: str
    delimiter: str
    rows: int
    columns: dict[str, str]


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an import: counts, how the files were read, and the findings, most serious first.

    Every row read is either kept or counted in `n_rejected` and listed in the catalogue's `rejected.csv`.
    """

    name: str
    folder: str
    fingerprint: str
    n_items: int
    n_users: int
    n_interactions: int
    n_without_image: int
    n_without_text: int
    n_rejected: int
    tables: tuple[TableRead, ...]
    findings: tuple[Finding, ...]
    seconds: float = 0.0

    def to_json(self) -> str:
        """The report as JSON text that `from_json` reads back."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> ImportReport:
        """The report that `to_json` wrote; unknown fields are ignored, missing ones are a KeyError or TypeError."""
        raw: Mapping[str, Any] = json.loads(text)
        known = {key: value for key, value in raw.items() if key in cls.__dataclass_fields__}
        known["tables"] = tuple(TableRead(**table) for table in raw["tables"])
        known["findings"] = tuple(
            Finding(**{**finding, "examples": tuple(finding["examples"])}) for finding in raw["findings"]
        )
        return cls(**known)
