"""The home page: what waits for a person, and where their requests stand."""
