"""Catalogues of a few interactions, written down by hand or drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue

__all__ = ["catalogue_of", "random_catalogue"]


def catalogue_of(
    users: Sequence[int],
    items: Sequence[int],
    times: Sequence[float] | None = None,
    n_items: int | None = None,
) -> Catalogue:
    """A catalogue with these interactions, given in the order of time, then of source."""
    count = n_items or max(items, default=0) + 1
    interactions = pd.DataFrame(
        {
            "user": np.array(users, dtype=np.int32),
            "item": np.array(items, dtype=np.int32),
            "rating": np.full(len(users), np.nan, dtype=np.float32),
            "time": np.array(times if times is not None else [np.nan] * len(users), dtype=np.float64),
        }
    )
    frame = pd.DataFrame({"item_id": [f"i{n}" for n in range(count)]})
    for column in ("title", "text", "image", "thumbnail"):
        frame[column] = ""
    ids = pd.Index([f"u{n}" for n in range(max(users, default=-1) + 1)], dtype=str)
    return Catalogue("small", frame, interactions, ids, "fingerprint")


def random_catalogue(n_users: int = 60, n_items: int = 40, per_user: int = 20, seed: int = 0) -> Catalogue:
    """Each user takes `per_user` draws (with repeats) of the items; times grow, with some ties."""
    rng = np.random.default_rng(seed)
    users = rng.permutation(np.repeat(np.arange(n_users), per_user))
    items = rng.integers(0, n_items, size=len(users))
    times = np.sort(rng.integers(0, len(users) // 2, size=len(users))).astype(float)
    return catalogue_of(users.tolist(), items.tolist(), times.tolist(), n_items)
