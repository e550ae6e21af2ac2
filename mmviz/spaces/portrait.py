"""All measures of one space at once, kept on disk: how it is spread, what it tells apart, how its modalities meet.

Shape letters: I items, n vectors that are there, P items with both modalities.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmviz.catalogue.base import Catalogue
from mmviz.evaluation.splits import Split
from mmviz.searching import unit_rows
from mmviz.spaces.atlas import Space
from mmviz.spaces.gap import closing
from mmviz.spaces.measures import alignment, effective_dimension, modality_gap, retrieval, separability, uniformity
from mmviz.spaces.neighbours import Neighbours
from mmviz.spaces.store import SpaceStore

__all__ = ["closing_gap", "label_columns", "measure_space"]

Pair = tuple[np.ndarray, np.ndarray]
MOST_LABELS = 40


def measure_space(
    space: Space, near: Neighbours, pair: Pair | None, catalogue: Catalogue, split: Split, store: SpaceStore
) -> dict[str, float]:
    """The measures of a space by name, NaN where one has no meaning there.

    - "uniformity", "effective dimension", "width", "vectors";
    - "taste alignment": mean squared distance of people's mean item (train side) and what they took in the validation
      part, as directions (Wang et al., DirectAU, KDD 2022, equation 4);
    - "gap", "pair alignment", "image to text R@k", "text to image R@k" for k = 1, 5, 10: over the items with both;
    - "tells <column>" and "chance <column>": see `separability`, for category columns of 2 to 40 values.
    """
    name = f"measures-{split.fingerprint}"
    kept = store.load(space.key, name)
    if kept is not None:
        return dict(zip(kept["names"].tolist(), kept["values"].tolist(), strict=True))
    vectors = space.vectors  # (n, D)
    found = {
        "vectors": float(len(vectors)),
        "width": float(vectors.shape[1]),
        "uniformity": uniformity(vectors),
        "effective dimension": effective_dimension(vectors),
        "taste alignment": _taste(space, catalogue, split),
    }
    found |= {} if pair is None else _meeting(pair)
    for column, codes in label_columns(catalogue).items():
        own = np.tile(codes, len(space.ends))[space.there]  # (n,)
        found[f"tells {column}"], found[f"chance {column}"] = separability(own, near.rows)
    store.save(space.key, name, names=np.array(list(found)), values=np.array(list(found.values())))
    return found


def closing_gap(key: str, pair: Pair, catalogue: Catalogue, split: Split, store: SpaceStore) -> pd.DataFrame:
    """`closing` over the items that have both modalities, histories from train and lists judged on validation."""
    name = f"closing-{split.fingerprint}"
    kept = store.load(key, name)
    if kept is None:
        both = _both(pair)
        image, text = (end[both] for end in pair)  # (P, D)
        train, valid = (catalogue.matrix(rows)[:, both] for rows in (split.train, split.valid))  # (U, P)
        frame = closing(image, text, train, valid, split.candidates("valid")[both])
        kept = {"names": np.array(list(frame)), "values": frame.to_numpy(), "people": np.array(frame.attrs["people"])}
        store.save(key, name, **kept)
    frame = pd.DataFrame(kept["values"], columns=kept["names"].tolist())
    frame.attrs = {"people": int(kept["people"]), "items": int(_both(pair).sum())}
    return frame


def label_columns(catalogue: Catalogue) -> dict[str, np.ndarray]:
    """(I,) codes, −1 = not given, of the category columns with 2 to 40 values; of several tags the first counts."""
    labels = {}
    for column in catalogue.columns:
        if column.kind not in ("category", "tags"):
            continue
        first = catalogue.items[column.name].fillna("").astype(str).str.split("|").str[0].str.strip()
        values = pd.Categorical(first.where(first != ""))
        if 2 <= len(values.categories) <= MOST_LABELS:
            labels[column.name] = np.asarray(values.codes, dtype=np.int64)
    return labels


def _both(pair: Pair) -> np.ndarray:
    return np.asarray(pair[0].any(axis=1) & pair[1].any(axis=1))


def _meeting(pair: Pair) -> dict[str, float]:
    both = _both(pair)
    if both.sum() < 2:
        return {}
    image, text = (end[both] for end in pair)  # (P, D)
    found = {"gap": modality_gap(image, text), "pair alignment": alignment(image, text)}
    found |= {f"image to text R@{k}": value for k, value in retrieval(image, text).items()}
    return found | {f"text to image R@{k}": value for k, value in retrieval(text, image).items()}


def _taste(space: Space, catalogue: Catalogue, split: Split) -> float:
    """Mean squared distance of a person's mean direction and each item that they took in the validation part."""
    mean = unit_rows(np.sum(space.ends, axis=0))  # (I, D)
    users = catalogue.interactions["user"].to_numpy()[split.valid]
    items = catalogue.interactions["item"].to_numpy()[split.valid]
    tastes = unit_rows(np.asarray(catalogue.matrix(split.train) @ mean))  # (U, D)
    use = tastes[users].any(axis=1) & mean[items].any(axis=1)
    return alignment(tastes[users[use]], mean[items[use]]) if use.any() else float("nan")
