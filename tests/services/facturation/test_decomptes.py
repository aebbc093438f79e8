"""Statements end to end: the worked examples of the domain, what settles what, what is refused, who may do what."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import Convention, Decompte, Exercice, OffreVersion, PeriodeSansAssistant, Tarif
from services.adhesion.pieces import open_piece
from services.core import clock
from services.core.portail import Portail
from services.facturation import decomptes, emission, exercices, preparation, scellement
from services.facturation.gabarits import load_published, render_with
from tests.conventions import add_avenant, make_convention, word_text
from tests.decomptes import (
    add_hours,
    add_tarif,
    add_tarifs,
    bill_by,
    bill_by_the_hour,
    close_until,
    drafts,
    issue_quarter,
    prepare,
    read,
    set_convention,
    stored,
)
from tests.factories import Monde, make_monde, make_other_centre, make_stranger

D = Decimal


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


def share(portail: Portail, monde: Monde, **changed: object) -> UUID:
    """A convention for a share of a post, in force, with tariffs of 2023 and every month of 2023 closed."""
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    if changed:
        set_convention(portail, convention_id, **changed)
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    return convention_id


# The worked examples ----------------------------------------------------------------------------------------------------


def test_four_instalments_add_up_to_the_year_g3(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issued = [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (1, 2, 3, 4)]
    assert [one and one.total for one in issued] == [D("8106.62"), D("8106.61"), D("8106.62"), D("8106.61")]
    with portail.db.read() as session:
        year = session.get_one(Exercice, (convention_id, 2023))
    assert year.montant_facture == year.montant_du == D("32426.46")
    first = issued[0]
    assert first is not None and first.lignes[0].prix == D("67980")
    assert first.lignes[0].quantite == D("47.70")
    assert any(
        "67 980,00 € × 47,70 % = 32 426,46 €" in step.replace("\u202f", " ").replace("\u00a0", " ")
        for step in first.lignes[0].etapes
    )


@pytest.mark.sqlite
def test_hours_by_the_quarter_and_none_for_a_zero_quarter_g5(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    bill_by_the_hour(portail, convention_id)
    add_tarif(portail, monde.centre_id, "heure", 2023, "60.00")
    add_hours(
        portail,
        monde,
        convention_id,
        [
            (date(2023, 1, 10), 750, "ordinaire"),
            (date(2023, 2, 3), 90, "etat_des_lieux"),
            (date(2023, 5, 2), 440, "ordinaire"),
            (date(2023, 10, 2), 1000, "ordinaire"),
            (date(2023, 12, 4), 550, "ordinaire"),
        ],
    )
    close_until(portail, monde.centre_id, 2023, 12)
    issued = [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (1, 2, 3, 4)]
    assert [one and one.total for one in issued] == [D("750.00"), D("440.00"), None, D("1550.00")]
    first, last = issued[0], issued[3]
    assert first is not None and last is not None
    assert [(one.nature, one.quantite, one.montant) for one in first.lignes] == [
        ("heures", D(750), D("750.00")),
        ("etat_des_lieux", D(90), D("0.00")),
    ]
    assert [one.montant for one in last.lignes] == [D("1000.00"), D("550.00")]  # one line per month
    with portail.db.read() as session:
        assert session.get_one(Exercice, (convention_id, 2023)).montant_facture == D("2740.00")


@pytest.mark.sqlite
def test_service_degrade_by_month_g6_beside_an_absence_g11(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    bill_by(portail, convention_id, periodicite="an")
    with portail.db.write() as session:
        session.add(
            PeriodeSansAssistant(
                convention_id=convention_id, du=date(2023, 3, 1), au=date(2023, 4, 14), motif="Vacance"
            )
        )
    add_hours(
        portail,
        monde,
        convention_id,
        [(date(2023, 3, 2), 253, "service_degrade"), (date(2023, 4, 3), 137, "service_degrade")],
    )
    issued = issue_quarter(portail, monde, convention_id, 2023, 4)
    assert issued is not None
    assert [(one.nature, one.montant) for one in issued.lignes] == [
        ("part", D("28428.68")),
        ("service_degrade", D("240.35")),
        ("service_degrade", D("130.15")),  # 2 h 17
    ]
    assert issued.total == D("28799.18")  # 28 428,68 + 370,50


def test_an_avenant_during_the_year_is_settled_by_the_next_statement_g10(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2026)
    close_until(portail, monde.centre_id, 2026, 12)
    before = [issue_quarter(portail, monde, convention_id, 2026, quarter) for quarter in (1, 2)]
    add_avenant(portail, convention_id, D("60.00"), date(2026, 9, 1))
    with clock.pretend(date(2027, 1, 4)):
        after = [issue_quarter(portail, monde, convention_id, 2026, quarter) for quarter in (3, 4)]
    amounts = [one.total for one in [*before, *after] if one]
    assert sum(amounts) == D("35221.28")
    assert amounts[:2] == [D("8106.62"), D("8106.61")]
    assert amounts[2] == D("26415.96") - D("16213.23")  # three quarters of the new year, less what was invoiced


@pytest.mark.sqlite
def test_a_first_year_from_september(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 9, 1))
    add_tarifs(portail, monde.centre_id, 2026)
    close_until(portail, monde.centre_id, 2026, 12)
    with clock.pretend(date(2027, 1, 4)):
        issued = [issue_quarter(portail, monde, convention_id, 2026, quarter) for quarter in (1, 2, 3, 4)]
    assert [one and one.total for one in issued] == [None, None, D("5419.22"), D("5419.21")]  # 10 838,43 (G2)


def by_package(portail: Portail, monde: Monde) -> UUID:
    """A convention whose statements wait for no month to be closed."""
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    bill_by(portail, convention_id, service_degrade=None, deplacements_factures=False)
    for annee in (2025, 2026, 2027):
        add_tarifs(portail, monde.centre_id, annee)
    return convention_id


@pytest.mark.sqlite
def test_a_period_to_come_is_not_prepared(portail: Portail, monde: Monde) -> None:
    """A wrong year would bill it whole: a statement catches up the periods before its own."""
    instructeur, convention_id = monde.gens[Role.INSTRUCTEUR], by_package(portail, monde)
    with clock.pretend(date(2026, 11, 22)):
        for jour in (date(2027, 1, 1), date(2027, 12, 1)):
            with pytest.raises(Invalide, match="n’a pas commencé"):
                preparation.prepare_one(portail, instructeur, convention_id, jour)
        with pytest.raises(Invalide, match="à partir du 1er janvier 2027"):
            preparation.prepare_trimestre(portail, instructeur, monde.centre_id, 2027, 1)
        assert drafts(portail, convention_id) == []


def test_a_period_that_is_not_over_is_prepared_but_not_issued(portail: Portail, monde: Monde) -> None:
    """Billed in arrears, at the end of the quarter (E14); the draft tells what it catches up."""
    instructeur, responsable, convention_id = (
        monde.gens[Role.INSTRUCTEUR],
        monde.gens[Role.RESPONSABLE],
        by_package(portail, monde),
    )
    with clock.pretend(date(2026, 12, 31)):
        draft_id = preparation.prepare_one(portail, instructeur, convention_id, date(2026, 10, 1))
        with pytest.raises(Refus, match="vérifié et émis à partir du 1er janvier 2027"):
            decomptes.check(portail, instructeur, draft_id)
    (line,) = read(portail, draft_id).lignes
    assert line.etapes[-1] == (
        "Comprend ce qui n’avait pas de décompte\u00a0: 1er trimestre 2026, 2e trimestre 2026, 3e trimestre 2026"
    )
    with clock.pretend(date(2027, 1, 1)):
        decomptes.check(portail, instructeur, draft_id)
        emission.issue(portail, responsable, draft_id)
    assert read(portail, draft_id).total == D("32426.46")


@pytest.mark.sqlite
def test_months_to_come_of_a_quarter_are_left(portail: Portail, monde: Monde) -> None:
    convention_id = by_package(portail, monde)
    bill_by(portail, convention_id, service_degrade=None, deplacements_factures=False, periodicite="mois")
    with clock.pretend(date(2026, 11, 22)):
        prepare(portail, monde, 2026, 4)
    assert [one.du for one in drafts(portail, convention_id)] == [date(2026, 10, 1), date(2026, 11, 1)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["absence", "tarif", "quotite", "annuler"]), st.integers(1, 9999)),
        max_size=4,
    )
)
def test_whatever_changes_between_instalments_the_year_is_invoiced_to_the_cent(
    make_portail: object, changes: list[tuple[int, str, int]]
) -> None:
    portail: Portail = make_portail("sqlite")  # type: ignore[operator]
    monde = make_monde(portail, gabarits=True)
    convention_id = share(portail, monde)
    for quarter in (1, 2, 3, 4):
        for when, kind, value in changes:
            if when == quarter - 1:
                _change(portail, monde, convention_id, kind, value)
        issue_quarter(portail, monde, convention_id, 2023, quarter)
    for quarter in (1, 2, 3, 4):  # what was cancelled is invoiced again
        issue_quarter(portail, monde, convention_id, 2023, quarter)
    with portail.db.read() as session:
        year = session.get_one(Exercice, (convention_id, 2023))
        assert exercices.compare(session) == []
    assert year.montant_facture == year.montant_du


def _change(portail: Portail, monde: Monde, convention_id: UUID, kind: str, value: int) -> None:
    if kind == "annuler":
        living = [one for one in drafts(portail, convention_id) if one.etat == "emis" and one.contre_id is None]
        if living:
            emission.cancel(portail, monde.gens[Role.RESPONSABLE], living[value % len(living)].id, "Erreur")
        return
    with portail.db.write() as session:
        if kind == "absence":
            day = date(2023, 1 + value % 12, 1)
            session.add(PeriodeSansAssistant(convention_id=convention_id, du=day, au=day, motif="Vacance"))
        elif kind == "quotite":
            session.get_one(Convention, convention_id).quotite = D(1 + value % 100)
        else:
            session.query(Tarif).filter_by(code="temps_complet", annee=2023).one().montant = D(60000 + value)
        session.flush()
        exercices.refresh_convention(session, convention_id)  # as each of these actions does


# What stops a statement -------------------------------------------------------------------------------------------------


def test_open_months_keep_a_statement_from_being_checked(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 2)
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention_id)
    with pytest.raises(Refus, match="mars 2023 n’est pas clos"):
        decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], draft.id)
    close_until(portail, monde.centre_id, 2023, 3)
    decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], draft.id)


def test_figures_that_changed_since_the_check_stop_the_issue(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention_id)
    decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], draft.id)
    set_convention(portail, convention_id, quotite=D("50.00"))
    with pytest.raises(Conflit, match="ont changé"):
        emission.issue(portail, monde.gens[Role.RESPONSABLE], draft.id)
    assert read(portail, draft.id).numero is None
    assert decomptes.recompute(portail, monde.gens[Role.INSTRUCTEUR], draft.id)
    again = read(portail, draft.id)
    assert (again.etat, again.total) == ("brouillon", D("8497.50"))


def test_an_earlier_draft_comes_first(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    prepare(portail, monde, 2023, 1)
    prepare(portail, monde, 2023, 2)
    first, second = drafts(portail, convention_id)
    assert (first.total, second.total) == (D("8106.62"), D("8106.61"))
    with pytest.raises(Refus, match="période précédente"):
        decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], second.id)


def test_the_tariff_of_another_year_is_lifted_by_a_person_with_a_reason(portail: Portail, monde: Monde) -> None:
    instructeur, responsable = monde.gens[Role.INSTRUCTEUR], monde.gens[Role.RESPONSABLE]
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    close_until(portail, monde.centre_id, 2023, 12)  # the only tariffs are those of 2022 (B03)
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention_id)
    decomptes.check(portail, instructeur, draft.id)
    with pytest.raises(Refus, match="Aucun tarif 2023 n’est enregistré"):
        emission.issue(portail, responsable, draft.id)
    with pytest.raises(Invalide) as error:
        decomptes.lift_warning(portail, instructeur, draft.id, "  ")
    assert error.value.champ == "motif"
    decomptes.lift_warning(portail, instructeur, draft.id, "Tarif reconduit par le conseil")
    with pytest.raises(Conflit):
        decomptes.lift_warning(portail, instructeur, draft.id, "Encore")
    lifted = read(portail, draft.id)  # whoever checked it had not read the reason: it is checked again
    assert (lifted.etat, lifted.verifie_le, lifted.verifie_par) == ("brouillon", None, None)
    prepare(portail, monde, 2023, 1)  # the same warning stays lifted
    decomptes.check(portail, instructeur, draft.id)
    emission.issue(portail, responsable, draft.id)
    assert read(portail, draft.id).manifeste["levee"]["motif"] == "Tarif reconduit par le conseil"


@pytest.mark.sqlite
def test_no_tariff_at_all_cannot_be_lifted(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    bill_by(portail, convention_id, service_degrade={"tarif": "inconnu"})
    add_hours(portail, monde, convention_id, [(date(2023, 2, 1), 60, "service_degrade")])
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention_id)
    with pytest.raises(Refus, match="Aucun tarif"):
        decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], draft.id)


@pytest.mark.sqlite
def test_an_offer_without_a_template_says_so(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = share(portail, monde)
    bill_by(portail, convention_id)
    with portail.db.write() as session:
        for version in session.query(OffreVersion):
            version.contenu = {
                **version.contenu,
                "documents": [one for one in version.contenu["documents"] if one["id"] != "decompte"],
            }
    with pytest.raises(Invalide, match="n’a pas de gabarit Word"):
        issue_quarter(portail, monde, convention_id, 2023, 1)


# Issued -----------------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
def test_the_issued_file_says_it_all_and_is_sealed(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issued = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert issued is not None and issued.numero is not None
    piece, data = stored(portail, issued.id)
    assert (piece.usage, piece.sha256, piece.convention_id) == ("decompte", issued.sha256, convention_id)
    assert issued.manifeste["sceau"]["sha256"] == issued.sha256
    text = word_text(data).replace("\u202f", " ").replace("\u00a0", " ").replace("\u2011", "-")
    for expected in (
        f"Décompte n° {issued.numero}",
        "La commune de Choisy-le-Roi",
        "SIREN : 219 400 223",
        "1er trimestre 2023",
        "8 106,62 €",
        "67 980,00 € × 47,70 % = 32 426,46 €",
        "jours calendaires réels",
        "hors du champ de la taxe sur la valeur ajoutée",
        "avis des sommes à payer",
    ):
        assert expected in text


@pytest.mark.sqlite
def test_the_same_statement_gives_the_same_bytes(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issued = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert issued is not None
    with portail.db.read() as session:
        row = session.get_one(Decompte, issued.id)
        made_of = load_published(portail, session, monde.centre_id, "service-social-travail")
        context = scellement.build_context(row, row.manifeste["debiteur"], clock.today())
        again = render_with(made_of, "decompte", context)
    assert again.sha256 == issued.sha256


def test_nothing_changes_an_issued_statement(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issued = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert issued is not None
    responsable = monde.gens[Role.RESPONSABLE]
    for action in (decomptes.recompute, decomptes.reopen, decomptes.delete_draft, decomptes.check):
        with pytest.raises(Refus):
            action(portail, responsable, issued.id)
    with pytest.raises(Conflit, match="déjà été émis"):
        emission.issue(portail, responsable, issued.id)
    set_convention(portail, convention_id, quotite=D("60.00"))
    prepare(portail, monde, 2023, 1)
    assert [one.total for one in drafts(portail, convention_id)] == [D("8106.62")]


def test_cancelled_then_invoiced_again(portail: Portail, monde: Monde) -> None:
    responsable = monde.gens[Role.RESPONSABLE]
    convention_id = share(portail, monde)
    first = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert first is not None
    with pytest.raises(Invalide) as error:
        emission.cancel(portail, responsable, first.id, "")
    assert error.value.champ == "motif"
    counter = read(portail, emission.cancel(portail, responsable, first.id, "Quotité erronée"))
    assert (counter.total, counter.contre_id, counter.rang) == (D("-8106.62"), first.id, (first.rang or 0) + 1)
    assert [one.montant for one in counter.lignes] == [D("-8106.62")]
    assert read(portail, first.id).etat == "annule"
    text = word_text(stored(portail, counter.id)[1])
    assert "Contre-décompte" in text and "Quotité erronée" in text and "Aucun paiement n’est attendu" in text
    with portail.db.read() as session:
        assert session.get_one(Exercice, (convention_id, 2023)).montant_facture == 0
    for refused in (emission.cancel, decomptes.lift_warning):
        with pytest.raises(Refus):
            refused(portail, responsable, counter.id, "Encore")
    with pytest.raises(Conflit):
        emission.cancel(portail, responsable, first.id, "Encore")
    again = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert again is not None and again.total == D("8106.62")
    assert sorted(one.rang or 0 for one in drafts(portail, convention_id)) == [1, 2, 3]


@pytest.mark.sqlite
def test_paid_on_a_day_that_makes_sense(portail: Portail, monde: Monde) -> None:
    responsable = monde.gens[Role.RESPONSABLE]
    issued = issue_quarter(portail, monde, share(portail, monde), 2023, 1)
    assert issued is not None and issued.emis_le is not None
    for wrong in (None, date(2020, 1, 1), date(2999, 1, 1)):
        with pytest.raises(Invalide) as error:
            emission.record_payment(portail, responsable, issued.id, wrong)
        assert error.value.champ == "paye_le"
    emission.record_payment(portail, responsable, issued.id, issued.emis_le.date())
    assert read(portail, issued.id).etat == "paye"
    with pytest.raises(Conflit):
        emission.record_payment(portail, responsable, issued.id, issued.emis_le.date())


# Who --------------------------------------------------------------------------------------------------------------------

ACTIONS = {
    "verifier": (decomptes.check, {Role.INSTRUCTEUR, Role.RESPONSABLE}),
    "recalculer": (decomptes.recompute, {Role.INSTRUCTEUR, Role.RESPONSABLE}),
    "supprimer": (decomptes.delete_draft, {Role.INSTRUCTEUR, Role.RESPONSABLE}),
    "emettre": (emission.issue, {Role.RESPONSABLE}),
    "annuler": (lambda p, a, i: emission.cancel(p, a, i, "Erreur"), {Role.RESPONSABLE}),
}
FROM = {
    "verifier": "brouillon",
    "recalculer": "brouillon",
    "supprimer": "brouillon",
    "emettre": "verifie",
    "annuler": "emis",
}


@pytest.mark.sqlite
@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_is_for_its_roles(make_portail: object, action: str) -> None:
    portail: Portail = make_portail("sqlite")  # type: ignore[operator]
    monde = make_monde(portail, gabarits=True)
    convention_id = share(portail, monde)
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention_id)
    if FROM[action] != "brouillon":
        decomptes.check(portail, monde.gens[Role.INSTRUCTEUR], draft.id)
    if FROM[action] == "emis":
        emission.issue(portail, monde.gens[Role.RESPONSABLE], draft.id)
    perform, allowed = ACTIONS[action]
    everybody = [*((role, monde.gens[role]) for role in Role), ("ailleurs", make_stranger(portail))]
    everybody.append(("autre centre", make_other_centre(portail)))
    for role, person in everybody:
        if role not in allowed:
            with pytest.raises(Refus):
                perform(portail, person, draft.id)
    assert read(portail, draft.id).etat == FROM[action]
    for role in allowed - {Role.RESPONSABLE}:
        assert role in ROLES_CENTRE
    perform(portail, monde.gens[Role.RESPONSABLE], draft.id)


def test_only_those_who_prepare_may_prepare(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    for role in Role:
        person = monde_sqlite.gens[role]
        if role in (Role.INSTRUCTEUR, Role.RESPONSABLE):
            preparation.prepare_trimestre(portail, person, monde_sqlite.centre_id, 2023, 1)
        else:
            with pytest.raises(Refus):
                preparation.prepare_trimestre(portail, person, monde_sqlite.centre_id, 2023, 1)
    with pytest.raises(Introuvable):
        preparation.prepare_trimestre(portail, make_other_centre(portail), monde_sqlite.centre_id, 2023, 1)
    for wrong in ((2023, 0), (2023, 5), (99999, 1)):
        with pytest.raises(Invalide):
            preparation.prepare_trimestre(portail, monde_sqlite.gens[Role.RESPONSABLE], monde_sqlite.centre_id, *wrong)
    assert ROLES_COLLECTIVITE


def test_the_file_of_a_statement_is_for_those_who_see_it(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issued = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert issued is not None
    piece, data = stored(portail, issued.id)
    for role in (Role.RESPONSABLE, Role.INSTRUCTEUR, Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE):
        assert open_piece(portail, monde.gens[role], piece.id).data == data
    for person in (monde.gens[Role.ASSISTANT], make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            open_piece(portail, person, piece.id)
