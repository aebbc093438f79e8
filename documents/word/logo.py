"""Puts a centre's logo where its templates hold a picture named `logo-centre`."""

from __future__ import annotations

from documents.word.pictures import place_pictures, read_picture
from domain.errors import Invalide

NAME = "logo-centre"
MAX_WIDTH = 1_404_000
"""Widest logo, in English Metric Units: 3.9 cm, the column that the templates keep for it."""
UNREADABLE = "Cette image ne peut pas servir de logo dans les documents Word. Enregistrez-la au format PNG et déposez-la à nouveau."


def place_logo(docx: bytes, image: bytes) -> bytes:
    """`docx` with `image` (PNG or JPEG) in place of every picture named `logo-centre`: as tall as the picture it replaces,
    less when it would be wider than 3.9 cm, never distorted. Unchanged when the document holds no such picture."""
    check_logo(image)
    return place_pictures(docx, {NAME: image}, keep="height", max_width=MAX_WIDTH)


def check_logo(image: bytes) -> None:
    """Raises `Invalide` when `place_logo` could not use this image: asked when the logo is deposited, so that the documents
    of everybody do not stop later. Some JPEG files, which every viewer shows, are in this case."""
    try:
        read_picture(image)
    except Invalide as error:
        raise Invalide(UNREADABLE) from error
