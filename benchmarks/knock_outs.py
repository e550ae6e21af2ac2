"""What trained fusions keep when pictures or texts are damaged: every knock-out, on the validation part of a split.

    python benchmarks/knock_outs.py CATALOGUE SPLIT STRATEGY …

Writes `results/knock-outs-<catalogue>.md`. The strategies must have runs on the split in the data home (`MMVIZ_HOME`);
what is measured already is not measured again.
"""

from __future__ import annotations

import sys
import time

import _report

from mmviz.lab import Lab


def main() -> None:
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    catalogue, split, strategies = sys.argv[1], sys.argv[2], sys.argv[3:]
    lab = Lab()
    started = time.perf_counter()
    rows: list[tuple[object, ...]] = []
    people = 0
    for card in lab.knock_outs(catalogue):
        lab.measure_knock_outs(catalogue, [card.name], strategies, split)
        curves = lab.knock_out_curves(catalogue, card.name, strategies, split)
        people = curves.n_users
        for line in curves.lines:
            score = "does not read it"
            if line.score is not None and not line.flat:
                area, low, high = line.score
                score = f"{area:.2f} ({low:.2f} … {high:.2f})"
            whole, left = float(line.mean[0]), float(line.mean[-1])
            rows.append((f"{card.title} · {line.run.title}", whole, left, _report.gap(*line.change), score))
    headings = ("knock-out · strategy", "NDCG@10 whole", "at full severity", "change (95 % interval)", "robustness ↑")
    seconds = time.perf_counter() - started
    said = (
        f"{split}, {people:,} people of the validation part; the test part stays closed. Robustness is the area under "
        f"the curve as a share of its first value. {seconds:.0f} s for what was not measured before."
    )
    _report.write(f"knock-outs-{catalogue}", f"Knock-outs on {catalogue}", [said, _report.table(headings, rows)])


if __name__ == "__main__":
    main()
