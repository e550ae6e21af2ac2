"""The memo loads once, keeps the recent ones, and does not keep failures."""

from __future__ import annotations

import threading
import time

import pytest

from mmviz.memo import Memo


def test_many_threads_load_once() -> None:
    memo: Memo[int] = Memo(2)
    calls = []

    def load() -> int:
        calls.append(1)
        time.sleep(0.05)
        return 7

    threads = [threading.Thread(target=lambda: memo.get("a", load)) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(calls) == 1
    assert memo.get("a", load) == 7


def test_the_least_recently_used_goes_first() -> None:
    memo: Memo[str] = Memo(2)
    for key in ("a", "b", "a", "c"):
        memo.get(key, lambda key=key: key)
    loads = []
    memo.get("a", lambda: loads.append("a") or "a")
    memo.get("b", lambda: loads.append("b") or "b")
    assert loads == ["b"]


def test_a_failure_is_not_kept() -> None:
    memo: Memo[int] = Memo(2)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        memo.get("a", fail)
    assert memo.get("a", lambda: 1) == 1
    memo.drop("a")
    assert memo.get("a", lambda: 2) == 2
