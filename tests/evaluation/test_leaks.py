"""Signs of a leak: on record, and by its deeds."""

from __future__ import annotations

from mmviz.evaluation.leaks import by_its_deeds, on_record


def test_test_pairs_on_record_are_told() -> None:
    assert on_record({"pairs": 900, "test_pairs": 0}) == on_record({}) == ""
    assert "handed 12 of the pairs" in on_record({"pairs": 900, "test_pairs": 12})


def test_a_run_far_better_at_test_than_its_peers_is_told() -> None:
    validation = {f"honest{at}": 0.1 + at / 100 for at in range(6)} | {"leaky": 0.1}
    test = {name: value * 0.95 for name, value in validation.items()} | {"leaky": 0.4}
    assert set(by_its_deeds(validation, test)) == {"leaky"}


def test_a_split_on_which_everyone_is_better_at_test_accuses_nobody() -> None:
    validation = {f"run{at}": 0.05 + at / 50 for at in range(6)}
    assert by_its_deeds(validation, {name: 3 * value for name, value in validation.items()}) == {}


def test_few_peers_say_nothing() -> None:
    assert by_its_deeds({"a": 0.1, "b": 0.1, "c": 0.1}, {"a": 0.9, "b": 0.1, "c": 0.1}) == {}


def test_noise_on_few_people_is_no_accusation() -> None:
    validation = {"a": 0.1, "b": 0.12, "c": 0.2, "d": 0.15, "e": 0.13}
    test = {"a": 0.14, "b": 0.1, "c": 0.3, "d": 0.12, "e": 0.2}
    assert by_its_deeds(validation, test) == {}
