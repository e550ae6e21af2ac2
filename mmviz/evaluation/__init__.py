"""One honest ruler: splits, ranking metrics by full ranking, and what a difference is worth."""
