"""Pages in AppTest, over a lab whose catalogue was really imported, encoded and trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mmviz.ui import components, state

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "catalogue": "pages/explore/catalogue.py",
    "recommendations": "pages/explore/recommendations.py",
    "attention": "pages/explore/attention.py",
    "spaces": "pages/explore/spaces.py",
    "methods": "pages/learn/methods.py",
    "leaderboard": "pages/evidence/leaderboard.py",
    "robustness": "pages/evidence/robustness.py",
    "models": "pages/build/models.py",
    "start": "pages/build/start.py",
}
Open = Callable[..., AppTest]


def wait() -> None:
    """Until the background work is done."""
    for _ in range(600):
        if all(job.state not in ("waiting", "running") for job in state.lab().jobs()):
            return
        time.sleep(0.1)
    raise AssertionError("the job did not end")


@pytest.fixture
def fresh_lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The lab of the pages is made anew, over the data home of this test."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MMVIZ_DEVICE", "cpu")
    state.lab.cache_clear()
    yield
    state.lab.cache_clear()


@pytest.fixture
def shop(home: Path, fresh_lab: None) -> Path:
    """A data home with the catalogue "shop", four runs, and a lab for the pages."""
    return home


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_lab: None) -> Path:
    """An empty data home."""
    monkeypatch.setenv("MMVIZ_HOME", str(tmp_path / "empty"))
    return tmp_path / "empty"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What the components were last asked to draw, by their key; filled while pages run."""
    seen: dict[str, dict[str, Any]] = {}
    for name in ("board", "explained", "wall", "item_view", "roster", "league", "pairs"):
        real = getattr(components, name)

        def record(payload: dict[str, Any], key: str, *rest: Any, _real: Any = real, **more: Any) -> Any:
            seen[key] = payload
            return _real(payload, key, *rest, **more)

        monkeypatch.setattr(components, name, record)
    return seen


@pytest.fixture
def page() -> Open:
    """Open one page alone, as if it were the whole app; further arguments are parts of the address."""

    def open_alone(name: str, **address: str | list[str]) -> AppTest:
        at = AppTest.from_file(str(ROOT / PAGES[name]), default_timeout=60)
        for key, value in address.items():
            at.query_params[key] = value
        return at.run()

    return open_alone


@pytest.fixture
def app() -> Open:
    """Open the app through app.py, cold; then, if one is named, switch to a page."""

    def open_app(name: str = "") -> AppTest:
        at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
        return at.switch_page(PAGES[name]).run() if name else at

    return open_app
