"""One server and one Chromium for the session; a browser that is missing is a failure only on a CI machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from mmviz.lab import Lab
from mmviz.views.maps import LayoutSettings

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
START = "import sys; from mmviz.cli import main; sys.argv = ['mmviz', *sys.argv[1:]]; main()"
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or Chrome."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("No Chromium on this CI machine: install `chromium`.")
        pytest.skip("No Chromium here: install `chromium` to run the browser tests.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def server(ready_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`mmviz app` over a copy of the ready data home with its maps drawn, on a free port; its address."""
    home = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(ready_home, home)
    lab = Lab(home, device="cpu")
    lab.lay_out("shop", [card.name for card in lab.spaces("shop")], LayoutSettings("pca"))
    yield from _serve(home)


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`mmviz app` over a data home with nothing in it."""
    yield from _serve(tmp_path_factory.mktemp("browser") / "nothing")


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open an address in a window of its own; after the test, no error may have reached the console."""
    pages: list[Page] = []
    troubles: list[str] = []

    def open_at(address: str, width: int = 1440, height: int = 900, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: troubles.append(message.text) if _is_trouble(message) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("response", lambda response: troubles.append(response.url) if _is_missing(response) else None)
        pages.append(page)
        page.goto(address)
        return page

    yield open_at
    for page in pages:
        assert page.get_by_test_id("stException").count() == 0
        page.context.close()
    assert troubles == []


def _is_trouble(message: ConsoleMessage) -> bool:
    # A missing file is told by its response, which has the address; see _is_missing.
    return message.type == "error" and "Failed to load resource" not in message.text


def _is_missing(response: Response) -> bool:
    # On a deep link Streamlit's own script looks for its server below the page first, and then at the root.
    return response.status >= 400 and "/_stcore/" not in response.url


def _serve(home: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "MMVIZ_HOME": str(home), "MMVIZ_DEVICE": "cpu"}
    command = [sys.executable, "-c", START, "app", "--port", str(port), "--headless", "--no-demo"]
    log = home.parent / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=home.parent, env=environment, stdout=out, stderr=out)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process, log)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.2)
        if process.poll() is not None:
            break
    pytest.fail(f"The server did not start:\n{log.read_text()[-2000:]}")
