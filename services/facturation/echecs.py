"""What is told of one statement that failed among several: one failure stops no other, and none goes unsaid."""

from __future__ import annotations

import logging
from uuid import uuid4

from domain.errors import PortailError

logger = logging.getLogger("portail")


def tell_failure(error: Exception) -> str:
    """Why one was not done: the message of a refusal; for an error that nobody foresaw, the reference it is logged under."""
    if isinstance(error, PortailError):
        return error.message
    reference = uuid4().hex[:8].upper()
    logger.error("statement failed, reference %s", reference, exc_info=error)
    return f"Une erreur inattendue s’est produite. Recommencez ; si elle revient, communiquez la référence {reference}."
