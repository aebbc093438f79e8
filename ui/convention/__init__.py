"""Screens of a convention: where it stands, and its signatures."""
