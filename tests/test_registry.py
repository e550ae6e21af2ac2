"""The folder as registry: what counts as an entry, and what a broken file says."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from mmviz.errors import FusionError, UnknownNameError
from mmviz.registry import FolderRegistry

BASE = "from abc import ABC, abstractmethod\nclass Thing(ABC):\n    @abstractmethod\n    def go(self): ...\n"
GOOD = "from {p}.base import Thing\nclass {c}(Thing):\n    title = '{t}'\n    def go(self): return 1\n"


def _registry(root: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str]) -> FolderRegistry[object]:
    name = f"package_{abs(hash(str(root)))}"
    package = root / name
    package.mkdir()
    for file, text in {"__init__.py": "", "base.py": BASE, **files}.items():
        (package / file).write_text(text.replace("{p}", name))
    monkeypatch.syspath_prepend(root)
    path = importlib.import_module(name).__path__
    return FolderRegistry(name, path, "Thing", ("thing", "things"), FusionError)


def _good(cls: str, title: str) -> str:
    return GOOD.replace("{c}", cls).replace("{t}", title)


def test_files_are_entries_but_base_and_private_files_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"b.py": _good("B", "Bee"), "a.py": _good("A", "Ay"), "_shared.py": "raise RuntimeError"}
    registry = _registry(tmp_path, monkeypatch, files)
    assert registry.names == ("a", "b")
    assert [cls.__name__ for cls in registry.classes.values()] == ["A", "B"]
    assert registry.get("b").__name__ == "B"


def test_imported_and_abstract_classes_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from {p}.b import B\nfrom {p}.base import Thing\nclass Half(Thing): ...\n" + _good("A", "Ay")
    registry = _registry(tmp_path, monkeypatch, {"a.py": text, "b.py": _good("B", "Bee")})
    assert registry.classes["a"].__name__ == "A"


def test_an_unknown_name_suggests_the_nearest_without_importing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = _registry(tmp_path, monkeypatch, {"concat.py": "raise RuntimeError"})
    with pytest.raises(UnknownNameError, match=r"no thing 'concatt'\. Did you mean 'concat'"):
        registry.get("concatt")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.py": "x = 1\n"}, r"a\.py defines 0 things \(none\)"),
        ({"a.py": _good("A", "Ay") + _good("B", "Bee")}, r"a\.py defines 2 things \(A, B\)"),
        (
            {"a.py": _good("A", "Ay"), "b.py": _good("B", "Ay")},
            r"Two things are titled 'Ay': .*a\.py and .*b\.py",
        ),
        ({"a.py": _good("A", "")}, r"a\.py gives its thing no title"),
    ],
)
def test_a_broken_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], message: str
) -> None:
    registry = _registry(tmp_path, monkeypatch, files)
    with pytest.raises(FusionError, match=message):
        _ = registry.classes


@pytest.mark.parametrize("package", ["fusion", "baselines"])
def test_listing_names_loads_neither_torch_nor_streamlit(package: str) -> None:
    look = "print({'torch', 'streamlit'} & set(sys.modules))"
    code = f"import sys, mmviz.{package} as p; assert p.names(); {look}"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
