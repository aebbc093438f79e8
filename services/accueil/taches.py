"""What each person has to do, each line one click from the thing to do (the home page)."""

from __future__ import annotations

from services.accueil import taches_archives, taches_bilans, taches_centre, taches_collectivite, taches_comptes
from services.accueil.tache_rows import Tache
from services.core.access import Acteur
from services.core.portail import Portail

__all__ = ["Tache", "list_taches"]


def list_taches(portail: Portail, acteur: Acteur) -> list[Tache]:
    """Everything that waits for this person, for all their roles: the most urgent groups first, oldest first within."""
    found: list[Tache] = []
    with portail.db.read() as session:
        found += taches_comptes.list_relais(session, acteur)
        if acteur.collectivite_ids:
            found += taches_collectivite.list_all(session, acteur)
            found += taches_bilans.list_published(session, acteur)
            found += taches_comptes.list_collectivite(session, acteur)
        if acteur.centre_ids:
            found += taches_centre.list_all(session, acteur)
            found += taches_bilans.list_waiting(session, acteur)
            found += taches_comptes.list_centre(session, acteur)
            found += taches_archives.list_centre(session, acteur)
    return _ordered(found)


def _ordered(taches: list[Tache]) -> list[Tache]:
    """Groups in the order in which they were first found, each line once, the oldest first."""
    rank: dict[str, int] = {}
    for tache in taches:
        rank.setdefault(tache.groupe, len(rank))
    once = {(one.groupe, one.titre, one.page, tuple(sorted(one.parametres.items()))): one for one in reversed(taches)}
    return sorted(
        once.values(),
        key=lambda one: (rank[one.groupe], one.depuis.timestamp() if one.depuis else 0.0, one.titre),
    )
