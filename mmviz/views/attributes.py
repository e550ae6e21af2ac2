"""What the lab says of the third modality of a catalogue."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AttributesCard"]


@dataclass(frozen=True)
class AttributesCard:
    """The columns that become attributes, whether they are read beside pictures and words, and why they can't be."""

    columns: tuple[str, ...]
    chosen: bool
    problem: str = ""
