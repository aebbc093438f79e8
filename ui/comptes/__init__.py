"""Screens of people: login, passwords, invitations."""
