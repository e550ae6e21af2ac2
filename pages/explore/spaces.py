"""Spaces: where do the items lie in each representation, and how do they move between strategies?"""

from mmviz.ui.frame import open_page
from mmviz.ui.space_views import open_spaces, show

here = open_page("Spaces", "Where do the items lie in each representation, and how do they move between strategies?")
picks = open_spaces(here)
if picks is not None:
    show(here, picks)
