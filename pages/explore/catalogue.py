"""Catalogue: what is in this collection, and what lies near what?"""

from mmviz.ui.browsing import search_row, wall
from mmviz.ui.first_look import first_look
from mmviz.ui.frame import open_page
from mmviz.ui.one_item import one_item, open_row

here = open_page("Catalogue", "What is in this collection, and what lies near what?")
row = open_row(here)
if row is None:
    first_look(here)
wanted = search_row(here)
if row is None:
    wall(here, wanted)
else:
    one_item(here, row)
