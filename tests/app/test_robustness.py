"""The robustness page: curves of the trained models, cold start, a newcomer, and the report."""

from __future__ import annotations

import shutil
from pathlib import Path

from streamlit.testing.v1 import AppTest

from mmviz.ui import state
from mmviz.ui.knock_out_view import line_rows, verdict
from tests.app.conftest import Open, wait


def said(at: AppTest) -> str:
    return " ".join(each.value for each in [*at.markdown, *at.caption, *at.subheader])


def test_knock_outs_are_measured_at_a_click_and_then_shown(shop: Path, page: Open) -> None:
    at = page("robustness")
    assert not at.exception
    assert "Not measured yet" in said(at)
    next(button for button in at.button if button.label.startswith("Measure ")).click().run()
    wait()
    assert state.lab().jobs()[0].state == "done", state.lab().jobs()[0].error
    at.run()
    assert not at.exception
    curves = state.lab().knock_out_curves("shop", "image-absent", at.multiselect(key="lines").value)
    assert verdict(curves.knock_out, curves.lines, "NDCG@10") in said(at)
    table = at.dataframe[0].value
    assert table["Strategy"].tolist() == [row["Strategy"] for row in line_rows(curves.lines, "At 100 %")]
    assert "does not read it" in set(table["Change (95 % interval)"])


def test_every_damage_has_its_button(shop: Path, page: Open) -> None:
    at = page("robustness", damaged="Text")
    assert not at.exception
    assert {"Absent", "Noise", "Shuffled", "Words struck"} == set(at.button_group(key="damage_text").options)


def test_new_people(shop: Path, page: Open) -> None:
    state.lab().measure_cold("shop", "people")
    at = page("robustness", look="New people")
    assert not at.exception
    assert at.dataframe[0].value.columns[-2] == "all"
    assert "is ahead" in said(at)


def test_new_items_offer_to_train_what_they_need(shop: Path, page: Open) -> None:
    at = page("robustness", look="New items")
    assert not at.exception
    assert "never seen some items" in said(at)
    assert any("on new items" in button.label for button in at.button)


def test_a_newcomer_of_words(shop: Path, page: Open) -> None:
    at = page("robustness", look="A newcomer")
    assert not at.exception
    assert "Nothing here yet" in said(at)
    at.text_area(key="newcomer_text").input("A red mug of oak")
    next(button for button in at.button if button.label == "Where does it land?").click().run()
    assert not at.exception
    assert [each.value for each in at.warning] == []
    assert "5 words read" in said(at)
    assert "Cannot place it" in said(at)
    assert at.dataframe[0].value["Strategy"].size == 2


def test_a_newcomer_of_nothing_is_told_what_to_give(shop: Path, page: Open) -> None:
    at = page("robustness", look="A newcomer")
    next(button for button in at.button if button.label == "Where does it land?").click().run()
    assert not at.exception
    assert "Give a picture, a text, or both." in at.warning[0].value


def test_the_report_is_written_at_a_click(shop: Path, page: Open) -> None:
    at = page("robustness")
    next(button for button in at.button if button.label == "Write the report").click().run()
    wait()
    at.run()
    assert not at.exception
    assert "Written" in said(at)
    assert (state.lab().report_folder("shop") / "report.html").is_file()


def test_without_a_run_it_says_what_to_do(shop: Path, page: Open, app: Open) -> None:
    shutil.rmtree(shop / "runs")
    assert "No strategy is trained yet" in said(page("robustness"))
    assert not app("robustness").exception
