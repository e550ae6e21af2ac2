"""What every fusion is on one catalogue: its data flow with real shapes, and how many numbers it trains.

Building the modules needs torch; what was found is kept in one small file, so that the next visitor waits for nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmviz import __version__, fusion
from mmviz.errors import MmvizError
from mmviz.features import Features
from mmviz.home import replacing
from mmviz.views import FlowStep, MethodCard

__all__ = ["method_cards"]


def method_cards(features: Features, home: Path) -> list[MethodCard]:
    """A card for every fusion in the registry; one that cannot run on this catalogue says why."""
    shapes = {name: (*part.tokens.shape[1:], part.pooled.shape[1]) for name, part in features.modalities.items()}
    key = json.dumps([__version__, _source(), shapes])
    path = home / "methods" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
    kept = _read(path)
    if kept is None:
        kept = _build(features)
        with replacing(path) as draft:
            draft.write_text(json.dumps([dataclasses.asdict(card) for card in kept]), encoding="utf-8")
    return kept


def _build(features: Features) -> list[MethodCard]:
    from mmviz.flow import n_parameters, trace
    from mmviz.recommender import shapes_of

    cards = []
    for name, cls in fusion.strategies().items():
        try:
            model = cls(shapes_of(features), cls.Config())
        except MmvizError as error:
            cards.append(MethodCard(name, (), 0, str(error)))
            continue
        cards.append(MethodCard(name, trace(model), n_parameters(model)))
    return cards


def _source() -> str:
    """A fingerprint of the code of the strategies and of this, so that what was changed is drawn anew."""
    files = [*sorted(Path(fusion.__file__).parent.glob("*.py")), Path(__file__), Path(__file__).with_name("flow.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _read(path: Path) -> list[MethodCard] | None:
    try:
        return [_card(record) for record in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _card(record: dict[str, Any]) -> MethodCard:
    steps: Sequence[dict[str, Any]] = record.pop("flow")
    flow = [FlowStep(s["part"], s["kind"], s["lane"], tuple(s["shape"]), tuple(s["sources"])) for s in steps]
    return MethodCard(flow=tuple(flow), **record)
