"""Requests about a convention: who may do what in each state of the three circuits, what is recorded, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.forms.formset import parse_form
from domain.roles import Role
from models import Convention, Courriel, Depot, Dossier
from services.accueil.taches import list_taches
from services.adhesion import answers, dossiers, workflow
from services.adhesion.dossier_lists import list_dossiers
from services.adhesion.dossier_views import DossierFilter
from services.centre.offres import get_workflow
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.vie import demandes
from services.vie.connaissance import Connaissance, mark_read, open_reading
from services.vie.fil import open_changes, open_life
from services.vie.presents import open_present, tell_present
from services.vie.texte import text_in_force
from tests.conventions import make_convention
from tests.demandes import DELIBERATION, REFERENT, begin, fill, make_request, quotite_60
from tests.factories import Monde, journal_actions, make_other_centre, make_stranger

TODAY = date(2026, 6, 15)
HORAIRES = {
    "horaires.date_effet": "2026-09-01",
    "locaux.disponibilites": [{"jour": "mardi", "debut": "09:00", "fin": "12:00"}],
}
TWO_PERSONS = """
id: personnes
title: Personnes
sections:
  - id: service
    title: Au service
    fields:
      - {id: referent.prenom, type: text, label: Prénom}
      - {id: referent.nom, type: text, label: Nom}
      - {id: referent.fonction, type: text, label: Fonction}
      - {id: accueil.lieu, type: text, label: Lieu}
      - {id: adjoint.prenom, type: text, label: Prénom}
      - {id: adjoint.nom, type: text, label: Nom}
      - {id: adjoint.fonction, type: text, label: Fonction}
  - id: signature
    title: Qui signe
    fields:
      - {id: representant.prenom, type: text, label: Prénom}
      - {id: representant.nom, type: text, label: Nom}
      - {id: representant.fonction, type: text, label: Fonction}
"""
EXAMPLES = {"avenant": quotite_60(), "referent": REFERENT, "horaires": HORAIRES}
STARTERS = {
    "avenant": {Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.INSTRUCTEUR},
    "referent": {Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION, Role.INSTRUCTEUR},
    "horaires": {Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION, Role.INSTRUCTEUR},
}


@pytest.fixture(autouse=True)
def _june() -> Iterator[None]:
    with clock.pretend(TODAY):
        yield


@pytest.fixture
def convention_id(portail: Portail, monde: Monde) -> UUID:
    return make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 1, 1))


def _force(portail: Portail, dossier_id: UUID, etat: str) -> None:
    with portail.db.write() as session:
        session.get_one(Dossier, dossier_id).etat = etat


def _etat(portail: Portail, dossier_id: UUID) -> str:
    with portail.db.read() as session:
        return session.get_one(Dossier, dossier_id).etat


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("nature", EXAMPLES)
def test_every_state_action_and_role(portail: Portail, monde: Monde, convention_id: UUID, nature: str) -> None:
    """What the circuit's table says, and nothing else, whoever asks and wherever the request stands."""
    dossier_id = make_request(portail, monde, convention_id, nature, EXAMPLES[nature])
    with portail.db.read() as session:
        table = get_workflow(session, session.get_one(Dossier, dossier_id).offre_version_id, nature)
    for etat in table.etats:
        for line in table.transitions:
            if line.action == "emettre":
                continue  # issuing is tried with the avenants
            for role in Role:
                _force(portail, dossier_id, etat)
                allowed = etat in line.de and role in line.roles
                try:
                    reached = workflow.perform(portail, monde[role], dossier_id, line.action, motif="Exemple.")
                except (Refus, Introuvable, Conflit) as refusal:
                    waits = "n’est pas encore possible" in getattr(refusal, "message", "")
                    assert waits or not allowed, (etat, line.action, role, refusal)
                    assert not waits or allowed, (etat, line.action, role, refusal)
                else:
                    assert allowed, (etat, line.action, role)
                    assert reached == line.vers == _etat(portail, dossier_id)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("nature", EXAMPLES)
