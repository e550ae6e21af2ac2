"""A new strategy is one new file: dropped into a copy of the project, it is listed, trained and on the page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.make import SmallCatalogue

ROOT = Path(__file__).resolve().parents[1]

NEW = '''
"""Averaging: the mean of what there is."""

import torch
from torch import nn

from mmviz.fusion._layers import ModalityInput
from mmviz.fusion.base import Fused, Fusion


class Average(Fusion):
    title = "Plain average"
    summary = "The mean of the vectors. Nothing else."
    formula = r"m_i = \\frac{1}{M}\\sum_m V_m f_i^m"
    paper = "none"

    def __init__(self, shapes, config):
        super().__init__(shapes, config)
        self.inputs = nn.ModuleDict({n: ModalityInput(n, s, config.dim, 0.1) for n, s in self.shapes.items()})

    def forward(self, modalities):
        views = {n: self.inputs[n](modalities[n]) for n in self.names}
        return Fused(torch.stack(list(views.values())).mean(dim=0), views, {})
'''

DRAW = """
import json, sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file("app.py", default_timeout=60)
test.query_params.update(catalogue="shop")
test.switch_page("pages/explore/recommendations.py").run()
assert not test.exception, test.exception
print(json.dumps("Plain average" in str(test.main)))
"""


def test_a_file_is_enough(home: Path, small: SmallCatalogue, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__", "tests", "benchmarks", ".*_cache")
    )
    (copy / "mmviz" / "fusion" / "average.py").write_text(NEW)
    environment = {**os.environ, "MMVIZ_HOME": str(home), "PYTHONPATH": str(copy)}

    def call(*words: str) -> str:
        out = subprocess.run(
            [sys.executable, *words], cwd=copy, env=environment, capture_output=True, text=True, check=False
        )
        assert out.returncode == 0, out.stderr
        return out.stdout

    cards = json.loads(call("-m", "mmviz", "list", "strategies", "--json"))
    assert {"average": "Plain average"}.items() <= {c["name"]: c["title"] for c in cards}.items()
    settings = ["--set", "rounds=2", "--set", "steps=4", "--set", "dim=8"]
    (run,) = json.loads(call("-m", "mmviz", "train", "shop", "average", "--json", *settings))
    assert run["title"] == "Plain average"
    (column,) = json.loads(
        call("-m", "mmviz", "recommend", "shop", "--user", small.user_ids[0], "--strategy", "average", "--json")
    )
    assert len(column["picks"]) == 10
    assert json.loads(call("-c", DRAW).strip().splitlines()[-1]) is True
