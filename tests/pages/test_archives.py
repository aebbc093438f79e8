"""The page of archives: who opens it, and an elimination from its proposal to its certificate."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from domain.roles import Role
from models import Convention, Dossier, RoleAttribue, Utilisateur, utc_now
from services.archives import eliminations, execution
from tests.archives import SECRET, add_certificate_template, make_ended
from tests.comptes import give_password
from tests.factories import Monde, make_dossier, make_other_centre
from tests.pages.conftest import Visitor, text_of
from ui import page

READERS = {Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR}
NOWHERE = "Cette page n’existe pas, ou vous n’y avez pas accès."


@pytest.fixture
def archives(monde: Monde) -> Monde:
    add_certificate_template(monde.portail, monde)
    make_ended(monde.portail, monde, date_effet=date(2010, 1, 1))
    return monde


def button(app: object, label: str) -> object:
    """The button of this label."""
    return next(one for one in app.button if one.label == label)  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", list(Role))
def test_who_opens_it(visitor: Visitor, archives: Monde, role: Role) -> None:
    app = visitor.open(archives[role], "archives")
    refused = NOWHERE in [error.value for error in app.error]
    assert refused is (role not in READERS)
    assert ("Choisy-le-Roi" in text_of(app)) is (role in READERS)
    assert any(one.label == "Proposer l’élimination" for one in app.button) is (role is Role.RESPONSABLE)


def test_another_centre_sees_its_own(visitor: Visitor, archives: Monde) -> None:
    app = visitor.open(make_other_centre(archives.portail), "archives", centre=archives.centre_id)
    assert "Rien n’est à éliminer aujourd’hui." in text_of(app)
    assert "Choisy-le-Roi" not in text_of(app)


def test_from_proposal_to_certificate(visitor: Visitor, archives: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked answers yes: dialogs are tried in a browser."""
    monkeypatch.setattr(page, "confirm", lambda titre, texte, libelle, action, **kw: action("Motif."))
    app = visitor.open(archives.responsable, "archives")
    app.checkbox[0].check().run()
    button(app, "Proposer l’élimination").click().run()  # type: ignore[attr-defined]
    app = visitor.open(archives.responsable, "archives", onglet="eliminations")
    assert "À approuver" in text_of(app)
    assert "Approuver l’élimination" not in [one.label for one in app.button]
    app = visitor.open(archives.administrateur, "archives", onglet="eliminations")
    button(app, "Approuver l’élimination").click().run()  # type: ignore[attr-defined]
    assert "Indiquez la référence du visa" in app.error[0].value
    app.text_input[0].set_value("Visa 2038-112")
    button(app, "Approuver l’élimination").click().run()  # type: ignore[attr-defined]
    assert "Approuvée, à exécuter" in text_of(app)
    button(app, "Éliminer définitivement").click().run()  # type: ignore[attr-defined]
    assert not app.exception and [one.value for one in app.error] == []
    shown = text_of(visitor.open(archives.responsable, "archives", onglet="eliminations"))
    assert "certificat-elimination-" in shown and "Visa 2038-112" in shown


def test_what_is_left_of_a_convention_and_of_its_dossier_opens(visitor: Visitor, archives: Monde) -> None:
    """For everybody who could open them: nothing breaks for want of answers, of files or of names."""
    portail = archives.portail
    with portail.db.read() as session:
        convention = session.scalars(select(Convention)).one()
    elimination_id = eliminations.propose(
        portail, archives.responsable, archives.centre_id, [("convention", convention.id)], operation_id="x"
    )
    assert elimination_id
    eliminations.approve(portail, archives.administrateur, elimination_id, visa="Visa 2026-1", version=1)
    execution.execute(portail, archives.responsable, elimination_id)
    for role in Role:
        if role is Role.ASSISTANT:
            continue
        shown = text_of(visitor.open(archives[role], "convention", id=convention.id))
        assert "archives de cette convention ont été éliminées" in shown and SECRET not in shown
    for nom, acteur, params in (
        ("instruction", archives.instructeur, {"id": convention.dossier_id}),
        ("instruction", archives.responsable, {"id": convention.dossier_id, "vue": "historique"}),
        ("dossier", archives.gestionnaire, {"id": convention.dossier_id}),
        ("conventions", archives.responsable, {}),
        ("dossiers", archives.responsable, {}),
        ("decomptes", archives.responsable, {}),
        ("bilans", archives.responsable, {}),
        ("suivi", archives.direction, {}),
        ("tableau_de_bord", archives.responsable, {}),
        ("journal", archives.administrateur, {}),
        ("accueil", archives.responsable, {}),
        ("accueil", archives.direction, {}),
    ):
        app = visitor.open(acteur, nom, **params)
        assert [one.value for one in app.error] == [], nom
        assert SECRET not in text_of(app), nom


