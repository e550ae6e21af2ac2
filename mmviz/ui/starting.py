"""Adding a catalogue: the demo, or a folder; progress while it happens, and the report afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.errors import MmvizError
from mmviz.ui import state
from mmviz.ui.frame import PAGES, PICKS, kindly
from mmviz.ui.jobs import active, job_line, last_failure
from mmviz.ui.reporting import findings_table, report_said
from mmviz.ui.words import count, listed

if TYPE_CHECKING:
    from mmviz.views import CatalogueCard

__all__ = ["catalogues", "offer_demo", "offer_folder", "progress"]

FORMAT = """
**`items.csv`** (or `.parquet`, `.jsonl`): one row an item with an id, a title, a text and the path of its picture.
Further columns such as category, tags (separated with `|`) or price become filters.

**`ratings.csv`** or **`interactions.csv`**: user, item, and if you have them a rating and a time.

Usual other names of the columns are understood (`movieId`, `asin`, `article_id`, `timestamp` …). Rows that can't be
used are kept aside with the reason; an item without a picture or without a text stays.
"""


def offer_demo() -> None:
    """The demo catalogue at one click."""
    st.subheader("Open the demo", anchor=False)
    st.markdown(
        "A simulated shop of about 1,200 things, drawn by mmviz itself, with people whose tastes are known. "
        "It is the one catalogue for which mmviz knows the right answers. It is drawn, encoded and four strategies "
        "are trained on it in about four minutes; you can look around from the first seconds."
    )
    running = any(job.catalogue == "demo" for job in active())
    st.button(
        "Open the demo",
        type="primary",
        icon=":material/play_arrow:",
        disabled=running,
        on_click=_start_demo,
        key="open_demo",
    )


def offer_folder() -> None:
    """A folder of one's own, by its path on this computer."""
    st.subheader("Import a folder", anchor=False)
    st.markdown("The path of a folder on this computer with your items, pictures and ratings.")
    with st.form("import_folder", border=False):
        folder = st.text_input("Folder", placeholder="/home/me/my-catalogue", key="folder")
        name = st.text_input(
            "Name", placeholder="small letters, digits, - and _; the folder's if empty", key="folder_name"
        )
        attributes = st.checkbox(
            "Read its categories, tags and numbers as a third modality",
            key="folder_attributes",
            help="Beside pictures and words, where the items have such columns. You can choose this later too.",
        )
        if st.form_submit_button("Import", icon=":material/download:"):
            _start_import(folder or "", name or "", attributes)
    with st.popover("What must be in the folder", type="tertiary", icon=":material/help:"):
        st.markdown(FORMAT)


def progress() -> None:
    """What is running now, looked at again every second; and why the last work failed."""
    running = active()
    if not running and (failed := last_failure()):
        st.warning(f"{failed.title} failed. {failed.error}", icon=":material/info:")
    if not running:
        return
    st.subheader("In progress", anchor=False)
    st.fragment(_running, run_every=1.0)()


def catalogues(cards: list[CatalogueCard]) -> None:
    """What is already here, each with its import report."""
    if not cards:
        return
    st.subheader("Catalogues here", anchor=False)
    for card in cards:
        _one(card)


def _one(card: CatalogueCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        simulated = " :gray-badge[simulated]" if card.simulated else ""
        st.markdown(f"**{card.name}**{simulated}  \n:small[{_said(card)}]", width="stretch")
        _attributes(card.name)
        busy = any(job.catalogue == card.name for job in active())
        if not card.encoded and not busy:
            st.button("Encode", key=f"encode_{card.name}", on_click=_encode, args=(card.name,))
        if not card.simulated and st.button("Import report", key=f"report_{card.name}", type="tertiary"):
            _report(card.name)
        st.button("Open", key=f"see_{card.name}", on_click=_open, args=(card.name,))


def _attributes(name: str) -> None:
    """Whether the catalogue's columns are a third modality, one switch; off and explained where there are none."""
    card = state.lab().attributes(name)
    st.toggle(
        "Attributes",
        value=card.chosen,
        key=f"attributes_{name}",
        disabled=bool(card.problem),
        on_change=_use_attributes,
        args=(name,),
        help=card.problem
        or f"Read {listed(card.columns)} as a third modality beside pictures and words when models are trained. "
        "Nothing has to be encoded again.",
    )


def _said(card: CatalogueCard) -> str:
    said = (
        f"{count(card.n_items, 'item')} · {count(card.n_users, 'person', 'people')} · "
        f"{count(card.n_interactions, 'interaction')}"
    )
    return said if card.encoded else f"{said} · not encoded yet, which search by meaning and models need"


@st.dialog("Import report", width="large")
def _report(name: str) -> None:
    try:
        report = state.lab().import_report(name)
    except MmvizError as error:
        st.caption(str(error))
        return
    folder = state.lab().catalogue(name).folder
    st.text(report_said(report, str(folder / "rejected.csv") if folder else ""))
    if report.findings:
        st.dataframe(findings_table(report), hide_index=True, alt="What the import found")


def _running() -> None:
    running = active()
    for job in running:
        job_line(job, "page")
    if not running:
        st.rerun(scope="app")


def _open(name: str) -> None:
    state.forget(PICKS)
    st.session_state["catalogue"] = name
    st.switch_page(PAGES["catalogue"])


def _use_attributes(name: str) -> None:
    with kindly():
        state.lab().use_attributes(name, bool(st.session_state[f"attributes_{name}"]))


def _encode(name: str) -> None:
    state.lab().start_encode(name)


def _start_demo() -> None:
    state.lab().start_demo()


def _start_import(folder: str, name: str, attributes: bool) -> None:
    if not folder.strip():
        st.caption(":material/info: Give the path of a folder first.")
        return
    try:
        state.lab().start_import(Path(folder.strip()).expanduser(), name.strip() or None, attributes)
    except MmvizError as error:
        st.warning(str(error), icon=":material/info:")
        return
    st.rerun()
