"""From what the lab says about one item to the one payload that the explaining component draws. No Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mmviz.charts import palette
from mmviz.explain.maps import attention_of, word_maps
from mmviz.ui.board import segments
from mmviz.ui.words import figures, signed_places

if TYPE_CHECKING:
    from mmviz.ui.shelf import Shelf
    from mmviz.views import RunCard
    from mmviz.views.explanations import Explanation, Outcome, Question, Reason, Sight

__all__ = ["HEADS", "SHOWS", "Scene", "alignment_columns", "pieces", "scene_payload"]

SHOWS = {
    "relevance": "Effect on the score",
    "attention": "Attention",
    "cross": "Gradient × attention",
    "within": "Self-attention",
    "alignment": "What goes with what",
}
HEADS = "Mean of the heads"
HINTS = {
    "relevance": "Point at a word to see where it acts; click a place to see its words.",
    "attention": "Point at a word to see where it looks; click a place to see the words that it looks at.",
    "cross": "Point at a word to see what it took from the picture; click a place for its words.",
    "within": "Click a place to see where it looks, a word to see its words.",
    "alignment": "Point at a word to see what goes with it, whatever any strategy does.",
}
HISTORY = 4

Payload = dict[str, Any]
Drawn = dict[str, np.ndarray | None]


@dataclass(frozen=True)
class Scene:
    """Everything that is known about the item now, and how it is to be shown.

    `head` counts from 0, None = the mean; `layers` are the last ones of the encoder that `phrase` looked into, of all.
    """

    question: Question
    explanation: Explanation
    outcomes: Sequence[Outcome]
    reasons: Sequence[Reason]
    picture: str
    title: str
    show: str = "relevance"
    head: int | None = None
    phrase: dict[str, np.ndarray] = field(default_factory=dict)
    said: str = ""
    layers: tuple[int, int] = (1, 0)


def scene_payload(scene: Scene, shelf: Shelf) -> Payload:
    """What the component draws: one column a strategy, or one a kind of alignment, all on the same limits."""
    explanation, change = scene.explanation, scene.question.change
    if scene.show == "alignment":
        columns, arrays = alignment_columns(scene)
    else:
        made = [_column(scene, sight, shelf) for sight in explanation.sights]
        columns, arrays = [column for column, _ in made], [drawn for _, drawn in made]
    controls = [o for o in scene.outcomes if o.run.kind == "control"] if scene.show != "alignment" else []
    columns += [_control(scene, outcome, shelf) for outcome in controls]
    arrays += [{} for _ in controls]
    names = ("image", "words", "cross", "pw", "pp", "ww")
    for column, drawn in zip(columns, arrays, strict=True):
        column |= {name: _rounded(drawn.get(name)) for name in names}
    return {
        "key": repr((scene.question.item_id, scene.question.upload is not None, explanation.text)),
        "title": scene.title,
        "src": scene.picture if explanation.has_picture else "",
        "aspect": shelf.aspect,
        "grid": list(explanation.grid),
        "pieces": pieces(explanation),
        "columns": columns,
        "limits": {name: _limit([drawn.get(name) for drawn in arrays]) for name in names},
        "start": [],
        "covered": list(change.covered),
        "struck": list(change.struck),
        "changed": change.something,
        "editable": scene.show != "alignment",
        "signed": scene.show == "relevance",
        "scale": ["lowered the score", "raised it"] if scene.show == "relevance" else ["little", "most"],
        "hint": HINTS[scene.show],
    }


def pieces(explanation: Explanation) -> list[str]:
    """The text cut at its words: what stands before a word, the word, what stands before the next one …"""
    parts, at = [], 0
    for word in explanation.words:
        parts += [explanation.text[at : word.start], word.letters]
        at = word.end
    return [*parts, explanation.text[at:]]


def alignment_columns(scene: Scene) -> tuple[list[Payload], list[Drawn]]:
    """What goes with what without any strategy: learned from the catalogue, and after the encoder alone.

    Beside them, for what was typed, what an encoder with attention looked at inside.
    """
    explanation = scene.explanation
    sides = (
        ("learned", "Learned from the catalogue", "Words and patches that stand together in its items (CCA)"),
        (
            "encoder",
            "The encoder alone",
            "What its last layer sees in each patch, against the word",
        ),
    )
    columns, arrays = [], []
    for name, title, note in sides:
        cross = getattr(explanation, name)
        if cross is None:
            continue
        typed = scene.phrase.get(name)
        image = cross.mean(axis=0) if typed is None else typed
        said = f"“{scene.said}”" if typed is not None else note
        columns.append({**_frame(title, said, palette.INK), "effect": None, "reason": None})
        scaled = np.maximum(cross, 0) / max(float(np.abs(cross).max()), 1e-9)
        flat = np.maximum(image, 0) / max(float(np.abs(image).max()), 1e-9)
        arrays.append({"image": 100 * flat, "cross": 100 * scaled})
    inside = scene.phrase.get("inside")
    if inside is not None:
        note = f"“{scene.said}”, gradient × attention in {_layers_said(*scene.layers)}"
        columns.append({**_frame("Inside the encoder", note, palette.INK), "effect": None, "reason": None})
        arrays.append({"image": 100 * inside / max(float(inside.max()), 1e-12)})
    return columns, arrays


def _layers_said(last: int, most: int) -> str:
    return f"its last layer of {most}" if last == 1 else f"its last {last} layers of {most}"


def _column(scene: Scene, sight: Sight, shelf: Shelf) -> tuple[Payload, Drawn]:
    drawn, note = _drawn(scene, sight)
    run = sight.run
    return {
        **_frame(run.title, note or f"content brought {figures(sight.value)}", _colour(run)),
        "modalities": [(name, share, palette.modality_colour(name)) for name, share in sight.modalities.items()],
        "within": scene.show == "within",
        "ranked": {name: _ranked(drawn.get(name)) for name in ("image", "words")},
        "effect": _effect(scene, run, shelf),
        "reason": _reason(scene, run, shelf),
    }, drawn


def _control(scene: Scene, outcome: Outcome, shelf: Shelf) -> Payload:
    note = "A control: it does not read this item, so only the history can change it"
    return {
        **_frame(outcome.run.title, note, _colour(outcome.run)),
        "effect": _effect(scene, outcome.run, shelf),
        "reason": _reason(scene, outcome.run, shelf),
    }


def _frame(title: str, note: str, colour: palette.Pair) -> Payload:
    return {
        "title": title,
        "note": note,
        "said": note,
        "colour": colour,
        "modalities": [],
        "within": False,
        "ranked": {},
    }


def _drawn(scene: Scene, sight: Sight) -> tuple[Drawn, str]:
    """The arrays of one column, in percent, and what to say where the strategy has not what was asked for."""
    n = len(scene.explanation.words)
    made = {"attention": _attention, "cross": _cross, "within": _within}.get(scene.show)
    drawn = None if made is None else made(sight, n, scene)
    if drawn is not None:
        return drawn, ""
    missing = "" if scene.show == "relevance" else "It has no such attention: this is its effect on the score"
    return _relevance(sight, scene), missing


def _relevance(sight: Sight, scene: Scene) -> Drawn:
    total = max(sum(float(np.abs(values).sum()) for values in sight.relevance.values()), 1e-12)
    parts = {name: 100 * values / total for name, values in sight.relevance.items()}
    aligned = word_maps(scene.explanation, sight).get("aligned")
    cross = None if aligned is None else 100 * aligned / np.maximum(aligned.sum(axis=1, keepdims=True), 1e-12)
    return {"image": parts.get("image"), "words": parts.get("text"), "cross": cross}


def _attention(sight: Sight, n: int, scene: Scene) -> Drawn | None:
    patches = scene.explanation.grid[0] * scene.explanation.grid[1]
    image, words = (attention_of(sight.attention, m, size) for m, size in (("image", patches), ("text", n)))
    if image is None and words is None:
        return None
    told, seen = sight.attention.get("text→image"), sight.attention.get("image→text")
    return {
        "image": _percent(image),
        "words": _percent(words),
        "cross": None if told is None else 100 * _head(told, scene.head)[:n],
        "pw": None if seen is None else 100 * _head(seen, scene.head)[:, :n],
    }


def _cross(sight: Sight, n: int, scene: Scene) -> Drawn | None:  # noqa: ARG001 - one shape for all kinds of maps
    if sight.cross is None:
        return None
    cross = sight.cross
    return {"image": _percent(cross.sum(axis=0)), "words": _percent(cross.sum(axis=1)), "cross": 100 * cross}


def _within(sight: Sight, n: int, scene: Scene) -> Drawn | None:
    image, text = sight.attention.get("image→image"), sight.attention.get("text→text")
    if image is None and text is None:
        return None
    pp = None if image is None else 100 * _head(image, scene.head)
    ww = None if text is None else 100 * _head(text, scene.head)[:n, :n]
    return {
        "image": None if pp is None else pp.mean(axis=0),
        "words": None if ww is None else ww.mean(axis=0),
        "pp": pp,
        "ww": ww,
    }


def _head(weights: np.ndarray, head: int | None) -> np.ndarray:
    """(H, N, K) -> (N, K): one head, or the mean."""
    return np.asarray(weights.mean(axis=0) if head is None or head >= len(weights) else weights[head])


def _percent(values: np.ndarray | None) -> np.ndarray | None:
    return None if values is None else 100 * values / max(float(values.sum()), 1e-12)


def _effect(scene: Scene, run: RunCard, shelf: Shelf) -> Payload | None:
    made = next((outcome for outcome in scene.outcomes if outcome.run.run_id == run.run_id), None)
    if made is None:
        return None
    changed = scene.question.change.something
    own = len(shelf.ids) if scene.question.upload else shelf.row_of.get(scene.question.item_id or "", -1)
    return {
        "changed": changed,
        "before": f"{made.rank_before:,}",
        "after": f"{made.rank_after:,}",
        "count": f"{made.n_candidates:,}",
        "move": signed_places(made.rank_before - made.rank_after),
        "scoreBefore": figures(made.score_before),
        "scoreAfter": figures(made.score_after),
        "list": [
            {
                "rank": row.rank,
                "title": "Yours" if row.item >= len(shelf.titles) else shelf.titles[row.item],
                "own": row.item == own,
                "move": signed_places(row.before - row.rank) if changed and row.before else "",
            }
            for row in made.listed
        ],
    }


def _reason(scene: Scene, run: RunCard, shelf: Shelf) -> Payload | None:
    found = next((reason for reason in scene.reasons if reason.run.run_id == run.run_id), None)
    if found is None:
        return None
    positive = sum(share for share in found.shares.values() if share > 0)
    negative = sum(share for share in found.shares.values() if share < 0)
    laid, zero = segments(found.shares, negative, positive)
    return {
        "sentence": found.sentence,
        "shares": ", ".join(f"{name} {figures(share)}" for name, share in found.shares.items()),
        "segments": [(name, left, width, minus, palette.modality_colour(name)) for name, left, width, minus in laid],
        "zero": zero,
        "history": [
            {"item": shelf.item(item), "part": figures(part, 2)} for item, part in found.history[:HISTORY] if part > 0
        ],
    }


def _colour(run: RunCard) -> palette.Pair:
    return palette.strategy_colour(run.kind, run.order)


def _limit(arrays: Sequence[np.ndarray | None]) -> float:
    """One limit for all columns: the highest value, so that colours can be compared."""
    return max((float(np.abs(values).max()) for values in arrays if values is not None and values.size), default=0.0)


def _ranked(values: np.ndarray | None) -> list[int] | None:
    """Places of patches or words in the order of a map, the strongest first."""
    return None if values is None else [int(place) for place in np.argsort(-values, kind="stable")]


def _rounded(values: np.ndarray | None) -> list[Any] | None:
    return None if values is None else np.round(values, 2).tolist()
