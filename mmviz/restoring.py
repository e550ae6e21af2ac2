"""A stored run of a fusion as the torch module that it was, for everything that has to look inside or feed it anew.

Serving needs only tables (`fusion_ranker`). Attention, relevance, counterfactuals and knock-outs need the network.

Shape letters: S items of a step, I items, D content width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmviz import interaction
from mmviz.errors import RunError
from mmviz.experiment import make_config
from mmviz.fusion import strategy
from mmviz.fusion.base import Fused, Tokens
from mmviz.interaction.base import InteractionModel, Material
from mmviz.ranker import Ranker
from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig, shapes_of
from mmviz.runs import Run

__all__ = ["Restored", "restore"]


@dataclass(frozen=True)
class Restored:
    """A trained network in evaluation mode, the loader that feeds it, and what serves the run."""

    run: Run
    model: Recommender
    loader: ItemLoader
    served: Ranker
    axis: type[InteractionModel]

    def fused(self, tokens: Mapping[str, Tokens]) -> Fused:
        """What the fusion itself makes of tokens, with its maps."""
        fused: Fused = self.model.fusion(tokens)
        return fused

    def content(self, tokens: Mapping[str, Tokens]) -> Tensor:
        """Content vectors (S, D) of tokens, as the scoring rule takes them; carries gradients."""
        return self.model.content(tokens)[0]

    def ranker(self, content: Tensor) -> Ranker:
        """What would serve if the items had these content vectors (I, D), with everything else as trained.

        Good for full weights of the modalities only.
        """
        return self.axis.with_content(self.served, self.model.ranker(self.loader, content))


def restore(
    run: Run, arrays: Mapping[str, np.ndarray], served: Ranker, material: Material, device: torch.device
) -> Restored:
    """Rebuild the network of a run from its stored arrays. Raises RunError for a control, or if they do not fit."""
    if run.kind == "control":
        raise RunError(f"{run.strategy} is a control: it has no network to look into. Choose a fusion strategy.")
    name, kind = interaction.parts(run.strategy)
    cls, axis = strategy(name), interaction.model(kind)
    fusion = cls(shapes_of(material.features), make_config(cls.Config, run.settings["fusion"]))
    loader = ItemLoader(material.features, fusion.names, cls.level, device)
    popularity = np.asarray(material.train.sum(axis=0)).ravel()  # (I,)
    loader.prepare(fusion, popularity > 0)
    under = axis(make_config(axis.Config, run.settings.get("interaction", {})))
    spread = under.propagation(material, fusion.names, device)
    config = make_config(RecommenderConfig, run.settings["recommender"])
    model = Recommender(fusion, popularity > 0, popularity, config, spread).to(device)
    try:
        served_by = {key: value for key, value in arrays.items() if not key.startswith(("tasks.", "tower."))}
        model.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in served_by.items()})
    except RuntimeError as error:
        raise RunError(f"The weights of run '{run.run_id}' do not fit this version of {cls.title}: {error}") from None
    model.eval()
    return Restored(run, model, loader, served, axis)
