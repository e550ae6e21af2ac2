"""Train every strategy and control on a folder's catalogue, or on the demo, and set them on one ruler.

    python benchmarks/quality.py FOLDER|demo [split …] [@interaction model …]

Writes `results/quality-<name>.md`: NDCG@10 and Recall@20 on the test split by full ranking, the paired difference from
EASE (warm splits) or from the better single modality (cold items), seconds, parameters. Every fusion runs under every
interaction model, or those that are named, such as @two_tower. The data home is a temporary folder unless `MMVIZ_HOME`
is set.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import _report
from rich.console import Console

from mmviz.errors import MmvizError, UnknownNameError
from mmviz.lab import Lab
from mmviz.progress import Progress

SPLITS = ("per-user-temporal", "random", "cold-items")
_err = Console(stderr=True)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, named = Path(sys.argv[1]), sys.argv[2:]
    splits = [word for word in named if not word.startswith("@")] or SPLITS
    under = [word[1:] for word in named if word.startswith("@")]
    with tempfile.TemporaryDirectory() as temporary:
        lab = Lab(Path(os.environ.get("MMVIZ_HOME", temporary)))
        name = ready(lab, folder)
        under = under or [card.name for card in lab.interaction_models()]
        parts = [board(lab, name, split, under) for split in splits]
        facts = next(card for card in lab.catalogues() if card.name == name)
    counts = f"{facts.n_items:,} items, {facts.n_users:,} people, {facts.n_interactions:,} interactions."
    _report.write(f"quality-{name}", f"Quality on {name}", [counts, *parts])


def ready(lab: Lab, folder: Path) -> str:
    """Import, or draw the demo, and encode, unless that was done."""
    name = folder.name.lower()
    try:
        lab.catalogue(name)
    except UnknownNameError:
        name = (lab.add_demo() if folder == Path("demo") else lab.import_folder(folder)).name
    lab.encode(name)
    return name


def board(lab: Lab, name: str, split: str, under: Sequence[str]) -> str:
    """Train whatever has no run on the split yet, and return the table of all runs on it."""
    done = {run.strategy for run in lab.runs(name, split)}
    for card in {card.name: card for axis in under for card in lab.strategies(axis)}.values():
        if card.name not in done:
            _err.print(f"{split}: {card.title}")
            try:
                lab.train(name, card.name, split, report=_quiet)
            except MmvizError as error:
                _err.print(f"  {error}", style="yellow")
    runs = {run.strategy: run for run in lab.runs(name, split)}
    reference = "ease" if split != "cold-items" else better_single(runs)
    rows = [
        (
            f"{runs[row.strategy].title}{' (control)' if runs[row.strategy].kind == 'control' else ''}",
            float(row.mean),
            f"{row.low:.4f} … {row.high:.4f}",
            _report.gap(row.difference, row.difference_low, row.difference_high),
            float(runs[row.strategy].metrics["recall@20"]),
            f"{runs[row.strategy].seconds:.1f}",
            f"{runs[row.strategy].parameters:,}",
        )
        for row in lab.evaluate(name, split, reference=reference).itertuples()
    ]
    people = next(iter(runs.values())).n_users
    headings = (
        "strategy",
        "NDCG@10 ↑",
        "95 % interval",
        f"difference from {runs[reference].title}",
        "Recall@20 ↑",
        "seconds ↓",
        "parameters",
    )
    return f"## {split}: {people:,} test users\n\n{_report.table(headings, rows)}"


def better_single(runs: dict) -> str:
    """The better of the two models that see one modality only."""
    singles = [name for name in ("image_only", "text_only") if name in runs]
    return max(singles, key=lambda name: runs[name].metrics["ndcg@10"]) if singles else "popularity"


def _quiet(progress: Progress) -> None:
    if progress.done == progress.total:
        _err.print(f"  {progress.stage} {progress.note}")


if __name__ == "__main__":
    main()
