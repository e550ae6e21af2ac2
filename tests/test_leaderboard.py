"""The leaderboard and what follows from it, on runs that were really trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from mmviz import experiment as experiments
from mmviz import leaderboard as boards
from mmviz.errors import EvaluationError, RunError, UnknownNameError
from mmviz.evaluation.significance import cohens_d, holm, paired_bootstrap, paired_t_test
from mmviz.lab import Lab
from tests.conftest import TRAINED


def test_every_run_stands_with_intervals_and_the_opening_of_the_test(lab: Lab) -> None:
    board = lab.leaderboard("shop")
    assert {row.name for row in board.standings} == set(TRAINED)
    values = [row.values["ndcg@10"] for row in board.standings]
    assert [v.value for v in values] == sorted((v.value for v in values), reverse=True)
    for row in board.standings:
        assert row.run is not None
        for name, cell in row.values.items():
            assert cell.low <= cell.value <= cell.high
            assert cell.value == pytest.approx(row.run.metrics[name])
        assert row.opened == lab.run(row.run.run_id).test_opened
    assert board.openings == tuple(sorted(row.opened for row in board.standings))
    assert board.ceiling is None
    assert lab.leaderboard("shop") is board  # kept until another run comes


def test_other_groups_of_measures(lab: Lab) -> None:
    ratings = lab.leaderboard("shop", group="ratings")
    assert [m.name for m in ratings.measures] == ["rmse", "mae", "rmse_pooled", "mae_pooled"]
    assert all(0 < row.values["rmse"].value < 3 for row in ratings.standings)
    beyond = lab.leaderboard("shop", group="beyond")
    popular = next(row for row in beyond.standings if row.name == "popularity").values
    others = [row.values for row in beyond.standings if row.name != "popularity"]
    assert all(popular["coverage"].value <= other["coverage"].value for other in others)
    assert all(popular["popularity"].value >= other["popularity"].value for other in others)
    assert popular["novelty"].low is not None and popular["gini"].low is None
    cost = lab.leaderboard("shop", group="cost")
    assert all(row.values["ms_user"].value > 0 for row in cost.standings)
    with pytest.raises(UnknownNameError, match="group of measures"):
        lab.leaderboard("shop", group="fame")


def test_seeds_of_the_same_settings_stand_together(lab: Lab) -> None:
    lab.train("shop", "popularity", seed=1)
    row = next(row for row in lab.leaderboard("shop").standings if row.name == "popularity")
    assert len(row.seeds) == 2 and row.seeds[0] == pytest.approx(row.seeds[1])


def test_pairs_are_those_of_the_statistics(lab: Lab) -> None:
    names = ("concat", "popularity", "ease")
    found = lab.pairs("shop", names)
    assert [(pair.a, pair.b) for pair in found] == [
        ("concat", "popularity"),
        ("concat", "ease"),
        ("popularity", "ease"),
    ]
    runs = {run.strategy: lab.per_user(run.run_id)["ndcg@10"].to_numpy() for run in lab.runs("shop")}
    p = holm([paired_t_test(runs[pair.a], runs[pair.b]) for pair in found])
    for pair, adjusted in zip(found, p, strict=True):
        a, b = runs[pair.a], runs[pair.b]
        interval = paired_bootstrap(a, b)
        assert pair.difference == pytest.approx((a - b).mean())
        assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high))
        assert (pair.effect, pair.p) == pytest.approx((cohens_d(a, b), adjusted))
        assert (pair.ahead, pair.behind) == pytest.approx(((a > b).mean(), (a < b).mean()))
    with pytest.raises(RunError, match="not trained"):
        lab.pairs("shop", ("concat", "gcca"))


def test_the_sentence_says_who_is_ahead_and_whether_it_is_noise() -> None:
    users = np.arange(200)
    rng = np.random.default_rng(0)
    base = rng.random(200)
    frames = {
        "a": ("Alpha", pd.DataFrame({"user": users, "ndcg@10": base, "rmse": base})),
        "b": ("Beta", pd.DataFrame({"user": users, "ndcg@10": base + 0.1 * rng.random(200), "rmse": base + 0.1})),
        "c": ("Gamma", pd.DataFrame({"user": users, "ndcg@10": base + rng.normal(0, 0.1, 200), "rmse": base})),
    }
    ab, ac, _ = boards.pairs(frames, "ndcg@10")
    assert ab.certain and ab.said.startswith("Beta is ahead of Alpha on 100 % of people and behind on 0 %; by 0.05")
    assert "large effect that is not chance" in ab.said
    assert not ac.certain and ac.said.endswith("the difference is within noise.")
    error, *_ = boards.pairs(frames, "rmse")  # less is better
    assert error.said.startswith("Alpha is ahead of Beta on 100 %")


def test_slices_and_people(lab: Lab) -> None:
    panels = lab.slices("shop", ("concat", "ease"))
    assert {"Category", "Popularity of the item"} <= {panel.group for panel in panels}
    for panel in panels:
        for cells in panel.values.values():
            assert cells.shape == (len(panel.names), 3)
            known = np.isfinite(cells).all(axis=1)
            assert (cells[known, 1] <= cells[known, 0]).all() and (cells[known, 0] <= cells[known, 2]).all()
    frame = lab.side_by_side("shop", "concat", "ease")
    run = next(run for run in lab.runs("shop") if run.strategy == "concat")
    assert frame["a"].mean() == pytest.approx(run.metrics["ndcg@10"])
    assert set(frame["user_id"]) <= set(lab.catalogue("shop").user_ids)
    assert (frame["n_train"] > 0).all()


def test_a_planted_leak_is_flagged_on_record(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that is handed the test pairs: the run's own record says so, and the board shows it."""
    real = experiments.material_of

    def leaky(catalogue, split, features):
        material = real(catalogue, split, features)
        both = ((material.train + catalogue.matrix(split.test)) > 0).astype(np.float32)
        return dataclasses.replace(material, train=csr_array(both))

    monkeypatch.setattr(experiments, "material_of", leaky)
    lab.train("shop", "item_knn")
    monkeypatch.undo()
    board = lab.leaderboard("shop")
    doubted = {row.name: row.doubts for row in board.standings if row.doubts}
    assert set(doubted) == {"item_knn"}
    assert "of the pairs that it is tested on" in doubted["item_knn"][0]
    page = lab.write_report("shop").read_text(encoding="utf-8")
    assert (
        "In doubt: Item k-nearest neighbours." in page and doubted["item_knn"][0] in page
    )  # what is sent tells it too


