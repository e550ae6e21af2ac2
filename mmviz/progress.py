"""How long work reports itself: a callback that takes small frozen events, so that nothing prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Cancelled", "Progress", "Report", "silent"]


@dataclass(frozen=True)
class Progress:
    """One step of a long piece of work.

    `stage` is a short phrase for a person ("Encoding pictures"), `done` of `total` its position, and `note` an
    optional further sentence. `total` 0 means that the length is not known.
    """

    stage: str
    done: int = 0
    total: int = 0
    note: str = ""

    @property
    def fraction(self) -> float:
        """Position between 0 and 1; 0 when the length is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0


Report = Callable[[Progress], None]


class Cancelled(Exception):  # noqa: N818 - a signal, not an error
    """Raised by a `Report` to stop the work that called it; finished parts stay finished."""


def silent(_: Progress) -> None:
    """The report that goes nowhere."""
