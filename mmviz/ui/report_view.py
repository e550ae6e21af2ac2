"""The report on the page: written at a click, and taken along as a page or with its tables."""

from __future__ import annotations

import streamlit as st

from mmviz.ui.frame import Here, kindly
from mmviz.ui.jobs import active
from mmviz.ui.words import moment

__all__ = ["offer_report"]


def offer_report(here: Here, split: str) -> None:
    """Offer to write the report of a split, and what was written last."""
    st.space("small")
    st.subheader("Report", anchor=False)
    st.caption(
        "Everything that was measured on this split as one page that needs nothing else: plots, tables, fingerprints, "
        "seeds, versions, when each test split was opened, and the commands to repeat it. Tables as CSV and Parquet."
    )
    page = here.lab.report_folder(here.card.name, split) / "report.html"
    busy = any(job.catalogue == here.card.name for job in active())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Write it again" if page.is_file() else "Write the report",
            icon=":material/description:",
            disabled=busy,
            on_click=_write,
            args=(here, split),
        )
        if page.is_file():
            _take(here, split, page.stat().st_mtime)


def _take(here: Here, split: str, written: float) -> None:
    page = here.lab.report_folder(here.card.name, split) / "report.html"
    name = f"{here.card.name}-{split}"
    st.download_button(
        "Page (HTML)",
        page.read_bytes,
        f"{name}.html",
        "text/html",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "Page and tables (zip)",
        lambda: here.lab.packed_report(here.card.name, split),
        f"{name}.zip",
        "application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
    )
    st.caption(f"Written {moment(written)}, kept at `{page}`.")


def _write(here: Here, split: str) -> None:
    with kindly():
        here.lab.start_report(here.card.name, split)
