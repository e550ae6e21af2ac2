"""AFN: its joint term says what goes together, is 0 where a side is missing, and can tell a conjunction."""

from __future__ import annotations

import torch

from mmviz.fusion.afn import _Joint


def test_the_joint_term_is_the_factorised_bilinear_product() -> None:
    torch.manual_seed(0)
    joint = _Joint(dim=3, rank=2)
    first, second = torch.randn(5, 3), torch.randn(5, 3)
    left, right = joint.left.weight.view(3, 2, 3), joint.right.weight.view(3, 2, 3)  # (D, R, D) each
    expected = torch.zeros(5, 3)
    for r in range(2):
        expected += (first @ left[:, r].T) * (second @ right[:, r].T)
    torch.testing.assert_close(joint(first, second), joint.scale.gain * expected / 2**0.5)


def test_a_missing_side_makes_it_exactly_nothing() -> None:
    joint = _Joint(dim=4, rank=3)
    assert torch.equal(joint(torch.zeros(2, 4), torch.randn(2, 4)), torch.zeros(2, 4))


def test_it_learns_exclusive_or_which_no_sum_of_two_sides_can() -> None:
    torch.manual_seed(0)
    first, second = torch.randint(0, 2, (2, 256, 1)).float() * 2 - 1  # (B, 1) each
    target = first * second  # (B, 1): uncorrelated with either side
    joint, out = _Joint(dim=1, rank=2), torch.nn.Linear(1, 1)
    optimiser = torch.optim.Adam([*joint.parameters(), *out.parameters()], lr=0.05)
    for _ in range(200):
        loss = (out(joint(first, second)) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.01
    both = torch.cat([first, second], dim=1)
    best_sum = torch.linalg.lstsq(both, target).solution
    assert (both @ best_sum - target).square().mean() > 0.9
