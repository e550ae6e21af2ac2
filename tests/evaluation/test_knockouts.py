"""Knock-outs: damage that grows, curves that are paired, scores that are what the text says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mmviz.errors import UnknownNameError
from mmviz.evaluation.knockouts import KNOCK_OUTS, curve, knock_out, knock_outs_of


def long_table(values: np.ndarray, severities: tuple[float, ...]) -> pd.DataFrame:
    """One row a user and severity from values (n, L)."""
    users = np.arange(len(values))
    return pd.concat(
        [pd.DataFrame({"user": users, "severity": s, "ndcg@10": values[:, at]}) for at, s in enumerate(severities)]
    )


def test_the_score_is_the_area_under_what_is_left() -> None:
    values = np.array([[0.4, 0.3, 0.0], [0.6, 0.2, 0.0]])
    drawn = curve(long_table(values, (0.0, 0.5, 1.0)), "ndcg@10")
    np.testing.assert_allclose(drawn.mean, [0.5, 0.25, 0.0])
    assert drawn.area is not None
    assert drawn.area.mean == pytest.approx((1 + 0.5) / 2 * 0.5 + (0.5 + 0) / 2 * 0.5)
    assert drawn.change.mean == pytest.approx(-0.5)
    assert drawn.n_users == 2


def test_intervals_are_paired_and_have_no_width_where_nothing_is_damaged() -> None:
    rng = np.random.default_rng(0)
    start = rng.uniform(size=400)
    drawn = curve(long_table(np.stack([start, start - 0.1, start], axis=1), (0.0, 0.5, 1.0)), "ndcg@10")
    np.testing.assert_allclose(drawn.low, drawn.mean)  # everyone loses the same, so there is no doubt about the loss
    np.testing.assert_allclose(drawn.high, drawn.mean)
    noisy = curve(long_table(np.stack([start, start + rng.normal(0, 0.2, 400)], axis=1), (0.0, 1.0)), "ndcg@10")
    assert noisy.low[0] == noisy.high[0] == noisy.mean[0]
    assert noisy.low[1] < noisy.mean[1] < noisy.high[1]
    assert noisy.high[1] - noisy.low[1] < 4 * 1.2 * 0.2 / 20


def test_without_quality_there_is_no_score() -> None:
    drawn = curve(long_table(np.zeros((5, 2)), (0.0, 1.0)), "ndcg@10")
    assert drawn.area is None
    with pytest.raises(UnknownNameError, match="metric"):
        curve(long_table(np.zeros((5, 2)), (0.0, 1.0)), "ndcg@11")


def test_names() -> None:
    assert {each.modality for each in knock_outs_of(["image"])} == {"image"}
    assert len({each.name for each in KNOCK_OUTS}) == len(KNOCK_OUTS)
    assert all(each.severities[0] == 0.0 and each.severities[-1] == 1.0 for each in KNOCK_OUTS)
    with pytest.raises(UnknownNameError, match="Did you mean 'image-absent'"):
        knock_out("image-absend")
