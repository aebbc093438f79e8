"""What the tests of archives start from: conventions ended long ago, with everything that hangs on them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from models import (
    Bilan,
    Convention,
    Courriel,
    Decompte,
    DemandeCorrection,
    DemandeServiceDegrade,
    Denonciation,
    Dossier,
    Exercice,
    LectureMessages,
    Levee,
    LigneDecompte,
    Message,
    MiseEnDemeure,
    OffreVersion,
    PeriodeSansAssistant,
    Piece,
    Reconduction,
    Reponse,
    SaisieEnAttente,
    utc_now,
)
from services.core.files import store
from services.core.portail import Portail
from tests.conventions import make_convention
from tests.factories import CENTRE, OFFRE, TEMPLATES, Monde

SECRET = "Jocelyne Tremplin"
"""A name that nothing may hold any more once the archives are gone."""
TODAY = date(2038, 1, 2)
"""The retention of a convention that reached its term on 31/12/2027 is over."""


def add_certificate_template(portail: Portail, monde: Monde) -> None:
    """Publish the template of the certificate with the offer of `monde`."""
    name = "certificat-elimination.docx"
    with portail.db.write() as session:
        version = session.get_one(OffreVersion, monde.version_id)
        sha256 = store(session, portail.files, (TEMPLATES / CENTRE / OFFRE / name).read_bytes()).sha256
        version.gabarits = {**version.gabarits, name: sha256}


def make_ended(portail: Portail, monde: Monde, etat: str = "echue", *, date_effet: date = date(2023, 1, 1)) -> UUID:
    """A convention that ended, filled with everything that may hold a name."""
    convention_id = make_convention(portail, monde, etat, date_effet=date_effet)
    fill_life(portail, monde, convention_id)
    return convention_id


def fill_life(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    """Rows in every table that refers to this convention or to its dossier, each with a name in its texts."""
    person = monde.instructeur.utilisateur_id
    with portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        convention.collectivite_signataire = convention.motif = SECRET
        convention.manifeste = {"donnees": "a" * 64, "texte": SECRET}
        dossier = session.get_one(Dossier, convention.dossier_id)
        dossier.motif, dossier.instructeur_id, dossier.cree_par = SECRET, person, person
        common = {"centre_id": convention.centre_id, "collectivite_id": convention.collectivite_id}
        piece = add_file(session, portail, SECRET.encode() + convention_id.bytes, dossier_id=dossier.id)
        letter = add_file(session, portail, b"lettre " + convention_id.bytes, convention_id=convention_id)
        session.add_all(
            [
                Reponse(dossier_id=dossier.id, champ="referent.nom", valeur=SECRET, modifiee_par=person),
                Reponse(dossier_id=dossier.id, champ="deliberation.fichier", valeur={"piece": str(piece.id)}),
                SaisieEnAttente(
                    dossier_id=dossier.id, champ="x", utilisateur_id=person, motif="session", valeur=SECRET, version_vue=1
                ),
                DemandeCorrection(dossier_id=dossier.id, champ="x", motif="incorrect", texte=SECRET),
                Message(dossier_id=dossier.id, auteur_id=person, du_centre=True, texte=SECRET),
                LectureMessages(dossier_id=dossier.id, utilisateur_id=person, lu_le=utc_now()),
                Levee(dossier_id=dossier.id, code="x", motif=SECRET, par=person),
                PeriodeSansAssistant(
                    convention_id=convention_id, du=date(2024, 3, 1), au=date(2024, 3, 5), motif=SECRET, saisie_par=person
                ),
                DemandeServiceDegrade(
                    **common, convention_id=convention_id, etat="acceptee", raison="absence", du=date(2024, 3, 1),
                    motif=SECRET, demandee_par=person,
                ),
                Reconduction(convention_id=convention_id, annee=2024, rang=1, par=person),
                Denonciation(
                    convention_id=convention_id, auteur="collectivite", etat="retiree", date_reference=date(2024, 9, 1),
                    recevabilite="oui", motif=SECRET, reponse=SECRET, piece_id=letter.id, enregistree_par=person,
                ),
                MiseEnDemeure(
                    convention_id=convention_id, article="9.3", etat="satisfaite", manquements=SECRET, delai_jours=30,
                    reponse=SECRET, issue_motif=SECRET, cree_par=person,
                ),
                Bilan(
                    **common, convention_id=convention_id, annee=2024, etat="publie", sections={"a": SECRET}, chiffres={"n": 1}
                ),
                Exercice(
                    **common, convention_id=convention_id, annee=2024, offre_code=OFFRE, montant_du=32426, minutes_dues=1
                ),
                Courriel(
                    modele="x", destinataire=f"{uuid4().hex}@example.org", etat="echec",
                    parametres={"convention": str(convention_id)},
                ),
                Decompte(
                    **common, convention_id=convention_id, exercice=2024, du=date(2024, 1, 1), au=date(2024, 3, 31),
                    etat="paye", total=8106, motif=SECRET, cree_par=person, emis_par=person,
                    manifeste={"periode": "T1 2024", "levee": SECRET},
                    lignes=[
                        LigneDecompte(ordre=1, nature="part", libelle="Part", quantite=1, unite="pourcent", montant=8106)
                    ],
                ),
            ]
        )  # fmt: skip


def add_file(session: Any, portail: Portail, data: bytes, **owner: Any) -> Piece:
    """A file of a dossier or of a convention."""
    piece = Piece(
        sha256=store(session, portail.files, data).sha256,
        usage="reponse" if "dossier_id" in owner else "courrier",
        nom=f"{SECRET}.pdf",
        type_mime="application/pdf",
        taille=len(data),
        champ="deliberation.fichier" if "dossier_id" in owner else None,
        **owner,
    )
    session.add(piece)
    session.flush()
    return piece
