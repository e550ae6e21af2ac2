"""Groups of items that lie together, and words that tell each from the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

__all__ = ["clusters", "distinctive"]

WORD = re.compile(r"[^\W\d_]{3,}")
_STOP = """
the and for with from that this its their his her who has have are was were not but you your all one two into out own
they them when where will can about after over than which what while been being also more most very any each other some
such only just there then between through during before under again she him had
"""
COMMON = frozenset(_STOP.split())


def clusters(vectors: np.ndarray, count: int) -> np.ndarray:
    """(n,) cluster of each unit vector (n, D) by k-means, the largest cluster first; the same input, the same answer.

    Runs in minibatches where there are many vectors.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans

    count = max(1, min(count, len(vectors)))
    if len(vectors) > 20_000:
        model = MiniBatchKMeans(count, random_state=0, n_init=3, batch_size=4096)
    else:
        model = KMeans(count, random_state=0, n_init=4)
    found = model.fit_predict(vectors.astype(np.float32))
    order = np.argsort(-np.bincount(found, minlength=count), kind="stable")
    places = np.empty(count, dtype=np.int64)
    places[order] = np.arange(count)
    return np.asarray(places[found])


def distinctive(texts: Sequence[str], groups: np.ndarray, words: int = 3) -> list[str]:
    """For each group the words that tell it from the others, such as "space alien war".

    `groups`: (n,) codes, −1 = in none. The score of a word is its frequency in the group times log(1 + A / f), A = mean
    words a group, f = its count over all groups. Source: Grootendorst, BERTopic, 2022, equation 2 (class-based
    TF-IDF). A word must stand in three items or in a tenth of the group.
    """
    n_groups = int(groups.max()) + 1 if len(groups) else 0
    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for text, group in zip(texts, groups.tolist(), strict=True):
        if group < 0:
            continue
        for word in {found.lower() for found in WORD.findall(text)} - COMMON:
            rows.append(group)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
    if not vocabulary:
        return [""] * n_groups
    counts = csr_array((np.ones(len(rows)), (rows, columns)), (n_groups, len(vocabulary))).toarray()
    total, sizes = counts.sum(axis=0), np.bincount(groups[groups >= 0], minlength=n_groups)
    scores = counts * np.log1p(counts.sum() / max(n_groups, 1) / np.maximum(total, 1))
    scores[counts < np.minimum(3, np.maximum(1, sizes / 10))[:, None]] = 0
    names = list(vocabulary)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :words]
    return [" ".join(names[at] for at in best[group].tolist() if scores[group, at] > 0) for group in range(n_groups)]
