"""The bundled encoder on pictures and sentences whose right answer is known."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

from mmviz.encoders import Encoder, load_encoder
from mmviz.encoders.base import ITEM_BYTES
from mmviz.encoders.bridge import Bridge, class_prompts
from mmviz.encoders.bundled import BundledEncoder
from mmviz.encoders.inference import checked_file, top_directions
from mmviz.encoders.lite2 import Lite2, input_size
from mmviz.errors import EncoderError
from mmviz.features.store import array_specs


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def encoder(home: Path) -> Encoder:
    return load_encoder("bundled", home=home)


@pytest.fixture(scope="module")
def photographs() -> dict[str, Path]:
    """Two photographs that come with scikit-learn: a dahlia, much like a honeycomb, and a Chinese palace."""
    spec = find_spec("sklearn")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "datasets" / "images"
    return {"flower": folder / "flower.jpg", "palace": folder / "china.jpg"}


def test_pictures_and_words_meet_in_the_joint_space(encoder: Encoder, photographs: dict[str, Path]) -> None:
    codes = encoder.encode_images([encoder.prepare_image(path) for path in photographs.values()])
    queries = np.stack([encoder.encode_query(text) for text in ("a bee and its honeycomb", "a palace")])  # (2, J)
    likeness = codes.joint @ queries.T  # (2, 2): rows flower, palace
    assert likeness[0, 0] > likeness[0, 1] + 0.1
    assert likeness[1, 1] > likeness[1, 0] + 0.1


def test_every_item_fits_into_its_bytes(encoder: Encoder) -> None:
    assert sum(spec.row_bytes for spec in array_specs(10, encoder.shape).values()) <= ITEM_BYTES
    assert (encoder.shape.image_token, encoder.shape.text_token) == (192, 192)
    assert (encoder.shape.image_pooled, encoder.shape.text_pooled) == (1280, 384)


def test_patch_tokens_stand_where_the_picture_changes(
    encoder: Encoder, tmp_path: Path, photographs: dict[str, Path]
) -> None:
    with Image.open(photographs["flower"]) as file:
        plain = file.convert("RGB")
    changed = plain.copy()
    changed.paste("black", (int(0.8 * plain.width), int(0.8 * plain.height), plain.width, plain.height))
    for name, picture in (("plain", plain), ("changed", changed)):
        picture.save(tmp_path / f"{name}.png")
    pair = encoder.encode_images([encoder.prepare_image(tmp_path / f"{name}.png") for name in ("plain", "changed")])
    difference = np.linalg.norm(pair.tokens[1] - pair.tokens[0], axis=1).reshape(encoder.shape.grid)  # (9, 9)
    row, column = np.unravel_index(difference.argmax(), difference.shape)
    assert row >= 6 and column >= 6
    assert difference[6:, 6:].mean() > 5 * difference[:4, :4].mean()


def test_the_mean_of_a_square_pictures_tokens_is_its_projected_summary(encoder: Encoder, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (260, 260, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "square.png")
    codes = encoder.encode_images([encoder.prepare_image(tmp_path / "square.png")])
    directions = top_directions(Lite2(torch.device("cpu")).class_weights, 192).numpy()  # (W, D)
    np.testing.assert_allclose(codes.tokens[0].mean(axis=0), codes.pooled[0] @ directions, rtol=1e-3, atol=1e-3)


def test_pictures_of_other_shapes_share_a_batch(encoder: Encoder, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    paths = []
    for at, (width, height) in enumerate([(300, 200), (200, 300), (300, 200), (900, 100)]):
        Image.fromarray(noise.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(tmp_path / f"{at}.png")
        paths.append(tmp_path / f"{at}.png")
    prepared = [encoder.prepare_image(path) for path in paths]
    together = encoder.encode_images(prepared)
    assert together.tokens.shape == (4, 81, 192)
    for at, picture in enumerate(prepared):
        alone = encoder.encode_images([picture])
        np.testing.assert_allclose(together.pooled[at], alone.pooled[0], atol=1e-3)
        np.testing.assert_allclose(together.tokens[at], alone.tokens[0], atol=1e-3)


def test_the_size_given_to_the_tower_follows_the_picture() -> None:
    assert input_size(1.0) == (260, 260)
    for aspect in (0.5, 2 / 3, 1.5, 2.0):
        height, width = input_size(aspect)
        assert abs(height / width / aspect - 1) < 0.06
        assert 0.99 < height * width / 260**2 < 1.01
    assert input_size(20.0) == input_size(3.0)


def test_texts_of_like_meaning_are_near(encoder: Encoder) -> None:
    codes = encoder.encode_texts(["A young dog plays.", "The puppy is having fun.", "Quarterly tax invoice."])
    unit = codes.pooled / np.linalg.norm(codes.pooled, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2] + 0.3
    np.testing.assert_allclose(np.linalg.norm(codes.joint, axis=1), 1.0, atol=1e-5)


def test_a_text_alone_equals_itself_in_a_batch(encoder: Encoder) -> None:
    long = "A very long sentence about " + "ships and stars " * 30
    together = encoder.encode_texts(["A ship.", long])
    alone = encoder.encode_texts(["A ship."])
    np.testing.assert_allclose(together.tokens[0], alone.tokens[0], atol=1e-4)
    np.testing.assert_allclose(together.pooled[0], alone.pooled[0], atol=1e-4)


def test_tokens_carry_their_words(encoder: Encoder) -> None:
    text = "Toy Story (1995). Andy's unaffable toys…"
    codes = encoder.encode_texts([text])
    spans = codes.spans[0][codes.mask[0]]
    assert [text[start:end] for start, end in spans] == ["Toy", "Story", "1995", "Andy's", "unaffable", "toys"]
    assert not codes.tokens[0][~codes.mask[0]].any()
    assert codes.tokens[0][codes.mask[0]].any(axis=1).all()


def test_a_text_without_a_word_is_absent(encoder: Encoder) -> None:
    codes = encoder.encode_texts(["…!? -- 🙂", "A ship."])
    assert not codes.mask[0].any() and codes.mask[1].sum() == 2
    assert not (codes.tokens[0].any() or codes.pooled[0].any() or codes.joint[0].any())
    assert not encoder.encode_query("?!").any()


def test_words_beyond_the_last_token_are_counted(encoder: Encoder) -> None:
    assert encoder.encode_texts([" ".join(["ship"] * 80)]).cut.tolist() == [8]


def test_a_class_that_is_seen_for_sure_stands_at_its_name() -> None:
    captions = torch.randn(1000, 16, generator=torch.Generator().manual_seed(0))  # (C, W)
    bridge = Bridge.build(captions)
    logits = torch.zeros(2, 1000)
    logits[0, 5] = logits[1, 7] = 100.0
    image, text = bridge.image(logits), bridge.text(captions[[5, 7]])  # (2, W)
    torch.testing.assert_close(image, text, atol=1e-4, rtol=0)


def test_the_class_names_are_the_classifiers_own(photographs: dict[str, Path]) -> None:
    """The classifier sees a palace, at the place where the list of names has it."""
    tower = Lite2(torch.device("cpu"))
    with torch.inference_mode():
        logits = tower(np.stack([tower.prepare(photographs["palace"])])).logits[0]  # (C,)
    best = [class_prompts()[at] for at in logits.topk(3).indices]
    assert "a photo of a palace" in best, best


def test_what_was_worked_out_is_kept_and_a_damaged_file_is_replaced(
    encoder: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kept,) = (home / "encoders").iterdir()
    before = kept.read_bytes()
    constants = {name: np.asarray(value) for name, value in load_file(kept).items()}
    worked: list[int] = []

    def compute(_: object) -> dict[str, np.ndarray]:
        worked.append(1)
        return constants

    monkeypatch.setattr(BundledEncoder, "_compute_constants", compute)
    again = load_encoder("bundled", home=home)
    assert not worked
    np.testing.assert_array_equal(again.encode_query("a ship"), encoder.encode_query("a ship"))
    kept.write_bytes(before[:100])
    load_encoder("bundled", home=home)
    assert worked and kept.read_bytes() == before


def test_replaced_weights_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    with pytest.raises(EncoderError, match="is missing"):
        checked_file(file, "0" * 64, "The bundled picture encoder")
    file.write_bytes(b"other")
    with pytest.raises(EncoderError, match="damaged or replaced"):
        checked_file(file, "0" * 64, "The bundled picture encoder")
