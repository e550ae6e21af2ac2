"""The run store: what was trained, on what, how, and how good it turned out. A run is written once and never again."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file

from mmviz.errors import RunError
from mmviz.features.tuned import read_tuned, write_tuned
from mmviz.home import replacing, replacing_folder
from mmviz.memo import Memo

__all__ = ["Run", "RunStore", "new_run_id"]

_FORMAT = 1


@dataclass(frozen=True)
class Run:
    """The record of one training. Metrics are means over the users that the split evaluates.

    - `strategy`, `kind` ("fusion" or "control"), `seed`, `settings` (all configs, by part).
    - `catalogue` and `encoder` by name; `fingerprints` of catalogue, features and split content.
    - `validation` and `metrics` (test): {"ndcg@10": …}; `n_users` that the test split evaluates.
    - `history`: one dict a round of training; [] for a closed form.
    - `tasks`: task -> what its head reached on what was held out from it (the fields of `views.tasks.TaskResult`).
    - `test_opened`: when the test split was read, once (UTC, ISO 8601).
    - `learned`: "pairs" of user and item that training was handed (train and validation), and how many of them are
      "test_pairs", which must be 0. {} in runs from before this was recorded.
    - `ms_user`: milliseconds to score all items for one person, the median over a few; None where not measured.
    """

    run_id: str
    strategy: str
    kind: str
    catalogue: str
    encoder: str
    split: str
    seed: int
    settings: dict[str, dict[str, Any]]
    fingerprints: dict[str, str]
    validation: dict[str, float]
    metrics: dict[str, float]
    n_users: int
    modalities: tuple[str, ...]
    parameters: int
    seconds: float
    created: str
    test_opened: str
    device: str
    versions: dict[str, str] = field(default_factory=dict)
    history: tuple[dict[str, Any], ...] = ()
    learned: dict[str, int] = field(default_factory=dict)
    ms_user: float | None = None
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)


def new_run_id(strategy: str, split: str, seed: int) -> str:
    """A name that sorts by time, can be read, and is never given twice."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{now}-{strategy}-{split}-s{seed}-{uuid4().hex[:6]}"


