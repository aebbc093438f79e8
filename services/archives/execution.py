"""Carrying out an approved elimination: one transaction for each convention or dossier, then the certificate.

Stopped at any moment, it is started again and goes on where it was: a line is marked in the transaction that erases it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.contexts.elimination import Ligne, build_elimination
from domain.archives import EXECUTORS
from domain.errors import Conflit
from models import Centre, Elimination, OffreVersion, Piece, utc_now
from services.adhesion.editique import Ingredients, Rendered
from services.archives.conservation import Cle, cle_of, find_due
from services.archives.effacement import drop_bytes, erase
from services.archives.eliminations import LigneElimination, get_elimination, name_of, read_line
from services.core import clock
from services.core.access import Acteur
from services.core.files import check_owner, store
from services.core.portail import Portail, record
from services.facturation.gabarits import DocumentAbsent, load_published, render_with

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
KEPT = "Conservée : ce n’était plus à éliminer au moment de l’exécution."


@dataclass(frozen=True)
class Bilan:
    """What was done: ensembles eliminated, ensembles kept after all, files removed."""

    eliminees: int
    conservees: int
    fichiers: int


def execute(portail: Portail, acteur: Acteur, elimination_id: UUID) -> Bilan:
    """Eliminate everything that this approved elimination covers and is still due, then make its certificate. Started again
    after an interruption, it finishes what is left. Conflit when it is not approved, or executed already."""
    with portail.view(acteur, "elimination.executer", objet="elimination", objet_id=elimination_id) as session:
        elimination, centre = _approved(session, acteur, elimination_id)
        check_owner(session, portail.files)
        _render(portail, session, acteur, centre, elimination)  # no certificate possible: nothing is removed
        waiting = [cle_of(line) for line in elimination.contenu if line["etat"] == "a_eliminer"]
    for cle in waiting:
        _eliminate(portail, acteur, elimination_id, cle)
    return _certify(portail, acteur, elimination_id)


def _approved(
    session: Session, acteur: Acteur, elimination_id: UUID, *, lock: bool = False
) -> tuple[Elimination, Centre]:
    elimination, centre = get_elimination(session, acteur, elimination_id, *EXECUTORS, lock=lock)
    if elimination.etat == "executee":
        raise Conflit("Cette élimination est déjà exécutée.")
    if elimination.etat != "approuvee":
        raise Conflit("Cette élimination n’est pas approuvée.")
    return elimination, centre


def _eliminate(portail: Portail, acteur: Acteur, elimination_id: UUID, cle: Cle) -> None:
    """One line, in one transaction; nothing when somebody else has just done it."""
    with portail.action(acteur, "elimination.executer", objet="elimination", objet_id=elimination_id) as session:
        elimination, centre = _approved(session, acteur, elimination_id, lock=True)
        line = next(one for one in elimination.contenu if cle_of(one) == cle)
        if line["etat"] != "a_eliminer":
            return
        due = next(iter(find_due(session, centre, clock.today(centre.fuseau), {cle})), None)
        if due is None or due.blocages:
            _mark(elimination, cle, etat="conservee", raison=due.blocages[0] if due else KEPT)
            session.flush()
            return
        effaces = erase(session, cle, elimination.id)
        _mark(elimination, cle, etat="eliminee", fichiers=effaces.fichiers, octets=effaces.octets)
        session.flush()
        record(
            session,
            acteur,
            "archives.eliminer",
            centre_id=centre.id,
            objet=cle[0],
            objet_id=cle[1],
            elimination=elimination.id,
            fichiers=effaces.fichiers,
        )
        drop_bytes(portail, effaces)


def _mark(elimination: Elimination, cle: Cle, **changed: Any) -> None:
    elimination.contenu = [{**line, **changed} if cle_of(line) == cle else line for line in elimination.contenu]


def _certify(portail: Portail, acteur: Acteur, elimination_id: UUID) -> Bilan:
    """The certificate, kept among the centre's files, and the end of the elimination."""
    with portail.action(acteur, "elimination.executer", objet="elimination", objet_id=elimination_id) as session:
        elimination, centre = _approved(session, acteur, elimination_id, lock=True)
        lines = [read_line(line) for line in elimination.contenu]
        done = [line for line in lines if line.etat == "eliminee"]
        elimination.etat, elimination.executee_le = "executee", utc_now()
        if done:
            elimination.certificat_id = _make_certificate(portail, session, acteur, centre, elimination)
        session.flush()
        bilan = Bilan(len(done), len(lines) - len(done), sum(line.fichiers for line in done))
        record(
            session,
            acteur,
            "elimination.executer",
            centre_id=centre.id,
            objet="elimination",
            objet_id=elimination.id,
            eliminees=bilan.eliminees,
            conservees=bilan.conservees,
            fichiers=bilan.fichiers,
            certificat=elimination.certificat_id,
        )
        return bilan


