"""Templates: compiled, rendered, checked, tried and compared before they are published."""