def test_who_may_begin(portail: Portail, monde: Monde, convention_id: UUID, nature: str) -> None:
    for role in Role:
        if role in STARTERS[nature]:
            dossier_id = begin(portail, monde[role], convention_id, nature)
            shown = dossiers.open_dossier(portail, monde[role], dossier_id)
            assert shown.editable and shown.etat == "brouillon"
            with portail.db.write() as session:
                session.get_one(Dossier, dossier_id).etat = "retire"
        else:
            with pytest.raises((Refus, Introuvable)):
                begin(portail, monde[role], convention_id, nature)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("nature", EXAMPLES)
def test_another_collectivite_or_centre_sees_nothing(
    portail: Portail, monde: Monde, convention_id: UUID, nature: str
) -> None:
    dossier_id = make_request(portail, monde, convention_id, nature, EXAMPLES[nature])
    for stranger in (make_stranger(portail), make_other_centre(portail)):
        for refused in (
            lambda who=stranger: begin(portail, who, convention_id, nature),
            lambda who=stranger: demandes.create_renewal(portail, who, convention_id, uuid4().hex),
            lambda who=stranger: open_life(portail, who, convention_id),
            lambda who=stranger: open_changes(portail, who, dossier_id),
            lambda who=stranger: workflow.perform(portail, who, dossier_id, "deposer"),
            lambda who=stranger: dossiers.open_dossier(portail, who, dossier_id),
        ):
            with pytest.raises(Introuvable):
                refused()
    assert journal_actions(portail, convention_id).count("refus") == 6


def test_two_clicks_begin_one_request_and_a_second_waits(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    operation = uuid4().hex
    first = demandes.create_request(portail, monde.gestionnaire, convention_id, "referent", operation)
    assert demandes.create_request(portail, monde.gestionnaire, convention_id, "referent", operation) == first
    with pytest.raises(Conflit, match="déjà en cours"):
        begin(portail, monde.signataire, convention_id, "referent")
    begin(portail, monde.signataire, convention_id, "horaires")
    workflow.perform(portail, monde.gestionnaire, first, "retirer", motif="Erreur.")
    begin(portail, monde.signataire, convention_id, "referent")
    with pytest.raises(Refus, match="ne prévoit pas"):
        begin(portail, monde.gestionnaire, convention_id, "inconnue")


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("etat", "today"),
    [("a_signer", TODAY), ("annulee", TODAY), ("echue", TODAY), ("resiliee", TODAY), ("en_vigueur", date(2031, 1, 1))],
)
def test_nothing_is_asked_of_a_convention_that_does_not_run(
    portail: Portail, monde: Monde, etat: str, today: date
) -> None:
    convention_id = make_convention(portail, monde, etat, date_effet=date(2026, 1, 1))
    with clock.pretend(today):
        with pytest.raises(Refus):
            begin(portail, monde.gestionnaire, convention_id, "referent")
        assert open_life(portail, monde.gestionnaire, convention_id).possibles == ()


