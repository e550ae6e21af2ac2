"""Spaces: exact neighbours, layouts in two or three dimensions, how far to trust them, and measures of a space.

Nothing in here knows a page or a run; all functions take unit vectors (n, D) and give arrays. Torch is loaded only
where neighbours are searched.
"""
