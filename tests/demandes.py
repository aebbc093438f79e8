"""What the tests of requests about a convention start from: one begun, answered and brought along its circuit."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from services.adhesion import answers, dossiers, workflow
from services.convention import signatures
from services.core.access import Acteur
from services.core.portail import Portail
from services.vie import avenants, demandes
from tests.conventions import pdf, signing
from tests.factories import Monde, attach_pdf, lift_warnings

REFERENT: dict[str, Any] = {
    "changement.date_effet": "2026-06-15",
    "referent.civilite": "M.",
    "referent.prenom": "Dominique",
    "referent.nom": "Exemple",
    "referent.fonction": "directeur des ressources humaines",
    "referent.telephone": "01 23 45 67 89",
    "referent.courriel": "dominique.exemple@example.org",
}
DELIBERATION: dict[str, Any] = {
    "deliberation.organe": "conseil municipal",
    "deliberation.numero": "2026-044",
    "deliberation.date": "2026-06-10",
}


def quotite_60(effet: str = "2026-09-01") -> dict[str, Any]:
    """The avenant of G10: 60 % from 1 September 2026."""
    return {
        "avenant.objets": ["temps"],
        "avenant.date_effet": effet,
        "avenant.motif": "Le second site ouvre à la rentrée.",
        "besoin.quotite": "60",
        **DELIBERATION,
    }


def begin(portail: Portail, who: Acteur, convention_id: UUID, nature: str) -> UUID:
    """A request of this nature, begun."""
    return demandes.create_request(portail, who, convention_id, nature, uuid4().hex)


def fill(portail: Portail, who: Acteur, dossier_id: UUID, values: dict[str, Any]) -> None:
    """Give these answers, and the délibération's file when there is a délibération."""
    shown = dossiers.open_dossier(portail, who, dossier_id).answers
    given = {champ: (value, shown[champ].version if champ in shown else 0) for champ, value in values.items()}
    results = answers.save_answers(portail, who, dossier_id, given)
    wrong = {champ: one for champ, one in results.items() if one.etat not in ("enregistre", "inchange")}
    assert not wrong, wrong
    if "deliberation.numero" in values:
        attach_pdf(portail, who, dossier_id, "deliberation.fichier")


def make_request(portail: Portail, monde: Monde, convention_id: UUID, nature: str, values: dict[str, Any]) -> UUID:
    """A draft, begun and answered by the gestionnaire."""
    dossier_id = begin(portail, monde.gestionnaire, convention_id, nature)
    fill(portail, monde.gestionnaire, dossier_id, values)
    return dossier_id


def issue(portail: Portail, monde: Monde, convention_id: UUID, values: dict[str, Any]) -> UUID:
    """An avenant, issued and waiting for the collectivité's signature; its id."""
    dossier_id = make_request(portail, monde, convention_id, "avenant", values)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    return avenants.issue_avenant(portail, monde.instructeur, dossier_id)


def sign(portail: Portail, monde: Monde, acte_id: UUID, le: date = date(2026, 6, 14)) -> str:
    """Both parties sign; the state it leads to. The file's checks are those of `examine_here`."""
    mark = acte_id.hex
    theirs = signing(pdf(3, f"{mark}-1"), date_signature=le)
    signatures.submit_signature(portail, monde.gestionnaire, acte_id, **theirs)
    ours = signing(pdf(3, f"{mark}-2"), date_signature=le, signataire="Bernard Modèle, président")
    return signatures.countersign(portail, monde.signataire_centre, acte_id, **ours)
