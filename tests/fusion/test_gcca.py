"""GCCA is right when its closed form is the optimum, in float64."""

from __future__ import annotations

import itertools

import pytest
import torch

from mmviz.fusion.gcca import gcca

N, DIM = 60, 4


def centred(*widths: int, seed: int = 0) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    shared = torch.randn(3, N, generator=random, dtype=torch.float64)
    views = []
    for width in widths:
        mix = torch.randn(width, 3, generator=random, dtype=torch.float64)
        x = mix @ shared + 0.5 * torch.randn(width, N, generator=random, dtype=torch.float64)
        views.append(x - x.mean(dim=1, keepdim=True))
    return views


@pytest.mark.parametrize("widths", [(10, 7), (80, 7), (10, 7, 5)])
def test_the_optimum_reaches_k_m_minus_the_eigenvalues(widths: tuple[int, ...]) -> None:
    views = centred(*widths)
    ridges = [0.3] * len(views)
    z, maps = gcca(views, DIM, ridges)
    torch.testing.assert_close(z @ z.T, torch.eye(DIM, dtype=torch.float64), rtol=0, atol=1e-10)
    objective = sum(
        (p @ x - z).square().sum() + r * p.square().sum() for p, x, r in zip(maps, views, ridges, strict=True)
    )
    total = sum(
        x.T @ torch.linalg.solve(x @ x.T + r * torch.eye(len(x), dtype=torch.float64), x)
        for x, r in zip(views, ridges, strict=True)
    )
    top = torch.linalg.eigvalsh(total).flip(0)[:DIM]
    assert abs(float(objective - (DIM * len(views) - top.sum()))) < 1e-8


def test_the_maps_are_those_of_the_ridge_regression() -> None:
    views = centred(10, 7)
    z, maps = gcca(views, DIM, [0.3, 0.3])
    for x, p in zip(views, maps, strict=True):
        expected = z @ x.T @ torch.linalg.inv(x @ x.T + 0.3 * torch.eye(len(x), dtype=torch.float64))
        torch.testing.assert_close(p, expected, rtol=0, atol=1e-10)


def test_two_fits_agree_in_sign() -> None:
    views = centred(10, 7)
    first, second = gcca(views, DIM, [0.1, 0.1])[0], gcca([-v for v in views], DIM, [0.1, 0.1])[0]
    torch.testing.assert_close(first.abs(), second.abs())
    assert (first.gather(1, first.abs().argmax(1, keepdim=True)) > 0).all()


def test_planted_shared_factors_are_found() -> None:
    random = torch.Generator().manual_seed(2)
    shared = torch.randn(2, N, generator=random, dtype=torch.float64)
    views = [
        torch.randn(9, 2, generator=random, dtype=torch.float64) @ shared
        + 0.1 * torch.randn(9, N, generator=random, dtype=torch.float64)
        for _ in range(2)
    ]
    views = [v - v.mean(1, keepdim=True) for v in views]
    z, _ = gcca(views, 2, [1e-3, 1e-3])
    shared = shared - shared.mean(1, keepdim=True)
    basis = torch.linalg.qr(shared.T)[0]
    assert torch.linalg.svdvals(z @ basis).min() > 0.98


def test_on_noise_the_correlation_falls_as_the_ridge_grows() -> None:
    random = torch.Generator().manual_seed(3)
    views = [torch.randn(40, N, generator=random, dtype=torch.float64) for _ in range(2)]
    views = [v - v.mean(1, keepdim=True) for v in views]

    def correlation(ridge: float) -> float:
        _, maps = gcca(views, 1, [ridge, ridge])
        a, b = (p @ x for p, x in zip(maps, views, strict=True))
        return float((a * b).sum())

    values = [correlation(r) for r in (1e-6, 10.0, 1e3, 1e5)]
    assert values[0] > 0.4
    assert all(a > b for a, b in itertools.pairwise(values))
    assert values[-1] < 0.01
