"""mmviz in the browser."""
