"""Screens of the adhesion: the clerk's form, the review, the requests."""
