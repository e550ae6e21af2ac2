"""Leaderboard: which strategy is ahead, by how much, and is that more than chance?"""

from mmviz.ui.frame import open_page
from mmviz.ui.leaderboard_view import choose_compared, cost, how_to_read, matrix, people, slices, table
from mmviz.ui.report_view import offer_report
from mmviz.ui.training_view import choose_split

here = open_page("Leaderboard", "Which strategy is ahead, by how much, and is that more than chance?")
split = choose_split(here)
board = table(here, split) if split is not None else None
if split is not None and board is not None:
    names, metric = choose_compared(board)
    matrix(here, board, split, names, metric)
    people(here, board, split, names, metric)
    cost(board)
    slices(here, board, split, names, metric)
    how_to_read()
    offer_report(here, split.name)
