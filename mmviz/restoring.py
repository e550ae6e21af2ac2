"""A stored run of a fusion as the torch module that it was, for everything that has to look inside or feed it anew.

Serving needs only tables (`fusion_ranker`). Attention, relevance, counterfactuals and knock-outs need the network.

Shape letters: S items of a step, I items, D content width, F collaborative width.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from mmviz import interaction
from mmviz.errors import RunError
from mmviz.features import Features
from mmviz.fitting import make_config
from mmviz.fusion import strategy
from mmviz.fusion.base import Fused, Tokens
from mmviz.interaction.base import InteractionModel, Material
from mmviz.progress import Progress, Report, silent
from mmviz.propagation import Propagation
from mmviz.ranker import Ranker
from mmviz.recommender import ItemLoader, Recommender, RecommenderConfig
from mmviz.runs import Run
from mmviz.workshop import assembled

__all__ = ["Restored", "restore"]

STEP = 256
"""Items that go through the network at once when all of them are fed anew."""


@dataclass(frozen=True)
class Restored:
    """A trained network in evaluation mode, the loader that feeds it, what serves the run, and what it learned from."""

    run: Run
    model: Recommender
    loader: ItemLoader
    served: Ranker
    axis: InteractionModel
    material: Material

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

    @cached_property
    def clean(self) -> Tensor:
        """Content vectors (I, D) of the catalogue as it is."""
        if self.model.propagation is None:
            return torch.from_numpy(self.axis.fused_of(self.served).embedding()).to(self.loader.device)
        return self.model.all_content(self.loader)

    def contents(self, features: Features, report: Report = silent) -> Tensor:
        """Content vectors (I, D) of the items if the encoder had seen these features."""
        fusion = self.model.fusion
        loader = ItemLoader(features, fusion.names, fusion.level, self.loader.device)
        rows = torch.split(torch.arange(features.n_items), STEP)
        parts = []
        for at, items in enumerate(rows):
            report(Progress(f"{fusion.title}: items through the network", at, len(rows)))
            with torch.no_grad():
                parts.append(self.content(loader(items)).float())  # (S, D)
        return torch.cat(parts)  # (I, D)

    def fed(self, features: Features, content: Tensor) -> Ranker:
        """What would serve if the items had these features and, through the network, this content (I, D).

        Weights, tables and scalers stay as trained. A graph of look-alikes is drawn anew from the features, and what an
        interaction model solves in closed form is solved again.
        """
        spread = self._spread(replace(self.material, features=features, fitted_on=self.material))
        return self.axis.with_content(self.served, self.model.ranker(self.loader, content, spread))

    def with_interactions(self, train: csr_array) -> Ranker:
        """What would serve after these interactions (U, I) without training: as `fed`, with other interactions."""
        spread = self._spread(replace(self.material, train=train, fitted_on=self.material))
        fused = self.model.ranker(self.loader, self.clean, spread)
        return self.axis.with_interactions(fused, train, self.run.settings)

    def joined_by(self, newcomers: Features) -> Ranker:
        """What would serve if these items (S), which nobody has taken, stood behind the others: I+S items.

        Good for full weights of the modalities only.
        """
        fusion = self.model.fusion
        loader = ItemLoader(newcomers, fusion.names, fusion.level, self.loader.device)
        tokens = loader(torch.arange(newcomers.n_items))
        with torch.no_grad():
            content = self.content(tokens).float()  # (S, D)
        if (along := self.model.propagation) is None:
            return self.axis.with_content(self.served, self.axis.fused_of(self.served).joined_by(_array(content)))
        near = self.axis.nearest(self.material, {n: _array(t.pooled * t.present[:, None]) for n, t in tokens.items()})
        inward, outward, _ = (_array(table.detach()) for table in self.model.tables())  # (I, F) each
        clean = _array(self.clean)  # (I, D)
        loud = dict(zip(along.names, along.loudness.tolist(), strict=True))
        lent = [sum(loud[name] * (rows @ table) for name, rows in near.items()) for table in (clean, inward, outward)]
        fused = self.axis.fused_of(self.served)
        return self.axis.with_content(self.served, fused.joined_by(_array(content) + lent[0], lent[1], lent[2]))

    def _spread(self, material: Material) -> Propagation | None:
        """The graphs of other material, as loud as they were learned to be; None where there is no graph."""
        if self.model.propagation is None:
            return None
        spread = self.axis.propagation(material, self.model.fusion.names, self.loader.device)
        assert spread is not None
        spread.load_state_dict(self.model.propagation.state_dict())
        return spread


def restore(
    run: Run, arrays: Mapping[str, np.ndarray], served: Ranker, material: Material, device: torch.device
) -> Restored:
    """Rebuild the network of a run from its stored arrays. Raises RunError for a control, or if they do not fit."""
    if run.kind == "control":
        raise RunError(f"{run.strategy} is a control: it has no network to look into. Choose a fusion strategy.")
    model, loader, under = assembled(run.strategy, _configs(run), material, device)
    model = model.to(device)
    try:
        served_by = {key: value for key, value in arrays.items() if not key.startswith(("tasks.", "tower."))}
        model.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in served_by.items()})
    except RuntimeError as error:
        raise RunError(
            f"Run '{run.run_id}' was trained by another version of {model.fusion.title}, and its weights do not fit "
            "this one. Train it again, or leave it out."
        ) from error
    model.eval()
    return Restored(run, model, loader, served, under, material)


def _configs(run: Run) -> dict[str, Any]:
    name, kind = interaction.parts(run.strategy)
    return {
        "fusion": make_config(strategy(name).Config, run.settings["fusion"]),
        "interaction": make_config(interaction.model(kind).Config, run.settings.get("interaction", {})),
        "recommender": make_config(RecommenderConfig, run.settings["recommender"]),
    }


def _array(values: Tensor) -> np.ndarray:
    return values.cpu().numpy()
