"""The demo catalogue: a drawn shop whose items, texts and people come with the right answers.

`make_demo` draws and keeps it; `truth_utility` computes from its truth how likely everybody is to take everything.
"""

from mmviz.catalogue.demo.generate import make_demo, plan_demo, still_drawing
from mmviz.catalogue.demo.tastes import TASTES, Shares
from mmviz.catalogue.demo.utility import truth_chances, truth_utility

__all__ = ["TASTES", "Shares", "make_demo", "plan_demo", "still_drawing", "truth_chances", "truth_utility"]
