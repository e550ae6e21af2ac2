"""Catalogue: what is in this collection, and what lies near what?"""

from mmviz.ui.browsing import item_page, open_item, wall
from mmviz.ui.first_look import first_look
from mmviz.ui.frame import open_page

here = open_page("Catalogue", "What is in this collection, and what lies near what?")
row = open_item(here)
if row is None:
    first_look(here)
    wall(here)
else:
    item_page(here, row)
