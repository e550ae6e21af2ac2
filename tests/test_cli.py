"""The command line: every verb, its help, its JSON and its exit codes, as a person or a script would use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmviz.cli import app, main
from tests.make import SmallCatalogue

runner = CliRunner()


def call(*words: str) -> str:
    result = runner.invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    "verb", ["import", "demo", "encode", "train", "evaluate", "tune", "board", "recommend", "list", "app"]
)
def test_every_verb_explains_itself(verb: str) -> None:
    assert "Usage" in call(verb, "--help")
    assert verb in call("--help")


def test_list_as_json(home: Path) -> None:
    (card,) = json.loads(call("list", "catalogues", "--json"))
    assert card["name"] == "shop"
    assert {"concat", "ease"} <= {c["name"] for c in json.loads(call("list", "strategies", "--json"))}
    assert all(s["reason"] for s in json.loads(call("list", "splits", "--catalogue", "shop", "--json")))
    assert len(json.loads(call("list", "runs", "--catalogue", "shop", "--json"))) == 4
    assert "Concatenation" in call("list", "runs", "--catalogue", "shop")


def test_a_result_over_a_handful_is_not_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmviz.terminal.MIN_USERS", 1000)
    monkeypatch.setattr("mmviz.evaluation.splits.MIN_USERS", 1000)
    shown = call("list", "runs", "--catalogue", "shop")
    for run in json.loads(call("list", "runs", "--catalogue", "shop", "--json")):
        assert run["title"] in shown and f"{run['metrics']['ndcg@10']:.4f}" not in shown
    assert "at least 1000 are needed" in " ".join(shown.split())
    monkeypatch.setattr(sys, "argv", ["mmviz", "evaluate", "shop"])
    with pytest.raises(SystemExit) as wrong:
        main()
    assert wrong.value.code == 1


def test_demo_in_a_small_size_is_kept_and_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMVIZ_HOME", str(tmp_path))
    card = json.loads(call("demo", "--size", "40", "--json"))
    assert (card["name"], card["n_items"], card["simulated"], card["encoded"]) == ("demo", 40, True, False)
    assert "40 items" in call("demo"), "without a size it stays what it is"
    monkeypatch.setattr(sys, "argv", ["mmviz", "demo", "--size", "7"])
    with pytest.raises(SystemExit) as wrong:
        main()
    assert wrong.value.code == 1


def test_interaction_models_are_listed(home: Path) -> None:
    names = [c["name"] for c in json.loads(call("list", "interactions", "--json"))]
    assert names == ["two_tower", "collective", "graph"]


def test_recommend(home: Path, small: SmallCatalogue) -> None:
    user = small.user_ids[0]
    columns = json.loads(call("recommend", "shop", "--user", user, "--strategy", "concat", "--k", "4", "--json"))
    assert [len(c["picks"]) for c in columns] == [4]
    assert "held-out" in call("recommend", "shop", "--user", user)
    new = json.loads(call("recommend", "shop", "--liked", small.item_ids[0], "--json"))
    assert len(new) == 4


def test_train_and_evaluate(home: Path) -> None:
    words = [
        "train",
        "shop",
        "concat",
        "--seed",
        "1",
        "--json",
        "--set",
        "rounds=2",
        "--set",
        "steps=2",
        "--set",
        "dim=8",
    ]
    (run,) = json.loads(call(*words))
    assert (run["seed"], run["strategy"]) == (1, "concat")
    rows = json.loads(call("evaluate", "shop", "--json"))
    assert {r["strategy"] for r in rows} >= {"concat", "popularity"}
    assert "difference" in call("evaluate", "shop")


def test_import_and_encode(small: SmallCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMVIZ_HOME", str(tmp_path))
    report = json.loads(call("import", str(small.folder), "--name", "second", "--json"))
    assert (report["name"], report["n_items"]) == ("second", len(small.item_ids))
    assert "60 items" in call("import", str(small.folder), "--name", "third")


def test_problems_are_words_and_exit_codes(home: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["mmviz", "encode", "shopp"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    assert "Did you mean 'shop'" in capsys.readouterr().err.replace("\n", " ")
    assert runner.invoke(app, ["recommend", "shop"]).exit_code == 2
    assert runner.invoke(app, ["train", "shop", "concat", "--set", "rounds"]).exit_code == 2
    assert runner.invoke(app, ["list", "runs"]).exit_code == 2


def test_the_console_script_is_there() -> None:
    out = subprocess.run([sys.executable, "-m", "mmviz", "--version"], capture_output=True, text=True, check=True)
    assert out.stdout.strip()


def test_tune(home: Path) -> None:
    (found,) = json.loads(call("tune", "shop", "ease", "--trials", "3", "--json"))
    assert len(found["trials"]) == 3 and found["run"]["strategy"] == "ease"


def test_the_whole_board_is_one_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything without a run is trained, what has one is not, and the second call only prints."""
    from mmviz.lab import Lab

    trained: list[str] = []
    monkeypatch.setattr(Lab, "train", lambda self, catalogue, name, *rest, **more: trained.append(name))
    before = {run.strategy for run in Lab(home).runs("shop")}
    printed = call("board", "shop", "--twin", "attention")
    every = {card.name for card in Lab(home).strategies()} | {"attention.shuffled", "attention.noise"}
    assert set(trained) == every - before and len(trained) == len(set(trained))
    assert "test opened once by each of 4 runs" in " ".join(printed.split())
    assert {row["name"] for row in json.loads(call("board", "shop", "--json"))["standings"]} == before


def test_the_board_of_a_folder_imports_and_encodes_it(
    small: SmallCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmviz.lab import Lab

    monkeypatch.setenv("MMVIZ_HOME", str(tmp_path / "new"))
    encoded: list[str] = []
    monkeypatch.setattr(Lab, "encode", lambda self, name, report=None: encoded.append(name))
    monkeypatch.setattr(Lab, "train", lambda *args, **more: None)
    assert json.loads(call("board", str(small.folder), "--json"))["standings"] == []
    assert [card.name for card in Lab().catalogues()] == encoded == ["shop"]
