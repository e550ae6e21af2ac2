"""What a person does on the maps: the canvas draws what it should, points are found, lassoed and morphed."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def maps(page: Page) -> Page:
    """Wait for the canvas."""
    page.locator(".mm-space[data-painted]").wait_for(timeout=60_000)
    return page


def until(page: Page, test: str) -> None:
    """Wait until a test of the maps in the browser holds."""
    for _ in range(100):
        if page.locator(".mm-space").evaluate(f"root => ({test})(root.maps)"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"it did not come to {test}")


def pixels(shot: bytes) -> np.ndarray:
    """The colours of a screenshot, (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def places(page: Page, panel: int) -> list[list[float]]:
    """Where each item of a map stands in the window, [row, x, y]; those without a place are left out."""
    return page.locator(".mm-space").evaluate(
        """(root, at) => { const map = root.maps, box = map.stage.getBoundingClientRect();
          return Array.from({ length: map.n }, (_, row) => [row, ...(map.placesOf(map.panels[at], row)[0] ?? [])])
            .filter((each) => each.length === 3).map(([row, x, y]) => [row, x + box.left, y + box.top]); }""",
        panel,
    )


def test_the_pixels_are_the_items_in_their_colours(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&named=false"))
    page.mouse.move(5, 5)
    stage = page.locator(".mm-space .stage")
    stage.scroll_into_view_if_needed()
    picture = pixels(stage.screenshot())
    wanted = stage.evaluate(
        """stage => { const map = stage.getRootNode().querySelector('.mm-space').maps, panel = map.panels[0];
          return Array.from({ length: map.n }, (_, row) => [row, ...(map.placesOf(panel, row)[0] ?? [])])
            .filter((each) => each.length === 3).map(([row, x, y]) => [x, y, map.toneOf(panel, row)]); }"""
    )
    assert len(wanted) == 59
    paper = picture[-3, 3]
    right = 0
    for x, y, tone in wanted:
        colour = np.array([int(tone[at : at + 2], 16) for at in (1, 3, 5)])
        right += int(np.abs(picture[round(y), round(x)] - (0.9 * colour + 0.1 * paper)).max() < 14)
    assert right >= 50  # a few lie under others
    inked = np.argwhere(np.abs(picture[60:] - paper).max(axis=2) > 40) + np.array([60, 0])  # below the map's heading
    points = np.array([[y, x] for x, y, _ in wanted])
    away = np.abs(inked[:, None] - points[None]).max(axis=2).min(axis=1)
    assert away.max() <= 9


def test_an_item_pointed_at_lights_up_in_every_map_and_opens(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Concatenation&named=false"))
    _, x, y = places(page, 0)[7]
    page.mouse.move(x, y)
    tip = page.locator(".mm-space .tip")
    expect(tip).to_be_visible()
    lit = int(page.locator(".mm-space").evaluate("root => root.maps.lit"))
    expect(tip.locator("strong")).to_have_text(re.compile(rf" {lit + 1}$"))
    other = {each[0]: each[1:] for each in places(page, 1)}[lit]
    box = page.locator(".mm-space .stage").bounding_box()
    assert box is not None
    shot = pixels(page.screenshot())
    ring = shot[round(other[1]), round(other[0]) + 9]
    assert ring.max() < 110  # the dark ring stands round the item in the other map
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile(rf"item={lit + 1:04d}"), timeout=20_000)
    expect(page.get_by_text("Its page with neighbours").first).to_be_visible(timeout=20_000)


def test_a_lasso_selects_the_same_in_python_and_stands_in_the_address(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Text&named=false"))
    page.get_by_role("button", name="Lasso").click()
    every = places(page, 0)
    left, right = min(each[1] for each in every) - 6, float(np.median([each[1] for each in every]))
    top, bottom = min(each[2] for each in every) - 6, max(each[2] for each in every) + 6
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 3)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("sel=nlimage"), timeout=20_000)
    count = int(page.locator(".mm-space").evaluate("root => root.maps.count"))
    assert 20 <= count <= 40
    expect(page.get_by_test_id("stMarkdown").get_by_text(f"{count} items").first).to_be_visible(timeout=20_000)
    expect(page.locator(".picked .tile")).to_have_count(count, timeout=20_000)
    page.locator(".picked .tile").nth(2).hover()
    lit = page.locator(".picked .tile").nth(2).get_attribute("data-item")
    assert page.locator(".mm-space").evaluate("root => root.maps.lit") == int(lit or -2)
    page.reload()
    maps(page)
    expect(page.locator(".mm-space .told")).to_have_text(f"{count} of 60 selected")
    page.get_by_role("link", name="Recommend from").click()
    expect(page.get_by_text("things liked").first).to_be_visible(timeout=20_000)


def test_coordinates_travel_once_and_a_selection_is_small(server: str, visit: Visit) -> None:
    page = visit(server)
    received: list[bytes] = []
    sent: list[int] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda data: received.append(data if isinstance(data, bytes) else data.encode()))
        socket.on("framesent", lambda data: sent.append(len(data)))

    page.on("websocket", listen)
    page.goto(f"{server}/spaces?layout=PCA&spaces=Image&named=false")
    maps(page)
    name = str(page.locator(".mm-space").evaluate("root => root.maps.data.spaces[0].cloud"))

    def travelled() -> int:
        return sum(f'"id": "{name}"'.encode() in frame for frame in received)

    assert travelled() == 1
    page.wait_for_timeout(1000)
    sent.clear()
    every = places(page, 0)
    page.get_by_role("button", name="Box").click()
    page.mouse.move(min(each[1] for each in every) - 6, min(each[2] for each in every) - 6)
    page.mouse.down()
    page.mouse.move(float(np.median([each[1] for each in every])), max(each[2] for each in every) + 6, steps=4)
    page.mouse.up()
    expect(page.locator(".picked .tile").first).to_be_visible(timeout=20_000)
    assert travelled() == 1
    assert sent and sum(sent) <= 1024, sent


