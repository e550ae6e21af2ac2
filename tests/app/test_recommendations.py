"""The recommendations page: whose, from what, with which knobs, and what the address remembers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mmviz.ui import state
from tests.app.conftest import Open


def captions(at: AppTest) -> str:
    return " ".join(caption.value for caption in at.main.caption)


def top(drawn: dict[str, Any], name: str) -> list[int]:
    column = next(column for column in drawn["board"]["columns"] if column["name"] == name)
    return [pick["item"] for pick in column["picks"]]


def test_a_person_gets_aligned_lists_of_all_that_is_trained(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations")
    assert not at.exception
    board = drawn["board"]
    assert board["person"] == at.selectbox(key="user").value
    assert {column["name"] for column in board["columns"]} >= {"concat", "attention"}
    assert all(len(column["picks"]) == 10 for column in board["columns"])
    assert board["history"]["groups"][-1]["held"]


def test_another_person_gets_other_lists(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", user="u001")
    first = top(drawn, "concat")
    assert drawn["board"]["person"] == "u001"
    at.selectbox(key="user").set_value("u002").run()
    assert not at.exception
    assert drawn["board"]["person"] == "u002"
    assert top(drawn, "concat") != first


@pytest.mark.parametrize("order", ["Newest", "Hardest", "By id"])
def test_suggested_people_come_in_the_order_asked_for(
    shop: Path, page: Open, drawn: dict[str, Any], order: str
) -> None:
    at = page("recommendations", order=order)
    assert not at.exception
    split = state.lab().default_split("shop").name
    people = state.lab().people("shop", split, order={"By id": "id"}.get(order, order.lower()))
    assert at.selectbox(key="user").options == [person.user_id for person in people]
    assert drawn["board"]["person"] == people[0].user_id


def test_the_lists_are_what_the_lab_answers(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    page("recommendations", user="u003", k="5", weight_image="0", strategies=["Concatenation"])
    board = state.lab().recommend("shop", ["concat"], "u003", k=5, weights={"image": 0.0})
    assert top(drawn, "concat") == [pick.item for pick in board.columns[0].picks]
    assert [column["name"] for column in drawn["board"]["columns"]] == ["concat"]


def test_a_weight_acts_live(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", user="u001")
    full = drawn["board"]["columns"]
    at.slider(key="weight_image").set_value(0).run()
    assert not at.exception
    assert drawn["board"]["columns"] != full
    assert "image at 0%" in captions(at)


def test_a_filter_leaves_only_what_fits(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", user="u001")
    shelf = state.shelf("shop")
    column = next(name for name, rows in shelf.values.items() if rows)
    value = next(iter(shelf.values[column]))
    at.multiselect(key=f"only_{column}").set_value([value]).run()
    assert not at.exception
    allowed = set(shelf.values[column][value].tolist())
    assert all(set(top(drawn, each["name"])) <= allowed for each in drawn["board"]["columns"])


def test_seen_things_come_back_when_asked_for(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", user="u001", k="50")
    known = {
        frame["item"] for group in drawn["board"]["history"]["groups"] if not group["held"] for frame in group["frames"]
    }
    assert not known & set(top(drawn, "concat"))
    at.toggle(key="seen").set_value(True).run()
    assert known & set(top(drawn, "concat"))


def test_a_person_that_is_not_there(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", user="u00")
    assert not at.exception
    assert "There is no person 'u00' in shop. Similar: u001" in captions(at)
    assert drawn["board"]["person"]


def test_a_strategy_that_is_not_trained(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", strategies=["Wishful thinking", "Concatenation"])
    assert not at.exception
    assert "Not trained on this split: Wishful thinking." in captions(at)
    assert "concat" in [column["name"] for column in drawn["board"]["columns"]]


def test_no_strategy_chosen(shop: Path, page: Open) -> None:
    at = page("recommendations")
    at.multiselect(key="strategies").set_value([]).run()
    assert not at.exception
    assert at.subheader[0].value == "No strategy is chosen"


def test_a_newcomer_is_served_from_what_they_like(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", who="I am new here")
    assert not at.exception
    assert "Click a few things" in captions(at) and "board" not in drawn
    assert drawn["liking"]["picking"] and drawn["liking"]["picked"] == []
    at = page("recommendations", who="I am new here", liked="0001~0002~gone")
    assert not at.exception
    assert drawn["liking"]["picked"] == ["0001", "0002"]
    assert [frame["item"] for frame in drawn["board"]["history"]["groups"][0]["frames"]] == [0, 1]
    assert not {0, 1} & set(top(drawn, "concat"))


def test_another_strategy_to_compare_with(shop: Path, page: Open, drawn: dict[str, Any]) -> None:
    at = page("recommendations", user="u001", reference="Concatenation")
    assert not at.exception
    flags = {column["name"]: column["isReference"] for column in drawn["board"]["columns"]}
    assert flags.pop("concat") and not any(flags.values())


def test_a_catalogue_without_runs_says_what_to_do(shop: Path, page: Open) -> None:
    for run in (shop / "runs").rglob("*"):
        if run.is_file():
            run.unlink()
    state.lab.cache_clear()
    at = page("recommendations")
    assert not at.exception
    assert at.subheader[0].value == "No strategy is trained yet"
