"""Task heads on data whose right answer is known, the loss that weighs them, and training with them end to end."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import f1_score, label_ranking_average_precision_score, root_mean_squared_error

from mmviz import heads, variants
from mmviz.catalogue.base import Catalogue, Column
from mmviz.errors import MmvizError, TrainingError, UnknownNameError
from mmviz.evaluation.splits import Split, make_split
from mmviz.heads._labels import labels_of, problem_with, what_it_learns
from mmviz.heads._settings import TasksConfig, named
from mmviz.heads.base import Step, Tasks, Taught
from mmviz.heads.category import Category, _macro_f1
from mmviz.heads.rating import Rating
from mmviz.heads.tags import Tags, average_precision
from mmviz.lab import Lab
from tests.conftest import FAST

N_ITEMS, N_USERS, DIM = 300, 60, 8


def planted(seed: int = 0) -> tuple[Catalogue, torch.Tensor]:
    """A catalogue whose labels and ratings follow from content vectors (I, D) by known linear rules."""
    rng = np.random.default_rng(seed)
    content = rng.standard_normal((N_ITEMS, DIM))
    kinds = np.array(["mug", "lamp", "vase"])[content[:, :3].argmax(axis=1)]
    tags = [
        "|".join(t for t, x in zip(("red", "big", "old", "new", "odd"), row[3:], strict=True) if x > 0)
        for row in content
    ]
    taste = rng.standard_normal((N_USERS, DIM))
    rows = []
    for user in range(N_USERS):
        for place, item in enumerate(rng.choice(N_ITEMS, 30, replace=False)):
            stars = 3 + 0.5 * taste[user] @ content[item] + 0.05 * rng.standard_normal()
            rows.append((user, item, stars, float(place)))
    frame = pd.DataFrame(rows, columns=["user", "item", "rating", "time"])
    items = pd.DataFrame({"category": kinds, "tags": tags})
    columns = (Column("category", "category"), Column("tags", "tags"))
    catalogue = Catalogue("planted", items, frame, pd.Index([str(u) for u in range(N_USERS)]), "f", columns)
    return catalogue, torch.from_numpy(content.astype(np.float32))


def taught(name: str = "random", seed: int = 0) -> tuple[Taught, torch.Tensor, Split]:
    catalogue, content = planted(seed)
    split = make_split(catalogue, name, 0)
    known = torch.from_numpy(np.asarray(catalogue.matrix(split.train).sum(axis=0)).ravel() > 0)
    return Taught(catalogue, split, known), content, split


def step_of(data: Taught, content: torch.Tensor, seed: int = 0) -> Step:
    owned = torch.from_numpy(data.catalogue.matrix(data.split.train).toarray()) > 0  # (U, I)
    seen = owned & (torch.rand(owned.shape, generator=torch.Generator().manual_seed(seed)) > 0.5)
    items = torch.arange(len(content))[data.known]
    return Step(items, content[items], content, torch.arange(len(owned)), seen, (owned & ~seen)[:, items])


def fit(head: torch.nn.Module, data: Taught, content: torch.Tensor, steps: int = 400) -> None:
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    for number in range(steps):
        loss = head.loss(step_of(data, content, number))  # type: ignore[operator]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


@pytest.mark.parametrize("split", ["random", "cold-items"])
@pytest.mark.parametrize("name", heads.names())
def test_a_head_finds_the_planted_rule_and_beats_its_controls(name: str, split: str) -> None:
    data, content, _ = taught(split)
    head = heads.head(name)(data, DIM)
    before = head.measure(content)
    fit(head, data, content)
    after = head.measure(content)
    assert after.gain_low > 0
    assert after.low <= after.value <= after.high
    worst = max(after.controls.values()) if after.higher else min(after.controls.values())
    assert (after.value > worst) is after.higher
    assert (after.value > before.value) is after.higher
    assert 0 < after.n <= (N_USERS if after.unit == "people" else N_ITEMS)


@pytest.mark.parametrize("split", ["random", "cold-items"])
def test_what_is_judged_is_never_learned_from(split: str) -> None:
    data, content, made = taught(split)
    labels = labels_of("category", data.catalogue, made, data.known.numpy(), "category")
    assert labels.judge.any() and not (labels.judge & labels.learn).any()
    if split == "cold-items":
        assert not (labels.judge & ~made.test_candidates).any()
    items = data.catalogue.items.copy()
    items.loc[labels.judge, "category"] = "mug"
    items.loc[labels.judge, "tags"] = "red"
    changed = dataclasses.replace(data, catalogue=dataclasses.replace(data.catalogue, items=items))
    for cls in (Category, Tags):
        losses = []
        for each in (data, changed):
            torch.manual_seed(0)
            losses.append(cls(each, DIM).loss(step_of(data, content)))
        torch.testing.assert_close(losses[0], losses[1], rtol=0, atol=0)


def test_held_out_ratings_do_not_reach_the_loss() -> None:
    data, content, split = taught()
    frame = data.catalogue.interactions.copy()
    frame.loc[np.concatenate([split.valid, split.test]), "rating"] = 1.0
    changed = dataclasses.replace(data, catalogue=dataclasses.replace(data.catalogue, interactions=frame))
    losses = []
    for each in (data, changed):
        torch.manual_seed(0)
        losses.append(Rating(each, DIM).loss(step_of(data, content)))
    torch.testing.assert_close(losses[0], losses[1], rtol=0, atol=0)


def test_metrics_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    scores, given = rng.standard_normal((50, 7)), rng.random((50, 7)) < 0.3
    given[:, 0] |= ~given.any(axis=1)
    assert average_precision(scores, given).mean() == pytest.approx(
        label_ranking_average_precision_score(given, scores)
    )
    said, truth = rng.integers(4, size=80), rng.integers(4, size=80)
    expected = f1_score(truth, said, average="macro")
    assert _macro_f1(said, truth[:, None] == np.arange(4)) == pytest.approx(expected)


def test_the_rating_controls_are_what_they_are_called() -> None:
    data, content, split = taught()
    result = Rating(data, DIM).measure(content)
    train, valid = (data.catalogue.interactions.iloc[rows]["rating"] for rows in (split.train, split.valid))
    expected = root_mean_squared_error(valid, np.full(len(valid), train.mean()))
    assert result.controls["mean rating"] == pytest.approx(expected, rel=1e-5)
    assert result.metric == "rmse" and not result.higher


def test_tasks_are_weighed_as_in_the_paper() -> None:
    data, content, _ = taught()
    torch.manual_seed(0)
    made = {name: heads.head(name)(data, DIM) for name in ("category", "rating")}
    tasks, step = Tasks(made, "uncertainty"), step_of(data, content)
    with torch.no_grad():
        tasks.log_variances["recommendation"].fill_(0.7)
        tasks.log_variances["category"].fill_(-0.4)
        tasks.log_variances["rating"].fill_(9.0)
    terms = tasks({"all": torch.tensor(3.0), "content": torch.tensor(2.0)}, step)
    torch.testing.assert_close(terms["all"], torch.tensor(3.0) * np.exp(-0.7).astype(np.float32))
    torch.testing.assert_close(terms["category"], made["category"].loss(step) * float(np.exp(0.4)))
    torch.testing.assert_close(terms["rating"], made["rating"].loss(step) * float(np.exp(-4.0)))  # clamped
    torch.testing.assert_close(terms["weights"], torch.tensor((0.7 - 0.4 + 4.0) / 2))
    plain = Tasks(made, "fixed")({"all": torch.tensor(3.0)}, step)
    assert set(plain) == {"all", "category", "rating"}
    torch.testing.assert_close(plain["category"], made["category"].loss(step))


def test_the_loudest_weight_is_that_of_the_least_noisy_task() -> None:
    """At the optimum of s a task counts 1 / (2 L)."""
    data, _, _ = taught()
    tasks = Tasks({"category": Category(data, DIM)}, "uncertainty")
    optimiser = torch.optim.Adam(tasks.log_variances.parameters(), lr=0.05)
    for _ in range(500):
        total = tasks.weight("recommendation") * 4.0 + tasks.weight("category") * 0.25
        total = total + sum(tasks.log_variances.values()) / 2
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    assert tasks.weights()["recommendation"] == pytest.approx(1 / 8, rel=0.02)
    assert tasks.weights()["category"] == pytest.approx(2.0, rel=0.02)


def test_names_and_settings_are_checked_and_say_the_same() -> None:
    assert named("rating, category") == ("category", "rating")
    with pytest.raises(UnknownNameError, match="Did you mean 'rating'"):
        named("ratings")
    assert variants.settled("afn", {"heads": 2}) == ("afn", {"heads": 2})  # attention heads, which are no tasks
    assert variants.settled("concat", {"tasks": "rating,category"})[0] == "concat+category+rating"
    assert variants.settled("concat+rating", {})[1] == {"tasks": "rating"}
    assert variants.settled("concat+selfsupervised", {})[1] == {"objective": "selfsupervised"}
    assert variants.settled("concat", {"objective": "selfsupervised"})[0] == "concat+selfsupervised"
    with pytest.raises(ValueError, match="self-supervised training has none"):
        TasksConfig(tasks="rating", objective="selfsupervised")
    with pytest.raises(ValueError, match="weighting is 'loud'"):
        TasksConfig(weighting="loud")


def test_what_cannot_be_learned_says_why() -> None:
    catalogue, _ = planted()
    bare = dataclasses.replace(catalogue, columns=(), interactions=catalogue.interactions.assign(rating=np.nan))
    assert [problem_with(name, catalogue) for name in heads.names()] == ["", "", ""]
    assert all(problem_with(name, bare) for name in heads.names())
    assert what_it_learns("tags", catalogue) == "tags"
    assert "copying" in problem_with("category", catalogue, ("attributes", "image"))
    assert problem_with("rating", catalogue, ("attributes",)) == ""


def test_a_run_with_tasks_is_recorded_served_and_compared(lab: Lab) -> None:
    card = lab.train("shop", "concat", settings={**FAST, "tasks": "category,tags,rating"})
    assert card.strategy == "concat+category+rating+tags"
    assert card.title == "Concatenation · learns category, rating, tags"
    assert set(card.tasks) == {"category", "rating", "tags"}
    assert card.tasks["category"].controls.keys() == {"most frequent category"}
    assert {"category", "tags", "rating", "weights"} <= set(lab.run(card.run_id).history[-1]["losses"])
    again = Lab(lab.home, device="cpu")
    stored = next(run for run in again.runs("shop") if run.strategy == card.strategy)
    assert stored.tasks == card.tasks
    assert again.recommend("shop", [card.strategy], liked=["0001"], k=5).columns[0].picks
    network = again._network(stored)
    np.testing.assert_allclose(network.model.all_content(network.loader).numpy(), network.served.embedding(), atol=1e-4)
    table = again.learned("shop")
    assert list(table["task"]) == ["recommendation", "category", "rating", "tags"]
    shared = table.iloc[0]
    assert shared["control"] == "Concatenation"
    assert shared["gain"] == pytest.approx(shared["value"] - shared["control_value"], abs=1e-6)


def test_labels_that_are_inputs_are_refused(lab: Lab) -> None:
    with pytest.raises(TrainingError, match="reads 'category' among the attributes"):
        lab.train("shop", "concat+attributes+category", settings=FAST)
    with pytest.raises(MmvizError, match="is a control"):
        lab.train("shop", "ease+category")
    assert lab.train("shop", "concat+attributes+rating", settings=FAST).tasks["rating"].n > 0


@pytest.mark.parametrize("name", ["concat", "gcca@collective", "afn", "image_only"])
def test_any_fusion_can_be_trained_without_interactions(lab: Lab, name: str) -> None:
    card = lab.train("shop", f"{name}+selfsupervised", settings=FAST)
    run = lab.run(card.run_id)
    assert run.settings["recommender"]["collaborative"] is False
    assert all("all" not in each["losses"] and "matching" in each["losses"] for each in run.history)
    assert Lab(lab.home).recommend("shop", [card.strategy], liked=["0001"], k=5).columns[0].picks


def test_matching_reads_nobodys_history(lab: Lab, tmp_path: Path) -> None:
    """The same weights come out whoever took what, as long as the same items are known."""
    from scipy.sparse import csr_array

    from mmviz.fusion.concat import Concat, ConcatConfig
    from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
    from mmviz.selfsupervised import Contrast
    from mmviz.training import TrainingConfig, train

    features, states = lab.features("shop"), []
    dense = np.ones((10, features.n_items), dtype=np.float32)
    sparse = np.eye(10, features.n_items, dtype=np.float32) + (np.arange(features.n_items) >= 10)
    for rows in (dense, sparse):
        torch.manual_seed(0)
        fusion = Concat(shapes_of(features), ConcatConfig(dim=8))
        loader = ItemLoader(features, fusion.names, "pooled", torch.device("cpu"))
        known = np.ones(features.n_items, dtype=bool)
        loader.prepare(fusion, known)
        model = Recommender(fusion, known, np.ones(features.n_items), RecommenderConfig(collaborative=False))
        config = TrainingConfig(rounds=2, steps=4)
        losses = [
            each.losses["matching"]
            for each in train(model, loader, csr_array(rows), lambda _: 0.0, config, 0, Contrast)
        ]
        assert losses[1] < losses[0]
        states.append(model.state_dict())
    for name, value in states[0].items():
        if name.startswith("fusion"):
            torch.testing.assert_close(value, states[1][name], rtol=0, atol=0)
