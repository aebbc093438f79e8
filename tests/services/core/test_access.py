"""Who sees which dossiers and conventions, whatever page or address they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from domain.errors import Introuvable
from domain.roles import Role
from models import Piece
from services.adhesion import dossier_lists, dossiers, editique, pieces
from services.adhesion.dossier_lists import DossierFilter
from services.core import access
from tests.conventions import make_convention
from tests.factories import Monde, make_dossier


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


def test_an_assistant_sees_the_conventions_of_the_centre(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde)
    with monde.portail.db.read() as session:
        assert access.get_convention(session, monde["assistant"], convention_id).id == convention_id
