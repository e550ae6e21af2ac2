"""Any open_clip model as an encoder: patch tokens, word tokens and joint vectors, through its public methods.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (CLIP), ICML 2021; Ilharco et
al., "OpenCLIP", 2021. Tokens are the last layer's, after the final norm, projected to a narrower width by the top
singular directions of the tower's own output map (what matters to its joint vector). Pictures are squeezed into the
model's square, so that the grid covers all of a picture.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import open_clip
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, normalize

from mmviz.encoders.base import Attended, Encoder, EncoderShape, ImageCodes, TextCodes, token_width
from mmviz.encoders.inference import (
    inference,
    random_directions,
    replace_weights,
    to_device,
    to_numpy,
    top_directions,
)
from mmviz.encoders.names import BUNDLED, EncoderName, encoder_fingerprint
from mmviz.encoders.open_clip_tail import OpenClipTail, last_blocks
from mmviz.encoders.pictures import open_picture
from mmviz.encoders.pieces import reader_of
from mmviz.encoders.tail import Tail
from mmviz.encoders.vit_attention import attended, attention_layers, from_classes
from mmviz.encoders.words import averaging, word_table
from mmviz.errors import EncoderError, nearest

__all__ = ["OpenClipEncoder"]

_MOST_PATCHES = 256  # finer grids are averaged two by two, so that a token stays wide enough


class _Seen(NamedTuple):
    """`maps` (B, W, gh, gw) of a batch of pictures and their `summary` (B, J), not yet of length 1."""

    maps: Tensor
    summary: Tensor


class OpenClipEncoder(Encoder):
    """`load_encoder("ViT-B-32/laion2b_s34b_b79k")` and the like."""

    channels_first = True

    def __init__(self, name: EncoderName, device: str = "cpu") -> None:
        self.name = name.text
        self.fingerprint = encoder_fingerprint(name.text)
        self.device = torch.device(device)
        self.image_batch, self.text_batch = (256, 256) if self.device.type == "cuda" else (8, 16)
        self._model, self._preprocess, tokenizer = _create(name, device)
        self._read = reader_of(tokenizer)
        self._side = _longest_side(self._model)
        self._watched = attention_layers(self._model.visual)
        self.attention_layers = len(self._watched)
        self.shape, self._image_basis, self._text_basis = self._measure()

    def prepare_image(self, path: Path | BytesIO) -> np.ndarray:
        picture = open_picture(path, at_least=self._side)
        array: np.ndarray = self._preprocess(picture).numpy()  # (3, h, w)
        return array

    def encode_images(self, pictures: Sequence[np.ndarray]) -> ImageCodes:
        with inference(self.device):
            seen = self._see(to_device(np.stack(pictures), self.device))
            tokens = seen.maps.float().flatten(2).transpose(1, 2) @ self._image_basis  # (B, P, D)
            joint = normalize(seen.summary.float(), dim=-1)  # (B, J)
            return ImageCodes(to_numpy(tokens), to_numpy(seen.summary), to_numpy(joint))

    def encode_texts(self, texts: Sequence[str]) -> TextCodes:
        ids, words = self._read(texts)
        with inference(self.device):
            pieces, summary = self._understand(to_device(ids, self.device))
            merge = to_device(averaging(words, pieces.shape[1]), self.device)  # (B, T, L)
            tokens = to_numpy(merge @ pieces.float() @ self._text_basis)  # (B, T, D)
            joint = to_numpy(normalize(summary.float(), dim=-1))  # (B, J)
            pooled = to_numpy(summary)  # (B, J)
        spans, mask = word_table(words)
        some = mask.any(axis=1, keepdims=True)  # (B, 1)
        return TextCodes(tokens, mask, spans, pooled * some, joint * some, np.array([one.cut for one in words]))

    def tail(self, layers: int) -> Tail:
        blocks = last_blocks(self._model, layers, self.name)
        return OpenClipTail(self._model, blocks, self._read, _coarser, (self._image_basis, self._text_basis))

    def load_layers(self, weights: Mapping[str, np.ndarray]) -> None:
        for tower, prefix in ((self._model.visual, "image."), (self._model, "text.")):
            own = {n.removeprefix(prefix): torch.from_numpy(w) for n, w in weights.items() if n.startswith(prefix)}
            replace_weights(tower, own)

    def attended(self, picture: np.ndarray, joint: np.ndarray) -> Attended | None:
        if not self._watched:
            return None
        batch, query = (to_device(np.asarray(a, np.float32), self.device) for a in (picture[None], joint))
        scale = self._model.logit_scale.detach().exp()
        maps, gradients = attended(self._watched, lambda: self._see(batch).summary, query, scale)

        def place(relevance: np.ndarray) -> np.ndarray:
            grid = from_classes(torch.from_numpy(relevance).float(), self._model.visual)  # (gh, gw)
            return to_numpy(_coarser(grid[None, None]).flatten())  # (P,)

        return Attended(tuple(map(to_numpy, maps)), tuple(map(to_numpy, gradients)), place)

    def similarity(self, tokens: np.ndarray, joint: np.ndarray) -> np.ndarray | None:
        """Cosine of each patch, sent through the tower's output map, with the vectors; None without such a map."""
        output = _picture_map(self._model.visual)  # (J, W)
        if output is None or output.shape[1] != self._image_basis.shape[0]:
            return None
        with inference(self.device, exact=True):
            patches, query = (torch.from_numpy(np.asarray(a, np.float32)).to(self.device) for a in (tokens, joint))
            placed = patches @ (output.float() @ self._image_basis).T  # (P, J)
            return to_numpy(normalize(query, dim=-1) @ normalize(placed, dim=-1).T)  # (n, P)

    def _see(self, batch: Tensor) -> _Seen:
        """(B, 3, h, w) -> last layer's map and summary."""
        out = self._model.forward_intermediates(
            image=batch, image_indices=1, normalize=False, normalize_intermediates=True
        )
        return _Seen(_coarser(out["image_intermediates"][-1]), out["image_features"])

    def _understand(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L) -> last layer's pieces (B, L, W) and the summary (B, J), not yet of length 1."""
        tower = getattr(self._model, "text", None)
        if tower is None or hasattr(tower, "forward_intermediates"):
            out = self._model.forward_intermediates(
                text=ids, text_indices=1, normalize=False, normalize_intermediates=True
            )
            return out["text_intermediates"][-1], out["text_features"]
        caught: list[Tensor] = []  # a Hugging Face tower has no such method: watch its transformer
        hook = tower.transformer.register_forward_hook(lambda _module, _args, out: caught.append(out.last_hidden_state))
        try:
            summary = self._model.encode_text(ids)  # (B, J)
        finally:
            hook.remove()
        return caught[-1], summary

    def _measure(self) -> tuple[EncoderShape, Tensor, Tensor]:
        """Sizes from a trial run, and the directions (W, D) of both towers."""
        height, width = _image_size(self._model)
        with inference(self.device):
            seen = self._see(torch.zeros(1, 3, height, width, device=self.device))
            pieces, summary = self._understand(to_device(self._read(["a"]).ids, self.device))
        grid = (seen.maps.shape[2], seen.maps.shape[3])
        natives = seen.maps.shape[1], pieces.shape[2]
        summaries = 2 * seen.summary.shape[1] + 2 * summary.shape[1]
        room = token_width(grid[0] * grid[1], summaries, native=max(natives))
        image = _basis(_picture_map(self._model.visual), natives[0], room).to(self.device)  # (W, D)
        text = _basis(_text_map(self._model), natives[1], room).to(self.device)  # (W, D)
        sizes = image.shape[1], seen.summary.shape[1], text.shape[1], summary.shape[1]
        return EncoderShape(grid, *sizes, joint=summary.shape[1]), image, text


