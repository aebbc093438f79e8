"""Recording hours: the grid of a week, one intervention on a telephone, files."""
