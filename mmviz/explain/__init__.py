"""Explanations: what a model looked at, what that did to a score, and whether to believe it.

Pure functions on arrays, but for `looking` and `feeding`, which feed a restored network. Importing this package does
not import torch.
"""
