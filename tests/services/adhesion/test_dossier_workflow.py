"""Every state × action × role of the dossier's table, refusals included, against a table written here by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, PortailError, Refus
from domain.roles import Role
from domain.workflow.tables import DOSSIER
from models import AuditEvent, Depot, Dossier, Tarif
from services.adhesion import answers, corrections, dossiers, workflow
from services.core import journal
from services.core.access import Acteur
from services.core.portail import Portail
from tests.conventions import make_convention
from tests.factories import (
    ETATS,
    Monde,
    journal_actions,
    lift_warnings,
    make_dossier,
    make_other_centre,
    make_stranger,
    prepare,
)

G, S, I = Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.INSTRUCTEUR  # noqa: E741

# conception.md, *Dossier and convention*: (state, action) → roles, new state. What is not here is refused.
EXPECTED: dict[tuple[str, str], tuple[set[Role], str]] = {
    ("brouillon", "deposer"): ({G, S}, "depose"),
    ("depose", "prendre_en_charge"): ({I}, "en_instruction"),
    ("en_instruction", "demander_corrections"): ({I}, "a_corriger"),
    ("a_corriger", "redeposer"): ({G, S}, "en_instruction"),
    ("brouillon", "retirer"): ({G, S}, "retire"),
    ("depose", "retirer"): ({G, S}, "retire"),
    ("en_instruction", "retirer"): ({G, S}, "retire"),
    ("a_corriger", "retirer"): ({G, S}, "retire"),
    ("en_instruction", "refuser"): ({I}, "refuse"),
    ("en_instruction", "accepter"): ({I}, "accepte"),
}
ACTIONS = (
    "deposer", "prendre_en_charge", "demander_corrections", "redeposer", "retirer", "refuser", "accepter",
)  # fmt: skip
MOTIF = "Motif de l’exemple."


def _state(portail: Portail, dossier_id: UUID) -> str:
    with portail.db.read() as session:
        return session.scalars(select(Dossier.etat).where(Dossier.id == dossier_id)).one()


def _refusals(portail: Portail, dossier_id: UUID) -> int:
    return journal_actions(portail, dossier_id).count("refus")


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ETATS)
def test_everything_the_table_does_not_allow_is_refused_and_journalled(
    portail: Portail, monde: Monde, etat: str
) -> None:
    people: dict[str, Acteur] = {role.value: monde[role] for role in Role}
    people |= {"autre collectivité": make_stranger(portail), "autre centre": make_other_centre(portail)}
    dossier_id = make_dossier(portail, monde, etat)
    refused = conflicts = 0
    for action in ACTIONS:
        roles, _ = EXPECTED.get((etat, action), (set(), ""))
        for name, person in people.items():
            if name in roles:
                continue
            with pytest.raises((Refus, Conflit)) as caught:
                workflow.perform(portail, person, dossier_id, action, motif=MOTIF)
            assert caught.value.message.endswith(".")
            conflicts += isinstance(caught.value, Conflit)
            refused += isinstance(caught.value, Refus)
            if name.startswith("autre"):
                assert isinstance(caught.value, Introuvable)
    assert _state(portail, dossier_id) == etat
    assert _refusals(portail, dossier_id) == refused
    assert refused + conflicts == len(ACTIONS) * len(people) - sum(
        len(roles) for (state, _), (roles, _) in EXPECTED.items() if state == etat
    )


ALLOWED = [(etat, action, role, vers) for (etat, action), (roles, vers) in EXPECTED.items() for role in sorted(roles)]


@pytest.mark.parametrize(("etat", "action", "role", "vers"), ALLOWED)
def test_everything_the_table_allows_is_done_and_journalled(
    portail: Portail, monde: Monde, etat: str, action: str, role: Role, vers: str
) -> None:
    dossier_id = make_dossier(portail, monde, etat)
    prepare(portail, monde, dossier_id, action)
    offered = dossiers.open_dossier(portail, monde[role], dossier_id).action(action)
    assert offered is not None
    assert offered.blocages == ()
    assert workflow.perform(portail, monde[role], dossier_id, action, motif=MOTIF) == vers
    assert _state(portail, dossier_id) == vers
    assert journal_actions(portail, dossier_id)[-1] == f"dossier.{action}"


def test_the_table_of_the_code_is_the_one_of_the_design() -> None:
    written = {(etat, line.action): (set(line.roles), line.vers) for line in DOSSIER.transitions for etat in line.de}
    issuing = {("accepte", "emettre"): ({I}, "emis")}
    assert written == EXPECTED | issuing


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ETATS)
def test_a_person_is_offered_what_the_table_allows(portail: Portail, monde: Monde, etat: str) -> None:
    dossier_id = make_dossier(portail, monde, etat)
    with pytest.raises(Introuvable):  # nobody is assigned to a dossier yet
        dossiers.open_dossier(portail, monde[Role.ASSISTANT], dossier_id)
    for role in set(Role) - {Role.ASSISTANT}:
        offered = {row.action for row in dossiers.open_dossier(portail, monde[role], dossier_id).actions}
        wanted = {action for (state, action), (roles, _) in EXPECTED.items() if state == etat and role in roles}
        if (etat, role) == ("accepte", I):
            wanted |= {"emettre"}
        assert offered == wanted, role


def test_an_incomplete_draft_is_not_deposited_and_the_message_says_what_is_missing(
    portail: Portail, monde: Monde
) -> None:
    dossier_id = make_dossier(portail, monde, complet=False)
    with pytest.raises(Refus, match="Indiquez « Nombre d’agents »"):
        workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    row = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).action("deposer")
    assert row is not None
    assert any("Téléphone" in reason for reason in row.blocages)
    assert _state(portail, dossier_id) == "brouillon"


def test_a_value_that_waits_blocks_the_deposit(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    version = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers["collectivite.siren"].version
    answers.save_answer(portail, monde.gestionnaire, dossier_id, "collectivite.siren", "219400224", version_vue=version)
    with pytest.raises(Refus, match="Numéro SIREN"):
        workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")


@pytest.mark.parametrize("action", ["retirer", "refuser"])
@pytest.mark.parametrize("motif", [None, "", "  \x00 ", "x" * 3000])
def test_a_reason_is_required_and_bounded(monde_sqlite: Monde, action: str, motif: str | None) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    person = monde.gestionnaire if action == "retirer" else monde.instructeur
    with pytest.raises(Invalide) as caught:
        workflow.perform(monde.portail, person, dossier_id, action, motif=motif)
    assert caught.value.champ == "motif"
    assert _state(monde.portail, dossier_id) == "en_instruction"


def test_the_snapshot_leaves_hidden_answers_out_and_the_draft_keeps_them(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    shown = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers
    answers.save_answer(
        portail, monde.gestionnaire, dossier_id, "collectivite.type", "ccas",
        version_vue=shown["collectivite.type"].version,
    )  # fmt: skip
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    with portail.db.read() as session:
        depot = session.scalars(select(Depot).where(Depot.dossier_id == dossier_id)).one()
    assert "collectivite.code_insee" not in depot.reponses
    assert depot.reponses["besoin.quotite"] == "47.70"
    assert depot.reponses["deliberation.fichier"]["nom"] == "deliberation.pdf"
    kept = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers
    assert kept["collectivite.code_insee"].valeur == "94022"


def test_acceptance_wants_the_deliberation_and_lifted_warnings(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    view = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    answers.save_answer(
        portail, monde.gestionnaire, dossier_id, "deliberation.numero", "",
        version_vue=view.answers["deliberation.numero"].version,
    )  # fmt: skip
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    row = dossiers.open_dossier(portail, monde.instructeur, dossier_id).action("accepter")
    assert row is not None
    assert any("Numéro" in reason for reason in row.blocages)
    assert any("Aucun tarif 2023" in reason for reason in row.blocages)
    lift_warnings(portail, monde, dossier_id)
    with pytest.raises(Refus, match="Numéro"):
        workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    # The clerk can still give it: asking for any correction opens what is missing.
    prepare(portail, monde, dossier_id, "demander_corrections")
    workflow.perform(portail, monde.instructeur, dossier_id, "demander_corrections")
    view = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    assert view.may_edit("deliberation.numero")
    answers.save_answer(
        portail, monde.gestionnaire, dossier_id, "deliberation.numero", "2022-118",
        version_vue=view.answers["deliberation.numero"].version,
    )  # fmt: skip
    prepare(portail, monde, dossier_id, "redeposer")
    workflow.perform(portail, monde.gestionnaire, dossier_id, "redeposer")
    assert workflow.perform(portail, monde.instructeur, dossier_id, "accepter") == "accepte"


def test_a_lifted_warning_does_not_cover_another_year(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    lift_warnings(portail, monde, dossier_id)
    for champ in ("besoin.date_effet", "besoin.date_debut_prestations"):
        corrections.request_correction(portail, monde.instructeur, dossier_id, champ, motif="perime", texte="")
    workflow.perform(portail, monde.instructeur, dossier_id, "demander_corrections")
    shown = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers
    answers.save_answers(
        portail,
        monde.gestionnaire,
        dossier_id,
        {
            champ: ("2024-01-01", shown[champ].version)
            for champ in ("besoin.date_effet", "besoin.date_debut_prestations")
        },
    )
    workflow.perform(portail, monde.gestionnaire, dossier_id, "redeposer")
    warnings = dossiers.open_dossier(portail, monde.instructeur, dossier_id).avertissements
    assert [(row.levee, "2024" in row.texte) for row in warnings] == [(None, True)]
    with pytest.raises(Refus, match="Levez l’avertissement"):
        workflow.perform(portail, monde.instructeur, dossier_id, "accepter")


def test_a_tariff_that_an_unanswered_question_would_change_is_told_and_lifted(portail: Portail, monde: Monde) -> None:
    """The centre voted another price for those that are not affiliated; the clerk did not say."""
    with portail.db.write() as session:
        for code, montant, public in (
            ("temps_complet", "67980.00", "tous"), ("heure", "57.00", "tous"), ("temps_complet", "75000.00", "non_affilie"),
        ):  # fmt: skip
            session.add(
                Tarif(centre_id=monde.centre_id, code=code, annee=2023, montant=Decimal(montant), public=public)
            )
    dossier_id = make_dossier(portail, monde)
    view = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    assert ["affiliation" in row.texte and "Le centre" in row.texte for row in view.avertissements] == [True]
    question = view.answers.get("collectivite.affilie")
    for said, annuel, warnings in ((True, "32426.46", 0), (False, "35775.00", 0)):
        answers.save_answer(
            portail, monde.gestionnaire, dossier_id, "collectivite.affilie", said,
            version_vue=question.version if question else 0,
        )  # fmt: skip
        view = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
        question = view.answers["collectivite.affilie"]
        assert view.montants is not None
        assert (view.montants["annuel"], len(view.avertissements)) == (Decimal(annuel), warnings)
    answers.save_answer(
        portail, monde.gestionnaire, dossier_id, "collectivite.affilie", "", version_vue=question.version
    )
    for role, action in ((G, "deposer"), (I, "prendre_en_charge")):
        workflow.perform(portail, monde[role], dossier_id, action)
    with pytest.raises(Refus, match="Levez l’avertissement"):
        workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    lift_warnings(portail, monde, dossier_id)
    assert workflow.perform(portail, monde.instructeur, dossier_id, "accepter") == "accepte"


@pytest.mark.parametrize("role", [role for role in Role if role is not I])
def test_only_an_instructeur_lifts_a_warning(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    code = dossiers.open_dossier(monde.portail, monde.instructeur, dossier_id).avertissements[0].code
    with pytest.raises(Refus):
        workflow.lift_warning(monde.portail, monde[role], dossier_id, code, MOTIF)
    assert dossiers.open_dossier(monde.portail, monde.instructeur, dossier_id).avertissements[0].levee is None


def test_a_warning_is_lifted_once_with_a_reason(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    code = dossiers.open_dossier(portail, monde.instructeur, dossier_id).avertissements[0].code
    with pytest.raises(Invalide):
        workflow.lift_warning(portail, monde.instructeur, dossier_id, code, "  ")
    workflow.lift_warning(portail, monde.instructeur, dossier_id, code, MOTIF)
    for again in (code, "inconnu"):
        with pytest.raises(Conflit):
            workflow.lift_warning(portail, monde.instructeur, dossier_id, again, MOTIF)
    lifted = dossiers.open_dossier(portail, monde.instructeur, dossier_id).avertissements[0].levee
    assert lifted is not None
    assert (lifted.motif, lifted.par) == (MOTIF, "Instructeur Modèle")
    assert dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).avertissements == ()


def _doubles(monde: Monde, role: Role, dossier_id: UUID) -> list[str]:
    found = dossiers.open_dossier(monde.portail, monde[role], dossier_id).avertissements
    return [row.texte for row in found if row.code.startswith("double:")]


def test_second_adhesion_is_lifted_before_it_is_accepted(portail: Portail, monde: Monde) -> None:
    first = make_dossier(portail, monde, "en_instruction")
    assert _doubles(monde, I, first) == []
    second = make_dossier(portail, monde)
    (told,) = _doubles(monde, G, second)
    assert told.startswith("Votre collectivité a déjà un dossier en cours pour cette offre : D-")
    # The draft does not hold the first dossier; once deposited, each one waits for a person's eye.
    assert _doubles(monde, I, first) == []
    workflow.perform(portail, monde.gestionnaire, second, "deposer")
    workflow.perform(portail, monde.instructeur, second, "prendre_en_charge")
    (told,) = _doubles(monde, I, first)
    assert "seconde adhésion" in told
    for row in dossiers.open_dossier(portail, monde.instructeur, second).avertissements:
        if not row.code.startswith("double:"):
            workflow.lift_warning(portail, monde.instructeur, second, row.code, MOTIF)
    with pytest.raises(Refus, match="seconde adhésion"):
        workflow.perform(portail, monde.instructeur, second, "accepter")
    lift_warnings(portail, monde, second)
    assert workflow.perform(portail, monde.instructeur, second, "accepter") == "accepte"


def test_two_drafts_are_told_to_the_later_one_only(portail: Portail, monde: Monde) -> None:
    first, second = make_dossier(portail, monde, complet=False), make_dossier(portail, monde, complet=False)
    assert _doubles(monde, G, first) == []
    assert len(_doubles(monde, G, second)) == 1
    workflow.perform(portail, monde.gestionnaire, first, "retirer", motif=MOTIF)
    assert _doubles(monde, G, second) == []


@pytest.mark.parametrize(
    ("etat", "effet", "told"),
    [
        ("en_vigueur", date(2020, 1, 1), True),
        ("a_signer", date(2020, 1, 1), True),
        ("annulee", date(2020, 1, 1), False),
        ("resiliee", date(2020, 1, 1), False),
        ("en_vigueur", date(2016, 1, 1), False),
    ],
)
def test_live_convention_makes_a_second_adhesion(monde_sqlite: Monde, etat: str, effet: date, told: bool) -> None:
    """The dossier takes effect on 1 January 2023: a convention that ended in 2020 is no double."""
    make_convention(monde_sqlite.portail, monde_sqlite, etat, date_effet=effet)
    found = _doubles(monde_sqlite, I, make_dossier(monde_sqlite.portail, monde_sqlite, "en_instruction"))
    assert ["2026-0001" in one and "31 décembre 2024" in one.replace("\u00a0", " ") for one in found] == [True] * told


def test_another_collectivite_s_siren_is_an_anomaly(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    version = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers["collectivite.siren"].version
    answers.save_answer(portail, monde.gestionnaire, dossier_id, "collectivite.siren", "732829320", version_vue=version)
    codes = {row.code for row in dossiers.open_dossier(portail, monde.instructeur, dossier_id).avertissements}
    assert "siren_different:732829320" in codes


@pytest.mark.parametrize(
    ("etat", "role", "action"),
    [("brouillon", G, "deposer"), ("depose", I, "prendre_en_charge"), ("en_instruction", I, "accepter")],
)
def test_two_clicks_at_once_make_one_action(portail: Portail, monde: Monde, etat: str, role: Role, action: str) -> None:
    dossier_id = make_dossier(portail, monde, etat)
    prepare(portail, monde, dossier_id, action)

    def click(_: int) -> str:
        try:
            return workflow.perform(portail, monde[role], dossier_id, action)
        except PortailError as error:
            return type(error).__name__

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(click, range(4)))
    assert outcomes.count("Conflit") == 3
    assert journal_actions(portail, dossier_id).count(f"dossier.{action}") == 1
    with portail.db.read() as session:
        assert journal.verify(session).intacte


def test_second_person_is_told_what_happened(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "depose")
    with pytest.raises(Conflit, match="Ce dossier a déjà été déposé"):
        workflow.perform(portail, monde.signataire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    with pytest.raises(Refus, match="En cours d’examen par le centre"):
        workflow.perform(portail, monde.signataire, dossier_id, "deposer")


def test_a_refusal_is_journalled_for_the_centre_concerned(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "depose")
    stranger = make_stranger(portail)
    for attempt in (
        lambda: workflow.perform(portail, stranger, dossier_id, "retirer", motif=MOTIF),
        lambda: dossiers.open_dossier(portail, stranger, dossier_id),
    ):
        with pytest.raises(Introuvable):
            attempt()
    with portail.db.read() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus").order_by(AuditEvent.seq)).all()
    assert [(line.centre_id, line.acteur_id, line.details["demande"]) for line in lines] == [
        (monde.centre_id, stranger.utilisateur_id, "dossier.retirer"),
        (monde.centre_id, stranger.utilisateur_id, "dossier.ouvrir"),
    ]


def test_an_unknown_action_or_issue_is_refused(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "accepte")
    for action in ("supprimer", "emettre"):
        with pytest.raises(Refus):
            workflow.perform(portail, monde.instructeur, dossier_id, action)
