"""A stored network comes back as the one that was trained: what it says of the items is what serves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmviz import interaction
from mmviz.errors import RunError
from mmviz.lab import Lab
from tests.conftest import FAST


@pytest.mark.parametrize("under", interaction.names())
@pytest.mark.parametrize("fusion", ["concat", "afn", "gcca", "adversarial"])
def test_a_restored_network_says_what_serves(lab: Lab, fusion: str, under: str) -> None:
    card = lab.train("shop", interaction.full_name(fusion, under), settings=FAST)
    network = lab._network(card)
    assert not network.model.training
    with torch.no_grad():
        content = network.model.all_content(network.loader)  # (I, D)
    history = lab.catalogue("shop").matrix(np.ones(len(lab.catalogue("shop").interactions), bool))
    served = network.served.score(history)
    np.testing.assert_allclose(network.ranker(content).score(history), served, rtol=1e-3, atol=1e-4)
    changed = content.clone()
    changed[0] = content[1]
    assert np.abs(network.ranker(changed).score(history) - served).max() > 1e-4


def test_a_control_has_no_network(lab: Lab) -> None:
    card = lab.train("shop", "popularity")
    with pytest.raises(RunError, match="no network"):
        lab._network(card)
