"""The ZIP of an offer's version, for an administrator of its centre, at `/exports/offre.zip?version=…`."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from domain.errors import Introuvable
from models import OffreVersion
from services.core.access import Acteur
from services.core.portail import Portail
from services.exports import Export
from services.offres.bundle import export_offer
from services.offres.versions import record_version, require_admin


def export_archive(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The version whose id is `version`, draft or not. DefinitionError when it is a faulty draft. Journalled."""
    try:
        version_id = UUID(parametres.get("version", ""))
    except ValueError:
        raise Introuvable() from None
    with portail.action(acteur, "offre.exporter", objet="offre_version", objet_id=version_id) as session:
        row = session.get(OffreVersion, version_id)
        if row is None:
            raise Introuvable()
        require_admin(acteur, row.centre_id)
        data = export_offer(session, portail.files, row.id)
        record_version(session, acteur, "offre.exporter", row)
        suffix = "brouillon" if row.etat == "brouillon" else f"v{row.numero}"
        return Export(f"{row.code}-{suffix}.zip", "application/zip", data)