def test_a_row_of_the_table_opens_its_item_and_marks_it_on_the_maps(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Text&named=false&sel=ni3.7.12&shape=Table"))
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible(timeout=20_000)
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 16, box["y"] + 52)  # the tick before the first row
    expect(page).to_have_url(re.compile(r"item=00(04|08|13)"), timeout=20_000)
    row = int(re.search(r"item=(\d+)", page.url)[1]) - 1  # type: ignore[index]
    until(page, f"maps => maps.data.focus === {row}")
    expect(page.get_by_text("Its page with neighbours").first).to_be_visible(timeout=20_000)


def test_names_of_clusters_are_written_where_their_items_lie(server: str, visit: Visit) -> None:
    shots, labels = [], []
    for named in ("false", "true"):
        page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Text&named={named}"))
        page.mouse.move(5, 5)
        stage = page.locator(".mm-space .stage")
        stage.scroll_into_view_if_needed()
        shots.append(pixels(stage.screenshot()))
        labels = stage.evaluate(
            """stage => { const map = stage.getRootNode().querySelector('.mm-space').maps, panel = map.panels[0];
              return panel.space.labels.map((label) => map.toScreen(panel, label.x, label.y)); }"""
        )
    assert labels
    changed = np.abs(shots[1] - shots[0]).max(axis=2) > 40
    written = [changed[round(y) - 8 : round(y) + 8, round(x) - 12 : round(x) + 12].mean() > 0.1 for x, y in labels]
    assert any(written)  # one that would touch another is left out
    near = np.zeros_like(changed)
    for x, y in labels:
        near[max(round(y) - 14, 0) : round(y) + 14, max(round(x) - 90, 0) : round(x) + 90] = True
    assert not changed[60:][~near[60:]].any()  # nothing else on the map moved


