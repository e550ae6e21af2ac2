"""Robustness: what breaks when something is missing, and what does each strategy make of something new?"""

from mmviz.ui.cold_view import new_items, new_people
from mmviz.ui.comparing import untrained
from mmviz.ui.frame import open_page
from mmviz.ui.knock_out_view import knock_outs
from mmviz.ui.newcomer_view import newcomer
from mmviz.ui.report_view import offer_report
from mmviz.ui.robustness_picks import choose

here = open_page("Robustness", "What breaks when something is missing, and what becomes of what is new?")
if here.runs():
    picks = choose(here)
    {"knock-outs": knock_outs, "people": new_people, "items": new_items, "newcomer": newcomer}[picks.look](here, picks)
    offer_report(here, picks.split.name)
else:
    untrained(here)
