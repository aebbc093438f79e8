"""An optional annex: joined to the convention when the answers say so, left out of the file, of its seal and of its list else."""

from __future__ import annotations

from typing import Any

import pytest

from domain.offer import editing
from services.adhesion.editique import render_projet
from services.centre import offres
from services.core.portail import Portail
from services.offres import publication, versions
from tests.factories import OFFRE, Monde, make_dossier, make_monde

CHARTE = "annexe-charte.docx"


@pytest.fixture
def monde(make_portail: Any, monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr(publication, "check_materials", lambda found: ())
    return make_monde(make_portail("sqlite"), gabarits=True)


def publish(portail: Portail, monde: Monde, condition: str) -> Monde:
    draft = versions.open_draft(portail, monde.administrateur, monde.centre_id, OFFRE)
    values = {"titre": "Charte", "source": "gabarit", "facultative": True, "visible_if": condition, "template": CHARTE}
    contenu, annexe = editing.add_row(draft.contenu, "annexes", values)
    contenu = editing.add_part(contenu, "convention", annexe=annexe)
    gabarits = {**draft.gabarits, CHARTE: draft.gabarits["annexe-missions.docx"]}
    saved = versions.save_draft(portail, monde.administrateur, draft.id, draft.version, contenu, gabarits)
    assert saved.faults == ()
    publication.publish_draft(portail, monde.administrateur, saved.id, saved.version)
    with portail.db.read() as session:
        version_id = offres.current_version(session, monde.centre_id, OFFRE).id
    return Monde(portail, monde.centre_id, version_id, monde.collectivite_id, monde.gens)


@pytest.mark.parametrize(("condition", "joined"), [("besoin.quotite > 0", True), ("besoin.quotite > 100", False)])
def test_an_optional_annex_is_joined_or_left_out(monde: Monde, condition: str, joined: bool) -> None:
    portail = monde.portail
    former = make_dossier(portail, monde)
    ours = publish(portail, monde, condition)
    dossier_id = make_dossier(portail, ours)
    rendered = render_projet(portail, ours.gestionnaire, dossier_id)
    assert (CHARTE in rendered.manifest["gabarits"]) is joined
    assert ("Charte" in [one["titre"] for one in rendered.manifest["annexes"]]) is joined
    other = render_projet(portail, monde.gestionnaire, former)  # keeps the version it began with
    assert (len(rendered.data) > len(other.data)) is joined
