"""How data flows through a fusion: its parts in the order in which they run, what each reads, and what it puts out.

Traced on the real module, so that a diagram can't say anything else than the code does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mmviz.fusion.base import Fusion, Tokens
from mmviz.views import FlowStep

__all__ = ["n_parameters", "trace"]

_QUIET = ("Dropout", "TokenDropout", "LayerNorm", "LayerScale")
Sources = frozenset[int]


def trace(fusion: Fusion) -> tuple[FlowStep, ...]:
    """What runs on one item that has everything, in order: inputs, every named part of the fusion, the item vector.

    A part of one modality stands in its lane; one that reads several has the lane "". Parts that only act in training
    (dropout, an opponent) and those that only scale (norms, gains) are left out.
    """
    origins = _Origins()
    items = {name: _full(fusion, name) for name in fusion.names}
    for name, tokens in items.items():
        if fusion.level == "tokens":
            origins.step(f"{name} tokens", "input", name, [tokens.values])
        origins.step(f"{name} summary", "input", name, [tokens.pooled])
    was_training = fusion.training
    fusion.eval()
    with ExitStack() as stack, torch.no_grad():
        for name, lane, module in _parts(fusion):
            stack.callback(module.register_forward_hook(_recorder(origins, name, lane)).remove)
        with origins:
            fused = fusion(items)
    fusion.train(was_training)
    origins.step("item vector", "", "", [fused.embedding])
    return tuple(origins.steps)


def n_parameters(fusion: Fusion) -> int:
    """How many numbers are trained."""
    return sum(part.numel() for part in fusion.parameters() if part.requires_grad)


class _Origins(TorchFunctionMode):
    """Knows for every tensor from which steps it was computed, by watching all functions that torch runs."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[FlowStep] = []
        self._of: dict[int, Sources] = {}
        self._alive: list[Tensor] = []  # an id is good only as long as its tensor lives

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        self._mark(_tensors(out), self.of(_tensors((args, kwargs))))
        return out

    def of(self, tensors: Iterable[Tensor]) -> Sources:
        """The steps that these come from."""
        return frozenset().union(*(self._of.get(id(tensor), frozenset()) for tensor in tensors))

    def step(self, part: str, kind: str, lane: str, out: list[Tensor]) -> None:
        """Note a step that was computed from what `out` comes from; from now on `out` comes from the step alone."""
        self.steps.append(FlowStep(part, kind, lane, tuple(out[0].shape[1:]), tuple(sorted(self.of(out)))))
        self._mark(out, frozenset({len(self.steps) - 1}))

    def _mark(self, tensors: Iterable[Tensor], sources: Sources) -> None:
        for tensor in tensors:
            self._alive.append(tensor)
            self._of[id(tensor)] = sources


def _recorder(origins: _Origins, name: str, lane: str) -> Callable[[nn.Module, Any, Any], None]:
    def seen(module: nn.Module, _: Any, out: Any) -> None:
        origins.step(name, type(module).__name__, lane, _tensors(out))

    return seen


def _parts(fusion: Fusion) -> Iterator[tuple[str, str, nn.Module]]:
    """Name, lane and module of every direct part; in a `ModuleDict` the key says whose lane it is."""
    opponent = fusion.opponent()
    for name, child in fusion.named_children():
        each = child.items() if isinstance(child, nn.ModuleDict) else [("", child)]
        for key, module in each:
            lane = key.partition("→")[0]
            if module is not opponent and type(module).__name__ not in _QUIET:
                yield name, lane if lane in fusion.names else "", module


def _tensors(values: Any) -> list[Tensor]:
    """All tensors in a nest of tuples, lists, and mappings; masks say what is there, and carry no content."""
    if isinstance(values, Tensor):
        return [] if values.dtype == torch.bool else [values]
    parts = values.values() if isinstance(values, Mapping) else values if isinstance(values, (tuple, list)) else ()
    return [tensor for part in parts for tensor in _tensors(part)]


def _full(fusion: Fusion, name: str) -> Tokens:
    """One item that has everything of a modality."""
    shape = fusion.shapes[name]
    n, width = (shape.tokens, shape.token_dim) if fusion.level == "tokens" else (1, 0)
    mask = torch.ones(1, n, dtype=torch.bool)  # (1, N)
    return Tokens(torch.zeros(1, n, width), mask, torch.zeros(1, shape.pooled_dim))
