"""Spaces: where do the items lie in each representation, and how do they move between strategies?"""

from mmviz.ui.frame import open_page
from mmviz.ui.space_views import open_spaces

open_spaces(
    open_page("Spaces", "Where do the items lie in each representation, and how do they move between strategies?")
)
