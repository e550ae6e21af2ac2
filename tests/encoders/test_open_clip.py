"""Any open_clip model as an encoder, on small random models: its tokens and vectors are the library's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch import Tensor

from mmviz.encoders import Encoder, load_encoder
from mmviz.encoders.base import ITEM_BYTES, token_width
from mmviz.errors import EncoderError
from mmviz.features.store import array_specs
from tests.encoders.tiny import CONFIGS


@pytest.mark.parametrize("name", list(CONFIGS))
def test_vectors_are_the_librarys_own(name: str, make: Callable[[str], Encoder], picture: Path) -> None:
    encoder: Any = make(name)
    prepared = encoder.prepare_image(picture)
    text = "A spaceship, far away"
    seen, read = encoder.encode_images([prepared, prepared]), encoder.encode_texts([text, "!?"])
    model, tokenizer = encoder._model, open_clip.get_tokenizer(name)
    with torch.inference_mode():
        image = model.encode_image(torch.from_numpy(prepared)[None])[0].numpy()
        words = model.encode_text(tokenizer([text]))[0].numpy()
    np.testing.assert_allclose(seen.pooled[0], image, atol=1e-4)
    np.testing.assert_allclose(read.pooled[0], words, atol=1e-4)
    np.testing.assert_allclose(seen.joint[1], image / np.linalg.norm(image), atol=1e-4)
    np.testing.assert_allclose(encoder.encode_query(text), words / np.linalg.norm(words), atol=1e-4)
    shape = encoder.shape
    assert seen.tokens.shape == (2, shape.patches, shape.image_token)
    assert read.tokens.shape == (2, shape.words, shape.text_token)
    assert read.mask.sum(axis=1).tolist() == [4, 0]
    assert not read.pooled[1].any()
    assert sum(spec.row_bytes for spec in array_specs(1, shape).values()) <= ITEM_BYTES


def _watched(module: torch.nn.Module, call: Callable[[], object]) -> Tensor:
    caught: list[Tensor] = []
    hook = module.register_forward_hook(lambda _module, _args, out: caught.append(out))
    with torch.inference_mode():
        call()
    hook.remove()
    return caught[0]


def test_tokens_are_the_last_layers_after_the_norm(make: Callable[[str], Encoder], picture: Path) -> None:
    encoder: Any = make("tiny-vit")
    model = encoder._model
    prepared = encoder.prepare_image(picture)
    ids = open_clip.get_tokenizer("tiny-vit")(["A far spaceship"])
    layer = _watched(model.visual.transformer, lambda: model.encode_image(torch.from_numpy(prepared)[None]))
    pieces = _watched(model.transformer, lambda: model.encode_text(ids))
    with torch.inference_mode():
        patches = model.visual.ln_post(layer)[0, 1:].numpy()  # (P, W), without the class token
        words = model.ln_final(pieces)[0].numpy()  # (L, W)
    assert encoder.shape.grid == (4, 4) and encoder.shape.image_token == 32
    np.testing.assert_allclose(encoder.encode_images([prepared]).tokens[0], patches, atol=1e-4)
    read = encoder.encode_texts(["A far spaceship"])
    np.testing.assert_allclose(read.tokens[0, :2], words[1:3], atol=1e-4)
    assert ids[0, 4] == 49407 and np.allclose(read.tokens[0, 2], words[3], atol=1e-4)  # one piece: "spaceship"


def test_wide_tokens_keep_what_the_output_map_uses(make: Callable[[str], Encoder], picture: Path) -> None:
    """Directions that the output map ignores may go; a token's share of the joint vector stays nearly whole."""
    encoder: Any = make("tiny-wide")
    basis, projection = encoder._image_basis, encoder._model.visual.proj.detach()  # (W, D), (W, J)
    assert basis.shape[0] == 256 and basis.shape[1] < 200
    torch.testing.assert_close(basis.T @ basis, torch.eye(basis.shape[1]), atol=1e-4, rtol=0)
    kept = (basis.T @ projection).square().sum() / projection.square().sum()
    strongest = torch.linalg.svdvals(projection)[: basis.shape[1]].square().sum() / projection.square().sum()
    torch.testing.assert_close(kept, strongest, atol=1e-4, rtol=0)