def _coarser(maps: Tensor) -> Tensor:
    """A grid (B, W, gh, gw) that is too fine, averaged two by two until it is not."""
    while maps.shape[2] * maps.shape[3] > _MOST_PATCHES:
        maps = avg_pool2d(maps, 2, ceil_mode=True, count_include_pad=False)  # (B, W, gh/2, gw/2)
    return maps


def _create(name: EncoderName, device: str) -> tuple[Any, Any, Any]:
    """The model in evaluation mode, its picture preprocessing and its tokeniser."""
    source = str(name.file) if name.file else name.tag
    if not name.model.startswith("hf-hub:"):
        _check_known(name)
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            name.model, pretrained=source, device=device, image_resize_mode="squash", weights_only=True
        )
        tokenizer = open_clip.get_tokenizer(name.model)
    except Exception as error:  # the library and the hub raise many kinds
        raise EncoderError(
            f"The encoder '{name.text}' cannot be loaded: {_reason(error)}. Without a network, use '{BUNDLED}' or a "
            f"local checkpoint ({name.model}//path/to/file)."
        ) from error
    if not hasattr(model, "forward_intermediates"):
        raise EncoderError(f"open_clip's {name.model} gives no tokens ({type(model).__name__}). Choose a CLIP model.")
    return model.eval(), preprocess, tokenizer


