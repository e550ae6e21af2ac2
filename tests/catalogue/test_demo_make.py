"""Making and keeping the demo catalogue: browsable while it is drawn, resumed after a stop, never in the way."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from PIL import Image

from mmviz.catalogue import Catalogue, store
from mmviz.catalogue.demo import make_demo, plan_demo, still_drawing
from mmviz.errors import CatalogueError
from mmviz.progress import Cancelled, Progress

SIZE, USERS, ROWS = 40, 12, 90


def small(home: Path, **more: object) -> Catalogue:
    return make_demo(home, size=SIZE, users=USERS, interactions=ROWS, workers=1, **more)  # type: ignore[arg-type]


def pictures(catalogue: Catalogue) -> dict[str, bytes]:
    return {Path(path).name: Path(path).read_bytes() for path in catalogue.items["image"] if path}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    small(folder, ceiling=lambda catalogue: {"per-user-temporal": catalogue.n_items / 100})
    return folder


def test_the_kept_demo_is_a_simulated_catalogue_with_its_truth(home: Path) -> None:
    made = store.load(home, "demo")
    assert made.simulated and made.n_items == SIZE and made.n_users == USERS and len(made.interactions) == ROWS
    assert [column.name for column in made.columns] == ["category", "rooms", "price"]
    truth = made.truth
    assert truth is not None and truth.ceiling == {"per-user-temporal": 0.4}
    assert truth.masks.shape == (SIZE, 32, 32)
    for row, item in enumerate(truth.items):
        path = made.items["image"][row]
        assert bool(path) == bool(item.boxes) == bool(truth.masks[row].any())
        assert made.items["category"][row] == item.attributes["kind"]
        for span in item.spans:
            words = made.items[span.place][row][span.start : span.end]
            assert len(words) == span.end - span.start > 0
        if path:
            assert Image.open(path).size == (256, 256)
            assert Path(made.items["thumbnail"][row]).is_file()
    assert not still_drawing(made)


def test_no_column_tells_what_only_picture_or_text_may_tell(home: Path) -> None:
    made = store.load(home, "demo")
    secret = {"colour", "pattern", "silhouette", "material", "maker", "mood", "occasion", "care"}
    values = {value for item in made.truth.items for name, value in item.attributes.items() if name in secret}  # type: ignore[union-attr]
    shown = {part for name in ("category", "rooms") for value in made.items[name] for part in value.split("|")}
    assert not shown & values


def test_making_it_again_returns_the_kept_one_at_once(home: Path) -> None:
    stamp = store.stamp(home, "demo")
    events: list[Progress] = []
    again = small(home, report=events.append)
    assert store.stamp(home, "demo") == stamp and not events
    assert again.fingerprint == plan_demo(size=SIZE, users=USERS, interactions=ROWS).fingerprint


def test_two_makings_give_the_same_bytes(home: Path, tmp_path: Path) -> None:
    first, second = store.load(home, "demo"), small(tmp_path)
    assert first.fingerprint == second.fingerprint
    assert pictures(first) == pictures(second)
    assert (first.truth.masks == second.truth.masks).all()  # type: ignore[union-attr]
    assert first.truth.items == second.truth.items  # type: ignore[union-attr]
    for file in ("items.parquet", "interactions.parquet", "users.parquet", "truth_users.parquet"):
        name = Path("catalogues") / "demo" / file
        assert (home / name).read_bytes() == (tmp_path / name).read_bytes()


def test_it_can_be_browsed_while_it_is_drawn(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    halves: set[str] = set()

    def look(progress: Progress) -> None:
        if progress.stage == "Drawing pictures" and 0 < progress.done < progress.total:
            open_now = store.load(tmp_path, "demo")
            halves.add(open_now.fingerprint)
            assert still_drawing(open_now) and open_now.n_items == SIZE and open_now.truth is not None
            there = [row for row, path in enumerate(open_now.items["image"]) if path and Path(path).is_file()]
            seen.append((progress.done, max(there)))

    finished = small(tmp_path, report=look)
    assert len(seen) >= 3 and all(last >= done - 2 for done, last in seen)  # the first items come first
    assert len(halves) == 1 and finished.fingerprint not in halves  # no half is taken for the whole
    assert finished.fingerprint == plan_demo(size=SIZE, users=USERS, interactions=ROWS).fingerprint


def test_a_stopped_making_goes_on_where_it_was_and_tells_caches(tmp_path: Path) -> None:
    def impatient(progress: Progress) -> None:
        if progress.stage == "Drawing pictures" and progress.done >= 16:
            raise Cancelled

    with pytest.raises(Cancelled):
        small(tmp_path, report=impatient)
    half, stamp = store.load(tmp_path, "demo"), store.stamp(tmp_path, "demo")
    assert still_drawing(half) and half.truth is not None and not half.truth.masks.any()
    stages: list[str] = []
    whole = small(tmp_path, report=lambda progress: stages.append(progress.stage))
    assert set(stages) == {"Drawing pictures"}
    assert store.stamp(tmp_path, "demo") != stamp
    assert not still_drawing(whole) and whole.truth is not None and whole.truth.masks.any()


def test_another_demo_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    first = small(tmp_path)
    second = small(tmp_path, seed=8)
    assert second.fingerprint != first.fingerprint
    assert store.summary(tmp_path, "demo").fingerprint == second.fingerprint
    assert len(list((tmp_path / "catalogues" / "demo" / "pictures").iterdir())) == len(pictures(second))


def test_a_real_catalogue_of_this_name_is_left_alone(tmp_path: Path) -> None:
    made = plan_demo(size=SIZE, users=USERS, interactions=ROWS)
    items = made.items.assign(image="", thumbnail="")
    store.save(tmp_path, dataclasses.replace(made, items=items, simulated=False, truth=None))
    before = store.summary(tmp_path, "demo")
    with pytest.raises(CatalogueError, match="no demo"):
        small(tmp_path)
    assert store.summary(tmp_path, "demo") == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"size": 5}, "size=5"),
        ({"size": 200_000}, "from 30 to 100000"),
        ({"users": 1}, "users=1"),
        ({"size": 40, "users": 10, "interactions": 5}, "5 interactions"),
        ({"size": 40, "users": 10, "interactions": 5000}, "from 10 to 100"),
    ],
)
def test_impossible_arguments_are_told_in_words(tmp_path: Path, arguments: dict[str, int], words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        make_demo(tmp_path, **arguments)  # type: ignore[arg-type]
    assert not (tmp_path / "catalogues").exists()


def test_the_state_file_says_what_it_was_made_from(home: Path) -> None:
    state = json.loads((home / "catalogues" / "demo" / "demo.json").read_text())
    assert state["stage"] == "finished" and state["seed"] == 7 and state["shares"]["seen"] == 0.28
