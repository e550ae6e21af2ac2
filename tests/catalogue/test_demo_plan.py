"""The demo's items before they are drawn: attributes, words, and the notes of which word tells what."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import numpy as np
import pytest

from mmviz.catalogue.demo.facts import truth_of
from mmviz.catalogue.demo.plan import END, START, ItemPlan, plan_item
from mmviz.catalogue.demo.vocabulary import CARES, KINDS, MATERIALS, SCENES, SOURCES, VALUES, WORDS

N = 3000


@lru_cache(maxsize=1)
def plans() -> tuple[ItemPlan, ...]:
    return tuple(plan_item(index, 7) for index in range(N))


def dependence(first: list[str], second: list[str]) -> float:
    """Mutual information of two columns in bits, less what chance alone gives (Miller-Madow)."""
    rows, columns = sorted(set(first)), sorted(set(second))
    counts = np.zeros((len(rows), len(columns)))
    for a, b in zip(first, second, strict=True):
        counts[rows.index(a), columns.index(b)] += 1
    joint = counts / counts.sum()
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    bits = np.sum(joint[joint > 0] * np.log2(joint[joint > 0] / expected[joint > 0]))
    return float(bits - (len(rows) - 1) * (len(columns) - 1) / (2 * len(first) * np.log(2)))


def test_an_item_depends_on_its_number_and_the_seed_only() -> None:
    assert plan_item(5, 7) == plans()[5]
    assert plan_item(5, 8) != plans()[5]


def test_every_value_is_about_equally_frequent() -> None:
    for name, values in VALUES.items():
        counts = Counter(plan.attributes[name] for plan in plans())
        assert set(counts) == set(values)
        if name != "material":  # two groups of kinds of unequal size
            assert max(counts.values()) < 1.4 * min(counts.values())


@pytest.mark.parametrize("told", [name for name, source in SOURCES.items() if source == "told"])
def test_what_is_told_cannot_be_guessed_from_what_is_seen(told: str) -> None:
    for seen in ("kind", "colour", "pattern", "silhouette"):
        for group in MATERIALS:
            some = [plan.attributes for plan in plans() if KINDS[plan.attributes["kind"]].group == group]
            assert dependence([item[seen] for item in some], [item[told] for item in some]) < 0.02


def test_materials_fit_the_thing() -> None:
    for plan in plans():
        assert plan.attributes["material"] in MATERIALS[KINDS[plan.attributes["kind"]].group]


def test_spans_hold_words_for_the_value_they_name() -> None:
    for plan in plans()[:600]:
        for span in plan.spans:
            words = (plan.title if span.place == "title" else plan.text)[span.start : span.end].lower()
            if span.attribute == "part":
                known = {span.value}
                assert span.value in {part for part, _ in KINDS[plan.attributes["kind"]].parts} or plan.wrong
            elif span.attribute == "kind":
                known = set(KINDS[span.value].nouns)
            elif span.attribute == "care":
                known = {words for clauses in CARES[span.value].values() for words in clauses}
            else:
                known = set(WORDS[span.attribute][span.value])
                known |= set(SCENES[span.value]) if span.attribute == "mood" else set()
            assert words in {word.lower() for word in known}


def test_spans_tell_the_truth_except_where_the_text_is_marked_wrong() -> None:
    for plan in plans():
        for span in plan.spans:
            if span.attribute == "part":
                continue
            right = span.value == plan.attributes[span.attribute]
            assert right != (span.attribute in plan.wrong)


def test_pattern_and_shape_are_never_told() -> None:
    seen_only = re.compile(
        r"strip|\bdot|check|floral|flowers\b|geometr|gradient|ombr|\bplain|pattern|\bround|straight|angled|square|shape"
    )
    for plan in plans():
        assert not seen_only.search(f"{plan.title} {plan.text}".lower()), plan.text


def test_colour_is_told_in_about_half_of_the_texts() -> None:
    told = [any(span.attribute == "colour" for span in plan.spans) for plan in plans() if plan.text]
    assert 0.40 < np.mean(told) < 0.50


def test_some_items_lack_picture_or_words_and_none_lacks_both() -> None:
    assert 0.02 < np.mean([not plan.pictured for plan in plans()]) < 0.045
    assert 0.015 < np.mean([not plan.text for plan in plans()]) < 0.045
    assert 0.007 < np.mean([not plan.title for plan in plans()]) < 0.03
    assert all(plan.pictured or plan.text for plan in plans())


def test_a_few_texts_are_wrong_about_the_picture() -> None:
    wrong = [plan for plan in plans() if plan.wrong]
    assert 0.025 < len(wrong) / N < 0.055
    assert {name for plan in wrong for name in plan.wrong} == {"colour", "kind"}
    assert all(plan.pictured and plan.text for plan in wrong)


def test_the_same_fact_is_told_in_many_ways() -> None:
    texts = [plan.text for plan in plans() if plan.text]
    assert len(set(texts)) > 0.99 * len(texts)
    sentences = [len(re.findall(r"\.(?: |$)", text)) for text in texts]
    assert min(sentences) >= 1 and max(sentences) == 4 and np.mean(sentences) > 2.5
    for mood in VALUES["mood"]:
        words = {
            plan.text[span.start : span.end].lower()
            for plan in plans()
            for span in plan.spans
            if span.attribute == "mood" and span.value == mood and span.place == "text"
        }
        assert len(words) >= 7


def test_prices_follow_the_band_and_releases_lie_in_the_shop_s_years() -> None:
    low, middle, high = (
        [plan.price for plan in plans() if plan.attributes["price band"] == band] for band in VALUES["price band"]
    )
    assert max(low) < min(middle) and max(middle) < min(high)
    released = np.array([plan.released for plan in plans()])
    assert (released >= START).all() and (released < END).all()
    assert 0.4 < (released == START).mean() < 0.6
    assert (released > START + 0.9 * (END - START)).mean() > 0.08


def test_questions_are_asked_only_where_picture_or_text_can_answer() -> None:
    for plan in plans()[:1500]:
        truth = truth_of(plan, {})
        answers = [answer for _, answer in truth.questions]
        said = {span.attribute for span in plan.spans} - set(plan.wrong)
        for name in ("material", "maker", "mood"):
            assert (plan.attributes[name] in answers) == (name in said)
        for name in ("pattern", "silhouette"):
            assert (plan.attributes[name] in answers) == plan.pictured
        assert len(truth.captions) == 3 and plan.attributes["kind"] in truth.captions[0]
        assert bool(truth.where) == plan.pictured


def test_yes_and_no_are_both_usual_answers() -> None:
    answers = Counter(
        answer for plan in plans()[:1500] for _, answer in truth_of(plan, {}).questions if answer in ("yes", "no")
    )
    assert 0.35 < answers["yes"] / (answers["yes"] + answers["no"]) < 0.65
