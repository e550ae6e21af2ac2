"""Does the demo catalogue keep its promises? Makes it, encodes it with the bundled encoder, and measures.

Run: python benchmarks/demo_checks.py [HOME]. With HOME a kept demo and its features there are used again.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from _report import gap, table, write
from scipy.stats import binom

from mmviz.catalogue.base import Catalogue
from mmviz.catalogue.demo import TASTES, make_demo
from mmviz.catalogue.demo.drawing import draw_item
from mmviz.catalogue.demo.plan import plan_item
from mmviz.catalogue.demo.vocabulary import KINDS, SOURCES, VALUES
from mmviz.catalogue.truth import Truth
from mmviz.encoders import load_encoder
from mmviz.evaluation.ceiling import CEILING_SPLITS, demo_ceiling, oracle
from mmviz.evaluation.metrics import ranking_metrics
from mmviz.evaluation.significance import paired_bootstrap
from mmviz.evaluation.splits import Split, make_split
from mmviz.features import Features, encode_catalogue
from mmviz.lab import FIRST_STRATEGIES, Lab
from mmviz.progress import Progress
from mmviz.runs import RunStore

_COLD = "cold-items"
_SINGLES = ("image_only", "text_only")
_BEATEN = (*_SINGLES, "concat")
_TOKENS = ("cross_attention", "hierarchical")
"""Token-level strategies beside AFN, which is among the first ones."""
_DRAWS = 5
_MORE = {"afn": 10, "concat": 10, "image_only": 10, "text_only": 10}
"""AFN was ahead of concatenation in five draws by an interval that just held 0; ten tell."""
_FOLDS = 5
_PENALTIES = (30.0, 100.0, 300.0, 1000.0)


def main(home: Path) -> None:
    started, first, last = time.perf_counter(), [0.0], [0.0]

    def watch(progress: Progress) -> None:
        if progress.stage == "Drawing pictures":
            last[0] = time.perf_counter() - started
            if progress.done >= 100 and not first[0]:
                first[0] = last[0]

    catalogue = make_demo(home, ceiling=demo_ceiling, report=watch)
    made = time.perf_counter() - started
    features = encode_catalogue(catalogue, load_encoder(), home)
    parts = [
        "## Making it\n\n" + _making(first[0], last[0], made),
        "## People\n\n" + _people(catalogue),
        "## What a linear probe reads\n\n" + _probes(catalogue, features),
        "## What is in reach\n\n" + _reach(catalogue),
        "## Who needs what\n\n" + _needs(catalogue, features),
        "## What the trained models reach\n\n" + _trained(home, catalogue),
    ]
    write("demo_checks", "The demo catalogue, checked", parts)


def _making(first: float, drawn: float, made: float) -> str:
    start = time.process_time()
    pictures = [draw_item(plan_item(index, 7)).webp for index in range(60)]
    each = (time.process_time() - start) / 60
    same = pictures == [draw_item(plan_item(index, 7)).webp for index in range(60)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if not drawn:
        wall = "The kept demo was used, so the time to make it was not measured."
    else:
        wall = (
            f"Wall time: the first 100 pictures after {first:.1f} s, all drawn after {drawn:.1f} s, "
            f"finished after {made:.1f} s."
        )
    return (
        f"{wall} One picture takes {each * 1000:.0f} ms of one core and "
        f"{np.mean([len(p) for p in pictures if p]) / 1024:.1f} KB. Drawn twice, 60 pictures are "
        f"{'the same' if same else 'NOT the same'} to the byte. Peak memory of this process, with the encoder: "
        f"{peak:.0f} MB."
    )


def _people(catalogue: Catalogue) -> str:
    users, frame = truth_of(catalogue).users, catalogue.interactions
    taste = users["taste"].to_numpy()[frame["user"]]
    rows = [
        (
            name,
            int((users["taste"] == name).sum()),
            int((taste == name).sum()),
            frame["rating"][taste == name].mean(),
        )
        for name in TASTES
    ]
    uses = frame["item"].value_counts().reindex(range(catalogue.n_items), fill_value=0)
    share = uses.sort_values(ascending=False).head(catalogue.n_items // 10).sum() / len(frame)
    return table(("taste", "people", "interactions", "mean rating"), rows) + (
        f"\n\nThe most used tenth of the items has {share:.0%} of the interactions; "
        f"{int((uses < 5).sum())} items have fewer than 5."
    )


def _probes(catalogue: Catalogue, features: Features) -> str:
    truth = truth_of(catalogue)
    told = [{span.attribute for span in item.spans} for item in truth.items]
    has_text = (catalogue.items["text"] != "").to_numpy()
    rows = []
    for name in VALUES:
        cells: list[object] = [name, SOURCES[name]]
        for modality in ("image", "text"):
            present = features.modalities[modality].present & (has_text | (modality == "image"))
            if name == "colour" and modality == "text":
                present &= np.array(["colour" not in said for said in told])
            accuracy, chance, p = _probe(truth, features.modalities[modality].pooled, name, present)
            cells += [accuracy, chance, "above" if p < 0.001 else "not above"]
        rows.append(cells)
    heading = ("attribute", "source", "image", "chance", "is it", "text", "chance", "is it")
    return table(heading, rows) + (
        "\n\nRidge probe on the encoder's pooled features, 5-fold, the penalty chosen in favour of the probe. "
        "Chance is the most frequent value; for the material, that of the thing's group (clay or cloth), which "
        "the kind gives away. Colour from text: only items whose text does not tell it. "
        "Above: one-sided binomial p < 0.001."
    )


def _probe(truth: Truth, pooled: np.ndarray, name: str, present: np.ndarray) -> tuple[float, float, float]:
    """Accuracy of the best probe, accuracy of guessing, and the chance of doing so well by guessing."""
    value = np.array([item.attributes[name] for item in truth.items])
    group = np.array([KINDS[item.attributes["kind"]].group for item in truth.items])
    right = guessed = count = 0
    for part in sorted(set(group)) if name == "material" else [""]:
        chosen = np.flatnonzero(present & ((group == part) | (part == "")))
        labels, codes = np.unique(value[chosen], return_inverse=True)
        right += max(_ridge_hits(np.asarray(pooled[chosen], dtype=np.float64), codes, len(labels)))
        guessed += int(np.bincount(codes).max())
        count += len(chosen)
    return right / count, guessed / count, float(binom.sf(right - 1, count, guessed / count))


def _ridge_hits(values: np.ndarray, codes: np.ndarray, n: int) -> list[int]:
    values = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6)
    targets = np.eye(n)[codes]
    fold = np.random.default_rng(0).permutation(len(values)) % _FOLDS
    hits = [0] * len(_PENALTIES)
    for held in range(_FOLDS):
        train, test = values[fold != held], values[fold == held]
        mean = targets[fold != held].mean(axis=0)
        size, base = np.linalg.eigh(train @ train.T)
        rotated = base.T @ (targets[fold != held] - mean)
        kernel = test @ train.T @ base
        for place, penalty in enumerate(_PENALTIES):
            guess = (kernel / (size + penalty)) @ rotated + mean
            hits[place] += int((guess.argmax(axis=1) == codes[fold == held]).sum())
    return hits


def _reach(catalogue: Catalogue) -> str:
    rows = []
    for name in CEILING_SPLITS:
        split = make_split(catalogue, name)
        best = oracle(catalogue, split)
        users = best.users
        train = catalogue.matrix(split.train)
        counts = np.asarray(train.sum(axis=0), dtype=np.float64).ravel()
        popular = _ndcg(catalogue, split, users, np.tile(counts, (len(users), 1)))
        flat = train.toarray()
        gram = flat.T @ flat + 100 * np.eye(catalogue.n_items)
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        ease = _ndcg(catalogue, split, users, flat[users] @ weights)
        dice = _ndcg(catalogue, split, users, np.random.default_rng(0).random((len(users), catalogue.n_items)))
        values = [float(np.nanmean(v)) for v in (best.values["ndcg@10"], ease, popular, dice)]
        rows.append((name, len(users), *values))
    return table(("split", "users", "oracle", "EASE", "popularity", "random"), rows) + (
        "\n\nNDCG@10 on the test part. The oracle knows every taste, but not the dice. "
        "EASE (penalty 100) cannot score cold items."
    )


def _needs(catalogue: Catalogue, features: Features) -> str:
    """Kernel ridge regression from content to what people took, on cold items, by taste."""
    split = make_split(catalogue, "cold-items")
    best = oracle(catalogue, split)
    truth = truth_of(catalogue)
    taste = truth.users["taste"].to_numpy()[best.users]
    rows: list[tuple[object, ...]] = [("oracle", *_by_taste(best.values["ndcg@10"], taste))]
    for source in ("true attributes", "bundled encoder"):
        seen, told = _kernels(truth, features, source)
        kernels = {
            "picture": seen,
            "text": told,
            "sum": seen + told,
            "product": (seen + told) / 2 + 2 * seen * told,
        }
        rows += [
            (f"{source}: {name}", *_by_taste(_from_kernel(catalogue, split, best.users, kernel), taste))
            for name, kernel in kernels.items()
        ]
    return table(("cold items, NDCG@10", *TASTES), rows) + (
        "\n\n'Sum' adds what each modality says, 'product' also knows which go together. With the true attributes, "
        "each sort of taste is served by what it was planted for, and conjunctions by the product alone."
    )


def _trained(home: Path, catalogue: Catalogue) -> str:
    """The first fusion strategies and the single modalities on cold items, by taste, over several draws of those."""
    lab = Lab(home)
    taste = truth_of(catalogue).users["taste"].to_numpy()
    titles = {name: lab.strategy(name).title for name in (*FIRST_STRATEGIES, *_TOKENS, *_SINGLES)}
    rows: list[tuple[object, ...]] = []
    for name, title in titles.items():
        draws = _MORE.get(name, _DRAWS)
        reached = {each: _over(lab, catalogue.name, each, draws) for each in (name, *_BEATEN)}
        people = taste[reached[name].index]
        both = {each: values[people == "conjunction"] for each, values in reached.items()}
        rows.append((title, draws, *_by_taste(reached[name].to_numpy(), people), *_gaps(both, name)))
    heading = (
        "cold items, NDCG@10",
        "draws",
        *TASTES,
        *(f"conjunction, from {titles[name].lower()}" for name in _BEATEN),
    )
    return table(heading, rows) + (
        "\n\nEvery draw holds out other cold items and starts training from another seed. A person's values are "
        "averaged over the draws; differences are paired by person over the same draws, with 95 % bootstrap intervals."
    )


def _over(lab: Lab, catalogue: str, name: str, draws: int) -> pd.Series:
    """NDCG@10 by person, the mean over the draws in which they are evaluated; trains what has no run yet."""
    content = lab.catalogue(catalogue).fingerprint
    stored = [run for run in RunStore(Path(lab.home) / "runs").all() if run.fingerprints["catalogue"] == content]
    done = {run.seed: run.run_id for run in stored if (run.strategy, run.split) == (name, _COLD)}
    for seed in range(draws):
        if seed not in done:
            done[seed] = lab.train(catalogue, name, _COLD, seed=seed).run_id
    frames = [lab.per_user(done[seed]) for seed in range(draws)]
    return pd.concat(frames).groupby("user")["ndcg@10"].mean()


def _gaps(reached: Mapping[str, pd.Series], name: str) -> list[str]:
    """How far a strategy is from each single modality and from concatenation among the given people."""
    if name in _BEATEN:
        return [""] * len(_BEATEN)
    found = [paired_bootstrap(reached[name].to_numpy(), reached[other].to_numpy()) for other in _BEATEN]
    return [gap(each.mean, each.low, each.high) for each in found]


def _kernels(truth: Truth, features: Features, source: str) -> tuple[np.ndarray, np.ndarray]:
    if source == "bundled encoder":
        views = [np.asarray(features.modalities[name].pooled, dtype=np.float64) for name in ("image", "text")]
        for view in views:
            real = np.abs(view).sum(axis=1) > 0
            view[real] = (view[real] - view[real].mean(axis=0)) / (view[real].std(axis=0) + 1e-6)
    else:
        views = [
            np.concatenate([_centred(truth, name) for name in VALUES if SOURCES[name] in (only, "both")], axis=1)
            for only in ("seen", "told")
        ]
        views[1] = np.concatenate(
            [_centred(truth, name) for name in VALUES if SOURCES[name] == "told" or name == "kind"], axis=1
        )
    units = [view / (np.linalg.norm(view, axis=1, keepdims=True) + 1e-9) for view in views]
    return units[0] @ units[0].T, units[1] @ units[1].T


def _centred(truth: Truth, name: str) -> np.ndarray:
    value = np.array([VALUES[name].index(item.attributes[name]) for item in truth.items])
    return np.eye(len(VALUES[name]))[value] - 1 / len(VALUES[name])


def _from_kernel(catalogue: Catalogue, split: Split, users: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Per-user NDCG@10 with the penalty that is best on the validation items."""
    warm = np.flatnonzero(~split.cold_items)
    taken = catalogue.matrix(split.train).toarray()[:, warm].T
    found = []
    for penalty in (0.1, 0.3, 1.0, 3.0):
        solved = np.linalg.solve(kernel[np.ix_(warm, warm)] + penalty * np.eye(len(warm)), taken)
        scores = (kernel[:, warm] @ solved).T[users]
        valid = _ndcg(catalogue, split, users, scores, valid=True)
        found.append((float(np.nanmean(valid)), _ndcg(catalogue, split, users, scores)))
    return max(found, key=lambda pair: pair[0])[1]


def _ndcg(catalogue: Catalogue, split: Split, users: np.ndarray, scores: np.ndarray, valid: bool = False) -> np.ndarray:
    seen = catalogue.matrix(split.train if valid else np.concatenate([split.train, split.valid]))[users]
    relevant = catalogue.matrix(split.valid if valid else split.test)[users]
    candidates = split.valid_candidates if valid else split.test_candidates
    values: Mapping[str, np.ndarray] = ranking_metrics(scores, relevant, seen, candidates, (10,)).values
    return values["ndcg@10"]


def _by_taste(values: np.ndarray, taste: np.ndarray) -> list[float]:
    return [float(np.nanmean(values[taste == name])) for name in TASTES]


def truth_of(catalogue: Catalogue) -> Truth:
    if catalogue.truth is None:
        raise SystemExit("The kept catalogue has no truth; remove it and run this again.")
    return catalogue.truth


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
