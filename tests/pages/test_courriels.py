"""The page of mails: the texts of an offer, and what became of what was sent."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from domain.roles import Role
from models import Courriel
from services.courriels import mails
from services.offres.edition_formulaires import open_edition
from tests.factories import Monde
from tests.pages.conftest import Visitor, text_of

MODELE = "convention_emise"


@pytest.fixture
def lost(monde: Monde) -> UUID:
    """A mail of which nobody knows whether it arrived."""
    monde.portail.settings = replace(monde.portail.settings, smtp_url="smtp://127.0.0.1:9")
    with monde.portail.db.write() as session:
        mail = mails.queue(
            session,
            "nouveaux_droits",
            monde.gestionnaire.courriel,
            utilisateur_id=monde.gestionnaire.utilisateur_id,
            centre_id=monde.centre_id,
        )
        mail.etat, mail.erreur = "incertain", "La connexion a été coupée <b>pendant</b> la remise."
        return mail.id


def _admin_view(monde: Monde):
    return open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, "service-social-travail")


def test_texts_are_listed_by_subject(visitor: Visitor, monde: Monde) -> None:
    said = text_of(visitor.open(monde[Role.ADMINISTRATEUR], "courriels"))
    for expected in ("Dossiers", "Convention à signer", "Comptes et accès", "Texte du portail", "mêmes pour toutes"):
        assert expected in said


def test_a_text_is_previewed_refused_then_kept_in_the_draft(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde[Role.ADMINISTRATEUR], "courriels", modele=MODELE)
    assert "Convention à signer – n° 2026-0001" in text_of(app)
    app.text_area[0].set_value("Signez la {{ numro }}.").run()
    assert any("vouliez\\-vous « numero »" in one.value for one in app.error)
    app.button(key=_key(app, "enregistrer")).click().run()
    assert "corrigez le champ signalé" in "".join(one.value for one in app.error)
    assert _admin_view(monde).draft_id is None
    app.text_area[0].set_value("Signez la convention {{ numero }}.").run()
    assert "Signez la convention 2026-0001." in text_of(app)
    app.button(key=_key(app, "enregistrer")).click().run()
    assert not app.exception
    view = _admin_view(monde)
    assert view.contenu["courriels"][MODELE]["corps"] == "Signez la convention {{ numero }}."
    assert "Brouillon en cours" in text_of(app)
    app.button(key=_key(app, "retablir")).click().run()
    assert "Les versions publiées le gardent" in text_of(app), "asked first"


def _key(app: object, end: str) -> str:
    return next(str(one.key) for one in app.button if str(one.key).endswith(end))  # type: ignore[attr-defined]


def test_a_text_of_the_installation_is_only_read(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde[Role.ADMINISTRATEUR], "courriels", modele="invitation")
    assert not app.text_area
    assert "ne se change pas ici" in text_of(app)
    app = visitor.open(monde[Role.ADMINISTRATEUR], "courriels", modele="rien")
    assert [one.value for one in app.error] == ["Ce courriel n’existe pas."]


def test_sending_an_uncertain_mail_again_asks_first(visitor: Visitor, monde: Monde, lost: UUID) -> None:
    listed = text_of(visitor.open(monde[Role.ADMINISTRATEUR], "courriels", vue="envois", e_etat="À traiter"))
    assert "Envois (1 à traiter)" in listed
    assert "&lt;b&gt;pendant" in listed
    app = visitor.open(monde[Role.ADMINISTRATEUR], "courriels", vue="envois", courriel=lost)
    assert "De nouveaux droits vous sont ouverts" in text_of(app)
    app.button(key=f"courriels:{lost}:renvoyer").click().run()
    assert _etat(monde, lost) == "incertain"
    assert "pourrait le recevoir deux fois" in "".join(str(one.value) for one in app.markdown)


def test_a_mail_that_failed_is_sent_again_at_once(visitor: Visitor, monde: Monde, lost: UUID) -> None:
    with monde.portail.db.write() as session:
        session.get_one(Courriel, lost).etat = "echec"
    app = visitor.open(monde[Role.ADMINISTRATEUR], "courriels", vue="envois", courriel=lost)
    app.button(key=f"courriels:{lost}:renvoyer").click().run()
    assert not app.exception
    assert _etat(monde, lost) == "a_envoyer"
    assert "il part dans la minute" in text_of(app)


def _etat(monde: Monde, mail_id: UUID) -> str:
    with monde.portail.db.read() as session:
        return session.get_one(Courriel, mail_id).etat


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATEUR}))
def test_nobody_else_opens_it(visitor: Visitor, monde: Monde, role: Role) -> None:
    app = visitor.open(monde[role], "courriels")
    assert [one.value for one in app.error] == ["Cette page n’existe pas, ou vous n’y avez pas accès."]
