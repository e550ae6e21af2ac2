"""A catalogue whose two modalities say the same thing in different languages, beside things of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn.functional import normalize

from mmviz.features import Features, ModalityFeatures
from mmviz.fusion.base import Fusion
from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
from mmviz.training import Round, TrainingConfig, train

SHARED, OWN, WIDTH = 6, 4, 24


@dataclass(frozen=True)
class Told:
    """Features and interactions; the last `cold` items have no interaction and are seen by nothing that is fitted."""

    features: Features
    interactions: csr_array
    cold: slice


def told(n_items: int = 1600, cold: int = 800, n_users: int = 60, seed: int = 0) -> Told:
    """x_m = A_m s + B_m o_m + c_m + noise: shared factors s, own factors o_m, a centre that gives the modality away.

    The picture is the noisier side, so even without its centre it can be told from the text by its spread.
    """
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n_items, SHARED))
    parts = {name: _side(rng, shared, size, noise) for name, size, noise in (("image", 1.0, 1.0), ("text", 1.5, 0.2))}
    liking = rng.normal(size=(n_users, SHARED)) @ shared.T  # (U, I)
    taken = liking > np.quantile(liking, 0.9, axis=1, keepdims=True)
    taken[:, n_items - cold :] = False
    return Told(
        Features(parts, {}, (1, 1), (), "told", f"told-{seed}"),
        csr_array(taken.astype(np.float32)),
        slice(n_items - cold, n_items),
    )


def _side(rng: np.random.Generator, shared: np.ndarray, size: float, noise: float) -> ModalityFeatures:
    n = len(shared)
    own = rng.normal(size=(n, OWN)) @ rng.normal(size=(OWN, WIDTH)) / OWN**0.5
    pooled = shared @ rng.normal(size=(SHARED, WIDTH)) / SHARED**0.5 + own + noise * rng.normal(size=(n, WIDTH))
    pooled = size * (pooled + rng.normal(size=WIDTH))
    empty = np.zeros((n, 1, WIDTH), dtype=np.float16)
    return ModalityFeatures(empty, np.ones((n, 1), dtype=bool), pooled.astype(np.float16))


def fit(fusion: type[Fusion], data: Told, config: TrainingConfig, **settings: object) -> tuple[Fusion, list[Round]]:
    """The strategy after the product's own training loop, in evaluation mode, and the rounds."""
    torch.manual_seed(0)
    model = fusion(shapes_of(data.features), fusion.Config(**{"dim": 16, **settings}))
    popularity = np.asarray(data.interactions.sum(axis=0)).ravel()
    loader = ItemLoader(data.features, model.names, fusion.level, torch.device("cpu"))
    loader.prepare(model, popularity > 0)
    whole = Recommender(model, popularity > 0, popularity, RecommenderConfig(factors=4))
    rounds = list(train(whole, loader, data.interactions, lambda _: 0.0, config, 0))
    return model.eval(), rounds


def cold_views(model: Fusion, data: Told) -> dict[str, Tensor]:
    """What a strategy makes of each modality of the items that nothing was fitted on, (n, D) each."""
    loader = ItemLoader(data.features, model.names, "pooled", torch.device("cpu"))
    with torch.no_grad():
        return model(loader(torch.arange(data.cold.start, data.cold.stop))).views


def found(views: dict[str, Tensor], k: int = 10) -> float:
    """Share of items whose text is among the k nearest, by cosine, of their picture (recall@k of retrieval)."""
    image, text = (normalize(views[n], dim=-1) for n in ("image", "text"))
    likeness = image @ text.T  # (n, n)
    better = (likeness > likeness.diagonal()[:, None]).sum(dim=1)  # (n,)
    return float((better < k).float().mean())
