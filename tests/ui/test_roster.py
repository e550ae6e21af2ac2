"""The table of strategies, and the import report, as a person reads them."""

from __future__ import annotations

import json

from mmviz.catalogue.report import Finding, ImportReport, TableRead
from mmviz.ui.recommending import default_strategies
from mmviz.ui.reporting import findings_table, report_said
from mmviz.ui.roster import roster_payload
from mmviz.views import StrategyCard
from tests.ui.conftest import run_card

CARDS = [
    StrategyCard("concat", "concat", "Concatenation", "Side by side.", "x", "", "fusion", 0),
    StrategyCard("afn", "afn", "AFN", "Tokens look at tokens. Then they are pooled.", "x", "", "fusion", 1),
    StrategyCard("ease", "ease", "EASE", "Closed form.", "x", "", "control", 2),
]


def test_trained_and_untrained_strategies_stand_in_their_groups() -> None:
    runs = {"concat": run_card("concat", 0, valid=0.2), "ease": run_card("ease", 2, "control", valid=0.1)}
    payload = roster_payload(CARDS, runs, ["afn"])
    (fusion, fusions), (control, controls) = payload["groups"]
    assert (fusion, control) == ("Fusion strategies", "Controls")
    assert [row["name"] for row in fusions] == ["concat", "afn"]
    assert fusions[0]["cells"] == ["0.200", "12 s", "1,000", "1 Jan 2030 00:00"]
    assert fusions[1]["cells"] == [] and fusions[1]["state"] == "not trained yet"
    assert fusions[0]["dot"][0] == round(0.2 / 0.21 * 100, 2)
    assert fusions[0]["dotSaid"] == "NDCG@10 0.200 on validation"
    assert controls[0]["dot"][0] == round(0.1 / 0.21 * 100, 2)
    assert payload["chosen"] == ["afn"]
    assert fusions[1]["summary"] == "Tokens look at tokens."
    assert fusions[1]["more"] == "Tokens look at tokens. Then they are pooled.\nx"
    json.dumps(payload, allow_nan=False)


def test_the_test_part_is_not_shown_where_settings_are_chosen() -> None:
    run = run_card("concat", 0, ndcg=0.777, valid=0.2)
    assert "0.777" not in json.dumps(roster_payload(CARDS, {"concat": run}, []))


def test_nothing_trained_yet() -> None:
    payload = roster_payload(CARDS, {}, ["concat", "afn", "ease"])
    assert all(row["state"] == "not trained yet" for _, rows in payload["groups"] for row in rows)


def test_the_first_columns_are_fusions_and_the_best_control() -> None:
    runs = [run_card(f"f{at}", at) for at in range(6)]
    runs += [run_card("popularity", 6, "control", 0.05), run_card("ease", 7, "control", 0.3)]
    assert default_strategies(runs) == ["f0", "f1", "f2", "f3", "ease"]
    assert default_strategies([*runs, run_card("gcca", 8)]) == ["gcca", "f0", "f1", "f2", "ease"]
    assert default_strategies(runs[:2]) == ["f0", "f1"]
    assert default_strategies([]) == []


def test_an_import_report_in_plain_words() -> None:
    report = ImportReport(
        name="shop",
        folder="/data/shop",
        fingerprint="f",
        n_items=3,
        n_users=1,
        n_interactions=9,
        n_without_image=1,
        n_without_text=0,
        n_rejected=2,
        tables=(TableRead("items", "items.csv", "csv", "utf-8", ";", 4, {"id": "item_id"}),),
        findings=(Finding("unknown-item", "warning", "2 ratings name items that are not there.", 2, ("77", "78")),),
        seconds=1.5,
    )
    said = report_said(report, "/kept/rejected.csv")
    assert said.splitlines() == [
        "3 items, 1 person and 9 interactions from /data/shop in 1.50 s.",
        "1 of 3 items have no picture, 0 no text.",
        "items.csv: 4 rows read as items, utf-8, separated by ';'.",
        "2 rows could not be used; they are in /kept/rejected.csv with the reason.",
    ]
    assert findings_table(report) == {
        "Kind": ["Look at this"],
        "What": ["2 ratings name items that are not there."],
        "How many": [2],
        "For example": ["77, 78"],
    }