@pytest.mark.parametrize("role", sorted(READERS))
@pytest.mark.parametrize("onglet", ["donnees", "purge"])
def test_tabs_of_personal_data(visitor: Visitor, archives: Monde, role: Role, onglet: str) -> None:
    app = visitor.open(archives[role], "archives", onglet=onglet)
    shown = text_of(app)
    assert ("Registre des données personnelles" in shown) is (onglet == "donnees")
    assert ("Rien n’est à retirer aujourd’hui." in shown) is (onglet == "purge")
    asked = any(one.label == "Adresse ou nom" for one in app.text_input)
    assert asked is (role is Role.ADMINISTRATEUR and onglet == "donnees")


def test_a_request_of_a_person(visitor: Visitor, archives: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "confirm", lambda titre, texte, libelle, action, **kw: action(""))
    portail, mail = archives.portail, archives.signataire.courriel
    app = visitor.open(archives.administrateur, "archives", onglet="donnees")
    app.text_input[0].set_value(mail)
    button(app, "Chercher").click().run()  # type: ignore[attr-defined]
    assert "« Signataire »" in text_of(app)
    assert "Supprimer ce compte" not in [one.label for one in app.button]
    give_password(portail, archives.gestionnaire.utilisateur_id)
    with portail.db.write() as session:
        session.execute(
            update(RoleAttribue)
            .where(RoleAttribue.utilisateur_id == archives.signataire.utilisateur_id)
            .values(au=date(2021, 1, 1))
        )
    button(app, "Chercher").click().run()  # type: ignore[attr-defined]
    button(app, "Supprimer ce compte").click().run()  # type: ignore[attr-defined]
    with portail.db.read() as session:
        assert session.get_one(Utilisateur, archives.signataire.utilisateur_id).nom_complet == "Compte supprimé"


def test_a_purge_is_shown_then_applied(visitor: Visitor, archives: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "confirm", lambda titre, texte, libelle, action, **kw: action(""))
    draft = make_dossier(archives.portail, archives)
    with archives.portail.db.write() as session:
        session.execute(update(Dossier).where(Dossier.id == draft).values(modifie_le=utc_now() - timedelta(days=500)))
    app = visitor.open(archives.administrateur, "archives", onglet="purge")
    assert "Brouillons abandonnés (1)" in text_of(app)
    button(app, "Retirer ce qui est listé").click().run()  # type: ignore[attr-defined]
    app = visitor.open(archives.administrateur, "archives", onglet="purge")
    assert "Rien n’est à retirer aujourd’hui." in text_of(app)


def test_one_button_stands_out(visitor: Visitor, archives: Monde) -> None:
    """Of two eliminations that wait, the older is put forward."""
    second = make_ended(archives.portail, archives, date_effet=date(2009, 1, 1))
    with archives.portail.db.read() as session:
        ids = list(session.scalars(select(Convention.id)))
    for one in ids:
        eliminations.propose(
            archives.portail, archives.responsable, archives.centre_id, [("convention", one)], operation_id=str(one)
        )
    app = visitor.open(archives.administrateur, "archives", onglet="eliminations")
    approving = [one.proto.type for one in app.button if one.label == "Approuver l’élimination"]
    assert approving == ["secondary", "primary"] and second in ids


def test_links_to_the_whole_export(visitor: Visitor, archives: Monde) -> None:
    with archives.portail.db.read() as session:
        convention = session.scalars(select(Convention)).one()
    for role in set(Role) - {Role.ASSISTANT}:
        app = visitor.open(archives[role], "convention", id=convention.id)
        links = [one.proto.url for one in app.get("link_button")]
        exported = any(one.startswith("/exports/archives.zip") for one in links)
        assert exported is (role in {Role.INSTRUCTEUR, Role.RESPONSABLE, Role.ADMINISTRATEUR})
        own = [one.proto.url for one in visitor.open(archives[role], "compte").get("link_button")]
        assert "/exports/mes-donnees.zip" in own
