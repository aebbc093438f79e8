"""The register of personal data as a centre reads it, with its own delays."""

from __future__ import annotations

from uuid import UUID

from domain.archives import READERS
from services.archives.conservation import require_centre
from services.archives.purge import conservation_of
from services.comptes.registre_donnees import LigneRegistre, read_registre
from services.core.access import Acteur
from services.core.portail import Portail


def open_registre(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[LigneRegistre]:
    """What is kept about people, why and until when."""
    with portail.view(acteur, "archives.lister", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        return read_registre(conservation_of(require_centre(session, acteur, centre_id, *READERS)))