class RunStore:
    """Runs under one folder, one sub-folder each: `run.json`, `users.parquet`, and arrays as safetensors.

    The arrays are the weights to serve and to restore the model, and the tested people's lists. What is measured on a
    run later lies in its sub-folder `measured/`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records: Memo[Run] = Memo(1024)

    def save(
        self,
        run: Run,
        per_user: pd.DataFrame,
        ranker: dict[str, np.ndarray],
        model: dict[str, np.ndarray] | None = None,
        lists: np.ndarray | None = None,
        encoder: dict[str, np.ndarray] | None = None,
        tokens: dict[str, np.ndarray] | None = None,
    ) -> Path:
        """Write a run in one go. Raises RunError when that id is taken: a run is never overwritten.

        `encoder`: the encoder's layers that it trained, `tokens`: what they make of all items; None where none were.
        """
        target = self._path(run.run_id)
        if target.exists():
            raise RunError(f"There is a run '{run.run_id}' already, and runs are never overwritten. Train again.")
        with replacing_folder(target) as draft:
            record = {"format": _FORMAT, **asdict(run)}
            (draft / "run.json").write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
            per_user.to_parquet(draft / "users.parquet", index=False)
            _save_arrays(ranker, draft / "ranker.safetensors")
            if model is not None:
                _save_arrays(model, draft / "model.safetensors")
            if lists is not None:
                _save_arrays({"top": lists.astype(np.int32)}, draft / "lists.safetensors")
            if encoder is not None and tokens is not None:
                _save_arrays(encoder, draft / "encoder.safetensors")
                write_tuned(tokens, draft)
        return target

    def all(self) -> list[Run]:
        """Every run, oldest first. A folder that is not a whole run is passed over."""
        return [self._read(p) for p in sorted(self.folder.glob("*/run.json")) if not p.parent.name.startswith(".")]

    def load(self, run_id: str) -> Run:
        return self._read(self._path(run_id) / "run.json")

    def ranker_state(self, run_id: str) -> dict[str, np.ndarray]:
        """Arrays for `Ranker.from_state`."""
        return _load_arrays(self._path(run_id) / "ranker.safetensors", run_id)

    def model_state(self, run_id: str) -> dict[str, np.ndarray]:
        """Weights of the torch module. Raises RunError for a run without one (a closed form)."""
        return _load_arrays(self._path(run_id) / "model.safetensors", run_id)

    def lists(self, run_id: str) -> np.ndarray | None:
        """The tested people's lists (n, K), item indices, best first, -1 where one ends; None in an older run."""
        path = self._path(run_id) / "lists.safetensors"
        return _load_arrays(path, run_id)["top"] if path.is_file() else None

    def encoder_state(self, run_id: str) -> dict[str, np.ndarray]:
        """The encoder's layers that a run trained. Raises RunError for a run that trained none."""
        return _load_arrays(self._path(run_id) / "encoder.safetensors", run_id)

    def tokens(self, run_id: str) -> dict[str, np.ndarray]:
        """What those layers make of all items, memory-mapped, by "modality.what". Raises FeatureError without them."""
        return read_tuned(self._path(run_id))

    def per_user(self, run_id: str) -> pd.DataFrame:
        """Test metrics of each evaluated user: `user` (code), then one column a metric."""
        path = self._path(run_id) / "users.parquet"
        if not path.is_file():
            raise RunError(f"Run '{run_id}' has no per-user results; it was damaged. Train it again.")
        return _table(path)

    def save_measure(self, run_id: str, name: str, frame: pd.DataFrame, record: dict[str, Any]) -> None:
        """Keep a table that was measured on a finished run, and how, in the run's folder; one of that name is replaced.

        The run itself is not touched. Raises RunError when there is no such run.
        """
        self.load(run_id)
        path = self._measure(run_id, name)
        with replacing(path) as draft:
            frame.to_parquet(draft, index=False)
        with replacing(path.with_suffix(".json")) as draft:
            draft.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")

    def measure(self, run_id: str, name: str) -> tuple[pd.DataFrame, dict[str, Any]] | None:
        """What `save_measure` kept under this name, or None where that was not measured or cannot be read."""
        path = self._measure(run_id, name)
        try:
            return _table(path), json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _measure(self, run_id: str, name: str) -> Path:
        return self._path(run_id) / "measured" / f"{name}.parquet"

    def _path(self, run_id: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+-]*", run_id):
            raise RunError(f"'{run_id}' is not the name of a run. `mmviz list runs` shows them.")
        return self.folder / run_id

    def _read(self, path: Path) -> Run:
        """The record in a file, read again only when the file is another than it was. Nobody may change it."""
        try:
            stamp = path.stat()
            return self._records.get((path, stamp.st_mtime_ns, stamp.st_size), lambda: _parsed(path))
        except FileNotFoundError:
            raise RunError(f"There is no run '{path.parent.name}'. `mmviz list runs` shows those that exist.") from None


def _table(path: Path) -> pd.DataFrame:
    """A small table, read without threads and pandas' detour over datasets: a board reads very many."""
    with pq.ParquetFile(path) as file:
        read: pd.DataFrame = file.read(use_threads=False).to_pandas()
    return read


def _parsed(path: Path) -> Run:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise RunError(f"The record of run '{path.parent.name}' cannot be read ({error}). Train it again.") from None
    if record.pop("format", None) != _FORMAT:
        raise RunError(f"Run '{path.parent.name}' was written by another version of mmviz. Train it again.")
    return Run(**{**record, "modalities": tuple(record["modalities"]), "history": tuple(record["history"])})


def _save_arrays(arrays: dict[str, np.ndarray], path: Path) -> None:
    save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, path)


def _load_arrays(path: Path, run_id: str) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise RunError(f"Run '{run_id}' has no {path.stem} weights; it has none or was damaged. Train it again.")
    arrays: dict[str, np.ndarray] = load_file(path)
    return arrays
