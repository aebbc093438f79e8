"""Wording an offer's mails: in the draft, checked, published, and then in the mail that leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from domain.courriels import catalogue
from domain.definitions import DefinitionError
from domain.errors import Conflit, Fautes, Introuvable, Invalide, Refus
from domain.offer import read_offer
from domain.offer.mail_editing import reset_text, set_text
from domain.roles import Role
from domain.yaml_writer import write_settings
from models import Courriel, Dossier, OffreVersion, RoleAttribue, Utilisateur
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.courriels import mails, smtp, textes
from services.courriels.redaction import write_mail
from services.courriels.textes import find_texte, preview_texte
from services.offres.edition_formulaires import EditionView, Operation, edit_offer, open_edition
from services.offres.publication import publish
from tests.factories import Monde, make_dossier

MODELE = "dossier_accepte"
OBJET, CORPS = "Bonne nouvelle : {{ reference }}", "Votre dossier est accepté.\n\n{{ page }}"


def _open(monde: Monde) -> EditionView:
    return open_edition(monde.portail, monde.gens[Role.ADMINISTRATEUR], monde.centre_id, _code(monde))


def _code(monde: Monde) -> str:
    with monde.portail.db.read() as session:
        return session.get_one(OffreVersion, monde.version_id).code


def _save(monde: Monde, objet: str = OBJET, corps: str = CORPS, modele: str = MODELE) -> bool:
    view = _open(monde)
    admin = monde.gens[Role.ADMINISTRATEUR]
    return _edit(monde, admin, view.version, lambda contenu, _: set_text(contenu, modele, objet, corps))


def _edit(monde: Monde, acteur: Acteur, version: int | None, operation: Operation) -> bool:
    return edit_offer(monde.portail, acteur, monde.centre_id, _code(monde), version, operation)


def _publish(monde: Monde) -> None:
    draft_id = _open(monde).draft_id
    with monde.portail.db.write() as session:
        publish(session, monde.gens[Role.ADMINISTRATEUR], session.get_one(OffreVersion, draft_id))


def _sent(monde: Monde, dossier_id: object, monkeypatch: pytest.MonkeyPatch) -> EmailMessage:
    """The mail about this dossier, as it is handed over."""
    found: list[EmailMessage] = []

    def keep(_url: str, message: EmailMessage, *_: str) -> smtp.Outcome:
        found.append(message)
        return smtp.Outcome("envoye")

    monkeypatch.setattr(smtp, "send", keep)
    monde.portail.settings = replace(monde.portail.settings, smtp_url="smtp://127.0.0.1:9")
    with monde.portail.db.write() as session:
        session.query(Courriel).delete()
        mails.queue(
            session,
            MODELE,
            monde.gestionnaire.courriel,
            utilisateur_id=monde.gestionnaire.utilisateur_id,
            centre_id=monde.centre_id,
            dossier=str(dossier_id),
        )
    assert mails.deliver(monde.portail) == mails.Report(envoyes=1)
    return found[0]


def test_a_text_serves_once_it_is_published_and_for_dossiers_of_older_versions_too(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    dossier_id = make_dossier(monde.portail, monde, "accepte")
    with monde.portail.db.read() as session:
        reference = session.get_one(Dossier, dossier_id).reference
    assert _save(monde) is True
    assert _sent(monde, dossier_id, monkeypatch)["Subject"] == f"Dossier accepté – dossier {reference}"
    _publish(monde)
    message = _sent(monde, dossier_id, monkeypatch)
    assert message["Subject"] == f"Bonne nouvelle : {reference}"
    body = message.get_content()
    assert "Votre dossier est accepté." in body
    assert f"/dossier?id={dossier_id}" in body
    assert "Message automatique" in body
    admin = monde.gens[Role.ADMINISTRATEUR]
    view = _open(monde)
    assert _edit(monde, admin, view.version, lambda contenu, _: reset_text(contenu, MODELE))
    assert [one.titre for one in _open(monde).changements] == [
        "Courriels › courriel « Dossier accepté » › Objet",
        "Courriels › courriel « Dossier accepté » › Texte",
    ]
    _publish(monde)
    assert _sent(monde, dossier_id, monkeypatch)["Subject"] == f"Dossier accepté – dossier {reference}"


def test_every_mail_about_a_dossier_says_the_offer_of_the_centre(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    dossier_id = make_dossier(monde.portail, monde, "accepte")
    body = _sent(monde, dossier_id, monkeypatch).get_content()
    assert f"({_open(monde).titre})" in body


def test_the_link_leads_each_side_to_its_page(monde: Monde) -> None:
    """A person who left the centre and now works for a collectivité is of the collectivité's side."""
    dossier_id = make_dossier(monde.portail, monde, "accepte")
    for role, page in ((Role.INSTRUCTEUR, "instruction"), (Role.GESTIONNAIRE, "dossier")):
        assert f"/{page}?id={dossier_id}" in _written(monde, role, dossier_id)
    with monde.portail.db.write() as session:
        for held in session.query(RoleAttribue).filter_by(utilisateur_id=monde.instructeur.utilisateur_id):
            held.au = clock.today() - timedelta(days=1)
    assert f"/dossier?id={dossier_id}" in _written(monde, Role.INSTRUCTEUR, dossier_id)


