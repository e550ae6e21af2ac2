"""Recommendations: what would each strategy recommend to this person, and where do they differ?"""

from mmviz.ui.comparing import compare, how_to_read, untrained
from mmviz.ui.frame import open_page
from mmviz.ui.recommending import choose

here = open_page("Recommendations", "What would each strategy recommend to this person, and where do they differ?")
if here.runs():
    compare(here, choose(here))
    how_to_read()
else:
    untrained(here)
