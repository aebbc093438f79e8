"""What differs between any two versions of an offer, drafts included."""

from __future__ import annotations

from uuid import UUID

from domain.errors import Introuvable
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.diff import Change, describe_changes, describe_gabarits
from services.offres.gabarits import load_version


def compare_versions(portail: Portail, acteur: Acteur, avant_id: UUID, apres_id: UUID) -> list[Change]:
    """Every difference from one version to another of the same offer, in French. Introuvable for who does not administer its
    centre, or for versions of two offers."""
    with portail.view(acteur, "offre.comparer", objet="offre_version", objet_id=apres_id) as session:
        before, after = load_version(session, acteur, avant_id), load_version(session, acteur, apres_id)
        if (before.centre_id, before.code) != (after.centre_id, after.code):
            raise Introuvable()
        return [
            *describe_changes(before.contenu, after.contenu),
            *describe_gabarits(before.gabarits, after.gabarits),
        ]
