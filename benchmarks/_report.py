"""What every benchmark script shares: the machine's description, a results file in Markdown, a browser."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

SWITCHES = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

RESULTS = Path(__file__).resolve().parent / "results"


def machine() -> str:
    """One line that says what the figures were measured on."""
    memory = psutil.virtual_memory().total / 2**30
    wanted = ("torch", "numpy", "streamlit", "cornac")
    libraries = ", ".join(f"{name} {version(name)}" for name in wanted if find_spec(name))
    return (
        f"{psutil.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def chromium(play: Playwright, webgl: bool = False) -> Browser:
    """The browser; with `webgl` it draws that in software, which makes everything else slower."""
    switches = [*SWITCHES, *SOFTWARE_GL] if webgl else SWITCHES
    return play.chromium.launch(executable_path=shutil.which("chromium"), args=switches)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers to four digits after the point, the first column to the left."""
    line = ["| " + " | ".join(headings) + " |", "| --- |" + " ---: |" * (len(headings) - 1)]
    line += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(line)


def gap(mean: float, low: float, high: float) -> str:
    """A difference with its interval."""
    return f"{mean:+.4f} ({low:+.4f} … {high:+.4f})"


def write(name: str, title: str, parts: Sequence[str]) -> None:
    """Write `results/<name>.md` and print it."""
    command = " ".join(
        [
            "python",
            f"benchmarks/{Path(sys.argv[0]).name}",
            *("FOLDER" if Path(word).is_dir() else word for word in sys.argv[1:2]),
            *sys.argv[2:],
        ]
    )
    head = f"# {title}\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {machine()}. Repeat with `{command}`.\n"
    text = head + "\n" + "\n\n".join(parts) + "\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
