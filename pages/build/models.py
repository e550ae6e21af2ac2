"""Models: which strategies are there, and which of them are trained?"""

from mmviz.ui.frame import open_page
from mmviz.ui.learned_view import learned
from mmviz.ui.reading import choose_extras
from mmviz.ui.training_view import choose_interaction, choose_split, models

here = open_page("Models", "Which strategies are there, and which of them are trained?")
split = choose_split(here)
if split is not None:
    under = choose_interaction(here)
    models(here, split, under, choose_extras(here, under))
    learned(here, split.name)
