"""Posts and assignments: rules, warnings, roles, and what other centres and collectivités cannot reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import Affectation, AuditEvent, Poste, RoleAttribue, Utilisateur
from services.activite import (
    absences,
    affectation_lists,
    affectations,
    cloture_lists,
    degrade_views,
    deplacement_lists,
    equipe,
    postes,
)
from services.activite.affectation_lists import AffectationFilter
from services.activite.equipe import CouvertureFilter, Enregistre
from services.core.access import Acteur
from services.core.portail import Portail
from tests.activite import add_hours, assign, give_poste
from tests.conventions import make_convention
from tests.factories import Monde, journal_actions, make_other_centre, make_stranger, make_user

POSTE = {"libelle": "Poste 1", "quotite": "100", "du": "01/01/2023", "au": ""}
PART = {"quotite": "47,70", "du": "01/01/2023", "au": ""}


def _save(monde: Monde, convention_id: UUID, valeurs: dict[str, str], **more: object) -> Enregistre:
    given = {
        "convention_id": convention_id,
        "assistant_id": monde["assistant"].utilisateur_id,
        "operation_id": uuid4().hex,
        **more,
    }
    return affectations.save_affectation(
        monde.portail, monde.responsable, monde.centre_id, {**PART, **valeurs}, **given
    )


def _read(monde: Monde, affectation_id: UUID | None) -> Affectation:
    with monde.portail.db.read() as session:
        return session.get_one(Affectation, affectation_id)


# Posts -----------------------------------------------------------------------------------------------------------------


def test_a_post_is_recorded_changed_and_ended(monde: Monde) -> None:
    portail, centre_id, boss = monde.portail, monde.centre_id, monde.responsable
    operation = uuid4().hex
    saved = postes.save_poste(portail, boss, centre_id, POSTE, operation_id=operation)
    assert saved.id is not None and saved.avertissements == ()
    assert postes.save_poste(portail, boss, centre_id, POSTE, operation_id=operation).id is None  # a double click
    (row,) = postes.list_postes(portail, monde.instructeur, centre_id)
    assert (row.libelle, row.quotite, row.assistant, row.affectee, row.situation) == (
        "Poste 1",
        Decimal(100),
        "",
        None,
        "en_cours",
    )
    holder = monde["assistant"].utilisateur_id
    changed = {**POSTE, "quotite": "80,5", "au": "29/02/2024"}
    postes.save_poste(
        portail, boss, centre_id, changed, assistant_id=holder, poste_id=saved.id, version_vue=row.version
    )
    assert postes.list_postes(portail, boss, centre_id) == []
    (row,) = postes.list_postes(portail, boss, centre_id, tous=True)
    assert (row.quotite, row.au, row.assistant, row.situation) == (
        Decimal("80.50"),
        date(2024, 2, 29),
        "Assistant Modèle",
        "termine",
    )
    assert journal_actions(portail, saved.id) == ["poste.enregistrer", "poste.modifier"]


@pytest.mark.parametrize(
    ("champ", "value"),
    [
        ("libelle", "  "),
        ("quotite", "0"),
        ("quotite", "100,01"),
        ("quotite", "-5"),
        ("quotite", "beaucoup"),
        ("du", ""),
        ("du", "29/02/2023"),
        ("du", "01/01/1820"),
        ("au", "31/12/2022"),
    ],
)
def test_what_a_post_refuses_is_said_at_its_field(monde_sqlite: Monde, champ: str, value: str) -> None:
    monde = monde_sqlite
    with pytest.raises(Invalide) as caught:
        postes.save_poste(
            monde.portail, monde.responsable, monde.centre_id, {**POSTE, champ: value}, operation_id=uuid4().hex
        )
    assert caught.value.champ == champ
    assert postes.list_postes(monde.portail, monde.responsable, monde.centre_id, tous=True) == []


def test_nobody_holds_more_than_a_full_time(monde: Monde) -> None:
    holder = monde["assistant"].utilisateur_id
    give_poste(monde.portail, monde, quotite=Decimal(60), du=date(2023, 1, 1), au=date(2023, 6, 30))
    with pytest.raises(Invalide, match="110,00\xa0% d’un temps plein du 1er mars 2023 au 30 juin 2023") as caught:
        postes.save_poste(
            monde.portail,
            monde.responsable,
            monde.centre_id,
            {**POSTE, "quotite": "50", "du": "01/03/2023"},
            assistant_id=holder,
            operation_id=uuid4().hex,
        )
    assert caught.value.champ == "quotite"


def test_a_post_smaller_than_what_is_assigned_is_told(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    assign(monde.portail, monde, make_convention(monde.portail, monde, "en_vigueur"))
    saved = postes.save_poste(
        monde.portail,
        monde.responsable,
        monde.centre_id,
        {**POSTE, "quotite": "40"},
        assistant_id=monde["assistant"].utilisateur_id,
        operation_id=uuid4().hex,
    )
    assert len(saved.avertissements) == 1 and "47,70\xa0%" in saved.avertissements[0]


def test_only_a_vacant_post_is_removed(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    held = give_poste(monde.portail, monde)
    with pytest.raises(Invalide, match="titulaire"):
        postes.remove_poste(monde.portail, monde.responsable, monde.centre_id, held, version_vue=1)
    vacant = postes.save_poste(monde.portail, monde.responsable, monde.centre_id, POSTE, operation_id=uuid4().hex).id
    assert vacant
    with pytest.raises(Conflit):
        postes.remove_poste(monde.portail, monde.responsable, monde.centre_id, vacant, version_vue=7)
    postes.remove_poste(monde.portail, monde.responsable, monde.centre_id, vacant, version_vue=1)
    with monde.portail.db.read() as session:
        assert session.get(Poste, vacant) is None


# Assignments -----------------------------------------------------------------------------------------------------------


def test_an_assignment_is_recorded_and_shown(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    give_poste(monde.portail, monde)
    operation = uuid4().hex
    saved = _save(monde, convention_id, {}, operation_id=operation)
    assert saved.id and saved.avertissements == ()
    assert _save(
        monde, convention_id, {"du": "01/01/2024"}, operation_id=uuid4().hex, assistant_id=_colleague(monde)
    ).id
    found = affectation_lists.list_page(monde.portail, monde.instructeur, monde.centre_id, AffectationFilter())
    assert [(row.collectivite, row.assistant, row.quotite, row.situation) for row in found.rows] == [
        ("Choisy-le-Roi", "Assistant Modèle", Decimal("47.70"), "en_cours"),
        ("Choisy-le-Roi", "Camille Exemple", Decimal("47.70"), "en_cours"),
    ]
    assert journal_actions(monde.portail, saved.id) == ["affectation.enregistrer"]


def test_a_double_click_assigns_once(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    operation = uuid4().hex
    assert _save(monde, convention_id, {"au": "31/12/2023"}, operation_id=operation).id
    assert _save(monde, convention_id, {"au": "31/12/2023"}, operation_id=operation).id is None
    assert (
        affectation_lists.list_page(monde.portail, monde.responsable, monde.centre_id, AffectationFilter()).total == 1
    )


def _colleague(monde: Monde) -> UUID:
    return make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id)


@pytest.mark.parametrize(
    ("given", "champ"),
    [
        ({"du": "31/12/2022"}, "du"),
        ({"du": "01/01/2028"}, "du"),
        ({"au": "01/01/2028"}, "au"),
        ({"au": "01/12/2022"}, "au"),
        ({"quotite": ""}, "quotite"),
        ({"quotite": "0"}, "quotite"),
        ({"quotite": "100,5"}, "quotite"),
        ({"du": ""}, "du"),
        ({"du": "30/02/2024"}, "du"),
    ],
)
def test_what_an_assignment_refuses(monde_sqlite: Monde, given: dict[str, str], champ: str) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, convention_id, given)
    assert caught.value.champ == champ


def test_the_29_of_february_is_a_day_like_another(monde_sqlite: Monde) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    saved = _save(monde_sqlite, convention_id, {"du": "29/02/2024", "au": "29/02/2024"})
    assert (_read(monde_sqlite, saved.id).du, _read(monde_sqlite, saved.id).au) == (date(2024, 2, 29),) * 2


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee", "resiliee", "echue", "remplacee"])
def test_nobody_is_assigned_to_a_convention_that_takes_no_hours(monde_sqlite: Monde, etat: str) -> None:
    with pytest.raises(Invalide, match="pas en vigueur"):
        _save(monde_sqlite, make_convention(monde_sqlite.portail, monde_sqlite, etat), {})


def test_the_same_person_is_there_once_a_day(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, quotite=Decimal(20), du=date(2023, 6, 1), au=date(2023, 6, 30))
    for du, au in [("01/01/2023", "01/06/2023"), ("30/06/2023", ""), ("10/06/2023", "12/06/2023"), ("01/01/2023", "")]:
        with pytest.raises(Invalide, match="du 1er juin 2023 au 30 juin 2023") as caught:
            _save(monde, convention_id, {"quotite": "20", "du": du, "au": au})
        assert caught.value.champ == "du"
    assert _save(monde, convention_id, {"quotite": "20", "du": "01/07/2023"}).id
    assert _save(monde, convention_id, {"quotite": "20", "au": "31/05/2023"}).id


def test_more_than_the_posts_held_is_refused_unless_one_insists(monde: Monde) -> None:
    give_poste(monde.portail, monde, quotite=Decimal(50), au=date(2023, 12, 31))
    give_poste(monde.portail, monde, quotite=Decimal(80), du=date(2024, 1, 1))
    assign(monde.portail, monde, make_convention(monde.portail, monde, "en_vigueur"), quotite=Decimal(30))
    second = make_convention(monde.portail, monde, "en_vigueur")
    said = "Les affectations d’Assistant Modèle font 77,70\xa0% d’un temps plein, pour 50,00\xa0% de poste, du 1er janvier 2023 au"
    with pytest.raises(Invalide, match=said) as caught:
        _save(monde, second, {})
    assert caught.value.champ == "quotite"
    saved = _save(monde, second, {}, malgre_depassement=True)
    assert saved.id and said in saved.avertissements[0]


def test_nobody_is_promised_for_more_than_a_full_time(monde: Monde) -> None:
    assign(monde.portail, monde, make_convention(monde.portail, monde, "en_vigueur"), quotite=Decimal(60))
    second = make_convention(monde.portail, monde, "en_vigueur")
    with pytest.raises(Invalide, match="107,70\xa0% d’un temps plein"):
        _save(monde, second, {}, malgre_depassement=True)


def test_an_assignment_of_an_ended_convention_promises_nothing(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    ended = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2019, 1, 1))
    assign(monde.portail, monde, ended, quotite=Decimal(90), du=date(2019, 1, 1))
    give_poste(monde.portail, monde, quotite=Decimal(50), du=date(2024, 1, 1))
    second = make_convention(monde.portail, monde, "en_vigueur")
    assert _save(monde, second, {"du": "01/01/2024"}).avertissements == ()


def test_without_a_post_it_is_told(monde_sqlite: Monde) -> None:
    saved = _save(monde_sqlite, make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur"), {})
    assert saved.avertissements == (
        "Assistant Modèle n’occupe aucun poste enregistré du 1er janvier 2023 au 31 décembre 2027.",
    )


def test_what_the_convention_gets_in_all_is_told(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    give_poste(monde.portail, monde)
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    less = _save(monde, convention_id, {"quotite": "40"})
    assert "prévoit 47,70\xa0%" in less.avertissements[0] and "40,00\xa0% y sont affectés" in less.avertissements[0]
    colleague = _colleague(monde)
    give_poste(monde.portail, monde, assistant_id=colleague)
    assert _save(monde, convention_id, {"quotite": "7,70"}, assistant_id=colleague).avertissements == ()


def test_hours_already_recorded_keep_their_assignment(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    one = assign(monde.portail, monde, convention_id)
    add_hours(monde.portail, monde, convention_id, date(2023, 5, 10))
    with pytest.raises(Invalide, match="1 saisie d’heures") as caught:
        _save(monde, convention_id, {"au": "09/05/2023"}, affectation_id=one, version_vue=1)
    assert caught.value.champ == "au"
    with pytest.raises(Invalide, match="dernier jour"):
        affectations.remove_affectation(monde.portail, monde.responsable, monde.centre_id, one, version_vue=1)
    _save(monde, convention_id, {"au": "10/05/2023"}, affectation_id=one, version_vue=1)
    assert _read(monde, one).au == date(2023, 5, 10)


def test_a_change_on_an_old_version_is_refused(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    one = assign(monde.portail, monde, convention_id)
    _save(monde, convention_id, {"quotite": "30"}, affectation_id=one, version_vue=1)
    with pytest.raises(Conflit):
        _save(monde, convention_id, {"quotite": "40"}, affectation_id=one, version_vue=1)
    assert _read(monde, one).quotite == Decimal(30)
    affectations.remove_affectation(monde.portail, monde.responsable, monde.centre_id, one, version_vue=2)
    assert (
        affectation_lists.list_page(monde.portail, monde.responsable, monde.centre_id, AffectationFilter()).total == 0
    )


def test_only_assistants_of_the_centre_are_assigned(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    gone = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id, au=date(2024, 1, 1))
    for person in (monde.instructeur.utilisateur_id, monde.gestionnaire.utilisateur_id, gone, uuid4(), None):
        with pytest.raises(Invalide) as caught:
            _save(monde, convention_id, {}, assistant_id=person)
        assert caught.value.champ == "assistant_id"
    for convention in (uuid4(), None):
        with pytest.raises(Invalide) as caught:
            _save(monde, convention, {})  # type: ignore[arg-type]
        assert caught.value.champ == "convention_id"


# Who -------------------------------------------------------------------------------------------------------------------

ALLOWED = {Role.RESPONSABLE}
READ = {Role.RESPONSABLE, Role.INSTRUCTEUR}


@pytest.mark.parametrize("role", list(Role))
def test_who_manages_the_team_and_who_reads_it(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    one = assign(monde.portail, monde, convention_id)
    post = give_poste(monde.portail, monde)
    _try_everything(monde, monde[role], convention_id, one, post, manages=role in ALLOWED, reads=role in READ)


def test_another_centre_and_another_collectivite_reach_nothing(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    one, post = assign(monde.portail, monde, convention_id), give_poste(monde.portail, monde)
    other = make_other_centre(monde.portail)
    for stranger in (other, make_stranger(monde.portail)):
        _try_everything(monde, stranger, convention_id, one, post, manages=False, reads=False)
    # Its own page gives it no hold on rows of this centre.
    (their_centre,) = other.centre_ids
    with pytest.raises(Introuvable):
        affectations.remove_affectation(monde.portail, other, their_centre, one, version_vue=1)
    with pytest.raises(Introuvable):
        postes.remove_poste(monde.portail, other, their_centre, post, version_vue=1)
    with pytest.raises(Invalide) as caught:
        affectations.save_affectation(
            monde.portail, other, their_centre, PART, convention_id=convention_id, assistant_id=other.utilisateur_id
        )
    assert caught.value.champ == "convention_id"
    assert affectation_lists.list_page(monde.portail, other, their_centre, AffectationFilter()).total == 0
    with pytest.raises(Introuvable):
        affectation_lists.open_affectation(monde.portail, other, their_centre, one)


def _try_everything(
    monde: Monde, who: Acteur, convention_id: UUID, one: UUID, post: UUID, *, manages: bool, reads: bool
) -> None:
    portail, centre_id = monde.portail, monde.centre_id
    changes = [
        lambda: postes.save_poste(portail, who, centre_id, POSTE, operation_id=uuid4().hex),
        lambda: affectations.save_affectation(
            portail,
            who,
            centre_id,
            {**PART, "quotite": "30"},
            affectation_id=one,
            version_vue=1,
            operation_id=uuid4().hex,
        ),
        lambda: affectations.remove_affectation(portail, who, centre_id, one, version_vue=2),
    ]
    views = [
        lambda: postes.list_postes(portail, who, centre_id),
        lambda: affectation_lists.list_page(portail, who, centre_id, AffectationFilter()),
        lambda: affectation_lists.list_conventions(portail, who, centre_id),
        lambda: equipe.list_couvertures(portail, who, centre_id, CouvertureFilter()),
        lambda: equipe.list_assistants(portail, who, centre_id),
        lambda: equipe.list_people(portail, who, centre_id),
    ]
    for view in views:
        if reads:
            view()
        else:
            with pytest.raises(Introuvable):
                view()
    for change in changes:
        if manages:
            change()
        else:
            with pytest.raises(Refus):
                change()
    assert (centre_id in equipe.list_centres(portail, who)) is reads


# What is covered -------------------------------------------------------------------------------------------------------


def _cover(monde: Monde, **filtre: object) -> list[tuple[str, tuple[str, ...], Decimal]]:
    found = equipe.list_couvertures(monde.portail, monde.instructeur, monde.centre_id, CouvertureFilter(**filtre))  # type: ignore[arg-type]
    return [(row.numero, row.assistants, row.affectee) for row in found.rows]


def test_conventions_without_anybody_come_first(monde: Monde) -> None:
    covered, partly, alone = (make_convention(monde.portail, monde, "en_vigueur") for _ in range(3))
    make_convention(monde.portail, monde, "a_signer")
    make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2010, 1, 1))
    assign(monde.portail, monde, covered)
    assign(monde.portail, monde, partly, quotite=Decimal(20))
    assign(monde.portail, monde, alone, au=date(2024, 5, 31))
    rows = equipe.list_couvertures(monde.portail, monde.responsable, monde.centre_id, CouvertureFilter()).rows
    assert rows[0].convention_id == alone and rows[0].depuis == date(2024, 5, 31)
    assert len(rows) == 3
    assert [row[1:] for row in _cover(monde, couverture="sans_assistant")] == [((), Decimal(0))]
    assert [row[1:] for row in _cover(monde, couverture="incomplete")] == [(("Assistant Modèle",), Decimal(20))]
    assert [row[1:] for row in _cover(monde, couverture="complete")] == [(("Assistant Modèle",), Decimal("47.7"))]
    assert _cover(monde, couverture="depassee") == []
    assert _cover(monde, texte="Vitry") == []
    assert len(_cover(monde, texte="choisy")) == 3


def test_those_who_left_are_shown(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    left = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id, prenom="Dominique", nom="Parti")
    assign(monde.portail, monde, convention_id, assistant_id=left)
    assign(monde.portail, monde, convention_id, quotite=Decimal(10))
    give_poste(monde.portail, monde, assistant_id=left)
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, left).actif = False
    listed = affectation_lists.list_page(
        monde.portail, monde.responsable, monde.centre_id, AffectationFilter(situation="parti")
    )
    assert [(row.assistant, row.parti) for row in listed.rows] == [("Dominique Parti", True)]
    (post,) = postes.list_postes(monde.portail, monde.responsable, monde.centre_id)
    assert post.parti
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, left).actif = True
        for role in session.query(RoleAttribue).filter_by(utilisateur_id=left):
            role.au = date(2024, 1, 1)
    listed = affectation_lists.list_page(
        monde.portail, monde.responsable, monde.centre_id, AffectationFilter(situation="parti")
    )
    assert listed.total == 1


def test_filters_of_assignments(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, quotite=Decimal(10), au=date(2023, 3, 31))
    assign(monde.portail, monde, convention_id, quotite=Decimal(10), du=date(2027, 6, 1))
    assign(monde.portail, monde, convention_id, assistant_id=_colleague(monde), quotite=Decimal(10))

    def count(**filtre: object) -> int:
        wanted = AffectationFilter(**filtre)  # type: ignore[arg-type]
        return affectation_lists.list_page(monde.portail, monde.responsable, monde.centre_id, wanted).total

    assert (count(), count(situation="terminee"), count(situation="a_venir"), count(situation="en_cours")) == (
        3,
        1,
        1,
        1,
    )
    assert count(assistant_id=monde["assistant"].utilisateur_id) == 2
    assert count(texte="choisy le roi") == 3 and count(texte="zzz") == 0
    for tri in affectation_lists.TRIS:
        assert count(tri=tri, descendant=True) == 3


LISTS: dict[str, Callable[[Portail, Acteur, UUID], object]] = {
    "absences": lambda p, who, centre: absences.list_absences(p, who, centre, absences.AbsenceFilter()),
    "demandes": lambda p, who, centre: degrade_views.list_demandes(p, who, centre, degrade_views.DemandeFilter()),
    "affectations": lambda p, who, centre: affectation_lists.list_page(p, who, centre, AffectationFilter()),
    "déplacements": lambda p, who, centre: deplacement_lists.list_centre_deplacements(
        p, who, centre, deplacement_lists.DeplacementFilter(2026)
    ),
    "trajets": lambda p, who, centre: deplacement_lists.list_deplacements(p, who, centre, 2026),
    "couvertures": lambda p, who, centre: equipe.list_couvertures(p, who, centre, CouvertureFilter()),
    "mois": cloture_lists.list_mois,
    "postes": postes.list_postes,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_another_centre_is_refused_and_journalled(monde_sqlite: Monde, name: str) -> None:
    monde = monde_sqlite
    elsewhere = make_other_centre(monde.portail)
    with pytest.raises(Introuvable):
        LISTS[name](monde.portail, elsewhere, monde.centre_id)
    with monde.portail.db.read() as session:
        (line,) = session.query(AuditEvent).filter_by(action="refus", centre_id=monde.centre_id)
        assert (line.acteur_id, line.details["demande"]) == (elsewhere.utilisateur_id, "equipe.consulter")
