"""Small things that mmviz remembers between starts, in one JSON file under the data home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmviz.home import replacing

__all__ = ["Settings"]


class Settings:
    """A flat mapping of names to JSON values. A file that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str, default: Any = None) -> Any:
        return self._all().get(name, default)

    def set(self, name: str, value: Any) -> None:
        values = {**self._all(), name: value}
        with replacing(self._path) as draft:
            draft.write_text(json.dumps(values, indent=1), encoding="utf-8")

    def _all(self) -> dict[str, Any]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}
