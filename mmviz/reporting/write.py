"""A report on disk: one folder with the HTML and every table as CSV and Parquet."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from mmviz.home import replacing_folder
from mmviz.reporting.document import document
from mmviz.reporting.findings import Findings

__all__ = ["packed", "write_report"]

PAGE = "report.html"


def write_report(found: Findings, folder: Path) -> Path:
    """Write `report.html` and `tables/` into `folder` in one go; a report that is there is replaced."""
    with replacing_folder(folder) as draft:
        (draft / PAGE).write_text(document(found), encoding="utf-8")
        tables = draft / "tables"
        tables.mkdir()
        for name, table in found.tables.items():
            table.to_csv(tables / f"{name}.csv", index=False)
            table.to_parquet(tables / f"{name}.parquet", index=False)
    return folder / PAGE


def packed(folder: Path) -> bytes:
    """A written report as one zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{folder.name}/{path.relative_to(folder)}")
    return buffer.getvalue()
