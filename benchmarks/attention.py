"""How quick explanations are, and how far they can be believed, on a catalogue that is encoded and trained.

    python benchmarks/attention.py CATALOGUE ITEMS [STRATEGY ...]

Works on the data home of `MMVIZ_HOME` and writes `results/attention-<catalogue>.md`. ITEMS random items are graded,
each for a random person who chose it (0 = only the clock). Without strategies, the four that are trained first.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import _report

from mmviz.explain.maps import MAPS
from mmviz.lab import FIRST_STRATEGIES, Lab
from mmviz.progress import Progress
from mmviz.views.explanations import Change, Question, Summary

WORDS = ("handle", "a dark night", "red", "two people", "glass", "a smile", "wood", "the sea", "round", "letters")
REPEATS = 8


def main() -> None:
    if len(sys.argv) < 3 or not sys.argv[2].isdecimal():
        sys.exit(__doc__)
    name, n, strategies = sys.argv[1], int(sys.argv[2]), tuple(sys.argv[3:]) or FIRST_STRATEGIES
    lab = Lab()
    parts = [f"{', '.join(strategies)}; {lab.catalogue(name).n_items:,} items.", _timed(lab, name, strategies)]
    if n:
        parts += _graded(lab, name, strategies, n)
    _report.write(f"attention-{name}", f"Explanations on {name}", parts)


def _timed(lab: Lab, name: str, strategies: Sequence[str]) -> str:
    user = lab.people(name, limit=1)[0].user_id
    picks = lab.recommend(name, strategies[:4], user, k=REPEATS).columns[0].picks
    ids = lab.catalogue(name).items["item_id"]
    asked = [Question(name, tuple(strategies[:4]), ids.iat[pick.item], user_id=user) for pick in picks]
    lab.explain(asked[0]), lab.reasons(asked[0]), lab.phrase(asked[0], "warm up")
    changes = [Change(covered=tuple(range(at, at + 20)), struck=(at, at + 1)) for at in range(REPEATS)]
    rows = [
        ("maps of another item, 4 strategies", *_clock([lambda q=q: lab.explain(q) for q in asked[1:]])),
        ("map for a new word", *_clock([lambda w=w: lab.phrase(asked[0], w) for w in WORDS])),
        (
            "counterfactual: patches and words removed, 4 strategies, whole list",
            *_clock([lambda c=c: lab.consider(replace(asked[0], change=c)) for c in changes]),
        ),
        ("reasons with the history, 4 strategies", *_clock([lambda q=q: lab.reasons(q) for q in asked])),
    ]
    return _report.table(("in our Python", "median, ms ↓", "slowest, ms ↓"), rows)


def _clock(works: Sequence[Callable[[], object]]) -> tuple[str, str]:
    took = []
    for work in works:
        started = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - started))
    return f"{statistics.median(took):.0f}", f"{max(took):.0f}"


def _graded(lab: Lab, name: str, strategies: Sequence[str], n: int) -> list[str]:
    def report(progress: Progress) -> None:
        sys.stderr.write(f"\r{progress.stage} {progress.done} of {progress.total}")

    rows = lab.grade_sample(name, strategies, n=n, report=report)
    said = (
        f"{max(row.n for row in rows)} random items, each for a random person who chose it; means with 95 % bootstrap "
        "intervals over items. Deletion and insertion: area better than random orders, in units of the range of the "
        "scores measured; above 0 is better than random. Pointing: the words that name something visible point at it."
    )
    return [said, _faith(rows, strategies), _pointing(rows, strategies), _sanity(rows)]


def _faith(rows: Sequence[Summary], strategies: Sequence[str]) -> str:
    measures = [f"{modality} {way}" for modality in ("image", "text") for way in ("deletion", "insertion")]
    found = {(row.strategy, row.map, row.measure): row for row in rows}
    body = [
        (f"{strategy}, {name}", *(_gap(found.get((strategy, name, measure))) for measure in measures))
        for strategy in strategies
        for name in ("relevance", "attention")
        if any((strategy, name, measure) in found for measure in measures)
    ]
    return _report.table(("map", *(f"{measure} ↑" for measure in measures)), body)


def _pointing(rows: Sequence[Summary], strategies: Sequence[str]) -> str:
    found = {(row.strategy, row.map, row.measure): row for row in rows}
    body = []
    for strategy in strategies:
        chance = found.get((strategy, "chance", "pointing"))
        for name in (*MAPS, "centre", "chance"):
            hit = found.get((strategy, name, "pointing"))
            if hit is not None and chance is not None:
                times = f"{hit.mean / chance.mean:.1f} ×"
                body.append(
                    (f"{strategy}, {MAPS.get(name, name)}", _own(hit), times, _own(found[strategy, name, "energy"]))
                )
    return _report.table(("map of words on the picture", "pointing ↑", "of chance", "energy inside ↑"), body)


def _sanity(rows: Sequence[Summary]) -> str:
    body = [(row.strategy, _own(row), row.n) for row in rows if row.measure == "likeness"]
    said = "Sanity check: maps of the same network with every weight of the fusion in random order; 1 is the same map."
    return f"{said}\n\n{_report.table(('strategy', 'rank correlation with shuffled weights ↓', 'items'), body)}"


def _own(row: Summary) -> str:
    return f"{row.mean:.3f} ({row.low:.3f} … {row.high:.3f})"


def _gap(row: Summary | None) -> str:
    return "–" if row is None else _report.gap(row.mean, row.low, row.high)


if __name__ == "__main__":
    main()
