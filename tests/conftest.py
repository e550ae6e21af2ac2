"""What many tests share: a lab over a small catalogue that was really imported, encoded and trained, once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.make import SmallCatalogue, write_small_catalogue

FAST = {"rounds": 4, "steps": 8, "patience": 2, "learning_rate": 1e-2, "dim": 16, "factors": 8}
TRAINED = ("concat", "attention", "popularity", "ease")


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallCatalogue:
    """A folder as a person would have it."""
    return write_small_catalogue(tmp_path_factory.mktemp("data") / "shop")


@pytest.fixture(scope="session")
def ready_home(small: SmallCatalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data home with "shop" imported, encoded by the bundled pair, and a few runs. Read only: see `home`."""
    from mmviz.lab import Lab

    home = tmp_path_factory.mktemp("home")
    lab = Lab(home, device="cpu")
    lab.import_folder(small.folder)
    lab.encode("shop")
    for strategy in TRAINED:
        lab.train("shop", strategy, settings=FAST if strategy in ("concat", "attention") else None)
    return home


@pytest.fixture
def home(ready_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the ready home that a test may change; `MMVIZ_HOME` points to it."""
    copy = tmp_path / "home"
    shutil.copytree(ready_home, copy)
    monkeypatch.setenv("MMVIZ_HOME", str(copy))
    yield copy


@pytest.fixture
def lab(home: Path):
    """A lab over a home of its own."""
    from mmviz.lab import Lab

    return Lab(home, device="cpu")
