"""Archives past their retention, eliminations to approve or to carry out: lines of the home page."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.archives import APPROVERS, EXECUTORS, PROPOSERS
from models import Centre, Elimination
from services.accueil.tache_rows import Tache
from services.archives.conservation import list_candidates
from services.core import clock
from services.core.access import Acteur

ARCHIVES = "Archives"


def list_centre(session: Session, acteur: Acteur) -> list[Tache]:
    """What is due for who proposes; what waits for who approves (not their own proposals) and for who carries out."""
    found: list[Tache] = []
    for centre in session.scalars(select(Centre).where(Centre.id.in_(acteur.centres_with(*PROPOSERS)))):
        due = [one for one in list_candidates(session, centre, clock.today(centre.fuseau)) if not one.proposee]
        if due:
            what = "conventions ou dossiers" if len(due) > 1 else "convention ou dossier"
            titre = f"{len(due)} {what} à éliminer des archives"
            detail = "La durée de conservation est échue : proposez leur élimination, avec l’accord des archives."
            found.append(Tache(ARCHIVES, titre, detail, "archives", {"centre": str(centre.id)}))
    approves, executes = acteur.centres_with(*APPROVERS), acteur.centres_with(*EXECUTORS)
    query = select(Elimination).where(
        Elimination.centre_id.in_(approves | executes), Elimination.etat.in_(("proposee", "approuvee"))
    )
    for one in session.scalars(query.order_by(Elimination.proposee_le)):
        where = {"onglet": "eliminations", "centre": str(one.centre_id)}
        if one.etat == "proposee" and one.centre_id in approves and one.proposee_par != acteur.utilisateur_id:
            detail = "Vérifiez ce qu’elle couvre, puis approuvez-la avec la référence du visa des archives."
            found.append(Tache(ARCHIVES, "Élimination à approuver", detail, "archives", where, one.proposee_le))
        elif one.etat == "approuvee" and one.centre_id in executes:
            detail = "Elle est approuvée : il reste à l’exécuter."
            found.append(Tache(ARCHIVES, "Élimination à exécuter", detail, "archives", where, one.traitee_le))
    return found
