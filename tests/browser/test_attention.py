"""From a recommendation to its reason, a change of the item, and back."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.make import SmallCatalogue

pytestmark = pytest.mark.browser
SLOW = 30_000  # milliseconds: the models are asked anew, on a machine that may be busy


def test_from_a_recommendation_to_why_and_back(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u002&strategies=Concatenation&strategies=EASE")
    page.locator(".column").first.locator("a.why").nth(8).click()  # where scores lie close together
    expect(page).to_have_url(re.compile(r"/attention\?.*user=u002"))
    expect(page).to_have_url(re.compile("item=.*"))
    expect(page.locator(".seen h3")).to_have_text(["Concatenation", "EASE"], timeout=60_000)  # loads the encoders
    expect(page.locator(".because .said").first).to_contain_text("Concatenation puts it at place 9 of")
    page.get_by_role("button", name="Remove", exact=True).click()
    place = page.locator(".seen").first.locator(".place")
    for word in range(12):  # the first words that move it; each one is asked of the real model
        page.locator(".seen").first.locator(f"[data-word='{word}']").click()
        expect(page).to_have_url(re.compile(f"struck=[0-9-]*{word}"))
        expect(place).to_contain_text("→", timeout=SLOW)
        page.wait_for_timeout(400)
        if re.search("[▲▼]", place.inner_text()):
            break
    expect(place.locator(".move")).to_contain_text(re.compile("[▲▼] [0-9]"))
    expect(page.locator(".seen").nth(1).locator(".place .move")).to_have_text("=")  # EASE reads no words
    page.get_by_role("button", name="Reset").click()
    expect(place).not_to_contain_text("→", timeout=SLOW)
    expect(page).not_to_have_url(re.compile("struck="))
    page.get_by_role("link", name="Back to the lists").click()
    expect(page).to_have_url(re.compile(r"/recommendations\?.*user=u002"))
    expect(page.locator(".card").first).to_be_visible()


def test_words_and_places_light_each_other_up(server: str, visit: Visit) -> None:
    page = visit(f"{server}/attention?user=u002&item=0003&strategies=Concatenation&strategies=Attention+fusion")
    expect(page.locator(".seen")).to_have_count(2, timeout=60_000)
    column = page.locator(".seen").first
    canvas = column.locator("canvas")
    pixels = "each => each.getContext('2d').getImageData(0, 0, 540, 540).data.reduce((sum, one) => sum + one, 0)"
    whole = canvas.evaluate(pixels)
    assert whole > 0
    column.locator("[data-word='1']").click()
    page.mouse.move(5, 5)
    expect(page.locator(".word[aria-pressed='true']")).to_have_count(2)  # in both columns
    one = canvas.evaluate(pixels)
    assert one != whole
    column.locator("[data-word='3']").click()
    page.mouse.move(5, 5)
    expect(page.locator(".word[aria-pressed='true']")).to_have_count(4)  # two words at once
    assert canvas.evaluate(pixels) != one
    tints = "all => all.map((each) => each.style.getPropertyValue('--tint')).join()"
    before = column.locator(".word").evaluate_all(tints)
    canvas.click(position={"x": 60, "y": 60})
    assert column.locator(".word").evaluate_all(tints) != before
    expect(page.locator(".word[aria-pressed='true']")).to_have_count(0)


def test_a_brush_covers_patches(server: str, visit: Visit) -> None:
    page = visit(
        f"{server}/attention?user=u002&item=0003&strategies=Concatenation", width=390, height=844, scheme="dark"
    )
    page.get_by_role("button", name="Remove", exact=True).click()
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.5 * box["height"], steps=8)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"covered=\d+-\d+-\d+"))
    expect(page.locator(".seen .place").first).to_contain_text("→", timeout=SLOW)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_something_from_outside(server: str, visit: Visit, small: SmallCatalogue) -> None:
    page = visit(f"{server}/attention?user=u002&strategies=Concatenation")
    page.get_by_role("button", name="Bring your own").click()
    page.locator("input[type=file]").set_input_files(Path(small.folder) / "images" / "0005.png")
    words = page.get_by_role("textbox", name="Words that go with it")
    words.fill("A lamp of oak")
    words.press("Control+Enter")
    page.get_by_role("button", name="Look at this").click()
    expect(page.get_by_text("What you brought")).to_be_visible(timeout=SLOW)
    expect(page.locator(".seen .word")).to_have_text(["A", "lamp", "of", "oak"])
    expect(page.locator(".seen .place")).to_contain_text("place")


def test_a_share_of_either_end_of_a_map_is_taken_away(server: str, visit: Visit) -> None:
    page = visit(f"{server}/attention?user=u002&item=0003&strategies=Concatenation")
    expect(page.locator(".seen")).to_have_count(1, timeout=60_000)

    def covered() -> set[str]:
        expect(page.locator(".seen .place")).to_contain_text("→", timeout=SLOW)
        return set(parse_qs(urlsplit(page.url).query)["covered"][0].split("-"))

    page.get_by_label("Per cent to remove").fill("25")
    page.get_by_role("button", name="patches").click()
    expect(page).to_have_url(re.compile(r"covered=\d+(-\d+){19}(&|$)"), timeout=SLOW)  # a quarter of 81
    strongest = covered()
    page.get_by_label("From which end of the map").select_option("weakest")
    expect(page.get_by_text("Remove its weakest 25 %:")).to_be_visible()
    page.get_by_role("button", name="patches").click()
    expect(page).not_to_have_url(re.compile("covered=" + "-".join(sorted(strongest, key=int))), timeout=SLOW)
    assert not strongest & covered()
    page.get_by_label("Per cent to remove").fill("100")
    page.get_by_role("button", name="words").click()
    expect(page.locator(".word.struck")).to_have_count(page.locator(".word").count())
    page.get_by_role("button", name="Reset").click()
    expect(page).not_to_have_url(re.compile("struck=|covered="), timeout=SLOW)
