"""The best-known peers from other libraries on mmviz's splits, features and ruler.

    python benchmarks/peers.py FOLDER [split …]

Cornac's VBPR and BPR and implicit's ALS are trained at each of a few settings; the best on the validation part is
tested, by full ranking, on the same candidates and people as mmviz's own runs. VBPR sees both modalities: the encoder's
summaries of picture and text, one after the other; an item that nobody took is ranked by its content part alone, as its
paper proposes. Beside them stand mmviz's own runs of the split (trained before with `quality.py` in the same
`MMVIZ_HOME`): the best strategies and the controls. Throughput is interactions read in a second of training, VBPR's,
concatenation's and AFN's, one after the other in this process. Needs the extra "bench".
Writes `results/peers-<name>.md`.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import _report
import numpy as np
from cornac.data import Dataset, ImageModality
from cornac.models import BPR, VBPR
from implicit.cpu.als import AlternatingLeastSquares
from quality import SPLITS, ready
from rich.console import Console
from scipy.sparse import csr_array, csr_matrix

from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.metrics import ranking_metrics
from mmviz.evaluation.significance import bootstrap_mean, paired_bootstrap
from mmviz.evaluation.splits import Split, make_split
from mmviz.features import Features
from mmviz.lab import Lab

Settings = Mapping[str, float]
Fit = Callable[[csr_array, np.ndarray, Settings], np.ndarray]
"""Train matrix (U, I), content (I, D) and settings in; scores (U, I) out."""

OWN_BEST = 3
"""How many of mmviz's own strategies stand in a table, the best first; its controls always do."""

BATCH = 512
"""Interactions a step of VBPR: five times its default of 100, which a CPU takes about as long for."""

_err = Console(stderr=True)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, splits = Path(sys.argv[1]), sys.argv[2:] or SPLITS
    with tempfile.TemporaryDirectory() as temporary:
        lab = Lab(Path(os.environ.get("MMVIZ_HOME", temporary)))
        name = ready(lab, folder)
        parts = [board(lab, name, split) for split in splits]
        parts.append(throughput(lab, name))
    _report.write(f"peers-{name}", f"Peers on {name}", parts)


def board(lab: Lab, name: str, split_name: str) -> str:
    """The peers and mmviz's own runs on one split, best first, with the gap to the best peer."""
    catalogue, split = lab.catalogue(name), make_split(lab.catalogue(name), split_name)
    content = both_summaries(lab.features(name))  # (I, D)
    values: dict[str, np.ndarray] = {}
    for title, fit in PEERS.items():
        values[f"{title} (peer)"] = best_of(title, fit, catalogue, split, content)
    best_peer = max(values, key=lambda title: values[title].mean())
    runs = sorted(lab.runs(name, split_name), key=lambda run: -run.metrics["ndcg@10"])
    strategies = [run for run in runs if run.kind == "fusion"][:OWN_BEST]
    for run in [*strategies, *(run for run in runs if run.kind == "control")]:
        own = lab.per_user(run.run_id)["ndcg@10"].to_numpy()  # (n,)
        values[f"{run.title}{' (control)' if run.kind == 'control' else ''}"] = own
    rows = []
    for title in sorted(values, key=lambda title: -values[title].mean()):
        whole, between = bootstrap_mean(values[title]), paired_bootstrap(values[title], values[best_peer])
        interval = f"{whole.low:.4f} … {whole.high:.4f}"
        rows.append((title, whole.mean, interval, _report.gap(between.mean, between.low, between.high)))
    headings = ("model", "NDCG@10 ↑", "95 % interval", f"difference from {best_peer.removesuffix(' (peer)')}")
    return f"## {split_name}: {len(values[best_peer]):,} test users\n\n{_report.table(headings, rows)}"


def best_of(title: str, fit: Fit, catalogue: Catalogue, split: Split, content: np.ndarray) -> np.ndarray:
    """NDCG@10 of each test user (n,) at the settings that are best on the validation part."""
    train = catalogue.matrix(split.train)  # (U, I)
    grid = GRIDS[title]
    found = []
    for values in itertools.product(*grid.values()):
        settings = dict(zip(grid, values, strict=True))
        with contextlib.redirect_stdout(io.StringIO()):  # Cornac prints
            scores = fit(train, content, settings)  # (U, I)
        valid = ndcg(scores, catalogue, split, "valid").mean()
        _err.print(f"{split.name}: {title} {settings} validation {valid:.4f}")
        found.append((valid, scores))
    return ndcg(max(found, key=lambda pair: pair[0])[1], catalogue, split, "test")


def ndcg(scores: np.ndarray, catalogue: Catalogue, split: Split, part: str) -> np.ndarray:
    """NDCG@10 (n,) of the people whom mmviz evaluates on this part, in order, by its own rule."""
    train = catalogue.matrix(split.train)
    seen = train if part == "valid" else catalogue.matrix(np.concatenate([split.train, split.valid]))
    relevant = catalogue.matrix(split.valid if part == "valid" else split.test)
    candidates = split.valid_candidates if part == "valid" else split.test_candidates
    people = np.flatnonzero((np.diff(relevant.indptr) > 0) & (np.diff(train.indptr) > 0))  # (n,)
    values = ranking_metrics(scores[people], relevant[people], seen[people], candidates, (10,)).values["ndcg@10"]
    return values[~np.isnan(values)]


