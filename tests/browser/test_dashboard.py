"""What a person does in the browser: browse, open an item, compare lists, be someone new; links work cold."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from mmviz import fusion
from tests.browser.conftest import Visit
from tests.make import SmallCatalogue

pytestmark = pytest.mark.browser


def pictures_are_drawn(page: Page, selector: str) -> None:
    """Every picture in view has pixels."""
    page.wait_for_function(
        """selector => {
          const deep = (root) => [...root.querySelectorAll('*')].flatMap(
            (each) => each.shadowRoot ? [each.shadowRoot, ...deep(each.shadowRoot)] : []);
          const found = deep(document).flatMap((root) => [...root.querySelectorAll(selector)])
            .filter((each) => { const box = each.getBoundingClientRect();
              return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth; });
          return found.length > 0 && found.every((each) => each.complete && each.naturalWidth > 0);
        }""",
        arg=selector,
    )


# The first test that uses the server is the first visit to it: a deep link, cold.
def test_a_deep_link_to_a_fresh_server(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u004&strategies=Concatenation&k=5")
    expect(page.locator(".card")).to_have_count(5)
    expect(page.get_by_text("What u004 chose")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    pictures_are_drawn(page, ".card img")


def test_the_bare_address_leads_to_the_wall(server: str, visit: Visit) -> None:
    page = visit(server)
    expect(page.locator(".tile")).to_have_count(60)
    expect(page).to_have_url(re.compile(r"/catalogue$"))
    pictures_are_drawn(page, ".tile img")
    expect(page.get_by_role("img", name="(no picture)")).to_have_count(1)


def test_search_open_an_item_and_come_back(server: str, visit: Visit) -> None:
    page = visit(f"{server}/catalogue")
    page.get_by_placeholder("Search titles and texts").fill("mug")
    expect(page).to_have_url(re.compile("search=mug"))
    expect(page.locator(".tile")).not_to_have_count(60)
    found = page.locator(".tile").count()
    title = page.locator(".tile .title").first.inner_text()
    page.locator(".tile a").first.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator(".space")).not_to_have_count(0)
    page.locator(".near a").first.click()
    expect(page.get_by_role("heading", name=title)).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.go_back()
    expect(page.locator(".tile")).to_have_count(found)


def test_changing_the_person_changes_the_lists(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001")
    expect(page.get_by_text("What u001 chose")).to_be_visible()
    before = page.locator(".card .title").all_inner_texts()
    box = page.get_by_role("combobox", name="Person")
    box.click()
    box.fill("u002")
    box.press("Enter")
    expect(page.get_by_text("What u002 chose")).to_be_visible()
    expect(page).to_have_url(re.compile("user=u002"))
    assert page.locator(".card .title").all_inner_texts() != before


def test_an_item_lights_up_in_every_column(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001&k=20")
    expect(page.locator(".card").first).to_be_visible()
    shared = page.locator(".card.common").first
    key = shared.get_attribute("data-item")
    shared.hover()
    everywhere = page.locator(f".card[data-item='{key}']")
    expect(page.locator(".card.lit")).to_have_count(everywhere.count())
    assert everywhere.count() == page.locator(".column").count()
    expect(page.locator(".threads path")).to_have_count(everywhere.count() - 1)


def test_columns_are_aligned(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001")
    expect(page.locator(".card").first).to_be_visible()
    for place in range(5):
        tops = page.locator(f".column li:nth-child({place + 1})").evaluate_all(
            "cards => cards.map((card) => Math.round(card.getBoundingClientRect().top))"
        )
        assert len(tops) >= 2 and len(set(tops)) == 1


def test_a_click_on_a_card_opens_the_item_beside_the_board(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001")
    title = page.locator(".card .title").first.get_attribute("title")
    page.locator(".card a").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name=title or "").first).to_be_visible()
    expect(drawer.get_by_text("place 1, score").first).to_be_visible()


def test_the_board_can_be_used_by_keyboard_alone(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001")
    card = page.locator(".card a").first
    card.focus()
    expect(page.locator(".card.lit").first).to_be_visible()
    label = card.get_attribute("aria-label") or ""
    assert label.startswith("1. ") and "score" in label
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_someone_new_likes_things_and_is_served(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?who=I+am+new+here")
    page.locator(".tile button").nth(0).click()
    expect(page.locator(".card").first).to_be_visible()
    page.locator(".tile button").nth(2).click()
    expect(page.get_by_text("2 things liked")).to_be_visible()
    expect(page).to_have_url(re.compile("liked="))
    page.reload()
    expect(page.locator(".tile [aria-pressed='true']")).to_have_count(2)
    expect(page.locator(".card").first).to_be_visible()


def test_a_weight_moves_the_list(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001&strategies=Concatenation")
    expect(page.locator(".card").first).to_be_visible()
    scores = page.locator(".card .score").all_inner_texts()
    page.get_by_role("button", name="Weights and filters").click()
    slider = page.get_by_role("slider", name="Weight of the image")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowLeft")
    expect(page).to_have_url(re.compile("weight_image=0"))
    page.wait_for_function(
        """before => { for (const each of document.querySelectorAll('*')) {
          const board = each.shadowRoot?.querySelector('.mm-board');
          if (board) return [...board.querySelectorAll('.card .score')].map((s) => s.textContent).join() !== before;
        } return false; }""",
        arg=",".join(scores),
    )


def test_on_a_telephone_the_columns_slide(server: str, visit: Visit) -> None:
    page = visit(f"{server}/recommendations?user=u001", width=390, height=844, scheme="dark")
    expect(page.locator(".card").first).to_be_visible()
    columns = page.locator(".columns")
    assert columns.evaluate("each => each.scrollWidth > each.clientWidth * 1.5")
    assert columns.evaluate("each => getComputedStyle(each).scrollSnapType").startswith("x")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_models_table_ticks(server: str, visit: Visit) -> None:
    page = visit(f"{server}/models")
    expect(page.get_by_role("checkbox", name="Concatenation", exact=True)).not_to_be_checked()
    page.get_by_role("checkbox", name="Concatenation", exact=True).check()
    expect(page.get_by_role("button", name=re.compile("Train [1-9]"))).to_be_enabled()


def test_the_leaderboard_sorts_picks_a_pair_and_leads_to_a_person(server: str, visit: Visit) -> None:
    page = visit(f"{server}/leaderboard")
    rows = page.locator(".league tbody tr")
    expect(rows).not_to_have_count(0)
    first = rows.first.locator("strong").inner_text()
    page.get_by_role("button", name=re.compile("^NDCG@10")).click()  # the other way round
    expect(rows.last.locator("strong")).to_have_text(first)
    page.locator(".pairs tbody tr").nth(1).locator("button").first.click()
    second = page.locator(".pairs tbody th").nth(1).inner_text()
    expect(page.locator("[data-testid=stMarkdown] strong").filter(has_text=second)).to_be_visible()
    page.wait_for_timeout(1500)  # the figure is drawn anew
    mark = page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace").last.locator("path.point").last
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="Recommendations", exact=True)).to_be_visible()
    assert "user=" in page.url


def test_with_nothing_there_the_app_says_what_to_do(empty_server: str, visit: Visit) -> None:
    page = visit(empty_server)
    expect(page.get_by_role("button", name="Open the demo")).to_be_visible()
    page.get_by_role("textbox", name="Folder").fill("/no/such/folder")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("/no/such/folder").first).to_be_visible()


@pytest.mark.parametrize("address", ["thumbnail/x/0", "image/..%2f..%2fetc/0", "thumbnail/x/..%2f..%2fpasswd"])
def test_pictures_are_the_only_files_served(server: str, address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{server}/pictures/{address}")
    assert refused.value.code in (400, 404)


def test_a_folder_is_imported_from_the_page(small: SmallCatalogue, empty_server: str, visit: Visit) -> None:
    page = visit(f"{empty_server}/start")
    page.get_by_role("textbox", name="Folder").fill(str(small.folder))
    page.get_by_role("textbox", name="Name").fill("from-the-page")
    page.get_by_role("button", name="Import", exact=True).click()
    opening = page.get_by_role("main").get_by_role("button", name="Open", exact=True)
    expect(opening).to_be_visible(timeout=60_000)
    opening.click()
    expect(page.locator(".tile")).to_have_count(60)
    pictures_are_drawn(page, ".tile img")
    stop = page.get_by_role("button", name=re.compile("^Stop"))  # "Stopping" until the step that runs has ended
    stop.click()
    expect(stop).to_have_count(0, timeout=150_000)


def test_methods_draws_the_data_flow_of_every_fusion(server: str, visit: Visit) -> None:
    page = visit(f"{server}/methods")
    expect(page.locator(".mm-flow svg")).to_have_count(len(fusion.names()), timeout=60_000)  # traced the first time
    drawing = page.locator(".mm-flow svg").first
    expect(drawing.get_by_text("item vector", exact=True)).to_be_visible()
    expect(page.locator(".katex-error")).to_have_count(0)
    page.get_by_text("Interaction models", exact=True).click()
    expect(page.get_by_role("heading", name="Two-tower")).to_be_visible()
    expect(page.locator(".mm-flow")).to_have_count(0)
    page.get_by_text("Controls", exact=True).click()
    expect(page.get_by_role("heading", name="EASE", exact=True)).to_be_visible()
    expect(page.locator(".katex-error")).to_have_count(0)
