"""Running work in the sidebar: progress while it runs, one fresh page when it ends or brings a catalogue."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

import streamlit as st

from mmviz.ui import state

if TYPE_CHECKING:
    from mmviz.views import JobCard

__all__ = ["active", "job_line", "jobs_panel", "last_failure", "progress_said", "wait_for"]

SECONDS = 1.0
SOON = 0.7
"""Seconds between two looks at work that the page waits for."""


def active() -> list[JobCard]:
    """The work that waits or runs."""
    return [job for job in state.lab().jobs() if job.state in ("waiting", "running")]


def jobs_panel() -> None:
    """Show running work and, until it is closed, the last failure; look again every second while something runs."""
    st.fragment(_panel, run_every=SECONDS if active() else None)()


def progress_said(job: JobCard) -> str:
    """Where a job stands in words: "Encoding pictures, 120 of 1,715"."""
    step = job.progress
    place = f", {step.done:,} of {step.total:,}" if step.total else ""
    return f"{step.stage or 'Waiting'}{place}"


def job_line(job: JobCard, place: str) -> None:
    """One running job: title, progress, and a button that stops it; `place` tells several drawings apart."""
    stopping = job.job_id in st.session_state.get("stopping", ())
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(job.title, width="stretch")
            st.button(
                "Stopping" if stopping else "Stop",
                key=f"stop_{place}_{job.job_id}",
                type="tertiary",
                icon=":material/close:",
                help="Stop this; what is finished is kept.",
                disabled=stopping,
                on_click=_stop,
                args=(job.job_id,),
            )
        st.progress(job.progress.fraction, text=progress_said(job))
        if job.progress.note:
            st.caption(job.progress.note)


def wait_for(place: str, what: Hashable, start: Callable[[], str], said: str) -> None:
    """In place of what a job makes: the job's line until it ends, and then the whole page anew.

    `what` is asked for at this `place`; for it the job is started once. One that failed or was stopped is told, and
    started again by hand only.
    """
    key = f"waits_{place}"
    asked, job_id = st.session_state.get(key, (None, ""))
    job = next((job for job in state.lab().jobs() if (asked, job_id) == (what, job.job_id)), None)
    if job is None or job.state == "done":
        job_id = start()
        st.session_state[key] = (what, job_id)
    elif job.state in ("failed", "cancelled"):
        st.caption(f":material/info: {job.error or 'It was stopped.'}")
        st.button("Try again", key=f"again_{place}", on_click=st.session_state.pop, args=(key, None))
        return
    st.caption(said)
    st.fragment(_until_done, run_every=SOON)(job_id, place)


def _until_done(job_id: str, place: str) -> None:
    job = next((job for job in active() if job.job_id == job_id), None)
    if job is None:
        st.rerun(scope="app")
    else:
        job_line(job, place)


def _stop(job_id: str) -> None:
    st.session_state["stopping"] = {*st.session_state.get("stopping", ()), job_id}
    state.lab().cancel(job_id)


def _panel() -> None:
    running = active()
    before = st.session_state.get("work_seen")
    now = (frozenset(job.job_id for job in running), tuple(card.name for card in state.lab().catalogues()))
    st.session_state["work_seen"] = now
    for job in running:
        job_line(job, "sidebar")
    _tell_failure()
    if before is not None and (before[0] - now[0] or before[1] != now[1]):
        st.rerun(scope="app")


def last_failure() -> JobCard | None:
    """The newest work that failed and whose message was not closed yet."""
    job = next((job for job in state.lab().jobs() if job.state == "failed"), None)  # the newest comes first
    return None if job is None or job.job_id == st.session_state.get("failure_closed") else job


def _tell_failure() -> None:
    if job := last_failure():
        st.caption(f":material/error: {job.title} failed. {job.error}")
        st.button("Close", key="close_failure", type="tertiary", on_click=_close_failure, args=(job.job_id,))


def _close_failure(job_id: str) -> None:
    st.session_state["failure_closed"] = job_id
