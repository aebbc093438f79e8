"""The calendar feed: a secret address of one's own, read with today's rights, revoked at once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from domain.roles import Role
from models import Affectation, AuditEvent, Centre, Convention, FluxCalendrier, RoleAttribue, Utilisateur
from services.comptes import invitations
from services.comptes.links import mint_link
from services.core import clock
from services.core.access import Acteur
from services.core.tokens import token_hash
from services.vie import flux
from tests.comptes import PASSWORD, cheap_hashing, token_of
from tests.conventions import make_convention
from tests.factories import Monde, journal_actions, make_other_centre, make_stranger

DAY = date(2026, 7, 1)


def _token(url: str) -> str:
    return url.rsplit("/", 1)[1].removesuffix(".ics")


def _read(monde: Monde, url: str) -> str | None:
    with clock.pretend(DAY):
        data = flux.read_flux(monde.portail, _token(url))
    return data.decode().replace("\r\n ", "").replace("\r\n", "\n") if data is not None else None


def _feed(monde: Monde, acteur: Acteur) -> str:
    text = _read(monde, flux.create_flux(monde.portail, acteur))
    assert text is not None
    return text


def _events(text: str) -> dict[str, str]:
    """UID → summary."""
    return dict(re.findall(r"UID:(.+)\n(?:.+\n)*?SUMMARY:(.+)", text))


def test_only_the_hash_is_kept_and_the_address_works(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    url = flux.create_flux(monde.portail, monde.gestionnaire)
    token = _token(url)
    assert url == f"{monde.portail.settings.adresse_publique}/calendrier/{token}.ics" and len(token) > 40
    with monde.portail.db.read() as session:
        row = session.scalars(select(FluxCalendrier)).one()
        assert row.token_hash == token_hash(token) and row.lu_le is None
        assert token not in str([line.details for line in session.scalars(select(AuditEvent))])
    text = _read(monde, url)
    assert text and "Dernier jour pour dénoncer avec effet au 1er janvier 2027 – Choisy-le-Roi (n° 2026-0001)" in text
    assert (view := flux.open_flux(monde.portail, monde.gestionnaire)) and view.lu_le
    assert view.fuseau == "Europe/Paris"


def test_its_instants_are_read_where_the_person_works(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        session.get_one(Centre, monde.centre_id).fuseau = "America/Martinique"
    for who in (monde.gestionnaire, monde.responsable):
        flux.create_flux(monde.portail, who)
        assert (view := flux.open_flux(monde.portail, who)) and view.fuseau == "America/Martinique"


def test_renewing_and_revoking_close_the_former_address(monde: Monde) -> None:
    first = flux.create_flux(monde.portail, monde.gestionnaire)
    other = flux.create_flux(monde.portail, monde.direction)
    second = flux.create_flux(monde.portail, monde.gestionnaire)
    assert (_read(monde, first), _read(monde, second) is not None) == (None, True)
    flux.revoke_flux(monde.portail, monde.gestionnaire)
    flux.revoke_flux(monde.portail, monde.gestionnaire)
    assert _read(monde, second) is None and flux.open_flux(monde.portail, monde.gestionnaire) is None
    assert _read(monde, other) is not None
    with monde.portail.db.read() as session:
        lines = [line.action for line in session.scalars(select(AuditEvent).order_by(AuditEvent.seq))]
        assert [one for one in lines if one.startswith("calendrier.")] == [
            *["calendrier.creer"] * 3,
            "calendrier.lire",
            "calendrier.revoquer",
            "calendrier.lire",
        ]


def test_a_new_password_closes_the_address(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who had the account open may have read the address: it goes with the sessions, nobody else's does."""
    cheap_hashing(monkeypatch)
    mine, other = (flux.create_flux(monde.portail, one) for one in (monde.gestionnaire, monde.direction))
    with monde.portail.db.write() as session:
        link = mint_link(monde.portail, session, "mot_de_passe", utilisateur_id=monde.gestionnaire.utilisateur_id)
    invitations.reset_password(monde.portail, token_of(link), PASSWORD)
    assert _read(monde, mine) is None and _read(monde, other) is not None
    with monde.portail.db.read() as session:
        ended = session.scalars(select(FluxCalendrier.id).where(FluxCalendrier.revoque_le.is_not(None))).one()
        told = select(AuditEvent.objet_id).where(AuditEvent.action == "calendrier.revoquer")
        assert session.scalars(told).all() == [str(ended)]


