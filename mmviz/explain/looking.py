"""What a restored network looked at in one item, and what every patch and word did to a score.

Shape letters: V variants, P patches, T words, N and K tokens, W width of the encoder's last layer, D content width.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmviz.encoders.base import Trace
from mmviz.explain.feeding import Subject, Variant, as_tokens
from mmviz.explain.relevance import guided, propagate
from mmviz.features import ModalityFeatures
from mmviz.fusion._layers import Attention
from mmviz.fusion.base import Fusion, Tokens
from mmviz.restoring import Restored

__all__ = ["Looked", "contents", "look", "occlusion"]

WINDOW = 3
STRIDE = 2


@dataclass(frozen=True)
class Looked:
    """What was seen in one network.

    - `attention`: the trained maps by name, without the batch axis: (H, N, K), (N,) or (M,).
    - `relevance`: modality -> what each of its tokens did to the target, (P,) or (T,); positive = raised it.
    - `cross`: (asking, asked) -> gradient × attention relevance (N, K); {} for a network without attention maps.
    - `direction` (D,): the target is content · direction; `value` is the target.
    """

    attention: dict[str, np.ndarray]
    relevance: dict[str, np.ndarray]
    cross: dict[tuple[str, str], np.ndarray]
    direction: np.ndarray
    value: float


def contents(net: Restored, subject: Subject, variants: Sequence[Variant]) -> np.ndarray:
    """Content vectors (V, D) of an item with parts taken away, through encoder and network."""
    with torch.no_grad():
        fed = _fed(net, subject, variants)
        return np.asarray(net.content(fed).float().cpu().numpy())


def look(net: Restored, subject: Subject, direction: np.ndarray | None) -> Looked:
    """Run the whole item forwards and back from content · direction; without one, from content along itself.

    Relevance is gradient × activation at the encoder's last layer, where summary and tokens part, so that it accounts
    for both (the sum over channels of Grad-CAM, Selvaraju et al., ICCV 2017, without its pooling of gradients). Where
    the encoder knows no way back it is occlusion: what is lost when a window of patches or a word is taken away.
    """
    fed = _fed(net, subject, [subject.whole()])
    traces = {name: trace for name, trace in subject.traces().items() if name in fed and fed[name].present.all()}
    leaves = {name: trace.parts.detach().clone().requires_grad_() for name, trace in traces.items()}
    fed |= {name: _through(fed[name], traces[name], leaf, net.loader.level) for name, leaf in leaves.items()}
    with watched(net.model.fusion) as maps:
        fused = net.fused(fed)
    with torch.no_grad():
        own = net.content(fed)[0]  # (D,)
    along = own / own.norm().clamp_min(1e-12) if direction is None else torch.from_numpy(direction).to(own)  # (D,)
    target = (fused.embedding[0] * net.model.unit) @ along
    if leaves:
        target.backward()  # type: ignore[no-untyped-call]
    net.model.zero_grad(set_to_none=True)
    relevance = {}
    for name, leaf in leaves.items():
        gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad  # (n, W)
        relevance[name] = _array(traces[name].place((gradient * leaf).sum(dim=1).detach()))  # (N,)
    along_array = _array(along)
    for name in set(fed) & {"image", "text"} - set(relevance):
        relevance[name] = occlusion(net, subject, name, along_array)
    if "text" in relevance:
        relevance["text"] = relevance["text"][: len(subject.words)]  # (T,)
    return Looked(
        _maps(fused.attention), relevance, _crossed(maps, fused.attention, fed), along_array, float(own @ along)
    )


def occlusion(net: Restored, subject: Subject, name: str, direction: np.ndarray) -> np.ndarray:
    """What the target loses when a token is taken away: patches in windows (P,), words one by one (T,).

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks, ECCV 2014, section 4.2.
    """
    whole = subject.whole()
    if name == "text":
        variants = [whole, *(Variant(whole.keep, frozenset([at])) for at in range(len(subject.words)))]
        values = contents(net, subject, variants) @ direction  # (1+T,)
        return np.asarray(values[0] - values[1:])
    if subject.picture is None:
        return np.zeros(subject.patches, dtype=np.float32)
    windows = _windows(subject.encoder.shape.grid)  # (w, P) bool
    values = contents(net, subject, [whole, *(Variant(~window) for window in windows)]) @ direction  # (1+w,)
    lost = values[0] - values[1:]  # (w,)
    return np.asarray((lost @ windows) / windows.sum(axis=0) / WINDOW**2)


@contextmanager
def watched(fusion: Fusion) -> Iterator[list[Tensor]]:
    """Every attention map (B, H, N, K) that the fusion makes meanwhile, in order, with gradients kept."""
    maps: list[Tensor] = []

    def keep(_module: object, _given: object, made: Tensor) -> None:
        if made.requires_grad:
            made.retain_grad()
        maps.append(made)

    hooks = [m.map.register_forward_hook(keep) for m in fusion.modules() if isinstance(m, Attention)]
    try:
        yield maps
    finally:
        for hook in hooks:
            hook.remove()


def _fed(net: Restored, subject: Subject, variants: Sequence[Variant]) -> dict[str, Tokens]:
    features, count = subject.features(variants), len(variants)
    for name in set(net.loader.names) - set(features):
        part = subject.stored.get(name) or _none_of(net.material.features.modalities[name])
        features[name] = ModalityFeatures(*(np.repeat(a, count, axis=0) for a in (part.tokens, part.mask, part.pooled)))
    return as_tokens({name: features[name] for name in net.loader.names}, net.loader.level, net.loader.device)


def _none_of(part: ModalityFeatures) -> ModalityFeatures:
    """What an item without this modality has, as what is brought from outside has no attributes."""
    return ModalityFeatures(*(np.zeros_like(array[:1]) for array in (part.tokens, part.mask, part.pooled)))


def _through(tokens: Tokens, trace: Trace, leaf: Tensor, level: str) -> Tokens:
    """The same item with tokens and summary that carry gradients from the parts of the encoder's last layer."""
    values, pooled = trace.read(leaf)  # (1, N, D), (1, Dp)
    return Tokens(values if level == "tokens" else tokens.values, tokens.mask, pooled)


