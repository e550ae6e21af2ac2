"""What a newcomer waits for: the first start on an empty data home, until the demo catalogue is ready.

    python benchmarks/first_minutes.py

Writes `results/first_minutes.md`. Needs Chromium.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path

import _report
import psutil
from playwright.sync_api import Browser, sync_playwright
from speed import drawn, server

from mmviz.lab import FIRST_STRATEGIES, Lab
from mmviz.runs import Run, RunStore

TILES = 12
WAIT = 600.0


def main() -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        os.environ["MMVIZ_HOME"] = home
        browser = _report.chromium(play)
        rows = [*first_start(browser, Path(home)), ("a later start to drawn Recommendations", *later_start(browser))]
        browser.close()
    text = (
        "From the start of `mmviz app` on an empty data home, with a browser that opens the page as soon as the server "
        "answers and stays on it."
    )
    _report.write("first_minutes", "The first minutes", [text, _report.table(("until", "seconds ↓"), rows)])


def first_start(browser: Browser, home: Path) -> list[tuple[str, str]]:
    """Seconds until the server answers, the first pictures are on the page, and each model is there."""
    started = time.perf_counter()

    def since() -> str:
        return f"{time.perf_counter() - started:.1f}"

    with server() as address:
        answered = since()
        memory = _Memory()
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.locator(".tile img").nth(TILES - 1).wait_for(timeout=60_000)
        grid = since()
        runs = _wait_for_runs(home, started + WAIT)
        ready = since()
        peak = memory.stop()
        page.close()
    trained = {run.strategy: run.seconds for run in runs}
    return [
        ("the dashboard answers", answered),
        (f"{TILES} items can be seen", grid),
        ("the catalogue is encoded and four strategies are trained", ready),
        *((f"— of which training {name}", f"{trained[name]:.1f}") for name in FIRST_STRATEGIES),
        ("peak memory of the server, GB", f"{peak / 1e9:.2f}"),
    ]


def later_start(browser: Browser) -> tuple[str]:
    """Seconds from a later start of the app to its drawn columns."""
    person = Lab().people("demo", limit=1)[0].user_id
    started = time.perf_counter()
    with server() as address:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/recommendations?catalogue=demo&user={person}")
        drawn(page, person)
        seconds = time.perf_counter() - started
        page.close()
    return (f"{seconds:.1f}",)


def _wait_for_runs(home: Path, end: float) -> list[Run]:
    """The records of the demo's runs once all of the first strategies have one; looking costs next to nothing."""
    while time.perf_counter() < end:
        if all(list((home / "runs").glob(f"[0-9]*-{name}-*/run.json")) for name in FIRST_STRATEGIES):
            return RunStore(home / "runs").all()
        time.sleep(1)
    raise TimeoutError(f"The demo was not ready after {WAIT:.0f} s.")


class _Memory:
    """Watches the most memory that this process's server has held at once."""

    def __init__(self) -> None:
        self._peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            for child in psutil.Process().children(recursive=True):
                try:
                    if "mmviz" in child.cmdline():
                        self._peak = max(self._peak, child.memory_info().rss)
                except psutil.Error:
                    continue


if __name__ == "__main__":
    main()
