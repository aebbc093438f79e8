"""Who sees which dossiers and conventions, whatever page or address they come from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable
from domain.roles import Role
from models import Piece
from services.adhesion import dossier_lists, dossiers, editique, pieces
from services.adhesion.dossier_lists import DossierFilter
from services.core import access
from tests.activite import assign
from tests.conventions import make_convention
from tests.factories import Monde, make_acteur, make_dossier


def test_an_assistant_reads_no_dossier(monde: Monde) -> None:
    portail, assistant = monde.portail, monde["assistant"]
    dossier_id = make_dossier(portail, monde)
    with portail.db.read() as session:
        piece_id = session.scalars(select(Piece.id).where(Piece.dossier_id == dossier_id)).one()
    with pytest.raises(Introuvable):
        dossiers.open_dossier(portail, assistant, dossier_id)
    with pytest.raises(Introuvable):
        editique.render_projet(portail, assistant, dossier_id)
    with pytest.raises(Introuvable):
        pieces.open_piece(portail, assistant, piece_id)
    assert dossier_lists.list_dossiers(portail, assistant, DossierFilter()).total == 0


def test_another_role_of_the_centre_opens_its_dossiers_to_an_assistant(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    both = replace(monde["assistant"], par_centre={monde.centre_id: frozenset({Role.ASSISTANT, Role.INSTRUCTEUR})})
    assert dossiers.open_dossier(monde.portail, both, dossier_id).id == dossier_id


def test_an_assistant_sees_the_conventions_they_are_assigned_to(monde: Monde) -> None:
    portail, assistant = monde.portail, monde["assistant"]
    mine, other = make_convention(portail, monde, "en_vigueur"), make_convention(portail, monde, "en_vigueur")
    with portail.db.read() as session, pytest.raises(Introuvable):
        access.get_convention(session, assistant, mine)
    assign(portail, monde, mine, du=date(2023, 1, 1), au=date(2023, 3, 31))
    with portail.db.read() as session:
        assert access.get_convention(session, assistant, mine).id == mine  # over since, its report is still theirs
        with pytest.raises(Introuvable):
            access.get_convention(session, assistant, other)
        colleague = make_acteur(portail, Role.ASSISTANT, centre=monde.centre_id)
        with pytest.raises(Introuvable):
            access.get_convention(session, colleague, mine)


@pytest.mark.parametrize("role", [Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR])
def test_the_other_roles_of_the_centre_see_every_convention(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde)
    both = replace(monde["assistant"], par_centre={monde.centre_id: frozenset({Role.ASSISTANT, role})})
    with monde.portail.db.read() as session:
        assert access.get_convention(session, monde[role], convention_id).id == convention_id
        assert access.get_convention(session, both, convention_id).id == convention_id


def test_an_assignment_in_one_centre_opens_nothing_in_another(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id)
    left = replace(monde["assistant"], par_centre={uuid4(): frozenset({Role.ASSISTANT})})
    with monde.portail.db.read() as session, pytest.raises(Introuvable):
        access.get_convention(session, left, convention_id)
