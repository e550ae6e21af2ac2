"""Attention: what did each model look at in this item, and should you believe it?"""

from mmviz.ui.believing import aggregate, grades, how_to_read, matrix
from mmviz.ui.branching import trees
from mmviz.ui.comparing import untrained
from mmviz.ui.explaining import choose, look
from mmviz.ui.frame import empty, open_page

here = open_page("Attention", "What did each model look at in this item, what did it do to the score, and is it true?")
if not any(run.kind == "fusion" for run in here.runs()):
    untrained(here)
else:
    picked = choose(here)
    if picked.question.strategies:
        scene = look(here, picked)
        how_to_read()
        matrix(scene)
        trees(here, scene)
        grades(here, scene)
        aggregate(here, picked.question)
    else:
        empty("No strategy is chosen", "Choose one to five strategies above.")
