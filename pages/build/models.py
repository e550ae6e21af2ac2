"""Models: which strategies are there, and which of them are trained?"""

from mmviz.ui.frame import open_page
from mmviz.ui.training_view import choose_interaction, choose_split, models

here = open_page("Models", "Which strategies are there, and which of them are trained?")
split = choose_split(here)
if split is not None:
    models(here, split, choose_interaction(here))
