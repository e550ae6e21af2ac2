"""A small bounded cache that many threads may use: one loads, the others wait for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Memo"]

T = TypeVar("T")


class Memo(Generic[T]):
    """Keeps the `size` most recently used values. A value that fails to load is not kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()
        self._loading: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, load: Callable[[], T]) -> T:
        """The value of `key`, loaded once however many threads ask at the same time."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            gate = self._loading.setdefault(key, threading.Lock())
        with gate:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            value = load()
            with self._lock:
                self._values[key] = value
                self._loading.pop(key, None)
                while len(self._values) > self._size:
                    self._values.popitem(last=False)
            return value

    def __len__(self) -> int:
        """How many values are kept."""
        with self._lock:
            return len(self._values)

    def drop(self, key: Hashable) -> None:
        """Forget one value; the next `get` loads it again."""
        with self._lock:
            self._values.pop(key, None)
