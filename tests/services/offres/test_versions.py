"""Drafts and versions of an offer: who may, what is kept, what is refused, what the journal says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.definitions import DefinitionError
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import ROLES_CENTRE, Role
from models import AuditEvent, Dossier, OffreVersion
from services.adhesion import dossiers
from services.centre.offres import current_version, get_offer
from services.centre.tarifs import save_tarif
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres import publication, versions
from services.offres.versions import DraftView
from tests.factories import OFFRE, Monde, make_acteur, make_dossier, make_monde, make_other_centre

LABEL = "Part d’un temps plein demandée"


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


@pytest.fixture
def draft(portail: Portail, monde: Monde) -> DraftView:
    return versions.open_draft(portail, monde.administrateur, monde.centre_id, OFFRE)


def find_field(contenu: dict[str, Any], field_id: str) -> dict[str, Any]:
    for form in contenu["forms"]:
        for section in form["sections"]:
            for field in section["fields"]:
                if field["id"] == field_id:
                    found: dict[str, Any] = field
                    return found
    raise KeyError(field_id)


def renamed(contenu: dict[str, Any]) -> dict[str, Any]:
    """The content with another label on the share of a post."""
    changed = deepcopy(contenu)
    find_field(changed, "besoin.quotite")["label"] = LABEL
    return changed


def test_draft_begins_as_what_is_in_force(portail: Portail, monde: Monde, draft: DraftView) -> None:
    assert (draft.numero, draft.base_id, draft.faults) == (2, monde.version_id, ())
    with portail.db.read() as session:
        current = session.get_one(OffreVersion, monde.version_id)
        assert (draft.contenu, draft.gabarits) == (current.contenu, current.gabarits)
        assert current_version(session, monde.centre_id, OFFRE).id == monde.version_id
    again = versions.open_draft(portail, monde.administrateur, monde.centre_id, OFFRE)
    assert again.id == draft.id


def test_publish(portail: Portail, monde: Monde, draft: DraftView) -> None:
    """What is published serves new dossiers; those begun before keep their version, whose content does not move."""
    dossier_id = make_dossier(portail, monde)
    saved = versions.save_draft(portail, monde.administrateur, draft.id, draft.version, renamed(draft.contenu))
    assert saved.version == draft.version + 1
    published = publication.publish_draft(portail, monde.administrateur, saved.id, saved.version)
    with portail.db.read() as session:
        assert session.get_one(Dossier, dossier_id).offre_version_id == monde.version_id
        assert session.get_one(OffreVersion, monde.version_id).etat == "retiree"
        assert current_version(session, monde.centre_id, OFFRE).id == published
        assert get_offer(session, published).formset.fields["besoin.quotite"].label == LABEL
        assert get_offer(session, monde.version_id).formset.fields["besoin.quotite"].label != LABEL
    shown = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    assert shown.offer.formset.fields["besoin.quotite"].label != LABEL
    with pytest.raises(Refus):
        dossiers.create_dossier(
            portail, monde.gestionnaire, collectivite_id=monde.collectivite_id, offre_version_id=monde.version_id,
            operation_id=uuid4().hex,
        )  # fmt: skip
    lines = versions.list_versions(portail, monde.administrateur, monde.centre_id, OFFRE)
    told = [(line.numero, line.etat, line.dossiers, line.issue_de) for line in lines]
    assert told == [(2, "publiee", 0, 1), (1, "retiree", 1, None)]
    assert lines[0].publiee_par == monde.administrateur.nom and lines[0].publiee_le


def test_published_version_never_changes(portail: Portail, monde: Monde, draft: DraftView) -> None:
    admin = monde.administrateur
    publication.publish_draft(portail, admin, draft.id, draft.version)
    for version in (draft.version, draft.version + 1):
        with pytest.raises(Conflit, match="publié entre-temps"):
            versions.save_draft(portail, admin, draft.id, version, renamed(draft.contenu))
        with pytest.raises(Conflit):
            versions.discard_draft(portail, admin, draft.id, version)
        with pytest.raises(Conflit):
            publication.publish_draft(portail, admin, draft.id, version)


def test_two_administrators(portail: Portail, monde: Monde, draft: DraftView) -> None:
    other = make_acteur(portail, Role.ADMINISTRATEUR, centre=monde.centre_id, prenom="Dominique", nom="Second")
    versions.save_draft(portail, other, draft.id, draft.version, renamed(draft.contenu))
    with pytest.raises(Conflit, match="Dominique Second"):
        versions.save_draft(portail, monde.administrateur, draft.id, draft.version, draft.contenu)
    with pytest.raises(Conflit):
        publication.publish_draft(portail, monde.administrateur, draft.id, draft.version)
    with pytest.raises(Conflit):
        versions.discard_draft(portail, monde.administrateur, draft.id, draft.version)
    kept = versions.open_draft(portail, monde.administrateur, monde.centre_id, OFFRE)
    assert find_field(kept.contenu, "besoin.quotite")["label"] == LABEL


def rename_id(contenu: dict[str, Any]) -> None:
    find_field(contenu, "referent.telephone")["id"] = "referent.numero"


def change_type(contenu: dict[str, Any]) -> None:
    find_field(contenu, "referent.fonction").update(type="email", max_length=None)


def repeat_id(contenu: dict[str, Any]) -> None:
    contenu["forms"][0]["sections"][0]["fields"].append(deepcopy(find_field(contenu, "besoin.quotite")))


def unknown_type(contenu: dict[str, Any]) -> None:
    find_field(contenu, "besoin.quotite")["type"] = "pourcent"


def circular(contenu: dict[str, Any]) -> None:
    find_field(contenu, "besoin.date_effet")["visible_if"] = "besoin.date_debut_prestations"
    find_field(contenu, "besoin.date_debut_prestations")["visible_if"] = "besoin.date_effet"


def attribute(contenu: dict[str, Any]) -> None:
    find_field(contenu, "besoin.quotite")["visible_if"] = "besoin.date_effet.__class__"


def missing_template(contenu: dict[str, Any]) -> None:
    contenu["documents"][1]["parts"][0]["template"] = "absent.docx"


def missing_key(contenu: dict[str, Any]) -> None:
    del find_field(contenu, "besoin.quotite")["label"]


FAULTY = [
    (rename_id, "referent.telephone", "ne disparaît pas"),
    (change_type, "referent.fonction", "ne change pas"),
    (repeat_id, "besoin.quotite", "sert déjà ailleurs"),
    (unknown_type, "besoin.quotite", "n’existe pas"),
    (circular, "besoin.date_", ""),
    (attribute, "besoin.quotite", ""),
    (missing_template, "absent.docx", "manque"),
    (missing_key, "besoin.quotite", "la clé « label » manque"),
]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(("spoil", "place", "reason"), FAULTY, ids=[case[0].__name__ for case in FAULTY])
def test_faulty_draft(portail: Portail, monde: Monde, draft: DraftView, spoil: Any, place: str, reason: str) -> None:
    """A faulty draft is kept with the place and the reason of each fault, and is not published."""
    contenu = deepcopy(draft.contenu)
    spoil(contenu)
    saved = versions.save_draft(portail, monde.administrateur, draft.id, draft.version, contenu)
    assert any(place in str(fault) and reason in fault.reason for fault in saved.faults), saved.faults
    with pytest.raises(DefinitionError) as refused:
        publication.publish_draft(portail, monde.administrateur, saved.id, saved.version)
    assert refused.value.faults == saved.faults
    with portail.db.read() as session:
        assert current_version(session, monde.centre_id, OFFRE).id == monde.version_id
    kept = versions.open_draft(portail, monde.administrateur, monde.centre_id, OFFRE)
    assert kept.contenu == contenu


def test_what_is_no_offer_at_all(portail: Portail, monde: Monde, draft: DraftView) -> None:
    admin = monde.administrateur
    for contenu in ({"forms": float("nan")}, {"titre": "x" * 3_000_000}, {"titre": object()}):
        with pytest.raises(Invalide):
            versions.save_draft(portail, admin, draft.id, draft.version, contenu)
    with pytest.raises(Invalide, match="n’est pas enregistré"):
        versions.save_draft(portail, admin, draft.id, draft.version, draft.contenu, {"convention.docx": "0" * 64})
    empty = versions.save_draft(portail, admin, draft.id, draft.version, {"code": "autre", "centre": "autre"})
    assert empty.contenu == {"code": OFFRE, "centre": "cig-petite-couronne"}
    assert any("« titre » manque" in fault.reason for fault in empty.faults)
    version = empty.version
    for odd in ({"forms": "x"}, {"forms": [1]}, {"steps": [{}]}, {"documents": {"a": 1}}):
        kept = versions.save_draft(portail, admin, draft.id, version, odd)
        assert kept.faults
        version = kept.version


def test_discard(portail: Portail, monde: Monde, draft: DraftView) -> None:
    admin = monde.administrateur
    versions.discard_draft(portail, admin, draft.id, draft.version)
    with pytest.raises(Introuvable, match="n’existe plus"):
        versions.save_draft(portail, admin, draft.id, draft.version, draft.contenu)
    assert versions.open_draft(portail, admin, monde.centre_id, OFFRE).id != draft.id


def test_restore(portail: Portail, monde: Monde, draft: DraftView) -> None:
    """Going back to an older version: a draft like it, which loses the fields that came since without a word of refusal."""
    admin = monde.administrateur
    contenu = renamed(draft.contenu)
    contenu["forms"][0]["sections"][0]["fields"].append({"id": "fiche.nouveau", "type": "text", "label": "Nouveau"})
    with pytest.raises(Conflit, match="déjà un brouillon"):
        versions.restore_version(portail, admin, monde.version_id)
    saved = versions.save_draft(portail, admin, draft.id, draft.version, contenu)
    publication.publish_draft(portail, admin, saved.id, saved.version)
    back = versions.restore_version(portail, admin, monde.version_id)
    assert (back.numero, back.base_id, back.faults) == (3, monde.version_id, ())
    assert find_field(back.contenu, "besoin.quotite")["label"] != LABEL
    with pytest.raises(Introuvable):
        versions.restore_version(portail, admin, back.id)
    reused = deepcopy(back.contenu)
    reused["forms"][0]["sections"][0]["fields"].append({"id": "fiche.nouveau", "type": "date", "label": "Autre sens"})
    again = versions.save_draft(portail, admin, back.id, back.version, reused)
    assert [fault.place for fault in again.faults] == ["champ « fiche.nouveau »"], "an id keeps the type it once had"
    mended = versions.save_draft(portail, admin, again.id, again.version, back.contenu)
    publication.publish_draft(portail, admin, mended.id, mended.version)
    lines = versions.list_versions(portail, admin, monde.centre_id, OFFRE)
    assert [(line.numero, line.etat, line.issue_de) for line in lines] == [
        (3, "publiee", 1), (2, "retiree", 1), (1, "retiree", None),
    ]  # fmt: skip


def attempts(portail: Portail, acteur: Acteur, monde: Monde, draft: DraftView) -> list[Any]:
    return [
        lambda: versions.list_versions(portail, acteur, monde.centre_id, OFFRE),
        lambda: versions.open_draft(portail, acteur, monde.centre_id, OFFRE),
        lambda: versions.save_draft(portail, acteur, draft.id, draft.version, renamed(draft.contenu)),
        lambda: publication.publish_draft(portail, acteur, draft.id, draft.version),
        lambda: versions.discard_draft(portail, acteur, draft.id, draft.version),
        lambda: versions.restore_version(portail, acteur, monde.version_id),
    ]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATEUR])
def test_other_roles_are_refused(portail: Portail, monde: Monde, draft: DraftView, role: Role) -> None:
    expected = Refus if role in ROLES_CENTRE else Introuvable
    for attempt in attempts(portail, monde[role], monde, draft):
        with pytest.raises(expected) as refused:
            attempt()
        assert type(refused.value) is expected
    with portail.db.read() as session:
        asked = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus")).all()
    assert len(asked) == 6
    assert {event.centre_id for event in asked} == {monde.centre_id}


def test_another_centre(portail: Portail, monde: Monde, draft: DraftView) -> None:
    stranger = make_other_centre(portail)
    for attempt in attempts(portail, stranger, monde, draft):
        with pytest.raises(Introuvable):
            attempt()
    for unknown in (uuid4(),):
        with pytest.raises(Introuvable):
            publication.publish_draft(portail, monde.administrateur, unknown, 1)
    with pytest.raises(Introuvable):
        versions.open_draft(portail, monde.administrateur, monde.centre_id, "inconnue")
    with pytest.raises(Introuvable):
        versions.list_versions(portail, monde.administrateur, monde.centre_id, "inconnue")


def test_journal(portail: Portail, monde: Monde, draft: DraftView) -> None:
    admin = monde.administrateur
    saved = versions.save_draft(portail, admin, draft.id, draft.version, renamed(draft.contenu))
    publication.publish_draft(portail, admin, saved.id, saved.version)
    back = versions.restore_version(portail, admin, monde.version_id)
    versions.discard_draft(portail, admin, back.id, back.version)
    with portail.db.read() as session:
        query = select(AuditEvent).where(AuditEvent.objet == "offre_version").order_by(AuditEvent.seq)
        told = [(event.action, event.details["numero"]) for event in session.scalars(query)]
    assert told == [
        ("offre.preparer", 2), ("offre.enregistrer", 2), ("offre.publier", 2), ("offre.restaurer", 3),
        ("offre.abandonner", 3),
    ]  # fmt: skip


def test_a_tariff_that_nobody_voted(portail: Portail, monde: Monde, draft: DraftView) -> None:
    """A mistyped code is told before publication; a code of the centre's own is published once its tariff is recorded."""

    def save(version: int, code: str) -> DraftView:
        contenu = deepcopy(draft.contenu)
        contenu["facturation"]["tarif"] = code
        return versions.save_draft(portail, monde.administrateur, draft.id, version, contenu)

    mistyped = save(draft.version, "temps_complt")
    (fault,) = mistyped.faults
    assert "temps_complt" in fault.place and "« temps_complet »" in fault.reason
    with pytest.raises(DefinitionError, match="temps_complt"):
        publication.publish_draft(portail, monde.administrateur, draft.id, mistyped.version)
    own = save(mistyped.version, "atelier")
    assert len(own.faults) == 1
    voted = {
        "annee": "2026",
        "montant": "100",
        "numero": "2025-1",
        "date": "2025-11-01",
        "effectif_min": "",
        "organe": "",
    }
    save_tarif(portail, monde.administrateur, monde.centre_id, "atelier", voted)
    assert save(own.version, "atelier").faults == ()
