"""Dossiers are begun, listed, searched and entrusted; each person sees their own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select, update

from domain.errors import Introuvable, Refus
from domain.roles import Role
from models import Dossier, OffreVersion, utc_now
from services.adhesion import dossier_lists, dossiers, messages
from services.adhesion.dossier_views import DossierFilter
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from tests.factories import (
    CENTRE,
    Monde,
    acteur,
    make_acteur,
    make_collectivite,
    make_dossier,
    make_other_centre,
    make_stranger,
    make_user,
    version_id,
)


def _create(monde: Monde, person: Acteur, collectivite_id: UUID, operation: str | None = None) -> UUID:
    return dossiers.create_dossier(
        monde.portail,
        person,
        collectivite_id=collectivite_id,
        offre_version_id=monde.version_id,
        operation_id=operation or uuid4().hex,
    )


def _references(monde: Monde, person: Acteur, **filtre: object) -> list[str]:
    page = dossier_lists.list_dossiers(
        monde.portail, person, replace(DossierFilter(tri="reference", descendant=False), **filtre)
    )
    return [row.reference for row in page.rows]


@contextmanager
def counted_queries(portail: Portail) -> Iterator[list[str]]:
    """Statements sent to the database meanwhile."""
    seen: list[str] = []

    def note(*args: object) -> None:
        seen.append(str(args[2]))

    event.listen(portail.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(portail.db.engine, "before_cursor_execute", note)


# Beginning a dossier ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_who_may_begin_a_dossier(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    if role in (Role.GESTIONNAIRE, Role.INSTRUCTEUR):
        assert _create(monde, monde[role], monde.collectivite_id)
    else:
        with pytest.raises(Refus):
            _create(monde, monde[role], monde.collectivite_id)


def test_nobody_begins_one_for_others_or_with_an_unpublished_offer(monde: Monde) -> None:
    portail = monde.portail
    for person in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Refus):
            _create(monde, person, monde.collectivite_id)
    with pytest.raises(Introuvable):
        _create(monde, monde.gestionnaire, uuid4())
    with portail.db.write() as session:
        session.execute(update(OffreVersion).where(OffreVersion.id == monde.version_id).values(etat="retiree"))
    with pytest.raises(Refus, match="pas ouverte"):
        _create(monde, monde.gestionnaire, monde.collectivite_id)


def test_references_have_no_gap_and_no_double(monde: Monde) -> None:
    def create(number: int) -> UUID:
        return _create(monde, monde.gestionnaire, monde.collectivite_id, f"op{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(6)))
    year = clock.today().year
    assert _references(monde, monde.gestionnaire) == [f"D-{year}-{rank:04d}" for rank in range(1, 7)]


def test_a_double_click_begins_one_dossier(monde: Monde) -> None:
    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(lambda _: _create(monde, monde.gestionnaire, monde.collectivite_id, "meme"), range(3)))
    assert len(made) == 1
    assert len(_references(monde, monde.gestionnaire)) == 1


def test_what_each_person_may_begin(monde: Monde) -> None:
    portail = monde.portail
    assert [one.collectivite for one in dossier_lists.list_creatable(portail, monde.gestionnaire)] == ["Choisy-le-Roi"]
    assert dossier_lists.list_creatable(portail, monde.signataire) == []
    assert dossier_lists.list_creatable(portail, monde.instructeur) == []
    make_dossier(portail, monde, complet=False)
    (found,) = dossier_lists.list_creatable(portail, monde.instructeur)
    assert (found.collectivite_id, found.offre_version_id) == (monde.collectivite_id, version_id(CENTRE))


# Lists -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def several(monde: Monde) -> Monde:
    """Three collectivités with a dossier each, the first one deposited."""
    towns = {"L’Haÿ-les-Roses": "219400389", "Évry-Grégy-sur-Yerre": "217701754"}
    make_dossier(monde.portail, monde, "depose")
    for number, (nom, siren) in enumerate(towns.items()):
        collectivite = make_collectivite(monde.portail, nom, siren, type_="commune" if number else "ccas")
        _create(monde, monde.instructeur, collectivite)
    return monde


SEARCHES = {
    "": 3,
    "choisy le roi": 1,
    "CHOISY-LE": 1,
    "l'hay les roses": 1,
    "L’HAŸ": 1,
    "evry gregy": 1,
    "ÉVRY": 1,
    "219400": 2,
    "219 400 223": 1,
    "D-20": 3,
    "0002": 1,
    "roi choisy": 1,
    "%": 3,
    "_x": 0,
    "introuvable": 0,
    "'; --": 3,
}


def test_search_ignores_case_accents_and_punctuation(several: Monde) -> None:
    found = {texte: len(_references(several, several.instructeur, texte=texte)) for texte in SEARCHES}
    assert found == SEARCHES


def test_lists_are_filtered_sorted_and_cut(several: Monde) -> None:
    portail, person = several.portail, several.instructeur
    every = _references(several, person)
    assert _references(several, person, etats=("depose",)) == every[:1]
    assert _references(several, person, etats=("depose", "brouillon")) == every
    assert _references(several, person, offre="service-social-travail") == every
    assert _references(several, person, offre="autre") == []
    assert _references(several, person, instructeur=person.utilisateur_id) == []
    dossiers.assign_instructeur(portail, several.responsable, _ids(several)[2], person.utilisateur_id)
    assert _references(several, person, instructeur=person.utilisateur_id) == every[2:]
    for tri in (*dossier_lists.TRIS, "drop table", ""):
        up = _references(several, person, tri=tri)
        assert sorted(up) == every
        assert sorted(_references(several, person, tri=tri, descendant=True)) == every
    assert _references(several, person, tri="depose_le", descendant=True)[0] == every[0]
    assert _references(several, person, tri="depose_le")[0] == every[0]  # what has no date comes last, both ways
    page = dossier_lists.list_dossiers(
        portail, person, DossierFilter(tri="reference", descendant=False, taille=2, page=2)
    )
    assert ([row.reference for row in page.rows], page.total, page.pages) == (every[2:], 3, 2)
    assert dossier_lists.list_dossiers(portail, person, DossierFilter(taille=2, page=99)).page == 2
    assert dossier_lists.list_dossiers(portail, person, DossierFilter(taille=0, page=-1)).page == 1


def _ids(monde: Monde) -> list[UUID]:
    with monde.portail.db.read() as session:
        return list(session.scalars(select(Dossier.id).order_by(Dossier.reference)))


def test_each_person_lists_their_own(several: Monde) -> None:
    portail = several.portail
    assert len(_references(several, several.gestionnaire)) == 1
    for role in (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR):
        assert len(_references(several, several[role])) == 3
    assert _references(several, several[Role.ASSISTANT]) == []
    for person in (make_stranger(portail), make_other_centre(portail), make_acteur(portail)):
        assert _references(several, person) == []


def test_a_role_counts_from_its_first_day_to_its_last(several: Monde) -> None:
    portail, today = several.portail, clock.today()
    day = timedelta(days=1)
    for du, au, seen in (
        (today, today, 1), (today + day, None, 0), (today - 9 * day, today - day, 0), (today - day, None, 1),
    ):  # fmt: skip
        person = make_user(portail, Role.DIRECTION, collectivite=several.collectivite_id, du=du, au=au)
        assert len(_references(several, acteur(portail, person))) == seen


def test_each_side_reads_its_own_label_and_unread_count(several: Monde) -> None:
    portail = several.portail
    messages.post_message(portail, several.gestionnaire, _ids(several)[0], "Bonjour.", operation_id="m")
    rows = dossier_lists.list_dossiers(
        portail, several.instructeur, DossierFilter(tri="reference", descendant=False)
    ).rows
    assert [(row.etat_libelle, row.non_lus) for row in rows] == [("Déposé", 1), ("Brouillon", 0), ("Brouillon", 0)]
    (row,) = dossier_lists.list_dossiers(portail, several.gestionnaire, DossierFilter()).rows
    assert (row.etat_libelle, row.non_lus) == ("Déposé, en attente du centre", 0)


def test_the_number_of_queries_does_not_grow_with_the_list(several: Monde) -> None:
    portail = several.portail
    with counted_queries(portail) as few:
        dossier_lists.list_dossiers(portail, several.instructeur, DossierFilter(taille=1))
    with counted_queries(portail) as more:
        dossier_lists.list_dossiers(portail, several.instructeur, DossierFilter())
    assert len(more) == len(few) <= 6
    with counted_queries(portail) as opened:
        dossiers.open_dossier(portail, several.instructeur, _ids(several)[0])
    assert len(opened) <= 25


def test_a_dossier_is_entrusted_to_an_instructeur_of_its_centre(several: Monde) -> None:
    portail, dossier_id = several.portail, _ids(several)[0]
    for person in (several.gestionnaire, several["assistant"], make_other_centre(portail)):
        with pytest.raises(Refus):
            dossiers.assign_instructeur(portail, person, dossier_id, several.instructeur.utilisateur_id)
    with pytest.raises(Refus, match="pas instructeur"):
        dossiers.assign_instructeur(portail, several.responsable, dossier_id, several.gestionnaire.utilisateur_id)
    dossiers.assign_instructeur(portail, several.responsable, dossier_id, several.instructeur.utilisateur_id)
    view = dossiers.open_dossier(portail, several.instructeur, dossier_id)
    assert view.instructeur_nom == "Instructeur Modèle"
    dossiers.assign_instructeur(portail, several.instructeur, dossier_id, None)
    assert dossiers.open_dossier(portail, several.instructeur, dossier_id).instructeur_nom is None
    names = dossier_lists.list_instructeurs(portail, several.responsable)
    assert names == [(several.instructeur.utilisateur_id, "Instructeur Modèle")]


def test_amounts_are_those_of_the_engine(monde: Monde) -> None:
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, make_dossier(monde.portail, monde))
    assert view.montants is not None
    assert str(view.montants["annuel"]) == "32426.46"
    empty = make_dossier(monde.portail, monde, complet=False)
    assert dossiers.open_dossier(monde.portail, monde.gestionnaire, empty).montants is None
    assert view.modifie_le <= utc_now()
