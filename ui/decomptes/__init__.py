"""Screens of statements: the list, several at once, one."""