def test_the_whole_picture_is_seen(make: Callable[[str], Encoder], tmp_path: Path) -> None:
    encoder = make("tiny-vit")
    plain = Image.new("RGB", (300, 100), "gray")
    edge = plain.copy()
    edge.paste("white", (0, 0, 20, 100))  # a centre crop would lose it
    plain.save(tmp_path / "plain.png")
    edge.save(tmp_path / "edge.png")
    assert (
        np.abs(encoder.prepare_image(tmp_path / "plain.png") - encoder.prepare_image(tmp_path / "edge.png")).max() > 0.5
    )


def test_the_budget_decides_the_width() -> None:
    assert token_width(81, 1280 + 3 * 384, native=384) == 192
    assert token_width(49, 4 * 512, native=768) == 192
    assert token_width(196, 4 * 512, native=768) == 112
    assert token_width(49, 4 * 512, native=64) == 64
    with pytest.raises(EncoderError, match="does not fit into 65,536 bytes"):
        token_width(4000, 4 * 512, native=768)


def test_unknown_names_say_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no model 'ViT-B-23'.*Did you mean 'ViT-B-"):
        load_encoder("ViT-B-23/openai")
    with pytest.raises(EncoderError, match=r"no checkpoint 'nonsense' of ViT-B-32\. Known: .*laion2b_s34b_b79k"):
        load_encoder("ViT-B-32/nonsense")


def test_a_file_that_is_no_checkpoint_says_what_to_do(make: Callable[[str], Encoder], tmp_path: Path) -> None:
    make("tiny-vit")
    (tmp_path / "broken.pt").write_bytes(b"not weights")
    with pytest.raises(EncoderError, match=r"cannot be loaded: the file is no checkpoint.*use 'bundled' or a local"):
        load_encoder(f"tiny-vit/{tmp_path}/broken.pt")


def test_without_a_network_a_tag_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(open_clip.factory, "download_pretrained", no_network)
    with pytest.raises(EncoderError, match=r"cannot be loaded: .*no network\. Without a network, use 'bundled'"):
        load_encoder("RN50/openai")


@pytest.mark.parametrize("name", ["tiny-vit", "tiny-wide"])
def test_frozen_blocks_and_the_last_one_together_are_the_encoder(make: Callable[[str], Encoder], name: str) -> None:
    encoder = make(name)
    tail = encoder.tail(1)
    pictures = [np.random.default_rng(at).standard_normal((3, 64, 64)).astype(np.float32) for at in range(3)]
    texts = ["A red mug for every day.", "Oak", "..."]
    seen, read = encoder.encode_images(pictures), encoder.encode_texts(texts)
    with torch.no_grad():
        tokens, pooled = tail.see(tail.below_pictures(pictures))
        words, summary = tail.read(tail.below_texts(texts))
    for ours, theirs in ((tokens, seen.tokens), (pooled, seen.pooled), (words, read.tokens), (summary, read.pooled)):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-2)
    assert {key.split(".")[3] for key in tail.weights()} == {"1"}  # the second of two blocks
    changed = {key: values + 0.05 for key, values in tail.weights().items()}
    encoder.load_layers(changed)
    assert np.abs(encoder.encode_images(pictures).pooled - seen.pooled).max() > 0
    assert all(np.array_equal(values, encoder.tail(1).weights()[key]) for key, values in changed.items())


def test_a_tower_without_such_blocks_says_so(make: Callable[[str], Encoder]) -> None:
    with pytest.raises(EncoderError, match="only the bundled pair and CLIP models"):
        make("tiny-resnet").tail(1)
    with pytest.raises(EncoderError, match="has 2 blocks; 3 of them"):
        make("tiny-vit").tail(3)
