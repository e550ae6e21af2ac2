"""The report: everything that was measured on a split, as one HTML file that needs nothing else, and its tables."""
