"""`python -m mmviz`."""

from mmviz.cli import main

main()
