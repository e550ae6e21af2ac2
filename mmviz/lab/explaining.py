"""Looking into one item for one person: maps, counterfactuals, reasons."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmviz import interaction
from mmviz.boards import Wish, person_history, sides
from mmviz.explain.alignment import Alignment, fit_alignment
from mmviz.explain.ranking import Seat, changed_ranker, outcome, taste, uploaded_scores
from mmviz.explain.reasons import reason
from mmviz.explain.relevance import guided, rolled
from mmviz.features import attributed, features_name
from mmviz.features.tuned import tuned_run
from mmviz.lab.core import DEFAULT_ENCODER, Core
from mmviz.memo import Memo
from mmviz.views import RunCard
from mmviz.views.explanations import Change, Explanation, Outcome, Question, Reason, Sight, WordSeen

if TYPE_CHECKING:
    from mmviz.explain.feeding import Subject

__all__ = ["Explaining", "whole"]

MOST_TYPED = 500
"""Characters of a typed phrase that are read."""

Inside = tuple[list[np.ndarray], Callable[[np.ndarray], np.ndarray]]
"""Ā (L, L) of each layer of an encoder, and the way from relevance (L, L) to its patches (P,)."""


class Explaining(Core):
    """Verbs that look into trained networks. Each takes a `Question`."""

    def __init__(self, home: Path | None = None, device: str | None = None) -> None:
        super().__init__(home, device)
        self._subjects: Memo[Subject] = Memo(16)
        self._alignments: Memo[Alignment | None] = Memo(4)
        self._contents: Memo[np.ndarray] = Memo(12)
        self._explanations: Memo[Explanation] = Memo(16)
        self._inside: Memo[Inside | None] = Memo(8)
        self._looking = threading.RLock()  # encoders and hooks on networks are not for two threads at once

    def explain(self, question: Question) -> Explanation:
        """What every fusion among the strategies looked at in the item, and what that did to the person's score.

        The question's text and picture are looked at; patches and words that it takes away are still shown.
        """
        base = whole(question)
        with self._looking:
            return self._explanations.get(base, lambda: self._explained(base))

    def consider(self, question: Question, k: int = 10) -> tuple[Outcome, ...]:
        """What the question's change does to the item's score and place, and to the whole list, by the real models.

        An item from outside is ranked by strategies under the two-tower model only, as an item that nobody took yet.
        """
        seat = self._seat(question)
        with self._looking:
            return tuple(
                self._outcome(card, question, seat, k)
                for card in self._chosen_cards(question)
                if question.upload is None or _plain(card)
            )

    def reasons(self, question: Question) -> tuple[Reason, ...]:
        """Why each strategy gives the item its place in the person's list, before any change."""
        base = replace(question, change=Change())
        found, seat = self.catalogue(base.catalogue), self._seat(base)
        seen = self.explain(base)
        sights = {sight.run.run_id: sight for sight in seen.sights}
        titles = found.items["title"]
        return tuple(
            reason(card, self._ranker(card), seat, (seen, sights.get(card.run_id)), lambda item: str(titles.iat[item]))
            for card in self._chosen_cards(base)
        )

    def encoder_layers(self, question: Question) -> int:
        """Layers of the encoder that `phrase` can look into; 0 where it is no vision transformer of open_clip."""
        with self._looking:
            return int(self._encoder(self._reading(question, None)).attention_layers)

    def phrase(self, question: Question, words: str, layers: int = 1) -> dict[str, np.ndarray]:
        """Where in the picture something is that is typed: (P,) "encoder", "learned", "inside", those that there are.

        "inside" is gradient × attention relevance in the encoder's last `layers` layers. One is what the authors take
        for CLIP; with more of them relevance spreads.
        """
        subject = self._subject(question)
        if subject.picture is None or not words.strip():
            return {}
        with self._looking:
            codes = subject.encoder.encode_texts([words[:MOST_TYPED]])
            tokens = subject.features([subject.whole()])["image"].tokens[0]  # (P, D)
            maps = {"encoder": subject.encoder.similarity(tokens, codes.joint)}
            learned = self._alignment(question)
            if learned is not None and codes.mask.any():
                maps["learned"] = learned.map(codes.tokens[0][codes.mask[0]], tokens).mean(axis=0)[None]
            key = (question.catalogue, question.item_id, question.upload, question.change.picture_of, words)
            seen = self._inside.get((self._reading(question, None), *key), lambda: _inside(subject, codes.joint[0]))
            if seen is not None:
                steps, place = seen
                maps["inside"] = place(rolled(steps[-max(layers, 1) :]))[None]
        return {name: found[0] for name, found in maps.items() if found is not None}

    def _explained(self, base: Question) -> Explanation:
        subject = self._subject(base)
        features = subject.features([subject.whole()])
        image, text = features["image"].tokens[0], features["text"].tokens[0][: len(subject.words)]  # (P, Di), (T, Dt)
        both = subject.picture is not None and len(subject.words) > 0
        learned = self._alignment(base) if both else None
        joint = subject.encoder.encode_texts([word.letters for word in subject.words]).joint if both else None
        return Explanation(
            subject.text,
            tuple(WordSeen(word.letters, word.start, word.end) for word in subject.words),
            subject.encoder.shape.grid,
            subject.picture is not None,
            tuple(self._sight(card, base) for card in self._chosen_cards(base) if card.kind == "fusion"),
            None if learned is None else learned.map(text, image),
            None if joint is None else subject.encoder.similarity(image, joint),
            subject.encoder.name,
        )

    def _sight(self, card: RunCard, base: Question) -> Sight:
        from mmviz.explain.looking import look

        net, subject = self._network(card), self._subject(base, card)
        seen = look(net, subject, taste(net, self._all_contents(card), self._seat(base).history))
        n = len(subject.words)
        crossed = [seen.cross[pair] for pair in (("text", "image"), ("image", "text")) if pair in seen.cross]
        cross = (
            sum((_shares(c if len(c) != subject.patches else c.T)[:n] for c in crossed), np.zeros(()))
            if crossed
            else None
        )
        weights = seen.attention.get("modality")
        modalities = {} if weights is None else dict(zip(net.loader.names, map(float, weights), strict=True))
        return Sight(card, seen.attention, seen.relevance, cross, modalities, seen.value)

    def _direction(self, card: RunCard, base: Question, subject: Subject) -> np.ndarray:
        from mmviz.explain.looking import contents

        net = self._network(card)
        along = taste(net, self._all_contents(card), self._seat(base).history)
        if along is not None:
            return along
        own: np.ndarray = contents(net, subject, [subject.whole()])[0]  # (D,)
        return own / max(float(np.linalg.norm(own)), 1e-12)

    def _outcome(self, card: RunCard, question: Question, seat: Seat, k: int) -> Outcome:
        from mmviz.explain.feeding import Variant
        from mmviz.explain.looking import contents

        ranker, change = self._ranker(card), question.change
        before = ranker.score(seat.history)[0]  # (I,)
        if card.kind == "control":
            return outcome(card, before, ranker.score(seat.changed)[0], seat, k)
        net, subject = self._network(card), self._subject(question, card)
        keep = subject.whole().keep.copy()
        keep[[patch for patch in change.covered if 0 <= patch < len(keep)]] = False
        vector = contents(net, subject, [Variant(keep, frozenset(change.struck))])[0]  # (D,)
        table = self._all_contents(card)
        if seat.item is not None:
            edited = change != Change(dropped=change.dropped)
            after = changed_ranker(net, table, seat.item, vector) if edited else ranker
            return outcome(card, before, after.score(seat.changed)[0], seat, k)
        before_it = self._subject(replace(question, change=Change()), card)
        whole = contents(net, before_it, [subject.whole()])[0]  # (D,)
        tastes = [taste(net, table, history) for history in (seat.history, seat.changed)]
        values = [0.0 if w is None else float(w @ m) for w, m in zip(tastes, (whole, vector), strict=True)]
        now = ranker.score(seat.changed)[0]  # (I,)
        return outcome(card, uploaded_scores(before, values[0]), uploaded_scores(now, values[1]), seat, k)

    def _chosen_cards(self, question: Question) -> list[RunCard]:
        """The controls, and the fusions whose encoder is that of the first one: patches and words are then the same."""
        cards = self._runs_of(question.catalogue, question.strategies, question.split)
        first = next((_untuned(card.encoder) for card in cards if card.kind == "fusion"), "")
        return [card for card in cards if card.kind == "control" or _untuned(card.encoder) == first]

    def _reading(self, question: Question, card: RunCard | None) -> str:
        """The features that a run reads (None = the first fusion); with attributes if a run of its encoder has them."""
        fusions = [each for each in self._chosen_cards(question) if each.kind == "fusion"]
        own = card or next(iter(fusions), None)
        if own is None:
            return DEFAULT_ENCODER
        towers = attributed(own.encoder)[0]
        return features_name(towers, any(attributed(each.encoder) == (towers, True) for each in fusions))

    def _seat(self, question: Question) -> Seat:
        found = self.catalogue(question.catalogue)
        split = self._split(found, question.split)
        user = None if question.user_id is None else self._user(found, question.user_id)
        liked = tuple(self._item(found, item_id) for item_id in question.liked)
        wish = Wish(user, liked, 10, {}, False, np.ones(found.n_items, dtype=bool), None)
        entries = person_history(found, split, user, liked)
        history, candidates, _ = sides(found, split, entries, wish)
        gone = {self._item(found, item_id) for item_id in question.change.dropped}
        kept = [entry for entry in entries if entry.item not in gone]
        changed = sides(found, split, kept, wish)[0]
        item = None if question.item_id is None else self._item(found, question.item_id)
        return Seat(history, changed, candidates, item)

    def _subject(self, question: Question, card: RunCard | None = None) -> Subject:
        """The item as a run's own encoder reads it; a fine-tuned run has one for itself. None = the first fusion's."""
        change = Change(text=question.change.text, picture_of=question.change.picture_of)
        encoder = self._reading(question, card)
        key = (question.catalogue, encoder, question.item_id, question.upload, change)
        with self._looking:
            return self._subjects.get(key, lambda: self._taken_up(replace(question, change=change), encoder))

    def _taken_up(self, question: Question, encoder: str) -> Subject:
        from mmviz.explain.taking import take_up

        features = self.features(question.catalogue, encoder)
        return take_up(question, self.catalogue(question.catalogue), features, self._encoder(features.encoder))

    def _alignment(self, question: Question) -> Alignment | None:
        found = self.catalogue(question.catalogue)
        features = self.features(question.catalogue, self._reading(question, None))
        split = self._split(found, question.split)

        def fit() -> Alignment | None:
            known = np.asarray(found.matrix(split.train).sum(axis=0)).ravel() > 0  # (I,)
            return fit_alignment(features, known)

        return self._alignments.get((features.fingerprint, split.fingerprint), fit)

    def _all_contents(self, card: RunCard) -> np.ndarray:
        """Content vectors (I, D) of all items as the network makes them, before any graph spreads them."""
        net = self._network(card)

        def load() -> np.ndarray:
            served = net.served.embedding() if net.model.propagation is None else None
            return net.model.all_content(net.loader).cpu().numpy() if served is None else served

        return self._contents.get(card.run_id, load)


def whole(question: Question) -> Question:
    """The same question about the item with nothing taken away."""
    return replace(question, change=replace(question.change, covered=(), struck=(), dropped=()))


def _inside(subject: Subject, joint: np.ndarray) -> Inside | None:
    """What the encoder attended to for a vector of the joint space (J,); None where it cannot be looked into."""
    seen = None if subject.picture is None else subject.encoder.attended(subject.picture, joint)
    if seen is None:
        return None
    return [guided(*layer) for layer in zip(seen.attention, seen.gradients, strict=True)], seen.place


def _untuned(encoder: str) -> str:
    """The encoder as it was before any run trained it, without attributes."""
    return attributed(tuned_run(encoder)[0])[0]


def _plain(card: RunCard) -> bool:
    return card.kind == "fusion" and interaction.parts(card.strategy)[1] == interaction.DEFAULT


def _shares(values: np.ndarray) -> np.ndarray:
    return values / max(float(values.sum()), 1e-12)
