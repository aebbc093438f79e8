"""A signed document about to be deposited: what must be given with it, and what its examination says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from documents.pdf.signed import PdfReport, inspect_pdf
from domain.errors import Invalide
from domain.text import clean_text
from services.convention.convention_warnings import SignedFile
from services.core.portail import Portail

MEGABYTE = 1_000_000
SIGNATORY_LENGTH = 200


@dataclass(frozen=True)
class Deposit:
    """A signed document that passed the checks, ready to be stored."""

    data: bytes
    report: PdfReport
    nom: str
    signee_le: date
    signataire: str

    @property
    def signatures(self) -> tuple[dict[str, Any], ...]:
        """The electronic signatures found, as the file's row keeps them."""
        return tuple(
            {**asdict(one), "date": one.date.isoformat() if one.date else None} for one in self.report.signatures
        )

    @property
    def file(self) -> SignedFile:
        """As the checks of the convention look at it."""
        return SignedFile(self.report.sha256, self.report.pages, self.signatures, self.signee_le)


def examine_deposit(
    portail: Portail, nom: str, data: bytes, date_signature: date | None, signataire: str, today: date
) -> Deposit:
    """The document that passed the checks. Invalide with `champ` (fichier, date_signature, signataire) when something is wrong."""
    if date_signature is None:
        raise Invalide("Indiquez la date de la signature.", champ="date_signature")
    if date_signature > today:
        raise Invalide("La date de la signature ne peut pas être dans le futur.", champ="date_signature")
    who = clean_text(signataire)
    if not who:
        raise Invalide("Indiquez qui a signé.", champ="signataire")
    if len(who) > SIGNATORY_LENGTH:
        raise Invalide(f"Ce nom dépasse {SIGNATORY_LENGTH} caractères.", champ="signataire")
    try:
        report = inspect_pdf(
            data, max_size=portail.settings.taille_max_mo * MEGABYTE, roots=portail.settings.certificats
        )
    except Invalide as error:
        raise Invalide(error.message, champ="fichier") from error
    return Deposit(data, report, clean_text(PurePath(nom).name)[:200], date_signature, who)
