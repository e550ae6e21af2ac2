"""The pages that build: training strategies and adding catalogues."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mmviz.lab import FIRST_STRATEGIES, Lab
from mmviz.progress import Progress
from mmviz.ui import state
from mmviz.views import JobCard
from tests.app.conftest import Open
from tests.conftest import FAST
from tests.make import SmallCatalogue


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Work that the pages asked the lab to start, without doing it."""
    calls: list[tuple[Any, ...]] = []
    for verb in ("start_train", "start_demo", "start_import", "start_encode"):

        def note(self: Lab, *args: Any, _verb: str = verb) -> str:
            calls.append((_verb, *args))
            return "job"

        monkeypatch.setattr(Lab, verb, note)
    return calls


def button(at: AppTest, label: str) -> Any:
    return next(each for each in at.main.button if each.label.startswith(label))


def test_the_table_shows_what_was_reached(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("models")
    assert not at.exception
    rows = {row["name"]: row for _, rows in drawn["roster_two_tower"]["groups"] for row in rows}
    runs = {run.strategy: run for run in state.lab().runs("shop")}
    assert set(rows) == {card.name for card in state.lab().strategies()}
    for name, row in rows.items():
        assert bool(row["cells"]) == (name in runs)
    assert set(drawn["roster_two_tower"]["chosen"]) == {"popularity", "ease", *FIRST_STRATEGIES} - set(runs)


def test_fusions_can_be_seen_and_trained_under_another_interaction_model(
    shop: Path, page: Open, drawn: dict[str, Any], asked: list[tuple[Any, ...]]
) -> None:
    at = page("models", under="Graph")
    assert not at.exception
    rows = [row["name"] for _, group in drawn["roster_graph"]["groups"] for row in group]
    assert rows == [card.name for card in state.lab().strategies("graph")]
    assert any(said.value == state.lab().interaction_models()[2].summary for said in at.main.caption)
    button(at, "Train").click().run()
    (call,) = asked
    assert set(call[2]) == {f"{name}@graph" for name in FIRST_STRATEGIES} | {"popularity", "ease"} - {
        run.strategy for run in state.lab().runs("shop")
    }


def test_training_starts_with_what_is_ticked(shop: Path, page: Open, asked: list[tuple[Any, ...]]) -> None:
    at = page("models")
    missing = {"popularity", "ease", *FIRST_STRATEGIES} - {run.strategy for run in state.lab().runs("shop")}
    button(at, "Train").click().run()
    assert not at.exception
    verb, catalogue, strategies, split = asked[0]
    assert (verb, catalogue, split) == ("start_train", "shop", state.lab().default_split("shop").name)
    assert set(strategies) == missing


def test_a_second_training_waits(shop: Path, page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JobCard("j1", "Train AFN", "shop", "running", Progress("Training", 3, 10))
    monkeypatch.setattr(Lab, "jobs", lambda self: [job])
    at = page("models")
    assert not at.exception
    assert button(at, "Train").disabled
    assert at.sidebar.get("progress")[0].text == "Training, 3 of 10"


def test_running_work_can_be_stopped(shop: Path, page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    job = JobCard("j1", "Train AFN", "shop", "running", Progress("Training", 3, 10))
    monkeypatch.setattr(Lab, "jobs", lambda self: [job])
    monkeypatch.setattr(Lab, "cancel", lambda self, job_id: stopped.append(job_id))
    at = page("catalogue")
    at.button(key="stop_sidebar_j1").click().run()
    assert stopped == ["j1"]


def test_a_failure_is_told_until_it_is_closed(shop: Path, page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    job = JobCard("j1", "Import shop", "shop", "failed", Progress(""), error="There is no folder.", seconds=2.0)
    monkeypatch.setattr(Lab, "jobs", lambda self: [job])
    at = page("catalogue")
    assert any("There is no folder." in caption.value for caption in at.sidebar.caption)
    at.button(key="close_failure").click().run()
    assert not any("There is no folder." in caption.value for caption in at.sidebar.caption)


def test_splits_that_are_not_fit_are_named_with_the_reason(shop: Path, page: Open) -> None:
    at = page("models")
    said = " ".join(caption.value for caption in at.main.caption)
    for card in state.lab().splits("shop"):
        assert card.usable or card.reason in said


def test_the_demo_starts_at_one_click(nothing: Path, page: Open, asked: list[tuple[Any, ...]]) -> None:
    at = page("start")
    at.button(key="open_demo").click().run()
    assert not at.exception
    assert asked == [("start_demo",)]


def test_a_folder_is_imported_by_its_path(nothing: Path, page: Open, asked: list[tuple[Any, ...]]) -> None:
    at = page("start")
    at.text_input(key="folder").set_value("  /data/films ")
    at.form_submit_button[0].click().run()
    assert not at.exception
    assert asked == [("start_import", Path("/data/films"), None, False)]


def test_an_empty_path_is_asked_for(nothing: Path, page: Open, asked: list[tuple[Any, ...]]) -> None:
    at = page("start")
    at.form_submit_button[0].click().run()
    assert not at.exception and not asked
    assert any("Give the path of a folder first" in caption.value for caption in at.main.caption)


def test_the_import_report_can_be_read(shop: Path, page: Open) -> None:
    at = page("start")
    at.button(key="report_shop").click().run()
    assert not at.exception
    assert "60 items, 40 people" in at.text[0].value
    assert "1 of 60 items have no picture, 1 no text." in at.text[0].value


def test_opening_another_catalogue_forgets_the_picks(
    shop: Path, small: SmallCatalogue, tmp_path: Path, app: Open
) -> None:
    other = shutil.copytree(small.folder, tmp_path / "other")
    state.lab().import_folder(other, "other")
    at = app("recommendations")
    at.sidebar.selectbox(key="catalogue").set_value("other").run()
    assert not at.exception
    at.sidebar.selectbox(key="catalogue").set_value("shop").run()
    assert not at.exception


def test_attributes_are_switched_on_where_a_catalogue_is_kept_and_then_proposed(
    shop: Path, page: Open, drawn: dict[str, Any], asked: list[tuple[Any, ...]]
) -> None:
    at = page("start")
    at.toggle(key="attributes_shop").set_value(True).run()
    assert not at.exception
    assert state.lab().attributes("shop").chosen
    at = page("models")
    assert not at.exception
    rows = [row["name"] for _, group in drawn["roster_two_tower_attributes"]["groups"] for row in group]
    assert rows == [card.name for card in state.lab().strategies(extras=["attributes"])]
    button(at, "Train").click().run()
    assert {"concat+attributes", "afn+attributes"} <= set(asked[-1][2])
    at = page("models", reads="Pictures and words")
    assert "roster_two_tower" in drawn
    assert any("category, tags and price" in said.value for said in at.main.caption)


def test_tasks_and_fine_tuning_are_chosen_and_what_was_learned_is_shown(
    shop: Path, page: Open, drawn: dict[str, Any], asked: list[tuple[Any, ...]]
) -> None:
    at = page("models", learn=["Category", "Rating"])
    assert not at.exception
    button(at, "Train").click().run()
    assert {"concat+category+rating", "popularity"} & set(asked[-1][2]) == {"concat+category+rating"}
    at.toggle(key="finetune").set_value(True).run()
    assert "roster_two_tower_category_rating_finetuned" in drawn
    at = page("models", reads="Attributes too", learn=["Category"])
    assert not at.exception
    assert any("would only be copying it" in said.value for said in at.main.caption)
    assert "roster_two_tower_attributes" in drawn
    assert not at.main.dataframe


def test_what_was_learned_stands_beside_its_control(shop: Path, page: Open) -> None:
    state.lab().train("shop", "concat+category", settings=FAST)
    at = page("models")
    assert not at.exception
    table = at.main.dataframe[0].value
    assert table["Task"].tolist() == ["Recommendation", "Category"]
    assert "Concatenation" in table["Control"].iloc[0]
    assert "most frequent category" in table["Control"].iloc[1]
    assert all(sign in "▲▼=" for sign in table["Gain"].str[0])


def test_a_task_that_is_no_longer_offered_is_dropped(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("models")
    at.button_group(key="learn").set_value(["category"]).run()
    assert "roster_two_tower_category" in drawn
    at.button_group(key="reads").set_value("Attributes too").run()
    assert not at.exception
    assert "roster_two_tower_attributes" in drawn
