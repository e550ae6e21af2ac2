"""Every page draws: alone, cold through app.py, after switching, and with nothing there yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mmviz.lab import Lab
from mmviz.progress import Progress
from mmviz.views import JobCard
from tests.app.conftest import PAGES, Open

TITLES = {
    "catalogue": "Catalogue",
    "recommendations": "Recommendations",
    "attention": "Attention",
    "spaces": "Spaces",
    "methods": "Methods",
    "leaderboard": "Leaderboard",
    "robustness": "Robustness",
    "models": "Models",
    "start": "Add a catalogue",
}


@pytest.mark.parametrize("name", PAGES)
def test_alone(shop: Path, page: Open, name: str) -> None:
    at = page(name)
    assert not at.exception
    assert at.title[0].value == TITLES[name]
    assert at.sidebar.selectbox(key="catalogue").value == "shop"


@pytest.mark.parametrize("name", PAGES)
def test_after_switching(shop: Path, app: Open, name: str) -> None:
    at = app(name)
    assert not at.exception
    assert at.title[0].value == TITLES[name]


def test_cold_through_the_app_leads_to_the_catalogue(shop: Path, app: Open, drawn: dict[str, Any]) -> None:
    at = app()
    assert not at.exception
    assert at.title[0].value == "Catalogue"
    assert len(drawn["wall"]["items"]) == 60


def test_with_nothing_there_the_app_starts_with_adding(nothing: Path, app: Open) -> None:
    at = app()
    assert not at.exception
    assert at.title[0].value == "Add a catalogue"
    assert at.button(key="open_demo").label == "Open the demo"


@pytest.mark.parametrize("name", ["catalogue", "recommendations", "attention", "methods", "models", "leaderboard"])
def test_with_nothing_there_a_page_says_what_to_do(nothing: Path, page: Open, name: str) -> None:
    at = page(name)
    assert not at.exception
    assert at.subheader[0].value == "There is no catalogue yet"


def test_a_catalogue_that_is_not_here(shop: Path, page: Open) -> None:
    at = page("catalogue", catalogue="gone")
    assert not at.exception
    assert any("a catalogue that is not here" in caption.value for caption in at.sidebar.caption)


def test_the_sidebar_names_device_and_counts(shop: Path, page: Open) -> None:
    said = " ".join(caption.value for caption in page("catalogue").sidebar.caption)
    assert "60 items · 40 people" in said
    assert "memory in use" in said


def test_the_first_look_stays_dismissed(shop: Path, page: Open) -> None:
    at = page("catalogue")
    assert any("Three things to try" in text.value for text in at.markdown)
    at.button(key="dismiss_first_look").click().run()
    assert not any("Three things to try" in text.value for text in at.markdown)
    assert not any("Three things to try" in text.value for text in page("catalogue").markdown)


def test_while_the_first_catalogue_is_made_the_app_leads_to_where_it_appears(
    nothing: Path, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = JobCard("j1", "Prepare the demo catalogue", "demo", "running", Progress("Planning"))
    monkeypatch.setattr(Lab, "jobs", lambda self: [job])
    at = app()
    assert not at.exception
    assert at.title[0].value == "Catalogue"
    assert at.subheader[0].value == "The first catalogue is being made"
