"""What is public about a centre: its name, and what it offers, in its own words."""

from __future__ import annotations

from domain.nom import NOM
from domain.roles import Role
from models import OffreVersion
from services.centre import centres
from services.core.portail import Portail
from tests.factories import make_monde, make_other_centre


def test_the_portal_is_called_after_what_the_centre_offers(portail: Portail) -> None:
    monde = make_monde(portail)
    for acteur in (None, monde.gestionnaire, monde[Role.ADMINISTRATEUR]):
        assert centres.banner(portail, acteur).service == "Service social du travail"
    with portail.db.write() as session:
        known = session.get_one(OffreVersion, monde.version_id)
        session.add(
            OffreVersion(
                centre_id=monde.centre_id, code="archives", titre="Archives itinérantes", numero=1, etat="publiee",
                contenu={**known.contenu, "code": "archives"}, gabarits={},
            )
        )  # fmt: skip
        session.add(
            OffreVersion(
                centre_id=monde.centre_id, code="projet", titre="Un projet", numero=0, etat="brouillon",
                contenu={}, gabarits={},
            )
        )  # fmt: skip
    assert centres.banner(portail, None).service == "Archives itinérantes · Service social du travail"
    (row,) = centres.list_centres(portail)
    assert row.offres == ("Archives itinérantes", "Service social du travail")
    make_other_centre(portail)
    found = centres.banner(portail, None)
    assert (found.nom, found.service) == (centres.SEVERAL, NOM), "of several centres, none in particular"
    assert centres.banner(portail, monde.administrateur).service.startswith("Archives")
