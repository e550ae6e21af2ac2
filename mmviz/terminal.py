"""What the command line prints: tables, JSON, and bars while something runs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from mmviz.evaluation.splits import MIN_USERS
from mmviz.progress import Progress, Report

if TYPE_CHECKING:
    import pandas as pd

    from mmviz.views import Board
    from mmviz.views.evidence import Leaderboard

__all__ = [
    "board_records",
    "board_table",
    "compared_table",
    "console",
    "error_console",
    "league_table",
    "print_cards",
    "print_json",
    "print_learned",
    "print_runs",
    "progress_bars",
]

console = Console()
error_console = Console(stderr=True)


def print_json(value: Any) -> None:
    """A value as JSON; what JSON does not know becomes text."""
    console.print_json(json.dumps(value, default=str, ensure_ascii=False))


def print_runs(cards: list[Any], as_json: bool) -> None:
    """Runs of one split with what they reached, or why that is not shown."""
    if as_json:
        print_json([dataclasses.asdict(card) for card in cards])
        return
    splits = ", ".join(sorted({f"{card.split} ({card.n_users:,} people)" for card in cards}))
    shown = Table(title=f"Runs on {splits}" if cards else "No runs on this split yet", title_justify="left")
    shown.add_column("strategy", no_wrap=True)
    for heading in ("ndcg@10 ↑", "recall@20 ↑", "seconds", "parameters"):
        shown.add_column(heading, justify="right", no_wrap=True)
    few = any(card.n_users < MIN_USERS for card in cards)
    for card in cards:
        values = ("–", "–") if few else (f"{card.metrics['ndcg@10']:.4f}", f"{card.metrics['recall@20']:.4f}")
        shown.add_row(card.title, *values, f"{card.seconds:.1f}", f"{card.parameters:,}")
    if few:
        shown.caption = f"Too few people to show a result: at least {MIN_USERS} are needed. Choose another split."
    console.print(shown)


def compared_table(table: pd.DataFrame, title: str, ceiling: float | None) -> Table:
    """What `Lab.evaluate` found, with the oracle's value under it where there is one."""
    shown = Table(title=f"{title}, 95 % intervals")
    for heading in ("strategy", "mean", "interval", "difference", "interval", "people"):
        shown.add_column(heading, justify="left" if heading == "strategy" else "right")
    for row in table.itertuples():
        shown.add_row(
            str(row.title),
            f"{row.mean:.4f}",
            f"{row.low:.4f} … {row.high:.4f}",
            f"{row.difference:+.4f}",
            f"{row.difference_low:+.4f} … {row.difference_high:+.4f}",
            f"{row.n_users:,}",
        )
    if ceiling is not None:
        shown.add_section()
        shown.add_row("Oracle (knows every taste)", f"{ceiling:.4f}")
    return shown


def league_table(board: Leaderboard) -> Table:
    """The leaderboard in the terminal, with intervals."""
    opened = f"{board.openings[0]} to {board.openings[-1]}" if board.openings else "never"
    shown = Table(
        title=f"{board.catalogue} on {board.split}: {board.n_users:,} people; test opened once by each of "
        f"{len(board.openings)} runs, {opened}",
        title_justify="left",
    )
    shown.add_column("strategy")
    for each in board.measures:
        shown.add_column(each.title, justify="right", no_wrap=True)
    for row in (*([board.ceiling] if board.ceiling else []), *board.standings):
        cells = [row.values.get(each.name) for each in board.measures]
        texts = ["–" if c is None else f"{c.value:.4f}" for c in cells]
        first = cells[0] if cells else None
        if first is not None and first.low is not None and first.high is not None:
            texts[0] += f" [{first.low:.4f}, {first.high:.4f}]"
        shown.add_row(f"{row.title}{' (in doubt)' if row.doubts else ''}", *texts)
    return shown


def board_records(board: Board, items: pd.DataFrame) -> list[dict[str, Any]]:
    """The lists of a board as plain records, one a strategy."""
    return [
        {
            "strategy": c.run.strategy,
            "ndcg": c.ndcg,
            "hits": c.hits,
            "picks": [
                {
                    "item_id": items["item_id"].iat[p.item],
                    "title": items["title"].iat[p.item],
                    "score": p.score,
                    "shares": p.shares,
                    "hit": p.hit,
                }
                for p in c.picks
            ],
        }
        for c in board.columns
    ]


def board_table(board: Board, items: pd.DataFrame, who: str, k: int) -> Table:
    """The lists of a board side by side, one row a rank."""
    shown = Table(title=f"{who} on {board.split}: {board.n_held_out} held-out items")
    shown.add_column("#", justify="right")
    for column in board.columns:
        shown.add_column(f"{column.run.title}\n{'' if column.hits is None else f'{column.hits} hits'}", overflow="fold")
    for rank in range(k):
        row = [column.picks[rank] if rank < len(column.picks) else None for column in board.columns]
        shown.add_row(
            str(rank + 1), *("" if p is None else f"{'● ' if p.hit else ''}{items['title'].iat[p.item]}" for p in row)
        )
    return shown


def print_learned(table: pd.DataFrame, strategies: set[str] | None = None) -> None:
    """What runs learned beside recommending, of some strategies or of all; nothing where there is none."""
    rows = [r for r in table.to_dict(orient="records") if strategies is None or r["strategy"] in strategies]
    if not rows:
        return
    shown = Table(title="Tasks beside recommending, with 95 % intervals", title_justify="left")
    for heading in ("strategy", "task", "metric"):
        shown.add_column(heading)
    for heading in ("value", "control", "gain", "over"):
        shown.add_column(heading, justify="right")
    for row in rows:
        shown.add_row(
            row["title"],
            _task_said(row),
            f"{row['metric']} {'↑' if row['higher'] else '↓'}",
            f"{row['value']:.4f} ({row['low']:.4f} … {row['high']:.4f})",
            f"{row['control_value']:.4f} {row['control']}" if row["control"] else "not trained alone",
            f"{row['gain']:+.4f} ({row['gain_low']:+.4f} … {row['gain_high']:+.4f})" if row["control"] else "",
            f"{row['n']:,} {row['unit']}",
        )
    console.print(shown)


def print_cards(cards: Sequence[Any], columns: tuple[str, ...], as_json: bool) -> None:
    """Some columns of any cards."""
    if as_json:
        print_json([dataclasses.asdict(card) for card in cards])
        return
    shown = Table()
    for number, name in enumerate(columns):
        shown.add_column(name.removeprefix("n_"), no_wrap=number == 0)
    for card in cards:
        values = (getattr(card, name) for name in columns)
        shown.add_row(*(f"{v:,}" if isinstance(v, int) and not isinstance(v, bool) else str(v) for v in values))
    console.print(shown)


class progress_bars:  # noqa: N801 - used as a statement
    """`with progress_bars(quiet) as report`: bars on the error stream, one a stage, or nothing."""

    def __init__(self, quiet: bool) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._bars = Bars(*columns, console=error_console, disable=quiet)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Report:
        self._bars.start()
        return self._report

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _report(self, step: Progress) -> None:
        if step.stage not in self._tasks:
            self._tasks[step.stage] = self._bars.add_task(step.stage, total=step.total or None, note="")
        self._bars.update(self._tasks[step.stage], completed=step.done, total=step.total or None, note=step.note)


def _task_said(row: dict[Hashable, Any]) -> str:
    """A task with the column that it predicts, where that has another name: "tags (rooms)"."""
    own = row["column"] in ("", row["task"])
    return str(row["task"]) if own else f"{row['task']} ({row['column']})"
