"""What the tests of encoders share: small open_clip models, and a picture of noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmviz.encoders import Encoder, load_encoder
from tests.encoders.tiny import checkpoint


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Encoder]:
    """Load a small model as a person would load a checkpoint: its name, and the seed of its weights."""
    folder = tmp_path_factory.mktemp("models")
    return lambda name, seed=0: load_encoder(checkpoint(name, folder, seed))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    return tmp_path / "noise.png"
