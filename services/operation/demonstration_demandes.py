"""What the running conventions of the demonstration ask for: avenants, a new référent, hours that wait for an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from documents.pdf.conversion import pdf_available
from documents.pdf.sample import make_pdf, stamp_pdf
from domain.errors import Invalide, PdfIndisponible
from domain.roles import Role
from models import Avenant, Collectivite, Convention, Piece, Utilisateur
from services.adhesion import dossiers, pieces, workflow
from services.adhesion.answers import save_answers
from services.convention import signatures
from services.core import clock
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.operation.demonstration_activite import read_day
from services.vie import avenants, demandes

Described = Mapping[str, Any]
VOTED_BEFORE = timedelta(days=4)
"""A délibération was voted so long before the request that cites it."""
LIFTED = "Vérifié avec la collectivité."
ISSUED_AT = time(9, 30)


def add_changements(
    portail: Portail, equipe: Mapping[Role, Acteur], centre_id: UUID, described: Iterable[Described], today: date
) -> None:
    """Each request on its day (`jour`, or `il_y_a` days ago), brought to its `etape`: `deposee`, `a_signer` or `signee`."""
    for one in described:
        jour = read_day(one["jour"], today) if "jour" in one else today - timedelta(days=int(one["il_y_a"]))
        with clock.pretend(jour):
            _play(portail, equipe, centre_id, one, today, jour)


def issued_pdf(portail: Portail, acteur: Acteur, acte_id: UUID | None) -> bytes:
    """What a town hall would scan: the PDF issued for this act, or a stand-in where LibreOffice is absent."""
    with portail.db.read() as session:
        piece_id = session.scalars(
            select(Piece.id).where(Piece.convention_id == acte_id, Piece.usage.in_(("convention_pdf", "avenant_pdf")))
        ).first()
    if piece_id is not None and pdf_available():
        try:
            return pieces.open_piece(portail, acteur, piece_id).data
        except PdfIndisponible:
            pass
    return make_pdf("Document signé", "Document de démonstration")


def _play(
    portail: Portail, equipe: Mapping[Role, Acteur], centre_id: UUID, described: Described, today: date, jour: date
) -> None:
    with portail.db.read() as session:
        query = select(Convention.id).join(Collectivite, Collectivite.id == Convention.collectivite_id)
        convention_id = session.scalars(
            query.where(Collectivite.siren == described["siren"], Convention.centre_id == centre_id)
        ).one()
        user = session.scalars(select(Utilisateur).where(Utilisateur.courriel == described["de"])).one()
        clerk = load_acteur(session, user, jour)
    intent = f"demonstration-{described['nature']}-{jour}-{convention_id}"
    dossier_id = demandes.create_request(portail, clerk, convention_id, described["nature"], intent)
    _answer(portail, clerk, dossier_id, described, today, jour)
    workflow.perform(portail, clerk, dossier_id, "deposer")
    if described["etape"] == "deposee":
        return
    instructeur = equipe[Role.INSTRUCTEUR]
    workflow.perform(portail, instructeur, dossier_id, "prendre_en_charge")
    for warning in dossiers.open_dossier(portail, instructeur, dossier_id).avertissements:
        if warning.levee is None:
            workflow.lift_warning(portail, instructeur, dossier_id, warning.code, LIFTED)
    workflow.perform(portail, instructeur, dossier_id, "accepter")
    avenant_id = avenants.issue_avenant(portail, instructeur, dossier_id)
    if jour < today:  # else it would be issued after it was signed
        with portail.db.write() as session:
            session.get_one(Avenant, avenant_id).emise_le = datetime.combine(jour, ISSUED_AT, UTC)
    if described["etape"] == "signee":
        _sign(portail, clerk, equipe[Role.SIGNATAIRE_CENTRE], avenant_id, described["signataire"], jour)


def _answer(portail: Portail, clerk: Acteur, dossier_id: UUID, described: Described, today: date, jour: date) -> None:
    """The answers described, a day written `{jour: "0/07"}` or `{dans: 12}` (days after the request); with `deliberation`,
    its number, its day and its file too."""
    given = {champ: _value(value, today, jour) for champ, value in described["reponses"].items()}
    if number := described.get("deliberation"):
        given["deliberation.numero"] = f"{jour.year}-{number}"
        given["deliberation.date"] = (jour - VOTED_BEFORE).isoformat()
    shown = {
        champ: answer.version for champ, answer in dossiers.open_dossier(portail, clerk, dossier_id).answers.items()
    }
    typed = {champ: (value, shown.get(champ, 0)) for champ, value in given.items()}
    outcome = save_answers(portail, clerk, dossier_id, typed)
    if wrong := {champ: result.message for champ, result in outcome.items() if result.etat == "invalide"}:
        raise Invalide(f"data/demonstration.yaml : {wrong}")
    if number:
        pieces.attach_file(
            portail, clerk, dossier_id, "deliberation.fichier", nom="deliberation.pdf",
            data=make_pdf("Extrait du registre des délibérations", f"Document de démonstration, {jour.year}-{number}"),
            operation_id=f"demonstration-deliberation-{dossier_id}",
        )  # fmt: skip


def _value(value: Any, today: date, jour: date) -> Any:
    if isinstance(value, Mapping) and set(value) == {"jour"}:
        return read_day(value["jour"], today).isoformat()
    if isinstance(value, Mapping) and set(value) == {"dans"}:
        return (jour + timedelta(days=value["dans"])).isoformat()
    return value


def _sign(portail: Portail, clerk: Acteur, president: Acteur, avenant_id: UUID, name: str, jour: date) -> None:
    data = issued_pdf(portail, president, avenant_id)
    signatures.submit_signature(
        portail, clerk, avenant_id, nom="avenant-signe.pdf", data=stamp_pdf(data, f"Signé par {name}"),
        date_signature=jour, signataire=name, operation_id=f"demonstration-signature-{avenant_id}",
    )  # fmt: skip
    signatures.countersign(
        portail, president, avenant_id, nom="avenant-contresigne.pdf",
        data=stamp_pdf(data, f"Signé par les deux parties, {president.nom}"),
        date_signature=jour, signataire=president.nom, operation_id=f"demonstration-contresignature-{avenant_id}",
    )  # fmt: skip
