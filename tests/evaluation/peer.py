"""The independent library, asked in a process of its own: without its just-in-time compiler it answers in
a second.

Run as a program it reads {"runs": [...], "qrels": [...], "metrics": [...]} and writes one table a run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Query", "ask"]

Query = Mapping[str, Mapping[str, float]]


def ask(runs: Sequence[Query], qrels: Sequence[Query], metrics: list[str]) -> list[dict[str, dict[str, float]]]:
    """For each run, metric -> query -> value."""
    question = json.dumps({"runs": runs, "qrels": qrels, "metrics": metrics})
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, __file__]
    out = subprocess.run(command, input=question, env=environment, capture_output=True, text=True, check=True)
    answer: list[dict[str, dict[str, float]]] = json.loads(out.stdout)
    return answer


def _main() -> None:
    from ranx import Qrels, Run, evaluate

    question: dict[str, Any] = json.load(sys.stdin)
    answer = []
    for scores, relevant in zip(question["runs"], question["qrels"], strict=True):
        run = Run(scores)
        evaluate(Qrels(relevant), run, question["metrics"])
        answer.append({m: {q: float(v) for q, v in values.items()} for m, values in run.scores.items()})
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main()
