"""Background work: progress, cancel, errors in words, no twin."""

from __future__ import annotations

import threading
import time

import pytest

from mmviz.errors import CatalogueError, UnknownNameError
from mmviz.jobs import Jobs
from mmviz.progress import Progress, Report


def finished(jobs: Jobs, job_id: str, seconds: float = 10.0):
    end = time.monotonic() + seconds
    while jobs.card(job_id).state in ("waiting", "running"):
        assert time.monotonic() < end, "the job did not end"
        time.sleep(0.005)
    return jobs.card(job_id)


def test_a_result_and_the_last_progress_are_kept() -> None:
    jobs = Jobs()

    def work(report: Report) -> int:
        report(Progress("Counting", 2, 4))
        return 42

    card = finished(jobs, jobs.start("Count", work, "films"))
    assert (card.state, card.result, card.title, card.catalogue) == ("done", 42, "Count", "films")
    assert card.progress.fraction == 0.5


def test_cancel_stops_at_the_next_report() -> None:
    jobs, running = Jobs(), threading.Event()
    steps = []

    def work(report: Report) -> None:
        for step in range(10_000):
            steps.append(step)
            report(Progress("Working", step, 10_000))
            running.set()
            time.sleep(0.001)

    job_id = jobs.start("Work", work)
    running.wait(5)
    jobs.cancel(job_id)
    assert finished(jobs, job_id).state == "cancelled"
    assert len(steps) < 10_000


def test_a_waiting_job_can_be_cancelled() -> None:
    jobs, go = Jobs(), threading.Event()
    first = jobs.start("First", lambda _: go.wait(5))
    ran = []
    second = jobs.start("Second", lambda _: ran.append(1))
    jobs.cancel(second)
    go.set()
    assert finished(jobs, first).state == "done"
    assert finished(jobs, second).state == "cancelled"
    assert ran == []


def test_errors_become_words() -> None:
    jobs = Jobs()

    def known(_: Report) -> None:
        raise CatalogueError("There is no folder 'x'.")

    def unknown(_: Report) -> None:
        raise ZeroDivisionError("division by zero")

    assert finished(jobs, jobs.start("a", known)).error == "There is no folder 'x'."
    assert "division by zero" in finished(jobs, jobs.start("b", unknown)).error
    assert finished(jobs, jobs.start("c", lambda _: 1)).state == "done"


def test_no_second_job_with_the_key_of_one_that_is_not_done() -> None:
    jobs, go = Jobs(), threading.Event()
    first = jobs.start("Demo", lambda _: go.wait(5), key="demo")
    assert jobs.start("Demo", lambda _: None, key="demo") == first
    go.set()
    finished(jobs, first)
    assert jobs.start("Demo", lambda _: None, key="demo") != first


def test_old_jobs_are_forgotten_running_ones_are_not() -> None:
    jobs, go = Jobs(keep=3), threading.Event()
    for _ in range(5):
        finished(jobs, jobs.start("Short", lambda _: None))
    running = jobs.start("Long", lambda _: go.wait(5))
    assert len(jobs.cards()) <= 4
    assert jobs.cards()[0].job_id == running
    go.set()
    with pytest.raises(UnknownNameError):
        jobs.cancel("nope")
