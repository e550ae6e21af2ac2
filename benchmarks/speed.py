"""How long the spine takes on a folder's catalogue, and how much memory: import, encode, train, serve, draw.

    python benchmarks/speed.py FOLDER

Writes `results/speed-<name>.md`. Each command runs in a process of its own over a fresh data home, so that its memory
is its own. The browser figures need Chromium.
"""

from __future__ import annotations

import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import _report
from playwright.sync_api import Page, sync_playwright

from mmviz.lab import FIRST_STRATEGIES, Lab

PEOPLE = 30
EVERY_PLOT = """() => {
    const plots = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
    const ended = document.querySelector('[data-test-script-state="notRunning"]');
    return ended && location.pathname.endsWith("leaderboard") && plots.length > 1
        && plots.every((plot) => plot.querySelector(".main-svg"));
}"""
"""The script of the leaderboard has ended, and every plot that it asked for is drawn."""


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as home:
        os.environ["MMVIZ_HOME"] = home
        commands = measure_commands(folder)
        name = Lab().catalogues()[0].name
        parts = [
            _report.table(("command", "seconds ↓", "peak memory, GB ↓"), commands),
            _report.table(("serving", "median ↓", "slowest ↓"), [measure_python(name), *measure_browser(name)]),
        ]
        facts = Lab().catalogues()[0]
    counts = f"{facts.n_items:,} items, {facts.n_users:,} people, {facts.n_interactions:,} interactions."
    _report.write(f"speed-{name}", f"Speed on {name}", [counts, *parts])


def measure_commands(folder: Path) -> list[tuple[str, str, str]]:
    name = folder.name.lower()
    words = [("import", str(folder)), ("encode", name), *(("train", name, s) for s in (*FIRST_STRATEGIES, "ease"))]
    rows = []
    for command in words:
        started = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-m", "mmviz", *command], stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"mmviz {' '.join(command)} ended with {status}")
        shown = " ".join(word if "/" not in word else "FOLDER" for word in command)
        rows.append((f"`mmviz {shown}`", f"{time.perf_counter() - started:.1f}", f"{_bytes(usage) / 1e9:.2f}"))
    return rows


def measure_python(name: str) -> tuple[str, str, str]:
    """Our own share of a change of person: four lists with shares, overlap and metrics."""
    lab = Lab()
    people = [person.user_id for person in lab.people(name, limit=PEOPLE)]
    lab.recommend(name, FIRST_STRATEGIES, people[0])
    seconds = []
    for user_id in people:
        started = time.perf_counter()
        lab.recommend(name, FIRST_STRATEGIES, user_id)
        seconds.append(time.perf_counter() - started)
    return ("`lab.recommend`, 4 strategies, one person", *_both(seconds))


def measure_browser(name: str) -> list[tuple[str, str, str]]:
    """The second start of the app to drawn columns, a change of person in the open page, the leaderboard, the maps."""
    people = [person.user_id for person in Lab().people(name, limit=PEOPLE)]
    with server():
        pass
    starts, changes, tables, boards, maps = [], [], [], {"first": [], "again": []}, []
    with sync_playwright() as play:
        browser = _report.chromium(play)
        for _ in range(3):
            started = time.perf_counter()
            with server() as address:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(f"{address}/recommendations?catalogue={name}&user={people[0]}")
                drawn(page, people[0])
                starts.append(time.perf_counter() - started)
                changes += [change(page, user_id) for user_id in people[1:8]]
                for when in ("first", "again", "again"):
                    table, whole = leaderboard(page)
                    boards[when].append(whole)
                    tables += [table] if when == "first" else []
                page.close()
        browser.close()
        browser = _report.chromium(play, webgl=True)
        with server() as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(f"{address}/recommendations?catalogue={name}&user={people[0]}")
            drawn(page, people[0])
            maps += [spaces(page) for _ in range(5)][1:]  # the first one may lay them out
        browser.close()
    return [
        ("second start of the app to drawn columns", *_both(starts)),
        ("another person picked to drawn columns", *_both(changes)),
        ("leaderboard picked to its table, the first time", *_both(tables)),
        ("leaderboard picked to its last plot, the first time", *_both(boards["first"])),
        ("leaderboard picked to its last plot, later", *_both(boards["again"])),
        ("spaces picked to its drawn maps, once they are laid out", *_both(maps)),
    ]


def change(page: Page, user_id: str) -> float:
    """Seconds from the pick to the drawn columns of another person."""
    page.wait_for_timeout(1500)
    box = page.get_by_role("combobox", name="Person")
    box.click()
    box.fill(user_id)
    page.wait_for_timeout(300)
    started = time.perf_counter()
    box.press("Enter")
    drawn(page, user_id)
    return time.perf_counter() - started


def leaderboard(page: Page) -> tuple[float, float]:
    """Seconds from the pick of the leaderboard to its table, and to all of its plots; then back to where it was."""
    page.wait_for_timeout(1500)
    started = time.perf_counter()
    page.get_by_role("link", name="Leaderboard").first.click()
    page.locator(".mm-league table").wait_for(timeout=60_000)
    table = time.perf_counter() - started
    page.get_by_role("button", name="How to read this").wait_for(timeout=60_000)
    page.wait_for_function(EVERY_PLOT, timeout=60_000)
    whole = time.perf_counter() - started
    back(page)
    return table, whole


def spaces(page: Page) -> float:
    """Seconds from the pick of the spaces to maps that are painted; then back to where it was."""
    page.wait_for_timeout(1500)
    started = time.perf_counter()
    page.get_by_role("link", name="Spaces").first.click()
    page.locator(".mm-space[data-painted]").wait_for(timeout=180_000)
    seconds = time.perf_counter() - started
    back(page)
    return seconds


def back(page: Page) -> None:
    """To the recommendations, until they are drawn."""
    page.get_by_role("link", name="Recommendations").first.click()
    page.locator(".head").first.wait_for(timeout=60_000)


def drawn(page: Page, user_id: str) -> None:
    page.get_by_text(f"{user_id} chose").first.wait_for(timeout=60_000)
    page.locator(".head").nth(3).wait_for(timeout=60_000)


@contextmanager
def server() -> Iterator[str]:
    """The dashboard on a free port; ready when its health route answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mmviz", "app", "--headless", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _bytes(usage: resource.struct_rusage) -> int:
    """Peak resident memory; Linux counts in KiB, macOS in bytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _both(seconds: list[float]) -> tuple[str, str]:
    return _said(statistics.median(seconds)), _said(max(seconds))


def _said(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


if __name__ == "__main__":
    main()
