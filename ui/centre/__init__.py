"""Screens of what a centre sets: its parameters, its tariffs."""
