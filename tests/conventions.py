"""What the tests of conventions start from: one in any state, without going through the whole journey each time."""

from __future__ import annotations

import base64
import io
import json
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import docx
import pikepdf

from documents.pdf.sample import sign_pdf
from documents.pdf.worker import Refused, examine
from models import Avenant, Convention, Depot, Dossier, Piece
from services.core.files import store
from services.core.numerotation import format_numero, next_rang
from services.core.portail import Portail
from tests.factories import Monde, example_answers

ANNEE = 2026
_references = count(1)


@lru_cache(maxsize=8)
def pdf(pages: int = 3, mark: str = "") -> bytes:
    """A plain PDF of so many pages; `mark` makes it another file."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(595, 842))
    document.docinfo["/Title"] = mark or "Convention signée"
    stream = io.BytesIO()
    document.save(stream, deterministic_id=True)
    return stream.getvalue()


@lru_cache(maxsize=2)
def signed_pdf(name: str = "Camille Exemple") -> bytes:
    """A PDF of three pages with a valid electronic signature by an invented person."""
    return sign_pdf(pdf(), name)


@lru_cache(maxsize=32)
def _examined(request: bytes) -> str:
    given = json.loads(request)
    try:
        return json.dumps(examine(base64.b64decode(given["pdf"]), []))
    except Refused as refusal:
        return json.dumps({"refus": str(refusal)})


def examine_here(module: str, request: bytes, timeout: float) -> Any:
    """Stands for `documents.sandbox.run_limited`: the same examination without a process for each file (ten times less
    work). Files that might harm are tested with the real one."""
    assert module == "documents.pdf.worker"
    return json.loads(_examined(request))


def make_convention(
    portail: Portail,
    monde: Monde,
    etat: str = "a_signer",
    *,
    date_effet: date = date(2023, 1, 1),
    pages: int | None = None,
) -> UUID:
    """A convention in `etat`, with its dossier and its deposit. `pages`: it has an issued PDF of so many pages."""
    with portail.db.write() as session:
        dossier = Dossier(
            reference=f"T-{next(_references):05d}",
            etat="emis",
            centre_id=monde.centre_id,
            collectivite_id=monde.collectivite_id,
            offre_version_id=monde.version_id,
        )
        session.add(dossier)
        session.flush()
        session.add(Depot(dossier_id=dossier.id, numero=1, reponses=dict(example_answers())))
        rang = next_rang(session, monde.centre_id, "convention", ANNEE)
        convention = Convention(
            centre_id=monde.centre_id,
            collectivite_id=monde.collectivite_id,
            dossier_id=dossier.id,
            numero=format_numero(ANNEE, rang),
            annee=ANNEE,
            rang=rang,
            etat=etat,
            date_effet=date_effet,
            date_debut_prestations=date_effet,
            terme=date(date_effet.year + 4, 12, 31),
            quotite=Decimal("47.70"),
            montant_annuel=Decimal("32426.46"),
            montant_premiere_annee=Decimal("32426.46"),
            sha256="0" * 64,
            manifeste={},
        )
        session.add(convention)
        session.flush()
        add_piece(session, portail, convention.id, "convention", "convention.docx", b"PK", None)
        if pages is not None:
            add_piece(session, portail, convention.id, "convention_pdf", "convention.pdf", pdf(pages, "émise"), pages)
        if etat == "signee_collectivite":
            add_piece(session, portail, convention.id, "signee_collectivite", "signee.pdf", pdf(3, "signée"), 3)
            convention.collectivite_signee_le = date(2023, 1, 5)
            convention.collectivite_signataire = "Camille Exemple, maire"
        return convention.id


def add_avenant(portail: Portail, convention_id: UUID, quotite: Decimal, effet: date) -> UUID:
    """An avenant to a convention that both parties have signed: this share of a post from `effet` on."""
    with portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        common = {"centre_id": convention.centre_id, "collectivite_id": convention.collectivite_id}
        dossier = Dossier(
            reference=f"T-{next(_references):05d}",
            nature="avenant",
            etat="emis",
            offre_version_id=convention.dossier.offre_version_id,
            convention_id=convention.id,
            **common,
        )
        session.add(dossier)
        session.flush()
        session.add(Depot(dossier_id=dossier.id, numero=1, reponses={"besoin.quotite": str(quotite)}))
        avenant = Avenant(
            dossier_id=dossier.id,
            parent_id=convention.id,
            numero=f"{convention.numero}-A1",
            annee=ANNEE,
            rang=next_rang(session, convention.centre_id, "avenant", ANNEE),
            etat="en_vigueur",
            date_effet=effet,
            date_debut_prestations=convention.date_debut_prestations,
            terme=convention.terme,
            quotite=quotite,
            sha256="0" * 64,
            manifeste={},
            **common,
        )
        session.add(avenant)
        session.flush()
        return avenant.id


def add_piece(
    session: Any, portail: Portail, convention_id: UUID, usage: str, nom: str, data: bytes, pages: int | None
) -> None:
    """A file of a convention."""
    stored = store(session, portail.files, data)
    session.add(
        Piece(
            sha256=stored.sha256,
            usage=usage,
            nom=nom,
            type_mime="application/pdf",
            taille=len(data),
            pages=pages,
            convention_id=convention_id,
        )
    )
    session.flush()


def signing(data: bytes | None = None, **changed: Any) -> dict[str, Any]:
    """What is given with a signed document."""
    given = {
        "nom": "convention signée.pdf",
        "data": pdf() if data is None else data,
        "date_signature": date(2023, 1, 6),
        "signataire": "Camille Exemple, maire",
        "operation_id": uuid4().hex,
    }
    return {**given, **changed}


def read_convention(portail: Portail, convention_id: UUID) -> Convention:
    """The row as it is now."""
    with portail.db.read() as session:
        return session.get_one(Convention, convention_id)


def word_text(data: bytes) -> str:
    """Text of a Word file's paragraphs, then of its tables' cells."""
    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