def test_a_morph_moves_every_item_from_one_map_to_the_other(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&view=Morph&from=Image&to=Text&named=false"))
    start = {each[0]: np.array(each[1:]) for each in places(page, 0)}
    slider = page.get_by_role("slider", name="Morph from Image to Text")
    slider.focus()
    slider.press("End")
    end = {each[0]: np.array(each[1:]) for each in places(page, 0)}
    assert np.mean([np.abs(start[row] - end[row]).max() for row in start]) > 20
    slider.evaluate("each => { each.value = 50; each.dispatchEvent(new Event('input')); }")
    half = {each[0]: np.array(each[1:]) for each in places(page, 0)}
    np.testing.assert_allclose([half[row] for row in half], [(start[row] + end[row]) / 2 for row in half], atol=0.1)


def people(page: Page, panel: int) -> list[list[float]]:
    """Where each person stands in the window, [place, x, y]."""
    return page.locator(".mm-space").evaluate(
        """(root, at) => { const map = root.maps, panel = map.panels[at], box = map.stage.getBoundingClientRect();
          return Array.from({ length: map.data.people.n }, (_, who) =>
            [who, ...(map.placesOf(panel, who, panel.people)[0] ?? [])])
            .filter((each) => each.length === 3).map(([who, x, y]) => [who, x + box.left, y + box.top]); }""",
        panel,
    )


def test_people_are_diamonds_that_light_up_in_every_map_and_open(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Concatenation&named=false&people=true"))
    first, second = people(page, 0), {each[0]: each[1:] for each in people(page, 1)}
    assert len(first) == 40
    page.mouse.move(5, 5)
    before = pixels(page.screenshot())
    inked = [int(before[round(y), round(x)].max() < 70) for _, x, y in first]
    assert sum(inked) >= 35  # a few lie under the paper rim of others
    away = [min(np.hypot(x - a, y - b) for who, a, b in first if who != each) for each, x, y in first]
    who, x, y = first[int(np.argmax(away))]  # one that stands apart
    page.mouse.move(x, y)
    tip = page.locator(".mm-space .tip")
    expect(tip).to_contain_text("interactions")
    expect(tip).to_contain_text("on the train side")
    assert page.locator(".mm-space").evaluate("root => [root.maps.person, root.maps.lit]") == [who, -1]
    after = pixels(page.screenshot())
    a, b = (round(each) for each in second[who])
    part = (slice(b - 18, b + 19), slice(a - 18, a + 19))
    assert np.abs(after[part] - before[part]).max() > 120  # its frame stands in the other map
    named = tip.locator("strong").inner_text().removeprefix("Person ")
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile(f"person={named}"), timeout=20_000)
    expect(page.get_by_text("What is recommended to them").first).to_be_visible(timeout=20_000)
    page.locator(".mm-space .stage").focus()
    page.keyboard.press("u")
    assert page.locator(".mm-space").evaluate("root => root.maps.person") >= 0
    page.get_by_role("button", name="Colour by their score").click()
    expect(page.locator(".mm-space .keys")).to_contain_text(f"for {named}", timeout=20_000)
    page.get_by_role("link", name="What is recommended to them").click()
    expect(page).to_have_url(re.compile("/recommendations"), timeout=20_000)
    expect(page.get_by_role("combobox", name="Person")).to_have_value(named, timeout=20_000)


def test_people_move_with_the_morph_and_leave_selections_alone(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&view=Morph&from=Image&to=Text&named=false&people=true"))
    start = {each[0]: np.array(each[1:]) for each in people(page, 0)}
    slider = page.get_by_role("slider", name="Morph from Image to Text")
    slider.focus()
    slider.press("End")
    end = {each[0]: np.array(each[1:]) for each in people(page, 0)}
    slider.evaluate("each => { each.value = 50; each.dispatchEvent(new Event('input')); }")
    half = {each[0]: np.array(each[1:]) for each in people(page, 0)}
    np.testing.assert_allclose([half[who] for who in start], [(start[who] + end[who]) / 2 for who in start], atol=0.1)
    page.get_by_role("button", name="Box", exact=True).click()
    every = places(page, 0)
    page.mouse.move(min(each[1] for each in every) - 5, min(each[2] for each in every) - 5)
    page.mouse.down()
    page.mouse.move(max(each[1] for each in every) + 5, max(each[2] for each in every) + 5, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("sel=nlimage"), timeout=20_000)
    assert int(page.locator(".mm-space").evaluate("root => root.maps.count")) == len(every)
    expect(page.locator(".picked .tile")).to_have_count(len(every), timeout=20_000)


def test_the_maps_can_be_used_by_keyboard_alone(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&named=false"))
    page.locator(".mm-space .stage").focus()
    page.keyboard.press("n")
    page.keyboard.press("n")
    expect(page.locator(".mm-space [aria-live]")).not_to_be_empty()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("item="), timeout=20_000)
    page.locator(".mm-space .stage").focus()
    page.keyboard.press("+")
    expect(page).to_have_url(re.compile("at="), timeout=20_000)


def test_a_legend_hides_and_a_box_takes_only_what_is_shown(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&named=false"))
    key = page.locator(".mm-space .keys button").first
    hidden = int(key.locator("small").inner_text())
    key.click()
    page.get_by_role("button", name="Box", exact=True).click()
    every = places(page, 0)
    page.mouse.move(min(each[1] for each in every) - 5, min(each[2] for each in every) - 5)
    page.mouse.down()
    page.mouse.move(max(each[1] for each in every) + 5, max(each[2] for each in every) + 5, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("sel=nlimage"), timeout=20_000)
    count = int(page.locator(".mm-space").evaluate("root => root.maps.count"))
    assert count in (59 - hidden, 60 - hidden)
    expect(page.locator(".picked .tile")).to_have_count(count, timeout=20_000)


def test_on_a_telephone_maps_stand_below_each_other(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Text", width=390, height=844, scheme="dark"))
    tops = page.locator(".mm-space").evaluate("root => root.maps.panels.map((panel) => panel.top)")
    assert tops[1] > tops[0]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_dragging_pans_the_wheel_zooms_and_near_points_become_pictures(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Text&named=false"))
    root = page.locator(".mm-space")
    row, x, y = places(page, 0)[20]
    second = {each[0]: each[1:] for each in places(page, 1)}[row]
    page.mouse.move(x + 40, y + 40)
    page.mouse.down()
    page.mouse.move(x + 80, y + 10, steps=4)
    page.mouse.up()
    after = {each[0]: each[1:] for each in places(page, 0)}[row]
    assert np.allclose(after, [x + 40, y - 30], atol=0.5)
    beside = {each[0]: each[1:] for each in places(page, 1)}[row]
    assert np.allclose(np.subtract(beside, second), [40, -30], atol=0.5)  # both maps move together
    assert root.evaluate("root => root.maps.panels[0].thumbs.length") == 0
    hand = [round(each) for each in after]
    under = """(root, [x, y]) => { const map = root.maps, box = map.stage.getBoundingClientRect();
      return map.toMap(map.panels[0], x - box.left, y - box.top); }"""
    before = root.evaluate(under, hand)
    page.mouse.move(*hand)
    for _ in range(6):
        page.mouse.wheel(0, -400)
    until(page, "map => map.panels[0].camera.z > 30")
    assert np.allclose(root.evaluate(under, hand), before, atol=2e-3)  # what lies under the pointer stays there
    until(page, "map => map.panels[0].thumbs.length > 0")
    drawn = root.evaluate(
        """root => { const map = root.maps, panel = map.panels[0], box = map.stage.getBoundingClientRect();
          return panel.thumbs.map(([x, y, w, h, point]) => [x + box.left, y + box.top, w, h, point])
            .filter(([x, y, w, h]) => x > box.left && y > box.top + panel.top && x + w < box.left + panel.width
              && y + h < innerHeight); }"""
    )
    shot = pixels(page.screenshot())
    assert drawn
    for left, top, width, height, _ in drawn[:3]:
        part = shot[round(top + 3) : round(top + height - 3), round(left + 3) : round(left + width - 3)]
        assert part.std(axis=(0, 1)).max() > 4  # a picture, not a plain ground
    expect(page).to_have_url(re.compile("at="), timeout=20_000)


def test_shift_adds_alt_takes_away_and_the_selection_goes_on(server: str, visit: Visit) -> None:
    page = maps(visit(f"{server}/spaces?layout=PCA&spaces=Image&spaces=Text&named=false"))
    root = page.locator(".mm-space")
    root.evaluate(
        "root => { const maps = root.maps, tell = maps.emit; maps.told_ = []; "
        "maps.emit = (name, value) => { maps.told_.push([name, JSON.stringify(value)]); tell(name, value); }; }"
    )
    page.get_by_role("button", name="Box", exact=True).click()

    def box(panel: int, left: float, right: float, key: str = "") -> None:
        every = places(page, panel)
        low, high = min(each[1] for each in every) - 5, max(each[1] for each in every) + 5
        top, bottom = min(each[2] for each in every) - 5, max(each[2] for each in every) + 5
        if key:
            page.keyboard.down(key)
        page.mouse.move(low + left * (high - low), top)
        page.mouse.down()
        page.mouse.move(low + right * (high - low), bottom, steps=4)
        page.mouse.up()
        if key:
            page.keyboard.up(key)

    def count() -> int:
        return int(root.evaluate("root => root.maps.count"))

    box(0, 0, 0.4)
    expect(page).to_have_url(re.compile("sel=nlimage"), timeout=20_000)
    expect(page.locator(".picked .tile")).to_have_count(count(), timeout=20_000)
    first = count()
    box(1, 0, 0.5, "Shift")
    expect(page).to_have_url(re.compile("~al"), timeout=20_000)
    both = count()
    assert both > first
    expect(page.locator(".picked .tile")).to_have_count(both, timeout=20_000)
    box(0, 0, 0.2, "Alt")
    expect(page).to_have_url(re.compile("~sl"), timeout=20_000)
    left = count()
    assert 0 < left < both
    expect(page.locator(".picked .tile")).to_have_count(left, timeout=20_000)
    told = [value for name, value in root.evaluate("root => root.maps.told_") if name == "chosen"]
    assert len(told) == 3 and max(len(value) for value in told) <= 1024
    with page.expect_download() as coming:
        page.get_by_role("button", name="CSV").click()
    lines = coming.value.path().read_text().strip().splitlines()
    assert lines[0].startswith("title,") and len(lines) == left + 1
    page.get_by_role("button", name="Save").first.click()
    page.get_by_label("Name of the selection").fill("Some")
    page.get_by_label("Name of the selection").press("Enter")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 saved selection")).to_be_visible(timeout=20_000)  # told above the maps at once
    page.locator(".picked .tile").first.click()
    expect(page).to_have_url(re.compile("item="), timeout=20_000)
    page.get_by_role("button", name="More like this").click()
    expect(page.get_by_text("What each space finds")).to_be_visible(timeout=20_000)
    page.get_by_role("link", name="What the models look at").click()
    expect(page).to_have_url(re.compile(r"attention.*item="), timeout=20_000)
