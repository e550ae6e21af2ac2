"""Why an item got its place: shares of the score, the history behind it, word and place, and a sentence from these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmviz.explain.alignment import aligned_relevance
from mmviz.explain.history import history_parts
from mmviz.explain.ranking import Seat, ranks
from mmviz.ranker import Ranker, modality_shares
from mmviz.views.explanations import Explanation, Reason, Sight

if TYPE_CHECKING:
    from mmviz.views import RunCard

__all__ = ["place_said", "reason", "strongest_pairs"]

NAMES = {"image": "the picture", "text": "the words", "interactions": "what others took"}
MOST = 5


def reason(
    run: RunCard, ranker: Ranker, seat: Seat, seen: tuple[Explanation, Sight | None], titled: Callable[[int], str]
) -> Reason:
    """The reasons of one strategy for the item of a seat, as it is served now; `titled` gives an item's title."""
    item = seat.item
    assert item is not None
    scores = ranker.score(seat.history)[0]  # (I,)
    allowed = seat.candidates.copy()
    allowed[item] = True
    shares = {name: float(part[0, item]) for name, part in modality_shares(ranker, seat.history).items()}
    found = history_parts(ranker, seat.history, item)
    parts, rest = (np.zeros(0), float(scores[item])) if found is None else found
    order = np.argsort(-parts, kind="stable")
    history = tuple((int(seat.history.indices[at]), float(parts[at])) for at in order)
    explanation, sight = seen
    pairs = () if sight is None else strongest_pairs(explanation, sight)
    rank = int(ranks(scores, allowed)[item])
    said = [
        f"{run.title} puts it at place {rank:,} of {int(allowed.sum()):,}.",
        _shares_said(float(scores[item]), shares),
        _history_said(history, titled),
        _pairs_said(pairs, explanation.grid),
    ]
    return Reason(run, float(scores[item]), rank, shares, history, rest, pairs, " ".join(part for part in said if part))


def strongest_pairs(explanation: Explanation, sight: Sight, k: int = 3) -> tuple[tuple[str, int, float], ...]:
    """Words that raised the score most where a place in the picture that goes with them raised it too."""
    alignment = explanation.learned if explanation.learned is not None else explanation.encoder
    if alignment is None or not {"image", "text"} <= set(sight.relevance):
        return ()
    both = aligned_relevance(alignment, np.maximum(sight.relevance["image"], 0.0))  # (T, P)
    both = both * np.maximum(sight.relevance["text"], 0.0)[:, None]  # (T, P)
    best = both.max(axis=1)  # (T,)
    words = [int(at) for at in np.argsort(-best, kind="stable")[:k] if best[at] > 0]
    return tuple((explanation.words[at].letters, int(both[at].argmax()), float(best[at])) for at in words)


def place_said(patch: int, grid: tuple[int, int]) -> str:
    """Where a patch lies in words: "upper left", "middle"."""
    row, column = divmod(patch, grid[1])
    up = ("upper", "", "lower")[min(3 * row // grid[0], 2)]
    side = ("left", "", "right")[min(3 * column // grid[1], 2)]
    return " ".join(part for part in (up, side) if part) or "middle"


def _shares_said(score: float, shares: dict[str, float]) -> str:
    ordered = sorted(shares.items(), key=lambda pair: -abs(pair[1]))
    parts = [f"{NAMES.get(name, name)} brought {_number(share)}" for name, share in ordered]
    return f"Of its score of {_number(score)}, {_listed(parts)}."


def _history_said(history: Sequence[tuple[int, float]], titled: Callable[[int], str]) -> str:
    best = [(titled(item), part) for item, part in history[:2] if part > 0]
    if not best:
        return ""
    return f"From the history, {_listed([f'“{title}” added {_number(part)}' for title, part in best])}."


def _pairs_said(pairs: Sequence[tuple[str, int, float]], grid: tuple[int, int]) -> str:
    if not pairs:
        return ""
    word, patch, _ = pairs[0]
    return f"The strongest pair is the word “{word}” with the {place_said(patch, grid)} of the picture."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
