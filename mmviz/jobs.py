"""Background work: one thing at a time, with progress, cancel and the last error."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from mmviz.errors import MmvizError, UnknownNameError
from mmviz.progress import Cancelled, Progress, Report
from mmviz.views import JobCard, JobState

__all__ = ["Jobs"]

_log = logging.getLogger(__name__)
_FINISHED: frozenset[JobState] = frozenset({"done", "failed", "cancelled"})


@dataclass
class _Job:
    title: str
    catalogue: str
    key: str
    job_id: str = field(default_factory=lambda: uuid4().hex[:8])
    state: JobState = "waiting"
    progress: Progress = field(default_factory=lambda: Progress("Waiting"))
    error: str = ""
    result: Any = None
    started: float = 0.0
    seconds: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)

    def report(self, progress: Progress) -> None:
        """Given to the work as its `Report`; raises Cancelled once the job was told to stop."""
        self.progress = progress
        if self.stop.is_set():
            raise Cancelled

    def card(self) -> JobCard:
        seconds = time.monotonic() - self.started if self.state == "running" else self.seconds
        return JobCard(
            self.job_id,
            self.title,
            self.catalogue,
            self.state,
            self.progress,
            self.error,
            seconds,
            self.result,
        )


class Jobs:
    """A queue that one worker thread empties; two trainings at once would only slow each other down."""

    def __init__(self, keep: int = 20) -> None:
        self._keep = keep
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mmviz-job")

    def start(self, title: str, work: Callable[[Report], Any], catalogue: str = "", key: str = "") -> str:
        """Queue `work(report)` and return the job's id.

        While a job with the same non-empty `key` waits or runs, no second one is made and its id is returned.
        """
        with self._lock:
            for job in self._jobs.values():
                if key and job.key == key and job.state not in _FINISHED:
                    return job.job_id
            job = _Job(title, catalogue, key)
            self._jobs[job.job_id] = job
            self._forget_old()
        self._pool.submit(self._run, job, work)
        return job.job_id

    def cards(self) -> list[JobCard]:
        """All remembered jobs, newest first."""
        with self._lock:
            return [job.card() for job in reversed(self._jobs.values())]

    def card(self, job_id: str) -> JobCard:
        with self._lock:
            if job_id not in self._jobs:
                raise UnknownNameError("job", job_id, self._jobs)
            return self._jobs[job_id].card()

    def cancel(self, job_id: str) -> None:
        """Tell a job to stop; it does at its next report. Finished parts stay finished."""
        with self._lock:
            if job_id not in self._jobs:
                raise UnknownNameError("job", job_id, self._jobs)
            self._jobs[job_id].stop.set()

    def _run(self, job: _Job, work: Callable[[Report], Any]) -> None:
        if job.stop.is_set():
            job.state = "cancelled"
            return
        job.started, job.state = time.monotonic(), "running"
        try:
            result = work(job.report)
        except Cancelled:
            self._finish(job, "cancelled")
        except MmvizError as error:
            self._finish(job, "failed", str(error))
        except Exception as error:
            _log.exception("job '%s' failed", job.title)
            self._finish(job, "failed", f"{type(error).__name__}: {error}. The server's log has the details.")
        else:
            job.result = result
            self._finish(job, "done")

    def _finish(self, job: _Job, state: JobState, error: str = "") -> None:
        job.seconds, job.error, job.state = time.monotonic() - job.started, error, state

    def _forget_old(self) -> None:
        finished = [job_id for job_id, job in self._jobs.items() if job.state in _FINISHED]
        for job_id in finished[: max(0, len(self._jobs) - self._keep)]:
            del self._jobs[job_id]