def _reason(error: Exception) -> str:
    """The first sentence of what went wrong, without a library's advice to load unsafe files."""
    if isinstance(error, pickle.UnpicklingError):
        return "the file is no checkpoint, or not one that can be opened safely"
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _check_known(name: EncoderName) -> None:
    models = open_clip.list_models()
    if name.model not in models:
        near = nearest(name.model, models)
        hint = f" Did you mean '{near}'?" if near else ""
        raise EncoderError(f"open_clip has no model '{name.model}'.{hint} Or use '{BUNDLED}'.")
    tags = open_clip.list_pretrained_tags_by_model(name.model)
    if name.tag and name.tag not in tags:
        raise EncoderError(
            f"open_clip has no checkpoint '{name.tag}' of {name.model}. Known: {', '.join(tags) or 'none'}. A local "
            f"file is written {name.model}//path/to/file."
        )


def _image_size(model: Any) -> tuple[int, int]:
    size = model.visual.image_size
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _longest_side(model: Any) -> int:
    return max(_image_size(model))


def _basis(output_map: Tensor | None, native: int, room: int) -> Tensor:
    """(W, D) directions: the output map's own, or fixed random ones where the tower has no linear output map."""
    if native <= room:
        return torch.eye(native)
    if output_map is None or output_map.shape[1] != native:
        return random_directions(native, room)
    return top_directions(output_map.detach().float().cpu(), min(room, *output_map.shape))


def _picture_map(visual: nn.Module) -> Tensor | None:
    """(J, W): how the picture tower maps a token to its summary."""
    if isinstance(projection := getattr(visual, "proj", None), Tensor):
        return projection.T  # ViT
    if (pool := getattr(visual, "attnpool", None)) is not None:
        values, output = pool.v_proj.weight, pool.c_proj.weight  # ResNet: (W, W), (J, W)
        return torch.as_tensor(output @ values)
    return _first_linear(getattr(visual, "head", None))  # timm trunk


def _text_map(model: Any) -> Tensor | None:
    """(J, W): how the text tower maps a token to its summary."""
    tower = getattr(model, "text", model)
    projection = getattr(tower, "text_projection", None)
    if isinstance(projection, Tensor):
        return projection.T
    return _first_linear(projection if projection is not None else getattr(tower, "proj", None))


def _first_linear(module: nn.Module | None) -> Tensor | None:
    found = (one.weight for one in module.modules() if isinstance(one, nn.Linear)) if module is not None else iter(())
    return next(found, None)
