"""The rules that every kept catalogue obeys, checked when it is written and when it is read back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pandera.pandas as pa

from mmviz.catalogue.base import Catalogue, Column
from mmviz.errors import CatalogueError

__all__ = ["check_catalogue"]

WORDS = pa.Check(pd.api.types.is_string_dtype, error="must hold strings")
GIVEN = pa.Check(lambda ids: ids != "", error="must not be empty")


def check_catalogue(catalogue: Catalogue) -> None:
    """Raise `CatalogueError` naming the first rules that the tables of a catalogue break."""
    users = pd.DataFrame({"user_id": catalogue.user_ids})
    checks = (
        ("items", _items(catalogue.columns), catalogue.items),
        ("users", _ids("user_id"), users),
        ("interactions", _interactions(catalogue.n_users, catalogue.n_items), catalogue.interactions),
    )
    for table, schema, frame in checks:
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            cases = error.failure_cases[["column", "check"]].drop_duplicates().head(3)
            broken = "; ".join(f"{column}: {check}" for column, check in cases.itertuples(index=False))
            raise CatalogueError(
                f"The {table} of catalogue '{catalogue.name}' break their rules ({broken}). Import the catalogue again."
            ) from error


def _ids(name: str) -> pa.DataFrameSchema:
    return pa.DataFrameSchema({name: pa.Column(None, [WORDS, GIVEN], unique=True)})


def _items(columns: Sequence[Column]) -> pa.DataFrameSchema:
    plain = {name: pa.Column(None, WORDS) for name in ("title", "text", "image", "thumbnail")}
    further = {
        column.name: pa.Column(float, nullable=True) if column.kind == "number" else pa.Column(None, WORDS)
        for column in columns
    }
    return _ids("item_id").add_columns({**plain, **further})


def _interactions(n_users: int, n_items: int) -> pa.DataFrameSchema:
    finite = pa.Check(np.isfinite, error="must be finite")

    def code_below(limit: int) -> pa.Check:
        return pa.Check(lambda codes: (codes >= 0) & (codes < limit), error=f"must be a code below {limit}")

    return pa.DataFrameSchema(
        {
            "user": pa.Column(np.int32, code_below(n_users)),
            "item": pa.Column(np.int32, code_below(n_items)),
            "rating": pa.Column(np.float32, finite, nullable=True),
            "time": pa.Column(
                float,
                [finite, pa.Check(_ordered, ignore_na=False, error="must be in order, unknown times last")],
                nullable=True,
            ),
        }
    )


def _ordered(times: pd.Series) -> bool:
    values = times.to_numpy()
    known = values[: int(np.isfinite(values).sum())]
    return bool(np.isfinite(known).all() and (np.diff(known) >= 0).all())
