"""Attributes as a third modality through the product: chosen once, trained, served, and side by side with without."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from mmviz import fusion, variants
from mmviz.errors import FeatureError, TrainingError, UnknownNameError
from mmviz.lab import Lab
from tests.conftest import FAST
from tests.make import SmallCatalogue


@pytest.fixture
def bare(lab: Lab, small: SmallCatalogue, tmp_path: Path) -> str:
    """A catalogue without any further column."""
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "images").symlink_to(small.folder / "images")
    (folder / "ratings.csv").write_bytes((small.folder / "ratings.csv").read_bytes())
    with (small.folder / "items.csv").open(encoding="utf-8") as source:
        rows = [row[:3] for row in csv.reader(source)]
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows(rows)
    return lab.import_folder(folder).name


def test_a_full_name_has_its_extras_in_one_order() -> None:
    assert variants.parts("concat@graph+attributes") == ("concat@graph", ("attributes",))
    assert variants.full_name("concat", ["attributes"]) == "concat+attributes"
    assert variants.full_name("concat") == "concat"
    with pytest.raises(UnknownNameError, match="Did you mean 'attributes'"):
        variants.parts("concat+atributes")


def test_what_a_strategy_reads_is_known_without_importing_it() -> None:
    for name, cls in fusion.strategies().items():
        assert fusion.reads(name) == cls.reads


def test_attributes_are_chosen_once_and_then_meant(lab: Lab) -> None:
    assert lab.attributes("shop").columns == ("category", "tags", "price")
    assert not lab.attributes("shop").chosen
    assert lab.train("shop", "popularity").encoder == "bundled"
    lab.encode("shop", "bundled+attributes")
    assert Lab(lab.home).attributes("shop").chosen
    assert lab.train("shop", "concat", settings=FAST).strategy == "concat+attributes"
    assert lab.train("shop", "concat", settings=FAST, encoder="bundled").strategy == "concat"
    plain = lab.train("shop", "popularity")
    assert (plain.strategy, plain.encoder) == ("popularity", "bundled")  # it reads nothing
    lab.encode("shop", "bundled")
    assert not lab.attributes("shop").chosen


def test_the_whole_board_knows_runs_by_the_names_that_they_have_with_attributes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.encode("shop", "bundled+attributes")
    lab.train("shop", "concat", settings=FAST)
    trained: list[tuple[str, str]] = []

    def note(catalogue: str, name: str, *_: object, encoder: str, **__: object) -> None:
        trained.append((name, encoder))

    monkeypatch.setattr(lab, "train", note)
    lab.whole_board("shop", twins_of=())
    assert ("attention+attributes", "bundled+attributes") in trained and ("vbpr", "bundled") in trained
    assert not {"concat", "concat+attributes", "attention"} & {name for name, _ in trained}


def test_runs_with_and_without_stand_side_by_side_on_one_split(lab: Lab) -> None:
    card = lab.train("shop", "concat+attributes", settings=FAST)
    assert (card.title, card.encoder) == ("Concatenation · attributes", "bundled+attributes")
    assert card.modalities == ("attributes", "image", "text")
    runs = {run.strategy: run for run in lab.runs("shop")}
    assert {"concat", "concat+attributes"} <= set(runs)
    prints = [lab.run(runs[name].run_id).fingerprints for name in ("concat", "concat+attributes")]
    assert prints[0]["split"] == prints[1]["split"]
    assert prints[0]["features"] != prints[1]["features"]
    table = lab.evaluate("shop", reference="concat").set_index("strategy")
    assert table.loc["concat+attributes", "n_users"] == table.loc["concat", "n_users"]


@pytest.mark.parametrize("name", ["attention", "concat@graph", "concat@collective", "collective_ease"])
def test_a_further_share_and_a_further_knob(lab: Lab, name: str) -> None:
    full = f"{name}+attributes"
    lab.train("shop", full, settings=None if name == "collective_ease" else FAST)
    person = lab.people("shop")[0].user_id
    again = Lab(lab.home, device="cpu")  # after a restart
    board = again.recommend("shop", [full], person, k=5, weights={"attributes": 0.5})
    for pick in board.columns[0].picks:
        assert set(pick.shares) == {"interactions", "attributes", "image", "text"}
        assert math.isclose(sum(pick.shares.values()), pick.score, abs_tol=1e-4)
    none = again.recommend("shop", [full], person, k=5, weights={"attributes": 0.0})
    assert all(pick.shares["attributes"] == 0 for pick in none.columns[0].picks)
    assert [p.score for p in none.columns[0].picks] != [p.score for p in board.columns[0].picks]


def test_the_network_of_a_stored_run_reads_attributes(lab: Lab) -> None:
    card = lab.train("shop", "concat+attributes", settings=FAST)
    network = lab._network(card)
    tokens = network.loader(np_items(4))
    assert set(tokens) == {"attributes", "image", "text"}
    table = network.model.all_content(network.loader).numpy()
    np.testing.assert_allclose(table, network.served.embedding(), atol=1e-4)


def np_items(n: int):
    import torch

    return torch.arange(n)


def test_what_reads_no_attributes_is_not_offered_with_them(lab: Lab) -> None:
    offered = {card.name for card in lab.strategies(extras=["attributes"])}
    assert {"concat+attributes", "content_knn+attributes", "image_only", "text_only", "ease"} <= offered
    with pytest.raises(TrainingError, match="reads no attributes"):
        lab.train("shop", "image_only+attributes")


def test_a_catalogue_without_such_columns_says_why(lab: Lab, bare: str) -> None:
    card = lab.attributes(bare)
    assert (card.columns, card.chosen) == ((), False)
    assert "None of its columns" in card.problem
    with pytest.raises(FeatureError, match=f"'{bare}' has no attributes"):
        lab.use_attributes(bare)
    with pytest.raises(FeatureError, match=f"'{bare}' has no attributes"):
        lab.encode(bare, "bundled+attributes")


def test_methods_are_traced_with_three_modalities(lab: Lab) -> None:
    lab.use_attributes("shop")
    cards = {card.name: card for card in lab.methods("shop")}
    lanes = {step.lane for step in cards["concat"].flow}
    assert {"attributes", "image", "text"} <= lanes
    assert {step.lane for step in cards["image_only"].flow} == {"", "image"}


def test_an_items_attributes_do_not_depend_on_the_others(lab: Lab) -> None:
    """Nothing is fitted on the catalogue, so nothing of a held-out item can be in another's tokens."""
    from dataclasses import replace

    from mmviz.features.attributes import encode_attributes

    shop = lab.catalogue("shop")
    whole, half = encode_attributes(shop), encode_attributes(replace(shop, items=shop.items.iloc[:30]))
    assert whole is not None and half is not None
    np.testing.assert_array_equal(whole.tokens[:30], half.tokens)