def _written(monde: Monde, role: Role, dossier_id: object) -> str:
    with monde.portail.db.write() as session:
        user = session.get_one(Utilisateur, monde.gens[role].utilisateur_id)
        mail = mails.queue(
            session,
            "message_recu",
            user.courriel,
            utilisateur_id=user.id,
            centre_id=monde.centre_id,
            dossier=str(dossier_id),
        )
        return write_mail(monde.portail, session, mail, user).corps


def test_a_bad_text_changes_nothing_and_says_where(monde: Monde) -> None:
    with pytest.raises(Fautes) as caught:
        _save(monde, "{{ refernce }}", "{{ page")
    assert [one.champ for one in caught.value.fautes] == ["objet", "corps"]
    assert "vouliez-vous « reference »" in caught.value.fautes[0].message
    for modele in ("invitation", "inconnu"):
        with pytest.raises(Invalide):
            _save(monde, modele=modele)
    assert _open(monde).draft_id is None


def test_a_bad_text_that_came_by_a_file_is_not_published(monde: Monde) -> None:
    _save(monde)
    with monde.portail.db.write() as session:
        draft = session.get_one(OffreVersion, _open(monde).draft_id)
        draft.contenu = {**draft.contenu, "courriels": {MODELE: {"objet": "Objet", "corps": "{{ nmero }}"}}}
    with pytest.raises(DefinitionError, match="courriel « Dossier accepté »"):
        _publish(monde)


def test_a_text_that_no_longer_holds_leaves_its_place_to_the_portal_s(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tags of a model may change with the portal: a mail leaves all the same."""
    dossier_id = make_dossier(monde.portail, monde, "accepte")
    with monde.portail.db.write() as session:
        version = session.get_one(OffreVersion, monde.version_id)
        version.contenu = {**version.contenu, "courriels": {MODELE: {"objet": "Ancien", "corps": "{{ disparue }}"}}}
    assert _sent(monde, dossier_id, monkeypatch)["Subject"].startswith("Dossier accepté")


def test_only_administrators_of_the_centre_word_its_mails(monde: Monde) -> None:
    for role in set(Role) - {Role.ADMINISTRATEUR}:
        with pytest.raises((Refus, Introuvable)):
            _edit(monde, monde.gens[role], None, lambda contenu, _: set_text(contenu, MODELE, OBJET, CORPS))
        with pytest.raises(Refus):
            preview_texte(monde.portail, monde.gens[role], _open(monde), MODELE, OBJET, CORPS)


def test_two_people_do_not_overwrite_each_other(monde: Monde) -> None:
    admin = monde.gens[Role.ADMINISTRATEUR]
    _save(monde)
    seen = _open(monde).version
    _save(monde, objet="Autre objet")
    with pytest.raises(Conflit):
        _edit(monde, admin, seen, lambda contenu, _: set_text(contenu, MODELE, "Encore", CORPS))


def test_the_preview_is_what_would_leave(monde: Monde) -> None:
    admin = monde.gens[Role.ADMINISTRATEUR]
    view = _open(monde)
    shown = preview_texte(monde.portail, admin, view, MODELE, OBJET, CORPS + " ({{ service }})")
    assert shown.objet == "Bonne nouvelle : D-2026-0001"
    assert f"({view.titre})" in shown.corps
    with pytest.raises(Invalide, match="n’est pas une balise"):
        preview_texte(monde.portail, admin, view, MODELE, OBJET, "{{ x }}")


def test_every_text_can_be_read_and_those_of_accounts_are_no_offer_s(monde: Monde) -> None:
    view = _open(monde)
    groupes = textes.list_textes(view)
    assert {row.id for groupe in groupes for row in groupe.textes} == {one.id for one in catalogue().modeles}
    assert find_texte(view, "invitation").editable is False
    with pytest.raises(Introuvable):
        find_texte(view, "inconnu")


def test_texts_go_out_and_come_back_with_the_files_of_the_offer(monde: Monde) -> None:
    from domain.definitions import read_yaml, validate_definition
    from domain.offer import OfferSettings

    with monde.portail.db.read() as session:
        contenu = session.get_one(OffreVersion, monde.version_id).contenu
    changed = read_offer(set_text(contenu, MODELE, OBJET, CORPS + "\n\nÀ bientôt :\n  {{ centre }}\n"))
    back = validate_definition(OfferSettings, read_yaml(write_settings(changed), "offre.yaml"))
    assert back.courriels == changed.courriels
    assert reset_text(set_text(contenu, MODELE, OBJET, CORPS), MODELE)["courriels"] == {}
    modele = catalogue().modele(MODELE)
    assert set_text(contenu, MODELE, modele.objet, modele.corps) == contenu, (
        "the portal's own words are no text of the offer"
    )


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Monde:
    """On SQLite: nothing here is the database's business."""
    from tests.factories import make_monde

    return make_monde(make_portail("sqlite"), gabarits=True)