def test_a_leak_through_a_side_door_is_flagged_by_its_deeds(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A control that knows the test pairs although its record is clean."""
    from mmviz.baselines.item_knn import ItemKnn

    for peer in ("content_knn", "collective_ease", "collective_ease_image", "collective_ease_text"):
        lab.train("shop", peer)  # on 40 people ratios are noisy, and it takes peers to say what is usual
    found = lab.catalogue("shop")
    answers = found.matrix(lab._split(found, None).test).toarray().sum(axis=0)  # (I,)
    owned = found.matrix(lab._split(found, None).train)
    keys = {tuple(owned[[u]].indices): found.matrix(lab._split(found, None).test)[[u]].toarray()[0] for u in range(40)}
    assert answers.sum() > 0

    def peeks(self, history, weights=None):
        return np.stack([keys.get(tuple(history[[row]].indices), np.zeros(60)) for row in range(history.shape[0])])

    monkeypatch.setattr(ItemKnn, "score", peeks)
    lab.train("shop", "item_knn")
    row = next(row for row in lab.leaderboard("shop").standings if row.name == "item_knn")
    assert row.doubts and "times what it reached on validation" in row.doubts[0]
    assert lab.run(row.run.run_id).learned["test_pairs"] == 0  # type: ignore[union-attr]


def test_models_are_not_ranked_on_a_handful(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    n = lab._split(lab.catalogue("shop"), None).n_test_users
    monkeypatch.setattr("mmviz.evaluation.splits.MIN_USERS", n + 1)
    said = f"only {n} people have something to be found in the test part; at least {n + 1} are needed"
    for rank in (
        lab.leaderboard,
        lab.evaluate,
        lab.whole_board,
        lab.write_report,
        lambda name: lab.pairs(name, ("concat", "ease")),
        lambda name: lab.slices(name, ("concat", "ease")),
        lambda name: lab.side_by_side(name, "concat", "ease"),
    ):
        with pytest.raises(EvaluationError, match=said):
            rank("shop")


def test_a_run_without_lists_or_ratings_is_said(lab: Lab) -> None:
    run = next(run for run in lab.runs("shop") if run.strategy == "concat")
    (lab.home / "runs" / run.run_id / "lists.safetensors").unlink()
    board = lab.leaderboard("shop", group="beyond")
    assert "Concatenation did not record" in board.missing[0]


def test_the_ceiling_of_a_simulated_catalogue(tmp_path: Path) -> None:
    lab = Lab(tmp_path, device="cpu")
    lab.add_demo(60)
    board = lab.leaderboard("demo", "cold-items")
    assert board.standings == () and board.ceiling is not None and board.ceiling.run is None
    best = board.ceiling.values["ndcg@10"]
    assert best.low < best.value < best.high
    assert best.value == pytest.approx(lab.ceiling("demo", "cold-items"))
    assert set(board.ceiling.values) == {"ndcg@10", "recall@20", "mrr@10", "map@10", "hit@10"}
