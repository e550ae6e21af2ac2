"""What further columns are, from their values."""

from __future__ import annotations

import pandas as pd
import pytest

from mmviz.catalogue.kinds import infer_kind


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("price", ["1", "2.5", "", "-3e2"], "number"),
        ("price", ["$12.50", "$1,299.00"], "number"),
        ("price", ["12,50", "3,99"], "number"),
        ("year", ["1999", "2001", "n/a"], "number"),
        ("zip_like", ["01234", "12345"], "category"),
        ("tmdbId", [str(n) for n in range(40)], "text"),
        ("maker_id", ["1", "2", "1", "2"], "category"),
        ("humid", ["1", "2", "1", "2"], "number"),
        ("sale", ["true", "false", "true"], "category"),
        ("genres", ["Action|Drama", "Drama", "Comedy"], "tags"),
        ("genres", ["Drama"] * 50 + ["Drama|Comedy"] + ["Comedy"] * 50, "tags"),
        ("headline", [f"News of day {n}" for n in range(99)] + ["Ten things | The daily"], "text"),
        ("story", ["A story that is far too long for a label " * 3 + "| a second one", "b"], "text"),
        ("maker", ["Aka", "Boe", "Cee"], "category"),
        ("maker", [f"maker {n % 40}" for n in range(400)], "category"),
        ("subtitle", [f"subtitle {n}" for n in range(400)], "text"),
        ("note", ["a long sentence that says a great deal more than a label ever would"] * 3, "text"),
    ],
)
def test_kinds(name: str, cells: list[str], expected: str) -> None:
    assert infer_kind(name, pd.Series(cells, dtype="str")) == expected
