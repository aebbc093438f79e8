"""Pieces of pages, some of them run for real."""

from tests.apptest import _built_once

__all__ = ["_built_once"]