def test_new_referent_counts_from_the_day_it_is_sent(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    """E10: no delay, nobody has to agree, no avenant; the centre is told."""
    dossier_id = begin(portail, monde.direction, convention_id, "referent")
    assert dossiers.open_dossier(portail, monde.direction, dossier_id).answers == {}
    with pytest.raises(Refus, match="Nom"):
        workflow.perform(portail, monde.direction, dossier_id, "deposer")
    fill(portail, monde.direction, dossier_id, REFERENT)
    assert workflow.perform(portail, monde.direction, dossier_id, "deposer") == "enregistre"
    with pytest.raises(Conflit):
        workflow.perform(portail, monde.direction, dossier_id, "deposer")
    with portail.db.read() as session:
        convention = session.get_one(Convention, convention_id)
        before = text_in_force(session, convention, date(2026, 6, 14))
        after = text_in_force(session, convention, TODAY)
        assert before["referent.nom"] != "Exemple" == after["referent.nom"]
        assert {key: value for key, value in after.items() if not key.startswith("referent.")} == {
            key: value for key, value in before.items() if not key.startswith("referent.")
        }
        mails = session.scalars(select(Courriel).where(Courriel.modele == "demande_envoyee")).all()
        assert {one.parametres["intitule"] for one in mails} == {f"Nouveau référent, convention {convention.numero}"}
        assert {one.utilisateur_id for one in mails} == {monde.instructeur.utilisateur_id}
    life = open_life(portail, monde.gestionnaire, convention_id)
    assert [(one.titre.split(",")[0], one.applique) for one in life.maillons] == [
        (f"Convention {convention.numero}", True),
        ("Nouveau référent", True),
    ]
    told = {row.libelle: (row.valeur, row.source) for _, rows in life.texte for row in rows}
    assert told["Fonction"] == ("directeur des ressources humaines", "Nouveau référent")


def present_lines(portail: Portail, acteur: Acteur, dossier_id: UUID) -> dict[str, str]:
    """What is said of the one person that the form of a new référent names."""
    (told,) = open_present(portail, acteur, dossier_id, "referent")
    return dict(told.lignes)


def test_two_persons_asked_at_once_keep_their_own_lines() -> None:
    """In two sections, or in the same one; what goes with nobody comes with its section."""
    form = parse_form(TWO_PERSONS)
    text = {
        "referent.nom": "Martin", "referent.prenom": "Alix", "referent.fonction": "secrétaire", "accueil.lieu": "mairie",
        "adjoint.nom": "Durand", "adjoint.fonction": "adjoint",
        "representant.prenom": "Camille", "representant.nom": "Exemple", "representant.fonction": "maire",
    }  # fmt: skip
    told = tell_present(list(form.iter_fields()), text)
    assert [(one.titre, one.lignes) for one in told] == [
        ("Au service", (("Nom", "Alix Martin"), ("Fonction", "secrétaire"))),
        ("Au service", (("Lieu", "mairie"),)),
        ("Au service", (("Nom", "Durand"), ("Fonction", "adjoint"))),
        ("Qui signe", (("Nom", "Camille Exemple"), ("Fonction", "maire"))),
    ]


def test_the_present_referent_is_shown_and_who_replaced_them_told(
    portail: Portail, monde: Monde, convention_id: UUID
) -> None:
    """Articles 7.3 and 10: the clerk sees who is named today before naming another; the chain says who replaced whom."""
    dossier_id = begin(portail, monde.gestionnaire, convention_id, "referent")
    present = present_lines(portail, monde.gestionnaire, dossier_id)
    with portail.db.read() as session:
        text = text_in_force(session, session.get_one(Convention, convention_id), TODAY)
    named = " ".join(text[f"referent.{part}"] for part in ("civilite", "prenom", "nom"))
    assert present["Nom"] == named and present["Fonction"] == text["referent.fonction"]
    assert open_present(portail, monde.gestionnaire, dossier_id, "changement") == ()  # not of the convention's text
    with pytest.raises(Introuvable):
        open_present(portail, make_stranger(portail), dossier_id, "referent")
    fill(portail, monde.gestionnaire, dossier_id, REFERENT)
    assert present_lines(portail, monde.gestionnaire, dossier_id) == present
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    (_, told) = open_life(portail, monde.gestionnaire, convention_id).maillons
    mark = "e" if text["referent.civilite"] == "Mme" else ""
    assert told.points == (f"{named} remplacé{mark} par M. Dominique Exemple le 15 juin 2026",)
    second = begin(portail, monde.gestionnaire, convention_id, "referent")
    assert present_lines(portail, monde.direction, second)["Nom"] == "M. Dominique Exemple"
    fill(portail, monde.gestionnaire, second, {**REFERENT, "referent.telephone": "01 99 00 12 34"})
    workflow.perform(portail, monde.gestionnaire, second, "deposer")
    points = [one.points for one in open_life(portail, monde.gestionnaire, convention_id).maillons[1:]]
    assert points == [told.points, ("Téléphone : 01 23 45 67 89 → 01 99 00 12 34",)]
    hours = begin(portail, monde.gestionnaire, convention_id, "horaires")
    assert open_present(portail, monde.gestionnaire, hours, "locaux") == ()  # starts from the text: nothing to repeat


def test_the_centre_reads_once_what_took_effect_by_itself(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    """E10: nobody agrees to a new référent, but somebody of the centre has to know: one line until one person has read it."""

    def waiting(who: str) -> list[str]:
        found = list_taches(portail, monde[who])
        return [one.titre for one in found if one.groupe == "Changements à lire"]

    dossier_id = make_request(portail, monde, convention_id, "referent", REFERENT)
    assert waiting("instructeur") == []  # not sent yet
    with pytest.raises(Refus):
        mark_read(portail, monde.instructeur, dossier_id)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    for who in ("instructeur", "responsable"):
        assert len(waiting(who)) == 1 and "Nouveau référent" in waiting(who)[0]
    for role in set(Role) - {Role.INSTRUCTEUR, Role.RESPONSABLE}:
        assert waiting(role) == []
        with pytest.raises((Refus, Introuvable)):
            mark_read(portail, monde[role], dossier_id)
    assert open_reading(portail, monde.gestionnaire, dossier_id) is None
    assert open_reading(portail, monde.responsable, dossier_id) == Connaissance(a_lire=True)
    for who in ("responsable", "responsable", "instructeur"):
        mark_read(portail, monde[who], dossier_id)  # once, whoever clicks again
    assert journal_actions(portail, dossier_id).count("demande.prendre_connaissance") == 1
    read = open_reading(portail, monde.instructeur, dossier_id)
    assert read and not read.a_lire and read.par == monde.responsable.nom
    assert waiting("instructeur") == waiting("responsable") == []
    # What the centre's own people send for a collectivité, and what they agreed to, they know.
    hours = make_request(portail, monde, convention_id, "horaires", HORAIRES)
    workflow.perform(portail, monde.gestionnaire, hours, "deposer")
    workflow.perform(portail, monde.responsable, hours, "valider")
    ours = begin(portail, monde.instructeur, convention_id, "referent")
    fill(portail, monde.instructeur, ours, {**REFERENT, "referent.nom": "Suivant"})
    workflow.perform(portail, monde.instructeur, ours, "deposer")
    assert waiting("instructeur") == []
    assert [open_reading(portail, monde.responsable, one) for one in (hours, ours)] == [None, None]


def test_new_signatory_is_the_one_expected_to_sign(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    values = {
        "changement.date_effet": "2026-06-15",
        "representant.civilite": "Mme",
        "representant.prenom": "Alix",
        "representant.nom": "Nouvelle",
        "representant.qualite": "maire",
    }
    dossier_id = make_request(portail, monde, convention_id, "signataire", values)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    with portail.db.read() as session:
        text = text_in_force(session, session.get_one(Convention, convention_id), TODAY)
    assert text["representant.nom"] == "Nouvelle"


def test_hours_of_presence_wait_for_the_centre(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    dossier_id = begin(portail, monde.gestionnaire, convention_id, "horaires")
    known = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers
    assert set(known) == {"locaux.disponibilites"}  # as they stand, to be changed
    fill(portail, monde.gestionnaire, dossier_id, {"horaires.date_effet": "2026-09-01"})
    with pytest.raises(Refus, match="Rien ne change"):
        workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    fill(portail, monde.gestionnaire, dossier_id, HORAIRES)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    (change,) = open_changes(portail, monde.instructeur, dossier_id)
    assert "mardi" in change.apres.lower() and change.apres != change.avant

    def hours(jour: date) -> object:
        with portail.db.read() as session:
            return text_in_force(session, session.get_one(Convention, convention_id), jour)["locaux.disponibilites"]

    before = hours(date(2026, 9, 1))
    assert workflow.perform(portail, monde.responsable, dossier_id, "valider") == "enregistre"
    assert hours(date(2026, 8, 31)) == before != hours(date(2026, 9, 1))
    with pytest.raises(Conflit):
        workflow.perform(portail, monde.responsable, dossier_id, "valider")


def test_refused_hours_change_nothing(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    dossier_id = make_request(portail, monde, convention_id, "horaires", HORAIRES)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    with pytest.raises(Invalide, match="motif"):
        workflow.perform(portail, monde.instructeur, dossier_id, "refuser")
    workflow.perform(portail, monde.instructeur, dossier_id, "refuser", motif="L’assistant n’est pas libre le mardi.")
    with portail.db.read() as session:
        convention = session.get_one(Convention, convention_id)
        first = session.scalars(select(Depot.reponses).where(Depot.dossier_id == convention.dossier_id)).one()
        assert text_in_force(session, convention, date.max)["locaux.disponibilites"] == first["locaux.disponibilites"]
    begin(portail, monde.gestionnaire, convention_id, "horaires")  # another may be asked


@pytest.mark.parametrize(
    ("day", "said"), [("2025-12-31", "précède celle de la convention"), ("2031-01-01", "suit le dernier jour")]
)
def test_a_request_takes_effect_within_the_convention(
    portail: Portail, monde: Monde, convention_id: UUID, day: str, said: str
) -> None:
    dossier_id = make_request(portail, monde, convention_id, "horaires", {**HORAIRES, "horaires.date_effet": day})
    with pytest.raises(Refus, match=said):
        workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")


def test_a_request_is_prefilled_and_only_what_is_ticked_counts(
    portail: Portail, monde: Monde, convention_id: UUID
) -> None:
    dossier_id = begin(portail, monde.gestionnaire, convention_id, "avenant")
    view = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    assert view.answers["besoin.quotite"].valeur == "47.70"
    assert view.answers["deliberation.organe"].valeur == "conseil municipal"
    assert "deliberation.numero" not in view.answers and "referent.nom" not in view.answers
    with portail.db.read() as session:
        numero = session.get_one(Convention, convention_id).numero
    assert (view.titre, view.sujet and view.sujet.numero) == (f"Avenant à la convention {numero}", numero)
    values = {**quotite_60(), "avenant.objets": ["locaux"], "locaux.telephone": "01 11 22 33 44"}
    fill(portail, monde.gestionnaire, dossier_id, values)
    (change,) = open_changes(portail, monde.gestionnaire, dossier_id)
    assert change.libelle == "Téléphone du bureau"  # the share was typed, then hidden again
    assert DELIBERATION.keys() <= view.offer.formset.fields.keys()
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    with portail.db.read() as session:
        given = session.scalars(select(Depot.reponses).where(Depot.dossier_id == dossier_id)).one()
    assert "besoin.quotite" not in given and "deliberation.numero" not in given


def test_lists_name_what_is_asked(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    make_request(portail, monde, convention_id, "referent", REFERENT)
    with portail.db.read() as session:
        numero = session.get_one(Convention, convention_id).numero
    whole = list_dossiers(portail, monde.instructeur, DossierFilter())
    assert {row.objet for row in whole.rows} == {"Dossier d’adhésion", f"Nouveau référent, convention {numero}"}
    found = list_dossiers(portail, monde.instructeur, DossierFilter(nature="referent"))
    assert [row.objet for row in found.rows] == [f"Nouveau référent, convention {numero}"]
    assert list_dossiers(portail, monde.instructeur, DossierFilter(texte=numero)).total == 1


def test_answers_of_a_sent_request_do_not_move(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    dossier_id = make_request(portail, monde, convention_id, "referent", REFERENT)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    with pytest.raises(Refus, match="plus modifiable"):
        answers.save_answer(portail, monde.gestionnaire, dossier_id, "referent.nom", "Autre", version_vue=1)
    with portail.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Depot).where(Depot.dossier_id == dossier_id)) == 1
