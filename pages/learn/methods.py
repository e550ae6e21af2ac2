"""Methods: how does each strategy work?"""

from mmviz.ui.frame import open_page
from mmviz.ui.methods_view import choose_group, controls, fusions, interaction_models, tasks

here = open_page("Methods", "How does each strategy work, and what does it cost on this catalogue?")
group = choose_group()
if group == "fusion":
    fusions(here)
elif group == "interaction":
    interaction_models(here)
elif group == "task":
    tasks(here)
else:
    controls(here)