def _maps(attention: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: _array(weights[0].detach()) for name, weights in attention.items()}


def _crossed(
    maps: Sequence[Tensor], attention: Mapping[str, Tensor], fed: Mapping[str, Tokens]
) -> dict[tuple[str, str], np.ndarray]:
    """Gradient × attention relevance between the modalities, from the maps that were watched."""
    steps = []
    for made in maps:
        name = next((n for n, w in attention.items() if w.shape == made.shape and _same(made, w)), None)
        if name is None or "→" not in name or made.grad is None:
            return {}
        asking, asked = name.split("→")
        step = guided(_array(made[0].detach()), _array(made.grad[0]))  # (N, K)
        some = _array(fed[asking].mask[0]), _array(fed[asked].mask[0])  # (N,), (K,)
        steps.append((asking, asked, step * some[0][:, None] * some[1]))
    if not any(a != b for a, b, _ in steps):
        return {}
    sizes = {name: fed[name].mask.shape[1] for a, b, _ in steps for name in (a, b)}
    relevance = propagate(steps, sizes)
    return {pair: found for pair, found in relevance.items() if pair[0] != pair[1] and found.any()}


def _same(made: Tensor, shown: Tensor) -> bool:
    """Whether a map is the one that the fusion shows, which has 0 in the rows of padding."""
    rows = shown.sum(dim=-1, keepdim=True) > 0
    return torch.allclose(made * rows, shown, atol=1e-6)


def _windows(grid: tuple[int, int]) -> np.ndarray:
    """Overlapping windows of patches that together cover the grid: (w, P) bool."""
    rows, columns = (sorted({*range(0, max(n - WINDOW, 0) + 1, STRIDE), max(n - WINDOW, 0)}) for n in grid)
    windows = np.zeros((len(rows) * len(columns), *grid), dtype=bool)
    for at, (row, column) in enumerate((r, c) for r in rows for c in columns):
        windows[at, row : row + WINDOW, column : column + WINDOW] = True
    return windows.reshape(len(windows), -1)


def _array(values: Tensor) -> np.ndarray:
    return np.asarray(values.float().cpu().numpy())
