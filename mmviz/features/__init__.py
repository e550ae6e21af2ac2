"""The token store: what an encoder saw in every item, on disk, fingerprinted, resumable, memory-mapped.

`encode_catalogue` makes a store, `load_features` opens one in milliseconds and without torch.
"""

from __future__ import annotations

from mmviz.encoders.words import item_text, text_offset
from mmviz.features.attributes import attribute_columns, attributed, features_name
from mmviz.features.base import Features, ModalityFeatures, Word
from mmviz.features.extract import encode_catalogue
from mmviz.features.load import has_features, load_features

__all__ = [
    "Features",
    "ModalityFeatures",
    "Word",
    "attribute_columns",
    "attributed",
    "encode_catalogue",
    "features_name",
    "has_features",
    "item_text",
    "load_features",
    "text_offset",
]