@pytest.mark.parametrize("token", ["", "inconnu", "é" * 50, "\udcff"])
def test_an_unknown_address_gives_nothing(monde_sqlite: Monde, token: str) -> None:
    assert flux.read_flux(monde_sqlite.portail, token) is None


def test_programs_that_read_together_make_one_line_and_one_that_comes_too_late_none(monde: Monde) -> None:
    portail, me = monde.portail, monde.gestionnaire
    flux.create_flux(portail, me)
    with portail.db.read() as session:
        flux_id = session.scalars(select(FluxCalendrier.id)).one()
    for ident in (flux_id, flux_id, uuid4()):
        flux._note_reading(portail, ident, me)
    assert journal_actions(portail).count("calendrier.lire") == 1


def test_rights_are_those_of_the_day_it_is_read(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    url = flux.create_flux(monde.portail, monde.gestionnaire)
    assert _events(_read(monde, url) or "")
    with monde.portail.db.write() as session:
        held = update(RoleAttribue).where(RoleAttribue.utilisateur_id == monde.gestionnaire.utilisateur_id)
        session.execute(held.values(au=DAY - timedelta(days=1)))
    assert _events(_read(monde, url) or "") == {}
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, monde.gestionnaire.utilisateur_id).actif = False
    assert _read(monde, url) is None


def test_others_see_nothing(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    for person in (make_stranger(monde.portail), make_other_centre(monde.portail), monde[Role.ASSISTANT]):
        assert _events(_feed(monde, person)) == {}


def test_a_centre_has_one_event_for_alike_deadlines(monde: Monde) -> None:
    for _ in range(3):
        make_convention(monde.portail, monde, "en_vigueur")
    boss, clerk = _events(_feed(monde, monde.responsable)), _events(_feed(monde, monde.gestionnaire))
    notice = "Dernier jour pour dénoncer avec effet au 1er janvier 2027 – "
    assert [one for one in boss.values() if one.startswith(notice)] == [f"{notice}3 conventions"]
    assert len([one for one in clerk.values() if one.startswith(notice)]) == 3
    assert not [one for one in clerk.values() if "à voter" in one] and [
        one for one in boss.values() if "à voter" in one
    ]


def test_an_event_keeps_its_name_when_its_day_changes(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id: UUID = make_convention(monde.portail, monde, "en_vigueur")
    before = _events(_feed(monde, monde.gestionnaire))
    assert before == _events(_feed(monde, monde.gestionnaire))
    with monde.portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        convention.fin, convention.fin_motif, convention.etat = date(2026, 12, 31), "denonciation", "denoncee"
    after = _events(_feed(monde, monde.gestionnaire))
    ends = [one for one in after.values() if one.startswith("Fin de la convention")]
    assert len(ends) == 1 and set(after) - set(before) == {uid for uid, one in after.items() if one in ends}
    assert not [one for one in after.values() if one.startswith("Terme")]


def test_nobody_is_named(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assistant = monde[Role.ASSISTANT]
    with monde.portail.db.write() as session:
        session.add(
            Affectation(
                centre_id=monde.centre_id, convention_id=convention_id,
                assistant_id=assistant.utilisateur_id, du=date(2023, 1, 1),
            )
        )  # fmt: skip
    for role in Role:
        text = _feed(monde, monde[role])
        assert "Modèle" not in text and "example.org" not in text.replace(monde.portail.settings.adresse_publique, "")
    assert set(_events(_feed(monde, assistant)).values())
