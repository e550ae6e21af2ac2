"""mmviz: an interactive laboratory for multimodal recommender systems."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["__version__"]

try:
    __version__ = version("mmviz")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
