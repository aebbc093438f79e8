"""Settings of a centre: who changes them, what is refused, and that documents can still read what is kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from domain import offer as definitions
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, Centre
from services.centre.parametres import (
    ParametresInvalides,
    list_configurable,
    open_parametres,
    save_parametres,
    settings_form,
)
from services.core.portail import Portail
from tests.factories import Monde, journal_actions, make_other_centre, make_stranger


def _save(monde: Monde, valeurs: dict[str, object], *, role: Role = Role.ADMINISTRATEUR, version: int = 1) -> int:
    return save_parametres(monde.portail, monde[role], monde.centre_id, valeurs, version_vue=version)


def _read(monde: Monde) -> dict[str, object]:
    return open_parametres(monde.portail, monde.administrateur, monde.centre_id).valeurs


def _stored(portail: Portail, monde: Monde) -> Centre:
    with portail.db.read() as session:
        return session.get_one(Centre, monde.centre_id)


GROUPS = ("references", "vocabulaire", "president", "delegataire", "conservation")


def test_the_form_covers_every_text_of_the_real_centre(monde_sqlite: Monde) -> None:
    """A reference or a word that the centre's file has and the form does not could never be edited."""
    parametres = _stored(monde_sqlite.portail, monde_sqlite).parametres
    fields = set(settings_form().fields)
    for group in GROUPS:
        assert {f"{group}.{key}" for key in parametres[group]} <= fields
    others = set(parametres) - {*GROUPS, "code", "departements"}
    assert others <= fields


def test_saves_what_documents_read(portail: Portail, monde: Monde) -> None:
    version = _save(
        monde,
        {
            "sigle": "CIG <b>PC</b> {{ 7*7 }}",
            "adresse": {"voie": "2 rue Neuve", "code_postal": "93500", "ville": "Pantin"},
        },
    )
    centre = _stored(portail, monde)
    assert (version, centre.version) == (2, 2)
    assert centre.parametres["sigle"] == "CIG <b>PC</b> {{ 7*7 }}"
    assert centre.parametres["departements"] == ["92", "93", "94"]
    read = definitions.Centre.model_validate(centre.parametres)
    assert (read.adresse.voie, read.references["secret_casf"]) == (
        "2 rue Neuve",
        "l’article L.\u00a0411-3 du code de l’action sociale et des familles",
    )


def test_name_and_time_zone_are_columns_too(portail: Portail, monde: Monde) -> None:
    _save(monde, {"nom": "Centre de gestion d’essai", "fuseau": "America/Martinique"})
    centre = _stored(portail, monde)
    assert (centre.nom, centre.fuseau) == ("Centre de gestion d’essai", "America/Martinique")


def test_references_never_break_over_two_lines(monde_sqlite: Monde) -> None:
    _save(monde_sqlite, {"references.fondement": "l'article L. 452-40 et le décret n° 2001-654"})
    assert _read(monde_sqlite)["references.fondement"] == "l’article L.\u00a0452-40 et le décret n°\u00a02001-654"


def test_nobody_signs_by_delegation_once_the_quality_is_gone(portail: Portail, monde: Monde) -> None:
    _save(monde, {"delegataire.qualite": None})
    assert _stored(portail, monde).parametres["delegataire"] is None
    _save(monde, {"delegataire.qualite": "directrice générale", "delegataire.feminin": True}, version=2)
    assert _stored(portail, monde).parametres["delegataire"] == {
        "qualite": "directrice générale",
        "feminin": True,
        "nom": None,
    }


def test_deliberations_keep_their_order(monde_sqlite: Monde) -> None:
    rows = [
        {"numero": "2026-9", "date": "2026-01-05", "objet": "tarifs", "usage": "tarif"},
        {"numero": "2021-42", "date": "15/06/2021", "objet": "modèle", "usage": "modele"},
    ]
    _save(monde_sqlite, {"deliberations": rows})
    kept = _read(monde_sqlite)["deliberations"]
    assert isinstance(kept, list)
    assert [row["date"] for row in kept] == ["2026-01-05", "2021-06-15"]


def test_every_fault_is_told_by_field_and_nothing_is_kept(portail: Portail, monde: Monde) -> None:
    with pytest.raises(ParametresInvalides) as caught:
        _save(monde, {"nom": "", "courriel": "pas une adresse", "sigle": "Autre", "tribunal": "x" * 100_000})
    assert set(caught.value.erreurs) == {"nom", "courriel", "tribunal"}
    assert _stored(portail, monde).version == 1


def test_unknown_setting_is_refused(monde_sqlite: Monde) -> None:
    with pytest.raises(Invalide, match="n’existe pas"):
        _save(monde_sqlite, {"code": "autre"})


def test_a_change_made_meanwhile_is_never_overwritten(portail: Portail, monde: Monde) -> None:
    _save(monde, {"sigle": "Premier"})
    with pytest.raises(Conflit):
        _save(monde, {"sigle": "Second"}, version=1)
    assert _stored(portail, monde).parametres["sigle"] == "Premier"


def test_saving_nothing_new_changes_nothing(portail: Portail, monde: Monde) -> None:
    assert _save(monde, {"sigle": _read(monde)["sigle"]}) == 1
    assert "centre.modifier" not in journal_actions(portail, monde.centre_id)


def test_journal_names_the_fields_and_not_what_was_typed(portail: Portail, monde: Monde) -> None:
    _save(monde, {"courriel": "contact@example.org"})
    with portail.db.read() as session:
        line = session.scalars(select(AuditEvent).where(AuditEvent.action == "centre.modifier")).one()
    assert line.details == {"champs": ["courriel"]}


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_and_who_changes(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    if role in (Role.ADMINISTRATEUR, Role.RESPONSABLE):
        view = open_parametres(monde.portail, monde[role], monde.centre_id)
        assert view.modifiable is (role is Role.ADMINISTRATEUR)
        assert [ident for ident, _ in list_configurable(monde.portail, monde[role])] == [monde.centre_id]
    else:
        with pytest.raises(Introuvable):
            open_parametres(monde.portail, monde[role], monde.centre_id)
        assert list_configurable(monde.portail, monde[role]) == []
    if role is not Role.ADMINISTRATEUR:
        with pytest.raises(Refus):
            _save(monde, {"sigle": "Non"}, role=role)
        assert "refus" in journal_actions(monde.portail, monde.centre_id)


def test_other_people_see_nothing(monde_sqlite: Monde) -> None:
    for stranger in (make_stranger(monde_sqlite.portail), make_other_centre(monde_sqlite.portail)):
        with pytest.raises(Introuvable):
            open_parametres(monde_sqlite.portail, stranger, monde_sqlite.centre_id)
        with pytest.raises(Introuvable):
            save_parametres(monde_sqlite.portail, stranger, monde_sqlite.centre_id, {"sigle": "Non"}, version_vue=1)
