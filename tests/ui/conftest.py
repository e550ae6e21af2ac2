"""A small catalogue in memory, and a board of two lists whose every number is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mmviz.catalogue.base import Catalogue, Column
from mmviz.ui.shelf import Shelf, build_shelf
from mmviz.views import Board, BoardColumn, HistoryEntry, Person, Pick, RunCard

NAN = float("nan")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Five items: two with a tall picture, one whose title is markup, one without a title, tags and a number."""
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"{number}.webp")
        Image.new("RGB", (200, 300), (200, 80 * number, 40)).save(paths[-1])
    files = [str(paths[0]), str(paths[1]), "", "", ""]
    items = pd.DataFrame(
        {
            "item_id": ["001", "002", "a b", "004", "005"],
            "title": ["Red mug", "Blue mug", "<b>Bold</b>", "Lamp", ""],
            "text": ["A mug.", "Another mug.", "", "It shines.", "?"],
            "image": files,
            "thumbnail": files,
            "kind": ["mug", "mug", "cushion", "lamp", ""],
            "tags": ["red|warm", "blue", "red", "warm| bright ", ""],
            "price": [10.0, 12.5, NAN, 40.0, 7.0],
        }
    )
    interactions = pd.DataFrame(
        {
            "user": np.array([0, 0, 1, 1, 1], dtype=np.int32),
            "item": np.array([3, 0, 3, 1, 0], dtype=np.int32),
            "rating": np.array([4.0, 5.0, 3.0, 2.0, 4.0], dtype=np.float32),
            "time": np.array([0.0, 1e9, 1.1e9, 1.2e9, 1.3e9]),
        }
    )
    columns = (Column("kind", "category"), Column("tags", "tags"), Column("price", "number"))
    return Catalogue("shop", items, interactions, pd.Index(["u1", "u2"]), "f1", columns)


@pytest.fixture
def shelf(catalogue: Catalogue) -> Shelf:
    return build_shelf(catalogue)


def run_card(strategy: str, order: int, kind: str = "fusion", ndcg: float = 0.2, valid: float = 0.2) -> RunCard:
    return RunCard(
        run_id=f"r-{strategy}",
        strategy=strategy,
        title=strategy.capitalize(),
        kind=kind,  # type: ignore[arg-type]
        order=order,
        catalogue="shop",
        encoder="bundled",
        split="user-time",
        seed=0,
        metrics={"ndcg@10": ndcg, "recall@20": 0.5},
        validation={"ndcg@10": valid},
        n_users=2,
        seconds=12.0,
        parameters=1000,
        created="2030-01-01T00:00:00",
        modalities=("image", "text"),
        knobs=True,
    )


@pytest.fixture
def board() -> Board:
    """Two lists of two: they share the lamp, which is held out; the second is compared with the first."""
    first = BoardColumn(
        run_card("concat", 0),
        (
            Pick(3, 1, 3.0, {"interactions": 2.0, "image": 1.5, "text": -0.5}, True, 1, 1),
            Pick(2, 2, 1.0, {"interactions": 1.0, "image": 0.0, "text": 0.0}, False, 0, 2),
        ),
        hits=1,
        ndcg=1.0,
        recall=1.0,
    )
    second = BoardColumn(
        run_card("ease", 1, "control", 0.1234),
        (
            Pick(1, 1, 0.9, {"interactions": 0.9}, False, 0, 5),
            Pick(3, 2, 0.5, {"interactions": 0.5}, True, 1, 1),
        ),
        hits=1,
        ndcg=0.63,
        recall=1.0,
    )
    history = (HistoryEntry(0, 4.5, 1e9, "train"), HistoryEntry(3, NAN, 1.2e9, "test"))
    overlap = pd.DataFrame([[1.0, 0.5], [0.5, 1.0]], index=["Concat", "Ease"], columns=["Concat", "Ease"])
    return Board(Person("u1", 1, 1, ""), history, (first, second), overlap, 5, 1, "user-time", 0.01)
