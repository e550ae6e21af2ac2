"""What is learned beside recommending: the tasks that there are, and how well runs do them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from mmviz import heads, variants
from mmviz.heads._labels import problem_with, what_it_learns
from mmviz.lab.core import Core
from mmviz.views import RunCard
from mmviz.views.tasks import TaskCard, TaskResult

__all__ = ["Learning"]

METRIC = "ndcg@10"


class Learning(Core):
    """Verbs on tasks."""

    def tasks(self, catalogue: str, attributes: bool = False) -> list[TaskCard]:
        """What a fusion may learn beside recommending, on a catalogue, by a model that reads attributes or not."""
        found = self.catalogue(catalogue)
        return [
            TaskCard(
                name,
                **{part: heads.texts(name)[part] for part in ("title", "summary", "formula", "paper")},
                column=what_it_learns(name, found),
                problem=problem_with(name, found, ("attributes",) * attributes),
            )
            for name in heads.names()
        ]

    def learned(self, catalogue: str, split: str | None = None) -> pd.DataFrame:
        """What the runs of a split reached on each of their tasks, beside the best control; empty without such runs.

        One row a run and task: strategy, title, task, column, metric, higher (is better), value, low, high, control,
        control_value, gain, gain_low, gain_high (above 0 = better than the control), n, unit. The task
        "recommendation" has NDCG@10, and for its control the same strategy trained for nothing else, where there is
        such a run: whether sharing helped.
        """
        cards = self._by_strategy(catalogue, split)
        rows = []
        for card in cards.values():
            if card.tasks:
                rows += [self._shared(card, cards), *(_row(card, name, result) for name, result in card.tasks.items())]
        return pd.DataFrame(rows)

    def _shared(self, card: RunCard, cards: dict[str, RunCard]) -> dict[str, Any]:
        """How well a run with tasks recommends, against the same strategy without them."""
        from mmviz.evaluation.significance import bootstrap_mean, paired_bootstrap

        own = self.per_user(card.run_id)[METRIC].to_numpy()  # (n,)
        mean = bootstrap_mean(own)
        plain, extras = variants.parts(card.strategy)
        alone = cards.get(variants.full_name(plain, [extra for extra in extras if extra not in heads.names()]))
        row = {"column": "", "metric": METRIC, "higher": True, "n": card.n_users, "unit": "people", "control": ""}
        row |= {"value": mean.mean, "low": mean.low, "high": mean.high, "control_value": float("nan")}
        row |= dict.fromkeys(("gain", "gain_low", "gain_high"), float("nan"))
        if alone is not None:
            gap = paired_bootstrap(own, self.per_user(alone.run_id)[METRIC].to_numpy())
            row |= {"control": alone.title, "control_value": alone.metrics[METRIC]}
            row |= {"gain": gap.mean, "gain_low": gap.low, "gain_high": gap.high}
        return {"strategy": card.strategy, "title": card.title, "task": "recommendation", **row}


def _row(card: RunCard, task: str, result: TaskResult) -> dict[str, Any]:
    pick = max if result.higher else min
    control = pick(result.controls, key=lambda name: result.controls[name])
    fields = ("column", "metric", "higher", "value", "low", "high", "gain", "gain_low", "gain_high", "n", "unit")
    return {
        "strategy": card.strategy,
        "title": card.title,
        "task": task,
        **{name: getattr(result, name) for name in fields},
        "control": control,
        "control_value": result.controls[control],
    }
