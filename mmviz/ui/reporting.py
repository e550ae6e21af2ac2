"""An import report as a person reads it. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmviz.ui.words import count, duration

if TYPE_CHECKING:
    from mmviz.catalogue.report import ImportReport

__all__ = ["findings_table", "report_said"]

LEVELS = {"error": "Not imported", "warning": "Look at this", "note": "Understood as"}


def report_said(report: ImportReport, rejected: str = "") -> str:
    """What came of an import, in a few plain lines; `rejected` is where the rows that were kept aside lie."""
    lines = [
        f"{count(report.n_items, 'item')}, {count(report.n_users, 'person', 'people')} and "
        f"{count(report.n_interactions, 'interaction')} from {report.folder} in {duration(report.seconds)}.",
        f"{report.n_without_image:,} of {count(report.n_items, 'item')} have no picture, "
        f"{report.n_without_text:,} no text.",
    ]
    lines += [
        f"{table.file}: {count(table.rows, 'row')} read as {table.table}"
        + (f", {table.encoding}" if table.encoding else "")
        + (f", separated by {table.delimiter!r}" if table.delimiter else "")
        + "."
        for table in report.tables
    ]
    if report.n_rejected:
        where = f"; they are in {rejected} with the reason" if rejected else ""
        lines.append(f"{count(report.n_rejected, 'row')} could not be used{where}.")
    return "\n".join(lines)


def findings_table(report: ImportReport) -> dict[str, list[str | int]]:
    """The findings as columns, most serious first."""
    return {
        "Kind": [LEVELS[finding.level] for finding in report.findings],
        "What": [finding.message for finding in report.findings],
        "How many": [finding.count for finding in report.findings],
        "For example": [", ".join(finding.examples) for finding in report.findings],
    }
