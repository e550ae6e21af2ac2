"""The lab: the only thing that pages, the command line and notebooks talk to.

>>> lab = Lab()
>>> lab.import_folder(Path("films"))        # doctest: +SKIP
>>> lab.encode("films")                     # doctest: +SKIP
>>> lab.train("films", "concat").metrics    # doctest: +SKIP
>>> lab.recommend("films", ["concat", "afn"], user_id="7").columns[0].picks   # doctest: +SKIP
"""

from __future__ import annotations

from mmviz.features import features_name
from mmviz.lab.background import FIRST_CONTROLS, FIRST_STRATEGIES, Background
from mmviz.lab.catalogues import DEMO_SIZE
from mmviz.lab.core import DEFAULT_ENCODER
from mmviz.lab.crowd import Crowd
from mmviz.lab.grading import Grading
from mmviz.lab.learning import Learning
from mmviz.lab.people import People
from mmviz.lab.reports import Reports

__all__ = ["DEFAULT_ENCODER", "DEMO_SIZE", "FIRST_CONTROLS", "FIRST_STRATEGIES", "Lab", "features_name"]


class Lab(People, Background, Learning, Reports, Grading, Crowd):
    """Everything that mmviz can do, as verbs. Thread-safe; one instance a process is enough.

    `home` is where catalogues, features and runs are kept (default: `MMVIZ_HOME`, else the platform's data folder);
    `device` is "cuda", "mps" or "cpu" (default: `MMVIZ_DEVICE`, else the best that is there).
    """