def _ingredients(portail: Portail, session: Session, centre: Centre) -> Ingredients:
    """What the certificate is made from: the first published offer of the centre that has its template, else DocumentAbsent."""
    codes = session.scalars(
        select(OffreVersion.code)
        .where(OffreVersion.centre_id == centre.id, OffreVersion.etat == "publiee")
        .distinct()
        .order_by(OffreVersion.code)
    ).all()
    for code in codes:
        made = load_published(portail, session, centre.id, code)
        document = made.offer.document_for("elimination")
        if document and {part.template for part in document.parts if part.template} <= set(made.gabarits):
            return made
    raise DocumentAbsent(
        "Aucune offre du centre n’a de gabarit Word pour le certificat d’élimination : rien n’a été éliminé. Un administrateur"
        " doit l’ajouter aux documents d’une offre."
    )


def _render(portail: Portail, session: Session, acteur: Acteur, centre: Centre, elimination: Elimination) -> Rendered:
    """The certificate; before the end, as it will be if everything is eliminated."""

    def day(moment: datetime | None) -> date | None:
        return clock.local_time(moment, centre.fuseau).date() if moment else None

    rows = [read_line(line) for line in elimination.contenu]
    context = build_elimination(
        visa=elimination.visa,
        motif=elimination.motif,
        proposee_le=day(elimination.proposee_le),
        proposee_par=name_of(session, elimination.proposee_par),
        approuvee_le=day(elimination.traitee_le),
        approuvee_par=name_of(session, elimination.traitee_par),
        executee_le=clock.today(centre.fuseau),
        executee_par=acteur.nom,
        lignes=[_line(row) for row in rows if row.etat != "conservee"],
        conservees=[f"{row.numero}, {row.collectivite} : {row.raison}" for row in rows if row.etat == "conservee"],
    )
    nom = f"certificat-elimination-{clock.today(centre.fuseau).isoformat()}.docx"
    return render_with(_ingredients(portail, session, centre), "elimination", context, nom=nom)


def _line(row: LigneElimination) -> Ligne:
    return Ligne(
        nature="Convention" if row.nature == "convention" else "Dossier",
        numero=row.numero,
        collectivite=row.collectivite,
        debut=row.debut,
        fin=row.fin,
        jusquau=row.jusquau,
        fichiers=row.fichiers,
        octets=row.octets,
    )


def _make_certificate(
    portail: Portail, session: Session, acteur: Acteur, centre: Centre, elimination: Elimination
) -> UUID:
    rendered = _render(portail, session, acteur, centre, elimination)
    piece = Piece(
        sha256=store(session, portail.files, rendered.data).sha256,
        usage="certificat_elimination",
        nom=rendered.nom,
        type_mime=DOCX_TYPE,
        taille=len(rendered.data),
        analyse={"manifeste": rendered.manifest},
        champ=str(elimination.id),
        centre_id=centre.id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    return piece.id
