"""What a report says, before it is laid out: facts, records of runs and tables. No torch, no lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from mmviz.evaluation.metrics import PerUser
from mmviz.evaluation.significance import bootstrap_mean, compare, holm
from mmviz.runs import Run
from mmviz.views import CatalogueCard, RunCard, SplitCard
from mmviz.views.robustness import ColdCurves, Curves, Line

__all__ = ["Findings", "cold_table", "command_of", "knock_out_table", "pair_table", "provenance", "quality_table"]


@dataclass(frozen=True)
class Findings:
    """All that a report is made of. `runs` and `records` go together; `ceiling` is None where nobody knows it.

    `doubts`: title -> signs that this run saw what it was tested on; only those with any.
    """

    catalogue: CatalogueCard
    split: SplitCard
    runs: tuple[RunCard, ...]
    records: tuple[Run, ...]
    per_user: tuple[pd.DataFrame, ...]
    ceiling: float | None
    doubts: Mapping[str, Sequence[str]]
    knock_outs: tuple[Curves, ...]
    cold: Mapping[str, ColdCurves]
    made: str
    version: str
    command: str

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table of the report by file name; those without a row are left out."""
        made = {
            "quality": quality_table(self.runs, self.per_user),
            "pairs": pair_table(self.runs, self.per_user),
            "knock_outs": knock_out_table(self.knock_outs),
            **{f"new_{what}": cold_table(curves) for what, curves in self.cold.items()},
            "runs": provenance(self.records),
        }
        return {name: table for name, table in made.items() if len(table)}


def quality_table(runs: Sequence[RunCard], per_user: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One row a run and metric: mean over people with its 95 % bootstrap interval; the best NDCG@10 first."""
    rows = []
    for run, frame in zip(runs, per_user, strict=True):
        for metric in frame.columns.drop("user"):
            values = frame[metric].dropna().to_numpy()  # (n,): some people have no ratings in the test part
            if not len(values):
                continue
            interval = bootstrap_mean(values, resamples=2_000)
            rows.append(
                {
                    "strategy": run.strategy,
                    "title": run.title,
                    "metric": metric,
                    "mean": interval.mean,
                    "low": interval.low,
                    "high": interval.high,
                    "people": len(values),
                }
            )
    best = {run.strategy: run.metrics.get("ndcg@10", 0.0) for run in runs}
    return pd.DataFrame(rows).sort_values(
        "strategy", key=lambda names: -names.map(best), kind="stable", ignore_index=True
    )


def pair_table(runs: Sequence[RunCard], per_user: Sequence[pd.DataFrame], metric: str = "ndcg@10") -> pd.DataFrame:
    """The best run against each other one: paired difference, interval, effect size, Holm-adjusted p."""
    made = [(run, _per_user(frame, metric)) for run, frame in zip(runs, per_user, strict=True)]
    made = sorted(made, key=lambda pair: -pair[1].values[metric].mean())
    pairs = [(made[0], other) for other in made[1:] if np.array_equal(made[0][1].users, other[1].users)]
    found = [compare(a, b, metric, resamples=2_000) for (_, a), (_, b) in pairs]
    adjusted = holm([one.p for one in found]) if found else []
    return pd.DataFrame(
        [
            {
                "better": a.title,
                "other": b.title,
                "metric": metric,
                "difference": one.difference.mean,
                "low": one.difference.low,
                "high": one.difference.high,
                "effect": one.effect,
                "p_holm": float(p),
                "ahead": one.ahead,
                "behind": one.behind,
                "people": one.n_users,
            }
            for ((a, _), (b, _)), one, p in zip(pairs, found, adjusted, strict=True)
        ]
    )


def knock_out_table(knock_outs: Sequence[Curves]) -> pd.DataFrame:
    """One row a knock-out, run and severity."""
    return pd.DataFrame(
        [
            {"knock_out": curves.knock_out.name, **row}
            for curves in knock_outs
            for line in curves.lines
            for row in _line_rows(line, curves.metric, "severity")
        ]
    )


def cold_table(curves: ColdCurves) -> pd.DataFrame:
    """One row a run and level of what is known."""
    return pd.DataFrame([row for line in curves.lines for row in _line_rows(line, curves.metric, "known")])


def provenance(records: Sequence[Run]) -> pd.DataFrame:
    """One row a run: what it was trained on, how, with which versions, and when its test split was opened."""
    return pd.DataFrame(
        [
            {
                "run": run.run_id,
                "strategy": run.strategy,
                "seed": run.seed,
                "encoder": run.encoder,
                "parameters": run.parameters,
                "seconds": run.seconds,
                "device": run.device,
                "created": run.created,
                "test_opened": run.test_opened,
                "people": run.n_users,
                **{f"{name}_fingerprint": value for name, value in run.fingerprints.items()},
                **{f"{name}_version": value for name, value in run.versions.items()},
                "settings": _flat(run.settings),
                "repeat": command_of(run),
            }
            for run in records
        ]
    )


def command_of(run: Run) -> str:
    """The command that trains a run again with the settings that it had."""
    chosen = {name: value for part in run.settings.values() for name, value in part.items()}
    own = run.settings.get("control") or {k: v for k, v in chosen.items() if k in _own(run)}
    settings = "".join(f" --set {name}={_value(value)}" for name, value in own.items())
    encoder = "" if run.encoder == "bundled" else f" --encoder {run.encoder}"
    return f"mmviz train {run.catalogue} {run.strategy} --split {run.split} --seed {run.seed}{encoder}{settings}"


def _own(run: Run) -> set[str]:
    """Settings that `mmviz train` takes: all but those that validation chose for collective EASE, and a search's."""
    return {name for part, values in run.settings.items() if part not in ("ease", "search") for name in values}


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _flat(settings: Mapping[str, Mapping[str, Any]]) -> str:
    return "; ".join(f"{name}={value}" for part in settings.values() for name, value in part.items())


def _per_user(frame: pd.DataFrame, metric: str) -> PerUser:
    users = frame["user"].to_numpy()
    return PerUser(users, {metric: frame[metric].to_numpy(dtype=np.float64)}, np.empty((len(users), 0), np.int64), 0)


def _line_rows(line: Line, metric: str, level: str) -> list[dict[str, Any]]:
    score = line.score or (None, None, None)
    return [
        {
            "strategy": line.run.strategy,
            "title": line.run.title,
            "metric": metric,
            level: float(line.levels[at]),
            "mean": float(line.mean[at]),
            "low": float(line.low[at]),
            "high": float(line.high[at]),
            "robustness": score[0],
            "robustness_low": score[1],
            "robustness_high": score[2],
            "reads_it": not line.flat,
            "measured": line.measured,
        }
        for at in range(len(line.levels))
    ]
