"""What each person sees of the deadlines: their conventions, the kinds of their role, what is done, alike ones together."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from domain.roles import Role
from models import Affectation, Bilan, Convention, Decompte, MiseEnDemeure, Tarif
from services.core.access import Acteur
from services.vie.echeances import EcheanceFilter, Groupe, list_groupes, open_cadre
from tests.conventions import make_convention
from tests.factories import Monde, make_acteur, make_other_centre, make_stranger

YEAR = EcheanceFilter(date(2026, 1, 1), date(2026, 12, 31))
WHOLE = {
    (date(2026, 1, 1), "Reconduction tacite pour 2026"),
    (date(2026, 3, 31), "Bilan annuel 2025 à publier"),
    (date(2026, 3, 31), "Fin d’une période de facturation"),
    (date(2026, 6, 30), "Fin d’une période de facturation"),
    (date(2026, 9, 29), "Dernier jour pour dénoncer avec effet au 1er janvier 2027"),
    (date(2026, 9, 30), "Fin d’une période de facturation"),
    (date(2026, 12, 31), "Fin d’une période de facturation"),
    (date(2026, 12, 31), "Tarif 2027 à voter"),
}


def _shown(monde: Monde, person: Acteur, filtre: EcheanceFilter = YEAR) -> list[Groupe]:
    return list(list_groupes(monde.portail, person, filtre).rows)


def _titles(groups: list[Groupe]) -> set[tuple[date, str]]:
    return {(one.le, one.titre) for one in groups}


def test_each_role_sees_its_kinds(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    side = {one for one in WHOLE if "voter" not in one[1]}
    assistant = {one for one in WHOLE if one[1].startswith(("Reconduction", "Bilan"))}
    assert _shown(monde, monde[Role.ASSISTANT]) == []
    with monde.portail.db.write() as session:
        session.add(
            Affectation(
                centre_id=monde.centre_id, convention_id=convention_id,
                assistant_id=monde[Role.ASSISTANT].utilisateur_id, du=date(2023, 1, 1),
            )
        )  # fmt: skip
    for role in Role:
        expected = side if role in ("gestionnaire", "signataire", "direction") else WHOLE
        assert _titles(_shown(monde, monde[role])) == (assistant if role is Role.ASSISTANT else expected), role
    for person in (make_stranger(monde.portail), make_other_centre(monde.portail), make_acteur(monde.portail)):
        assert _shown(monde, person) == [] and open_cadre(monde.portail, person).conventions == 0
    cadre = open_cadre(monde.portail, monde.gestionnaire)
    assert (cadre.annees, cadre.conventions) == (tuple(range(2023, 2029)), 1)
    assert "vote_tarif" not in cadre.genres and "vote_tarif" in open_cadre(monde.portail, monde.responsable).genres


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee"])
def test_an_unsigned_convention_has_no_deadline(monde_sqlite: Monde, etat: str) -> None:
    make_convention(monde_sqlite.portail, monde_sqlite, etat)
    assert _shown(monde_sqlite, monde_sqlite.responsable) == []


def test_what_is_done_says_so(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        where = {"centre_id": monde.centre_id, "convention_id": convention_id, "collectivite_id": monde.collectivite_id}
        session.add(Bilan(**where, annee=2025, etat="publie"))
        session.add(Decompte(**where, exercice=2026, du=date(2026, 1, 1), au=date(2026, 3, 31), etat="emis"))
        session.add(Decompte(**where, exercice=2026, du=date(2026, 4, 1), au=date(2026, 6, 30), etat="brouillon"))
        session.add(Tarif(centre_id=monde.centre_id, code="temps_complet", annee=2027, montant=70000))
    done = {(one.le, one.kind) for one in _shown(monde, monde.responsable) if one.fait}
    assert done == {(date(2026, 3, 31), "bilan"), (date(2026, 3, 31), "facturation")}
    with monde.portail.db.write() as session:
        session.add(Tarif(centre_id=monde.centre_id, code="heure", annee=2027, montant=58))
    assert (date(2026, 12, 31), "vote_tarif") in {
        (one.le, one.kind) for one in _shown(monde, monde.responsable) if one.fait
    }


def test_the_final_statement_of_an_end_within_a_quarter_is_done(monde_sqlite: Monde) -> None:
    """Its period runs to 30 September, the deadline is the last day of the convention."""
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        convention.fin, convention.fin_motif, convention.etat = date(2026, 8, 31), "resiliation", "resiliee"
        where = {"centre_id": monde.centre_id, "convention_id": convention_id, "collectivite_id": monde.collectivite_id}
        session.add(Decompte(**where, exercice=2026, du=date(2026, 7, 1), au=date(2026, 9, 30), etat="emis"))
    done = {one.le: one.fait for one in _shown(monde, monde.responsable) if one.kind == "facturation"}
    assert done == {date(2026, 3, 31): False, date(2026, 6, 30): False, date(2026, 8, 31): True}


def test_an_end_that_was_decided_replaces_the_years_after_it(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        convention.fin, convention.fin_motif, convention.etat = date(2026, 12, 31), "denonciation", "denoncee"
    titles = _titles(_shown(monde, monde.gestionnaire))
    assert (date(2026, 12, 31), "Fin de la convention") in titles
    assert not [one for _, one in titles if one.startswith("Dernier jour")]
    after = EcheanceFilter(date(2027, 1, 1), date(2028, 12, 31))
    assert _titles(_shown(monde, monde.gestionnaire, after)) == {(date(2027, 3, 31), "Bilan annuel 2026 à publier")}


def test_a_formal_notice_that_waits_is_a_deadline(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_demeure")
    with monde.portail.db.write() as session:
        session.add(
            MiseEnDemeure(
                convention_id=convention_id, article="9.3", etat="envoyee", manquements="x", delai_jours=30,
                date_presentation=date(2026, 5, 2), echeance=date(2026, 6, 1),
            )
        )  # fmt: skip
    one = EcheanceFilter(date(2026, 6, 1), date(2026, 6, 1), genre="mise_en_demeure")
    assert [group.kind for group in _shown(monde, monde.gestionnaire, one)] == ["mise_en_demeure"]


def test_filters_and_pages(monde: Monde) -> None:
    ids: list[UUID] = [make_convention(monde.portail, monde, "en_vigueur") for _ in range(3)]
    groups = _shown(monde, monde.responsable)
    assert _titles(groups) == WHOLE and all(len(one.rows) == 3 for one in groups)
    assert [one.le for one in groups] == sorted(one.le for one in groups)

    def count(**given: object) -> int:
        return list_groupes(monde.portail, monde.responsable, EcheanceFilter(YEAR.du, YEAR.au, **given)).total  # type: ignore[arg-type]

    assert count(groupe=False) == 3 * len(WHOLE) == count(texte="choisy", groupe=False)
    assert (count(texte="nulle part"), count(genre="facturation"), count(genre="inconnu")) == (0, 4, 0)
    assert count(convention=ids[0], groupe=False) == len(WHOLE) == count(texte="2026-0002", groupe=False)
    page = list_groupes(monde.portail, monde.responsable, EcheanceFilter(YEAR.du, YEAR.au, page=99, taille=5))
    assert (page.page, page.pages, len(page.rows)) == (2, 2, 3)
