"""A package, so that one browser (a fixture of the package) serves all its modules and is closed after the last."""
