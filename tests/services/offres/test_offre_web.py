"""An offer through the web, in the services: comparing any two versions, an offer that came in as files, who may."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from domain.errors import Introuvable, Refus
from domain.offer import editing as offer_editing
from domain.offer import load_offer
from domain.roles import Role
from models import Convention
from services.adhesion import dossiers
from services.core.portail import Portail
from services.core.settings import ROOT
from services.offres import publication
from services.offres.bundle import export_offer, import_offer
from services.offres.comparaison import compare_versions
from services.offres.edition_formulaires import edit_offer, list_administered, list_editable, open_edition
from services.offres.versions import list_versions, restore_version
from services.vie.demandes import create_request, list_possible
from tests.conventions import make_convention
from tests.factories import OFFRE, Monde, journal_actions, make_monde, make_other_centre, make_stranger


@pytest.fixture
def monde(portail: Portail, monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr(publication, "check_materials", lambda found: ())
    return make_monde(portail, gabarits=True)


def rename(titre: str) -> Any:
    return lambda contenu, _: offer_editing.update_settings(contenu, {"titre": titre})


def publish(portail: Portail, monde: Monde, titre: str) -> None:
    begun = open_edition(portail, monde.administrateur, monde.centre_id, OFFRE).version
    edit_offer(portail, monde.administrateur, monde.centre_id, OFFRE, begun, rename(titre))
    view = open_edition(portail, monde.administrateur, monde.centre_id, OFFRE)
    assert view.draft_id and view.version
    publication.publish_draft(portail, monde.administrateur, view.draft_id, view.version)


def test_any_two_versions_are_compared(portail: Portail, monde: Monde) -> None:
    publish(portail, monde, "Deuxième")
    publish(portail, monde, "Troisième")
    third, second, first = list_versions(portail, monde.administrateur, monde.centre_id, OFFRE)
    said = compare_versions(portail, monde.administrateur, second.id, third.id)
    assert [(one.titre, one.avant, one.apres) for one in said] == [("Titre de l’offre", "Deuxième", "Troisième")]
    assert compare_versions(portail, monde.administrateur, third.id, third.id) == []
    draft = restore_version(portail, monde.administrateur, first.id)
    assert compare_versions(portail, monde.administrateur, first.id, draft.id) == []
    for role in Role:
        if role != Role.ADMINISTRATEUR:
            with pytest.raises(Refus):
                compare_versions(portail, monde[role], first.id, third.id)
    for outsider in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            compare_versions(portail, outsider, first.id, third.id)
    assert "refus" in journal_actions(portail)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATEUR])
def test_nobody_else_changes_an_offer(portail: Portail, monde: Monde, role: Role) -> None:
    with pytest.raises(Refus):
        edit_offer(portail, monde[role], monde.centre_id, OFFRE, None, rename("Autre"))
    with pytest.raises(Refus):
        open_edition(portail, monde[role], monde.centre_id, OFFRE)
    assert list_administered(portail, monde[role]) == []


def test_an_offer_that_came_in_as_files_is_changed_then_published(portail: Portail, monde: Monde) -> None:
    """A second offer of the same centre, from an archive: the page shows it before it was ever published."""
    with portail.db.read() as session:
        data = export_offer(session, portail.files, monde.version_id)
    other = _renamed(data, OFFRE, "autre-offre")
    draft = import_offer(portail, monde.administrateur, other)
    assert [one.code for one in list_editable(portail, monde.administrateur)] == [OFFRE]
    assert [(one.code, one.publiee) for one in list_administered(portail, monde.administrateur)] == [
        (OFFRE, True),
        ("autre-offre", False),
    ]
    view = open_edition(portail, monde.administrateur, monde.centre_id, "autre-offre")
    assert (view.numero, view.publie, view.faults, view.draft_id) == (0, {}, (), draft.id)
    edit_offer(portail, monde.administrateur, monde.centre_id, "autre-offre", draft.version, rename("Autre offre"))
    now = open_edition(portail, monde.administrateur, monde.centre_id, "autre-offre")
    assert now.version is not None
    publication.publish_draft(portail, monde.administrateur, draft.id, now.version)
    assert [one.titre for one in list_editable(portail, monde.administrateur)] == ["Autre offre", view_title()]


def view_title() -> str:
    (folder,) = (ROOT / "forms").glob(f"*/{OFFRE}")
    return load_offer(folder).titre


def _renamed(data: bytes, before: str, after: str) -> bytes:
    """The archive of an offer, under another code."""

    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(output, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("offre.yaml"):
                content = content.replace(f"code: {before}".encode(), f"code: {after}".encode(), 1)
            target.writestr(name.replace(f"/{before}/", f"/{after}/"), content)
    return output.getvalue()


def test_a_request_that_is_closed_is_not_begun_any_more(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    begun = create_request(portail, monde.gestionnaire, convention_id, "referent", "une-demande")

    def close(contenu: Any, _: Any) -> Any:
        return offer_editing.update_row(contenu, "demandes", "referent", {"fermee": True})

    edit_offer(portail, monde.administrateur, monde.centre_id, OFFRE, None, close)
    publish(portail, monde, "Sans cette demande")
    with portail.db.read() as session:
        convention = session.get_one(Convention, convention_id)
        proposed = [one.nature for one in list_possible(session, monde.gestionnaire, convention)]
    assert "referent" not in proposed and "avenant" in proposed
    with pytest.raises(Refus, match="ne propose plus"):
        create_request(portail, monde.gestionnaire, convention_id, "referent", "une-autre")
    assert dossiers.open_dossier(portail, monde.gestionnaire, begun).actions  # it goes on
