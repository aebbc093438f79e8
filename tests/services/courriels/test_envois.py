"""What an administrator sees of the centre's mails and may do about each; the daily word to administrators."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, Centre, Courriel, Utilisateur, utc_now
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.courriels import envois, mails, releve
from services.courriels.envois import EnvoiFilter, list_envois, open_envoi, perform
from tests.factories import Monde, make_monde


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """The usual people, in a portal that has a mail server."""
    portail.settings = replace(portail.settings, smtp_url="smtp://127.0.0.1:9")
    return make_monde(portail)


def _admin(monde: Monde) -> Acteur:
    return monde.gens[Role.ADMINISTRATEUR]


def _mail(monde: Monde, etat: str, *, centre_id: UUID | None = None, **parametres: str) -> UUID:
    with monde.portail.db.write() as session:
        mail = mails.queue(
            session,
            "message_recu",
            monde.gestionnaire.courriel,
            utilisateur_id=monde.gestionnaire.utilisateur_id,
            centre_id=centre_id or monde.centre_id,
            reference="D-2026-0001",
            collectivite="Ville",
            service="Service",
            dossier=str(uuid4()),
            **parametres,
        )
        mail.etat = etat
        if etat == "incertain":
            mail.erreur = "La connexion a été coupée."
        return mail.id


def _other_centre(monde: Monde) -> UUID:
    with monde.portail.db.write() as session:
        other = Centre(code="ailleurs", nom="Ailleurs", fuseau="Europe/Paris", parametres={})
        session.add(other)
        session.flush()
        return other.id


def _get(portail: Portail, mail_id: UUID) -> Courriel:
    with portail.db.read() as session:
        return session.get_one(Courriel, mail_id)


def _do(monde: Monde, mail_id: UUID, action: str, acteur: Acteur | None = None, **more: str) -> None:
    perform(monde.portail, acteur or _admin(monde), mail_id, action, operation_id=uuid4().hex, **more)


def test_an_administrator_sees_the_mails_of_the_centre_and_no_other(monde: Monde, portail: Portail) -> None:
    mine, foreign = _mail(monde, "echec"), _mail(monde, "echec", centre_id=_other_centre(monde))
    with portail.db.write() as session:
        mails.queue(session, "mot_de_passe", "x@example.org").etat = "echec"
    found = list_envois(portail, _admin(monde), EnvoiFilter())
    assert [row.id for row in found.rows] == [mine]
    assert open_envoi(portail, _admin(monde), mine).ligne.etat_libelle == "Non remis"
    with pytest.raises(Introuvable):
        open_envoi(portail, _admin(monde), foreign)
    with pytest.raises(Introuvable):
        _do(monde, foreign, envois.RENVOYER)
    assert _get(portail, foreign).etat == "echec"


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("role", [one for one in Role if one is not Role.ADMINISTRATEUR])
def test_no_other_role_reads_or_touches_them(monde: Monde, portail: Portail, role: Role) -> None:
    mail_id = _mail(monde, "echec")
    with pytest.raises(Refus):
        list_envois(portail, monde.gens[role], EnvoiFilter())
    with pytest.raises(Introuvable):
        open_envoi(portail, monde.gens[role], mail_id)
    for action in (envois.RENVOYER, envois.CLASSER):
        with pytest.raises(Introuvable):
            _do(monde, mail_id, action, monde.gens[role])
    assert _get(portail, mail_id).etat == "echec"


def test_filters_say_what_they_let_through(monde: Monde, portail: Portail) -> None:
    for etat in ("echec", "incertain", "a_envoyer", "envoye", "annule", "sans_smtp"):
        _mail(monde, etat)
    acteur = _admin(monde)
    counts = envois.count_envois(portail, acteur)
    assert counts == {"a_traiter": 2, "attente": 1, "partis": 1, "classes": 1, "sans_smtp": 1}
    for code, count in counts.items():
        assert list_envois(portail, acteur, EnvoiFilter(etat=code)).total == count
    assert list_envois(portail, acteur, EnvoiFilter(texte="nouveau MESSAGE")).total == 6
    assert list_envois(portail, acteur, EnvoiFilter(texte=monde.gestionnaire.courriel[:5])).total == 6
    assert list_envois(portail, acteur, EnvoiFilter(texte="%")).total == 0


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ["a_envoyer", "echec", "incertain", "envoye", "sans_smtp", "annule"])
@pytest.mark.parametrize("action", [envois.RENVOYER, envois.CONFIRMER, envois.CLASSER, envois.RETOUR])
def test_each_state_allows_what_it_allows(monde: Monde, portail: Portail, etat: str, action: str) -> None:
    mail_id = _mail(monde, etat)
    shown = open_envoi(portail, _admin(monde), mail_id)
    if action in shown.actions:
        _do(monde, mail_id, action)
        after = {"renvoyer": "a_envoyer", "confirmer": "envoye", "classer": "annule", "retour": "echec"}[action]
        assert _get(portail, mail_id).etat == after
        with portail.db.read() as session:
            line = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()
        assert (line.action, line.details["modele"]) == (f"courriel.{action}", "message_recu")
    else:
        with pytest.raises(Conflit):
            _do(monde, mail_id, action)
        assert _get(portail, mail_id).etat == etat


def test_a_mail_on_its_way_is_left_alone(monde: Monde, portail: Portail) -> None:
    mail_id = _mail(monde, "incertain", **{mails.CLAIMED: utc_now().isoformat()})
    with portail.db.write() as session:
        session.get_one(Courriel, mail_id).erreur = None
    shown = open_envoi(portail, _admin(monde), mail_id)
    assert (shown.ligne.etat, shown.actions) == ("en_cours", ())
    with pytest.raises(Conflit):
        _do(monde, mail_id, envois.RENVOYER)


def test_a_double_click_sends_once(monde: Monde, portail: Portail) -> None:
    mail_id = _mail(monde, "incertain")
    perform(portail, _admin(monde), mail_id, envois.RENVOYER, operation_id="clic")
    with portail.db.write() as session:  # lost again meanwhile
        mail = session.get_one(Courriel, mail_id)
        mail.etat, mail.erreur = "incertain", "La connexion a été coupée."
    perform(portail, _admin(monde), mail_id, envois.RENVOYER, operation_id="clic")
    assert _get(portail, mail_id).etat == "incertain"


def test_what_came_back_is_noted_with_its_words_and_stays_out_of_bulk_retries(monde: Monde, portail: Portail) -> None:
    mail_id = _mail(monde, "envoye")
    _do(monde, mail_id, envois.RETOUR, precision="Boîte\r\npleine\x00 " + "x" * 900)
    mail = _get(portail, mail_id)
    assert (mail.erreur or "").startswith("Revenu à l’expéditeur : Boîte pleine x")
    assert len(mail.erreur or "") <= 500
    assert open_envoi(portail, _admin(monde), mail_id).ligne.etat == "revenu"
    assert mails.retry(portail, incertains=True) == 0
    with portail.db.read() as session:
        assert "pleine" not in str([one.details for one in session.scalars(select(AuditEvent))])
    _do(monde, mail_id, envois.RENVOYER)
    assert open_envoi(portail, _admin(monde), mail_id).ligne.etat == "file"


def test_sent_again_it_goes_to_the_address_of_today(monde: Monde, portail: Portail) -> None:
    mail_id = _mail(monde, "echec")
    with portail.db.write() as session:
        session.get_one(Utilisateur, monde.gestionnaire.utilisateur_id).courriel = "nouvelle@example.org"
    _do(monde, mail_id, envois.RENVOYER)
    assert _get(portail, mail_id).destinataire == "nouvelle@example.org"
    again = _mail(monde, "echec")
    with portail.db.write() as session:
        session.get_one(Utilisateur, monde.gestionnaire.utilisateur_id).actif = False
    with pytest.raises(Invalide, match="désactivé"):
        _do(monde, again, envois.RENVOYER)


def test_without_a_mail_server_nothing_is_promised(monde: Monde) -> None:
    monde.portail.settings = replace(monde.portail.settings, smtp_url=None)
    mail_id = _mail(monde, "sans_smtp")
    shown = open_envoi(monde.portail, _admin(monde), mail_id)
    assert envois.RENVOYER not in shown.actions
    with pytest.raises(Invalide, match="serveur d’envoi"):
        _do(monde, mail_id, envois.RENVOYER)


def test_the_text_is_shown_without_its_secret(monde: Monde, portail: Portail) -> None:
    with portail.db.write() as session:
        mail = mails.queue(
            session,
            "invitation",
            monde.signataire.courriel,
            utilisateur_id=monde.signataire.utilisateur_id,
            centre_id=monde.centre_id,
        )
    shown = open_envoi(portail, _admin(monde), mail.id)
    assert shown.objet == "Activez votre compte sur le portail de votre centre de gestion"
    assert "(lien à usage unique, connu du seul destinataire)" in (shown.corps or "")
    assert "jeton" not in (shown.corps or "")


def test_administrators_are_told_once_of_what_failed(monde: Monde, portail: Portail) -> None:
    _mail(monde, "echec")
    _mail(monde, "incertain")
    _mail(monde, "envoye")
    _mail(monde, "echec", centre_id=_other_centre(monde))
    today = clock.today()
    assert _report(monde, today) == 2
    assert _report(monde, today) == 0, "the same day, by another process"
    assert _report(monde, today + timedelta(days=1)) == 0, "nothing new"
    _mail(monde, "echec")
    assert _report(monde, today + timedelta(days=2)) == 1
    with portail.db.read() as session:
        told = session.scalars(
            select(Courriel).where(Courriel.modele == releve.MODELE).order_by(Courriel.cree_le)
        ).all()
        assert [one.destinataire for one in told] == [_admin(monde).courriel] * 2
        assert [(one.parametres["nouveaux"], one.parametres["nombre"]) for one in told] == [("2", "2"), ("1", "3")]
    with portail.db.write() as session:
        for one in session.scalars(select(Courriel).where(Courriel.modele == releve.MODELE)):
            one.etat = "echec"
    assert _report(monde, today + timedelta(days=3)) == 0, "a report that fails makes no report"


def _report(monde: Monde, jour: object) -> int:
    with monde.portail.db.write() as session:
        return releve.report_failures(session, monde.centre_id, jour)  # type: ignore[arg-type]