def both_summaries(features: Features) -> np.ndarray:
    """The encoder's summaries of all modalities, each of length 1, one after the other: (I, D)."""
    parts = [np.asarray(part.pooled, dtype=np.float32) * part.present[:, None] for part in features.modalities.values()]
    return np.concatenate([p / np.maximum(np.linalg.norm(p, axis=1, keepdims=True), 1e-9) for p in parts], axis=1)


def dataset(train: csr_array, content: np.ndarray | None = None) -> tuple[Dataset, np.ndarray]:
    """Cornac's data of the known items alone, and their places (W,); the others would be drawn as negatives."""
    known = np.flatnonzero(np.asarray(train.sum(axis=0)).ravel())  # (W,)
    rows, columns = train[:, known].nonzero()
    users = {user: user for user in range(train.shape[0])}
    items = {item: item for item in range(len(known))}
    data = Dataset(len(users), len(items), users, items, (rows, columns, np.ones(len(rows), np.float32)), seed=0)
    if content is not None:
        modality = ImageModality(features=content[known], ids=list(items), normalized=True)
        data.add_modalities(item_image=modality.build(items))
    return data, known


def fit_bpr(train: csr_array, _content: np.ndarray, settings: Settings) -> np.ndarray:
    data, known = dataset(train)
    model = BPR(num_threads=1, seed=0, **{**settings, "k": int(settings["k"]), "max_iter": int(settings["max_iter"])})
    model.fit(data)
    scores = np.zeros(train.shape, dtype=np.float32)  # (U, I): unknown items stay at 0
    scores[:, known] = model.u_factors @ model.i_factors.T + model.i_biases
    return scores


def fit_vbpr(train: csr_array, content: np.ndarray, settings: Settings) -> np.ndarray:
    model, known = trained_vbpr(train, content, settings)
    scores = model.theta_user @ (content @ model.emb_matrix).T + (content @ model.beta_prime).ravel()  # (U, I)
    scores[:, known] += model.gamma_user @ model.gamma_item.T + model.beta_item  # (U, W)
    return np.asarray(scores, dtype=np.float32)


def trained_vbpr(train: csr_array, content: np.ndarray, settings: Settings) -> tuple[VBPR, np.ndarray]:
    data, known = dataset(train, content)
    width, epochs = int(settings["k"]), int(settings["n_epochs"])
    model = VBPR(
        k=width,
        k2=width,
        n_epochs=epochs,
        batch_size=BATCH,
        learning_rate=settings["learning_rate"],
        verbose=False,
        seed=0,
    )
    model.fit(data)
    return model, known


def fit_als(train: csr_array, _content: np.ndarray, settings: Settings) -> np.ndarray:
    factors = int(settings["factors"])
    model = AlternatingLeastSquares(
        factors, settings["regularization"], settings["alpha"], iterations=20, random_state=0
    )
    model.fit(csr_matrix(train), show_progress=False)
    return np.asarray(model.user_factors @ model.item_factors.T, dtype=np.float32)  # (U, I)


PEERS: dict[str, Fit] = {"Cornac BPR": fit_bpr, "Cornac VBPR": fit_vbpr, "implicit ALS": fit_als}
GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    "Cornac BPR": {"k": (32, 64), "learning_rate": (0.01, 0.03), "lambda_reg": (0.01, 0.001), "max_iter": (100, 300)},
    "Cornac VBPR": {"k": (32,), "learning_rate": (0.001, 0.005), "n_epochs": (10, 30)},
    "implicit ALS": {"factors": (16, 32, 64), "regularization": (0.01, 1.0, 10.0), "alpha": (1.0, 10.0)},
}


def throughput(lab: Lab, name: str) -> str:
    """Interactions that training reads in a second: an epoch is one reading of each."""
    split = "per-user-temporal"
    catalogue = lab.catalogue(name)
    train = catalogue.matrix(make_split(catalogue, split).train)
    content, epochs = both_summaries(lab.features(name)), 3
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        trained_vbpr(train, content, {"k": 32, "learning_rate": 0.001, "n_epochs": epochs})
    seconds = time.perf_counter() - started
    rows = [("Cornac VBPR", epochs, seconds, int(train.nnz * epochs / seconds))]
    for strategy in ("concat", "afn"):
        run = lab.run(lab.train(name, strategy, split).run_id)
        readings = len(run.history) * readings_a_round(train, run.settings["training"])
        seconds = run.history[-1]["seconds"]
        rows.append((lab.strategy(strategy).title, round(readings, 1), seconds, int(train.nnz * readings / seconds)))
    headings = ("model", "readings of all interactions", "seconds of training ↓", "interactions/s ↑")
    note = (
        "A step of mmviz reads all interactions of 128 people. Its seconds include pre-training, the pass over all "
        "items after each round, and validation; VBPR's are its `fit` alone."
    )
    return f"## Throughput, {split}\n\n{_report.table(headings, rows)}\n\n{note}"


def readings_a_round(train: csr_array, training: Mapping[str, float]) -> float:
    """How often a round reads each interaction on average."""
    people = int((np.diff(train.indptr) >= 2).sum())
    users = min(int(training["users"]), people)
    return max(int(training["steps"]), -(-people // users)) * users / people


if __name__ == "__main__":
    main()
