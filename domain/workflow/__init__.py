"""Circuits: the tables of states and actions, what programs rely on in them, how they are read and changed."""
