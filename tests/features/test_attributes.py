"""Columns as a third modality: equal values give equal tokens, near numbers near ones, and nothing is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmviz.catalogue.base import Catalogue, Column
from mmviz.features.attributes import ATTRIBUTE_WIDTH, encode_attributes
from mmviz.features.base import ModalityFeatures


def encoded(columns: dict[str, tuple[str, list[object]]]) -> ModalityFeatures:
    frame = pd.DataFrame({name: values for name, (_, values) in columns.items()})
    described = tuple(Column(name, kind) for name, (kind, _) in columns.items())  # type: ignore[arg-type]
    found = encode_attributes(Catalogue("c", frame, pd.DataFrame(), pd.Index([], dtype=str), "f", described))
    assert found is not None
    return found


def likeness(tokens: np.ndarray) -> np.ndarray:
    """(I, I) cosines of one column's tokens."""
    wide = tokens.astype(np.float64)
    unit = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
    return np.asarray(unit @ unit.T)


def test_equal_categories_are_equal_and_others_nearly_orthogonal() -> None:
    brands = [f"brand {at}" for at in range(40)]
    found = encoded({"brand": ("category", [*brands, "brand 3 ", None, ""])})
    alike = likeness(found.tokens[:, 0])
    assert alike[3, 40] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(alike[:40, :40] - np.eye(40)).max() < 0.65
    assert found.mask[:, 0].tolist() == [True] * 41 + [False, False]
    assert found.tokens.shape == (43, 1, ATTRIBUTE_WIDTH)


def test_the_same_value_in_another_column_is_something_else() -> None:
    found = encoded({"front": ("category", ["red"]), "back": ("category", ["red"])})
    assert abs(likeness(found.tokens[0])[0, 1]) < 0.6


def test_shared_tags_bring_items_together_whatever_their_order() -> None:
    found = encoded({"genre": ("tags", ["Drama|War", "War | Drama", "Drama|Comedy", "Horror", ""])})
    alike = likeness(found.tokens[:, 0])
    assert alike[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert alike[0, 1] > alike[0, 2] > alike[0, 3] + 0.2
    assert not found.mask[4, 0]


def test_near_numbers_are_near_and_a_missing_one_is_masked() -> None:
    found = encoded({"price": ("number", [10.0, 10.5, 20.0, 1000.0, 0.0, -10.0, np.nan])})
    alike = likeness(found.tokens[:, 0])
    assert alike[0, 1] > alike[0, 2] > alike[0, 3]
    assert alike[0, 5] < 0.9  # the sign counts
    assert found.mask[:, 0].tolist() == [True] * 6 + [False]
    assert np.isfinite(found.tokens).all()


def test_an_item_is_encoded_the_same_whatever_stands_beside_it() -> None:
    columns = {"genre": ("tags", ["War", "Comedy"]), "price": ("number", [3.0, 900.0])}
    both = encoded(columns)  # type: ignore[arg-type]
    alone = encoded({name: (kind, values[:1]) for name, (kind, values) in columns.items()})
    np.testing.assert_array_equal(both.tokens[0], alone.tokens[0])
    np.testing.assert_array_equal(both.pooled[0], alone.pooled[0])


def test_the_summary_is_the_mean_of_what_is_given() -> None:
    found = encoded({"a": ("category", ["x", "x"]), "b": ("category", ["y", ""]), "c": ("text", ["z", "z"])})
    assert found.tokens.shape[1] == 2  # free text is no attribute
    np.testing.assert_allclose(found.pooled[0], found.tokens[0].astype(np.float32).mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(found.pooled[1], found.tokens[1, 0], atol=1e-3)


def test_without_such_columns_there_is_no_such_modality() -> None:
    plain = Catalogue(
        "c", pd.DataFrame({"x": ["a"]}), pd.DataFrame(), pd.Index([], dtype=str), "f", (Column("x", "text"),)
    )
    assert encode_attributes(plain) is None
