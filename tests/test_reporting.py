"""The report: one page that needs nothing else, tables that can be read back, commands that repeat."""

from __future__ import annotations

import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from mmviz.cli import app
from mmviz.errors import RunError
from mmviz.lab import Lab
from mmviz.reporting.findings import command_of
from tests.conftest import TRAINED


class Outside(HTMLParser):
    """Collects everything that a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [str(value) for name, value in attrs if name in ("src", "href") and value]


def test_the_page_needs_nothing_else_and_says_how_to_repeat(lab: Lab, tmp_path: Path) -> None:
    lab.measure_knock_outs("shop", ["image-absent"])
    lab.measure_cold("shop", "people")
    page = lab.write_report("shop", folder=tmp_path / "report")
    html = page.read_text(encoding="utf-8")
    outside = Outside()
    outside.feed(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))
    assert outside.found == []
    for run in lab.runs("shop"):
        record = lab.run(run.run_id)
        assert record.run_id in html
        assert record.test_opened in html
        assert all(value in html for value in record.fingerprints.values())
        assert record.versions["torch"] in html
    assert f"mmviz report shop --split {lab.runs('shop')[0].split}" in html
    assert "Image absent" in html
    assert "New people" in html
    assert "New items" not in html  # what was not measured is not there


def test_tables_come_as_both_and_hold_what_the_runs_recorded(lab: Lab, tmp_path: Path) -> None:
    page = lab.write_report("shop", folder=tmp_path / "report")
    tables = {path.stem for path in (page.parent / "tables").glob("*.csv")}
    assert tables == {path.stem for path in (page.parent / "tables").glob("*.parquet")} >= {"quality", "pairs", "runs"}
    quality = pd.read_csv(page.parent / "tables" / "quality.csv")
    pd.testing.assert_frame_equal(quality, pd.read_parquet(page.parent / "tables" / "quality.parquet"))
    for run in lab.runs("shop"):
        own = quality[(quality["strategy"] == run.strategy) & (quality["metric"] == "ndcg@10")].iloc[0]
        assert own["mean"] == pytest.approx(run.metrics["ndcg@10"])
        assert own["low"] <= own["mean"] <= own["high"]
    pairs = pd.read_parquet(page.parent / "tables" / "pairs.parquet")
    assert len(pairs) == len(TRAINED) - 1
    assert (pairs["difference"] >= 0).all()
    assert (pairs["p_holm"] <= 1).all()


def test_text_of_the_catalogue_stays_text(lab: Lab, tmp_path: Path) -> None:
    from mmviz.reporting.document import document

    found = lab._findings("shop", lab.runs("shop")[0].split)
    object.__setattr__(found.catalogue, "name", "<script>alert(1)</script>")
    assert "<script>alert(1)" not in document(found)


def test_a_command_repeats_a_run(lab: Lab) -> None:
    first = next(run for run in lab.runs("shop") if run.strategy == "concat")
    command = command_of(lab.run(first.run_id))
    parts = command.split()[1:]
    assert "--set dim=16" in command
    outcome = CliRunner().invoke(app, parts)
    assert outcome.exit_code == 0, outcome.output
    again = next(run for run in Lab(lab.home).runs("shop") if run.strategy == "concat")
    assert again.run_id != first.run_id
    assert again.metrics == pytest.approx(first.metrics)


def test_the_command_line_writes_it_and_a_foreign_folder_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    runner = CliRunner()
    outcome = runner.invoke(app, ["report", "shop", "--out", str(tmp_path / "here"), "--json"])
    assert outcome.exit_code == 0, outcome.output
    assert (tmp_path / "here" / "report.html").is_file()
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("words")
    with pytest.raises(RunError, match="no report"):
        lab.write_report("shop", folder=foreign)
    assert (foreign / "thesis.txt").read_text() == "words"
    with pytest.raises(RunError, match="Nothing is trained"):
        lab.write_report("shop", split="random")


def test_a_report_can_be_taken_along(lab: Lab) -> None:
    with pytest.raises(RunError, match="Write it first"):
        lab.packed_report("shop")
    lab.write_report("shop")
    names = zipfile.ZipFile(BytesIO(lab.packed_report("shop"))).namelist()
    folder = lab.report_folder("shop").name
    assert {f"{folder}/report.html", f"{folder}/tables/quality.csv", f"{folder}/tables/quality.parquet"} <= set(names)
