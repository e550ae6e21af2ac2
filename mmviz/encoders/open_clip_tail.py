"""The last transformer blocks of an open_clip model whose towers are both transformers (CLIP with a ViT).

What comes behind the blocks is the library's own final norm, pooling and projection, as in `forward_intermediates`.

Shape letters: B batch, P patches, T words, L word pieces or patches with the class token, W tower width, D token width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import torch
from open_clip.transformer import VisionTransformer, text_global_pool
from torch import Tensor, nn

from mmviz.encoders.inference import to_device
from mmviz.encoders.tail import Tail
from mmviz.encoders.words import WordPieces, averaging
from mmviz.errors import EncoderError

__all__ = ["OpenClipTail", "last_blocks"]


class _TextBelow(NamedTuple):
    """One text below the last blocks: `hidden` (L, W) float16, piece numbers `ids` (L,), and its words."""

    hidden: Tensor
    ids: Tensor
    words: WordPieces


def last_blocks(model: Any, layers: int, name: str) -> tuple[dict[str, nn.Module], dict[str, nn.Module]]:
    """The last blocks of both towers by name. Raises EncoderError where a tower has no such blocks."""
    visual, text = getattr(model, "visual", None), getattr(model, "transformer", None)
    if not isinstance(visual, VisionTransformer) or text is None or not hasattr(model, "ln_final"):
        raise EncoderError(
            f"The encoder '{name}' cannot be fine-tuned: only the bundled pair and CLIP models with a vision "
            "transformer can. Choose one of those, or train without."
        )
    parts = (visual.transformer.resblocks, text.resblocks)
    most = min(map(len, parts))
    if layers > most:
        raise EncoderError(f"The encoder '{name}' has {most} blocks; {layers} of them were asked for.")
    image, words = (
        {f"transformer.resblocks.{at}": blocks[at] for at in range(len(blocks) - layers, len(blocks))}
        for blocks in parts
    )
    return image, words


class OpenClipTail(Tail):
    """See the module.

    `read_pieces` is the encoder's tokeniser, `coarser` what it does to a grid that is too fine; `directions` (W, D)
    project tokens and stay as they are.
    """

    def __init__(
        self,
        model: Any,
        blocks: tuple[dict[str, nn.Module], dict[str, nn.Module]],
        read_pieces: Callable[[Sequence[str]], Any],
        coarser: Callable[[Tensor], Tensor],
        directions: tuple[Tensor, Tensor],
    ) -> None:
        super().__init__(*(deepcopy(part) for part in blocks))
        self._frozen = (model, read_pieces, coarser)
        self._first = (next(iter(blocks[0].values())), next(iter(blocks[1].values())))
        self._image_directions, self._text_directions = (d.detach().clone() for d in directions)

    @torch.no_grad()
    def below_pictures(self, pictures: Sequence[np.ndarray]) -> list[Tensor]:
        batch = to_device(np.stack(pictures), self._device)  # (B, 3, h, w)
        return _given(self._first[0], lambda: self._frozen[0].encode_image(batch))

    @torch.no_grad()
    def below_texts(self, texts: Sequence[str]) -> list[_TextBelow]:
        ids, words = self._frozen[1](texts)  # (B, L)
        rows = to_device(ids, self._device)  # (B, L)
        hidden = _given(self._first[1], lambda: self._frozen[0].encode_text(rows))
        return [_TextBelow(*each) for each in zip(hidden, rows.cpu(), words, strict=True)]

    def see(self, below: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        visual = self._frozen[0].visual
        values = torch.stack(list(below)).to(self._device).float()  # (B, L, W)
        for block in self.image:
            values = block(values)
        patches = visual.ln_post(values)[:, 1:]  # (B, gh·gw, W), without the class token
        maps = patches.transpose(1, 2).unflatten(2, tuple(visual.grid_size))  # (B, W, gh, gw)
        tokens = self._frozen[2](maps).flatten(2).transpose(1, 2) @ self._image_directions  # (B, P, D)
        pooled = visual._pool(values)[0]  # (B, W)
        return tokens, pooled if visual.proj is None else pooled @ visual.proj

    def read(self, below: Sequence[_TextBelow]) -> tuple[Tensor, Tensor]:
        model = self._frozen[0]
        values = torch.stack([one.hidden for one in below]).to(self._device).float()  # (B, L, W)
        ids = torch.stack([one.ids for one in below]).to(self._device)  # (B, L)
        for block in self.text:
            values = block(values, attn_mask=model.attn_mask)
        values = model.ln_final(values)  # (B, L, W)
        pooled = text_global_pool(values, ids, model.text_pool_type, eos_token_id=getattr(model, "text_eos_id", None))
        projection = model.text_projection
        if projection is not None:
            pooled = projection(pooled) if isinstance(projection, nn.Linear) else pooled @ projection  # (B, J)
        words = [one.words for one in below]
        merge = to_device(averaging(words, values.shape[1]), self._device)  # (B, T, L)
        some = torch.tensor([[bool(one.spans)] for one in words], device=self._device)  # (B, 1)
        return merge @ values @ self._text_directions, pooled * some

    @property
    def _device(self) -> torch.device:
        return self._image_directions.device


def _given(block: nn.Module, run: Callable[[], Any]) -> list[Tensor]:
    """What a block is given in a run, one (L, W) float16 an item."""
    caught: list[Tensor] = []
    hook = block.register_forward_pre_hook(lambda _module, args: caught.append(args[0]))
    try:
        run()
    finally:
        hook.remove()
    return list(caught[-1].half().cpu())
