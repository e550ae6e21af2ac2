"""The run store keeps everything and overwrites nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmviz.errors import RunError
from mmviz.runs import Run, RunStore, new_run_id


def a_run(run_id: str = "r1") -> Run:
    return Run(
        run_id=run_id,
        strategy="concat",
        kind="fusion",
        catalogue="films",
        encoder="bundled",
        split="random",
        seed=3,
        settings={"fusion": {"dim": 8}, "training": {"rounds": 2}},
        fingerprints={"catalogue": "a", "features": "b", "split": "c"},
        validation={"ndcg@10": 0.2},
        metrics={"ndcg@10": 0.1},
        n_users=4,
        modalities=("image", "text"),
        parameters=10,
        seconds=1.5,
        created="2026-01-01T00:00:00+00:00",
        test_opened="2026-01-01T00:00:01+00:00",
        device="cpu",
        versions={"torch": "2"},
        history=({"number": 1, "losses": {"all": 2.0}},),
    )


PER_USER = pd.DataFrame({"user": [0, 1], "ndcg@10": [0.0, 1.0]})
ARRAYS = {
    "content": np.arange(6, dtype=np.float32).reshape(2, 3),
    "names": np.frombuffer("käse".encode(), np.uint8),
    "share": np.array(0.25),
}


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.save(a_run(), PER_USER, ARRAYS, {"weight": ARRAYS["content"].T})
    assert store.load("r1") == a_run()
    assert store.all() == [a_run()]
    pd.testing.assert_frame_equal(store.per_user("r1"), PER_USER)
    for name, array in store.ranker_state("r1").items():
        assert np.array_equal(array, ARRAYS[name])
        assert array.shape == ARRAYS[name].shape, "a lone number stays one"
    assert np.array_equal(store.model_state("r1")["weight"], ARRAYS["content"].T)


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.save(a_run(), PER_USER, ARRAYS)
    with pytest.raises(RunError, match="never overwritten"):
        store.save(dataclasses.replace(a_run(), seed=4), PER_USER, ARRAYS)
    assert store.load("r1").seed == 3


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    with pytest.raises(Exception, match=r".+"):
        store.save(a_run(), PER_USER, {"broken": np.array(["no", "numbers"], dtype=object)})
    assert list(tmp_path.iterdir()) == []
    assert store.all() == []


@pytest.mark.parametrize("name", ["../up", "", ".hidden", "a/b"])
def test_a_name_cannot_leave_the_store(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError):
        RunStore(tmp_path).load(name)


def test_missing_and_damaged_runs_are_said(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    with pytest.raises(RunError, match="no run 'r9'"):
        store.load("r9")
    store.save(a_run(), PER_USER, ARRAYS)
    with pytest.raises(RunError, match="no model weights"):
        store.model_state("r1")
    (tmp_path / "r1" / "run.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        store.load("r1")


def test_ids_sort_by_time_and_are_not_given_twice() -> None:
    ids = [new_run_id("concat", "random", 0) for _ in range(50)]
    assert len(set(ids)) == 50
    assert all("-concat-random-s0-" in run_id for run_id in ids)


def test_a_record_is_read_anew_only_when_its_file_is_another(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    record = store.save(a_run(), PER_USER, ARRAYS) / "run.json"
    assert store.load("r1") is store.all()[0]
    record.write_text(record.read_text("utf-8").replace('"seed": 3', '"seed": 11'), "utf-8")
    assert store.load("r1").seed == 11
    record.unlink()
    with pytest.raises(RunError, match="There is no run 'r1'"):
        store.load("r1")
