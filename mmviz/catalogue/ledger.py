"""What an import has to tell: findings and rejected rows, collected on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from mmviz.catalogue.report import Finding, ImportFailedError, Level
from mmviz.catalogue.tables import Table

__all__ = ["Ledger", "few", "many"]

EXAMPLES = 5
_ORDER: dict[Level, int] = {"error": 0, "warning": 1, "note": 2}


def many(count: int, word: str) -> str:
    """A count with its noun.

    >>> many(1, "row"), many(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def few(values: Iterable[object]) -> tuple[str, ...]:
    """The first few distinct values, shortened, as examples."""
    distinct = dict.fromkeys(str(value) for value in values)
    return tuple(value if len(value) <= 80 else value[:79] + "…" for value in list(distinct)[:EXAMPLES])


class Ledger:
    """Findings and rejected rows of one import."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._rejected: list[pd.DataFrame] = []

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, the most serious first, else in the order in which they were made."""
        return tuple(sorted(self._findings, key=lambda finding: _ORDER[finding.level]))

    @property
    def n_rejected(self) -> int:
        return sum(len(part) for part in self._rejected)

    def add(self, level: Level, kind: str, message: str, count: int = 1, examples: Iterable[object] = ()) -> None:
        self._findings.append(Finding(kind, level, message, count, few(examples)))

    def reject(
        self,
        kind: str,
        table: Table,
        rows: np.ndarray,
        why: str,
        values: Sequence[object] | None = None,
        level: Level = "warning",
    ) -> None:
        """Reject rows of a table (positions, or a mask over them), for one reason.

        `values`, one a rejected row, are put behind the reason in `rejected.csv` and serve as examples; without
        them the source lines do.
        """
        positions = np.flatnonzero(rows) if rows.dtype == bool else rows
        if not len(positions):
            return
        lines = table.lines[positions]
        reasons = [f"{why}: {value}" for value in values] if values is not None else [why] * len(positions)
        records = table.frame.iloc[positions].to_dict("records")
        raw = [json.dumps(record, ensure_ascii=False) for record in records]
        self._put(table.file, lines, reasons, raw)
        shown = values if values is not None else [f"line {line}" for line in lines[:EXAMPLES]]
        self.add(level, kind, f"Rejected {many(len(lines), 'row')} of {table.file}: {why}.", len(lines), shown)

    def reject_bad_lines(self, table: Table) -> None:
        """Reject the lines that the reader could not make rows of."""
        if not table.bad:
            return
        lines = np.array([bad.line for bad in table.bad])
        self._put(table.file, lines, [bad.reason for bad in table.bad], [bad.raw for bad in table.bad])
        message = f"Rejected {many(len(lines), 'line')} of {table.file} that can't be read as rows."
        self.add("warning", "bad-line", message, len(lines), (f"line {bad.line}: {bad.reason}" for bad in table.bad))

    def _put(self, file: str, lines: np.ndarray, reasons: list[str], raw: list[str]) -> None:
        self._rejected.append(pd.DataFrame({"table": file, "line": lines, "reason": reasons, "row": raw}))

    def rejected(self) -> pd.DataFrame:
        """Columns `table` (file name), `line`, `reason`, `row` (JSON of the row, or the bad line as it stands)."""
        if not self._rejected:
            return pd.DataFrame({"table": [], "line": [], "reason": [], "row": []})
        return pd.concat(self._rejected, ignore_index=True)

    def failure(self, kind: str, message: str) -> ImportFailedError:
        """The error to raise when nothing can be imported, with the reasons for rejected rows behind it."""
        reasons = [finding.message for finding in self.findings if finding.level == "warning"][:EXAMPLES]
        whole = " ".join([message, *reasons])
        return ImportFailedError((Finding(kind, "error", whole), *self.findings))
