"""The house rules that ARCHITECTURE.md states: who may import whom, and what never loads what."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SMALL = {"errors", "home", "progress", "registry", "views", "settings", "memo", "fields"}
# room -> the rooms of mmviz that it may import; a file that is not named may import anything but ui and cli
MAY_IMPORT = {
    "catalogue": SMALL | {"catalogue"},
    "encoders": SMALL | {"encoders", "catalogue"},
    "features": SMALL | {"features", "encoders", "catalogue"},
    "fusion": SMALL | {"fusion"},
    "ranker": SMALL,
    "fusion_ranker": SMALL | {"ranker"},
    "propagation": SMALL,
    "recommender": SMALL | {"fusion", "features", "fusion_ranker", "ranker", "propagation"},
    "training": SMALL | {"fusion", "recommender", "ranker", "fusion_ranker", "heads"},
    "heads": SMALL | {"heads", "catalogue", "evaluation"},
    "selfsupervised": SMALL | {"fusion", "training"},
    "interaction": SMALL | {"interaction", "baselines", "features", "fusion_ranker", "propagation", "ranker"},
    "baselines": SMALL | {"baselines", "ranker", "features", "catalogue", "evaluation", "propagation"},
    "twins": SMALL | {"features"},
    "evaluation": SMALL | {"evaluation", "ranker", "features", "catalogue"},
    "charts": {"charts"},
}
HEAVY = {"torch", "torchvision", "open_clip", "timm", "transformers", "umap", "sklearn"}


def imported(path: Path) -> set[str]:
    """Full names of all modules that a file imports, wherever in it, but for those that only types need."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(module: str) -> str:
    return module.split(".")[1]


FILES = sorted((ROOT / "mmviz").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_imports_only_what_its_room_may(path: Path) -> None:
    own = path.relative_to(ROOT / "mmviz").parts[0].removesuffix(".py")
    inside = {name for name in imported(path) if name.startswith("mmviz.")}
    if own in MAY_IMPORT:
        wrong = {name for name in inside if room(name) not in MAY_IMPORT[own] and name != "mmviz.__version__"}
        assert not wrong, f"{own} must not import {sorted(wrong)}"
    if own not in ("ui", "cli", "__main__"):
        assert not any(name.split(".")[0] == "streamlit" for name in imported(path))
        assert not any(room(name) in ("ui", "cli") for name in inside)


@pytest.mark.parametrize("path", sorted((ROOT / "mmviz" / "fusion").glob("[a-z]*.py")), ids=lambda p: p.name)
def test_one_strategy_never_imports_another(path: Path) -> None:
    others = {
        name
        for name in imported(path)
        if name.startswith("mmviz.fusion.") and name.split(".")[2] not in ("base", "_layers", path.stem)
    }
    assert path.stem == "base" or not {n for n in others if n.count(".") == 2}


@pytest.mark.parametrize("path", sorted((ROOT / "pages").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_pages_are_thin(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    assert not roots & (HEAVY | {"pandas", "numpy"})
    assert {room(n) for n in imported(path) if n.startswith("mmviz.")} <= {"ui"}
    assert len(path.read_text().splitlines()) <= 60


def test_pages_sit_in_sections() -> None:
    assert list((ROOT / "pages").glob("*.py")) == []


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import mmviz", ("streamlit", "torch", "pandas")),
        ("import mmviz.lab, mmviz.ui.state", ("torch", "transformers", "open_clip", "timm")),
        ("import mmviz.features", ("torch", "streamlit")),
        ("import mmviz.fusion, mmviz.baselines; mmviz.fusion.names(), mmviz.baselines.names()", ("torch",)),
        ("import mmviz.interaction as i; [i.model(name).serves for name in i.names()]", ("torch", "streamlit")),
    ],
)
def test_what_an_import_does_not_load(statement: str, absent: tuple[str, ...]) -> None:
    check = f"{statement}\nimport sys\nprint(','.join(m for m in {absent!r} if m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


def test_every_room_is_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {p.name for p in (ROOT / "mmviz").iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    rooms |= {p.name for p in (ROOT / "mmviz").glob("[a-z]*.py")}
    missing = {r for r in rooms if r.removesuffix(".py") not in text}
    assert not missing


def test_nothing_prints() -> None:
    for path in FILES:
        calls = [
            n
            for n in ast.walk(ast.parse(path.read_text()))
            if isinstance(n, ast.Call) and ast.unparse(n.func) == "print"
        ]
        assert not calls, path


def test_every_strategy_verb_and_setting_is_in_the_readme() -> None:
    from mmviz import baselines, fusion, interaction
    from mmviz.cli import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    verbs = {c.name or c.callback.__name__.rstrip("_") for c in app.registered_commands if c.callback}
    rooms = (fusion, interaction, baselines)
    titles = {room.texts(name)["title"] for room in rooms for name in room.names()}
    variables = {"MMVIZ_HOME", "MMVIZ_DEVICE"}
    missing = {f"mmviz {v}" for v in verbs if f"mmviz {v}" not in text} | {
        t for t in titles | variables if t not in text
    }
    assert not missing
