"""Models: which strategies are trained, and what do they reach on what was held out?"""

from mmviz.ui.frame import open_page
from mmviz.ui.learned_view import learned
from mmviz.ui.reading import choose_extras
from mmviz.ui.training_view import choose_interaction, choose_split, cost, models

here = open_page("Models", "Which strategies are trained, and what do they reach on what was held out?")
split = choose_split(here)
if split is not None:
    ceiling = here.lab.ceiling(here.card.name, split.name)
    under = choose_interaction(here)
    cost(models(here, split, under, ceiling, choose_extras(here, under)), ceiling)
    learned(here, split.name)
