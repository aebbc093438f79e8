"""A circuit that an administrator changed, in the real services: an added state and its action, walked, listed, told."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.offer.mail_editing import set_text
from domain.roles import Role
from domain.workflow import editing
from models import Courriel, Utilisateur
from services.accueil.situations import list_situations
from services.accueil.taches import list_taches
from services.adhesion import corrections, dossiers, workflow
from services.adhesion.dossier_lists import list_dossiers, list_etats
from services.adhesion.dossier_views import DossierFilter
from services.centre import offres
from services.centre.consultation_journal import list_dossier_history
from services.convention import conventions
from services.core import clock
from services.core.portail import Portail
from services.courriels import redaction
from services.offres import publication
from services.offres.edition_formulaires import edit_offer, open_edition
from tests.conventions import make_convention
from tests.demandes import make_request
from tests.factories import (
    OFFRE,
    Monde,
    journal_actions,
    lift_warnings,
    make_dossier,
    make_monde,
    make_other_centre,
    make_stranger,
    open_accounts,
    prepare,
)

MOTIF = "Le devis dépasse notre budget."


@pytest.fixture
def monde(portail: Portail, monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr(publication, "check_materials", lambda found: ())
    return make_monde(portail, gabarits=True)


def own_circuit(contenu: dict[str, Any]) -> dict[str, Any]:
    """After « Accepter le dossier », the head of the service validates, then the signataire of the collectivité agrees."""
    valider = {"libelle": "Valider le dossier", "roles": ["responsable"], "vers": "accepte"}
    contenu, etat = editing.add_state(contenu, "dossier", "À valider", "En cours de validation", "accepter", valider)
    accord = {"libelle": "Donner notre accord", "roles": ["signataire"]}
    contenu, autre = editing.add_state(contenu, "dossier", "Accord attendu", "À approuver", "valider_dossier", accord)
    back = {
        "libelle": "Rouvrir l’examen",
        "de": [autre],
        "vers": "en_instruction",
        "roles": ["signataire"],
        "motif": True,
    }
    contenu, _ = editing.add_action(contenu, "dossier", back)
    asking = editing.find_action(editing.find_table(contenu, "dossier"), "demander_corrections")
    return editing.update_action(contenu, "dossier", "demander_corrections", {"de": [*asking["de"], etat]})


def publish(portail: Portail, monde: Monde) -> Monde:
    """The same world, whose new dossiers go through the new circuit."""
    edit_offer(portail, monde.administrateur, monde.centre_id, OFFRE, None, lambda contenu, _: own_circuit(contenu))
    return publish_draft(portail, monde)


def publish_draft(portail: Portail, monde: Monde) -> Monde:
    """The same world, whose new dossiers follow what the draft of the offer says."""
    acteur = monde.administrateur
    view = open_edition(portail, acteur, monde.centre_id, OFFRE)
    assert view.faults == () and view.draft_id is not None and view.version is not None
    publication.publish_draft(portail, acteur, view.draft_id, view.version)
    with portail.db.read() as session:
        version_id = offres.current_version(session, monde.centre_id, OFFRE).id
    return Monde(portail, monde.centre_id, version_id, monde.collectivite_id, monde.gens)


def groups(portail: Portail, monde: Monde, role: Role) -> list[str]:
    return [one.groupe for one in list_taches(portail, monde[role]) if one.groupe.startswith("Dossiers : ")]


def do(portail: Portail, monde: Monde, dossier_id: UUID, role: Role, action: str, motif: str | None = None) -> str:
    prepare(portail, monde, dossier_id, action)
    return workflow.perform(portail, monde[role], dossier_id, action, motif=motif)


def test_a_dossier_goes_through_the_added_states(portail: Portail, monde: Monde) -> None:
    monde = publish(portail, monde)
    dossier_id = make_dossier(portail, monde, "en_instruction")
    assert do(portail, monde, dossier_id, Role.INSTRUCTEUR, "accepter") == "valider"

    # The head of the service finds it on the home page, on the page of the dossier, in the list by its state.
    assert groups(portail, monde, Role.RESPONSABLE) == ["Dossiers : à valider"]
    assert groups(portail, monde, Role.INSTRUCTEUR) == groups(portail, monde, Role.SIGNATAIRE) == []
    view = dossiers.open_dossier(portail, monde.responsable, dossier_id)
    assert (view.etat_libelle, [one.libelle for one in view.actions]) == ("À valider", ["Valider le dossier"])
    assert list_etats(portail, monde.instructeur)["À valider"] == ("valider",)
    listed = list_dossiers(portail, monde.instructeur, DossierFilter(etats=("valider",)))
    assert [(one.id, one.etat_libelle) for one in listed.rows] == [(dossier_id, "À valider")]
    (line,) = list_situations(portail, monde.gestionnaire)
    assert line.detail == "En cours de validation."

    assert workflow.perform(portail, monde.responsable, dossier_id, "valider_dossier") == "accord_attendu"
    assert groups(portail, monde, Role.RESPONSABLE) == []
    assert groups(portail, monde, Role.SIGNATAIRE) == ["Dossiers : à approuver"]
    (task,) = [one for one in list_taches(portail, monde.signataire) if one.groupe.startswith("Dossiers : ")]
    assert (task.page, task.detail) == ("dossier", "À faire : « Donner notre accord » ou « Rouvrir l’examen ».")

    assert workflow.perform(portail, monde.signataire, dossier_id, "donner_notre_accord") == "accepte"
    assert conventions.issue_convention(portail, monde.instructeur, dossier_id)
    done = journal_actions(portail, dossier_id)
    assert done[-1] == "dossier.emettre" and {"dossier.valider_dossier", "dossier.donner_notre_accord"} < set(done)
    told = [one.libelle for one in list_dossier_history(portail, monde.instructeur, dossier_id)]
    assert "Étape du dossier : valider dossier" in told


@pytest.mark.sqlite
def test_every_other_role_is_refused(portail: Portail, monde: Monde) -> None:
    monde = publish(portail, monde)
    dossier_id = make_dossier(portail, monde, "en_instruction")
    do(portail, monde, dossier_id, Role.INSTRUCTEUR, "accepter")
    for role in Role:
        if role != Role.RESPONSABLE:
            with pytest.raises(Refus):
                workflow.perform(portail, monde[role], dossier_id, "valider_dossier")
    for outsider in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            workflow.perform(portail, outsider, dossier_id, "valider_dossier")
    with pytest.raises(Refus, match="état actuel : « À valider »"):
        workflow.perform(portail, monde.instructeur, dossier_id, "refuser", motif=MOTIF)
    workflow.perform(portail, monde.responsable, dossier_id, "valider_dossier")
    with pytest.raises(Conflit, match="déjà"):
        workflow.perform(portail, monde.responsable, dossier_id, "valider_dossier")
    with pytest.raises(Invalide, match="motif"):
        workflow.perform(portail, monde.signataire, dossier_id, "rouvrir_examen")
    assert workflow.perform(portail, monde.signataire, dossier_id, "rouvrir_examen", motif=MOTIF) == "en_instruction"


def test_an_added_state_is_part_of_the_review(portail: Portail, monde: Monde) -> None:
    """Corrections can be asked from it when the circuit says so; warnings are lifted; a second dossier is doubtful."""
    monde = publish(portail, monde)
    dossier_id = make_dossier(portail, monde, "en_instruction")
    do(portail, monde, dossier_id, Role.INSTRUCTEUR, "accepter")
    other = make_dossier(portail, monde)
    assert any(
        "déjà un dossier" in one.texte
        for one in dossiers.open_dossier(portail, monde.gestionnaire, other).avertissements
    )
    corrections.request_correction(
        portail, monde.instructeur, dossier_id, "referent.telephone", motif="incorrect", texte="Numéro non attribué."
    )
    assert workflow.perform(portail, monde.instructeur, dossier_id, "demander_corrections") == "a_corriger"
    do(portail, monde, dossier_id, Role.GESTIONNAIRE, "redeposer")
    do(portail, monde, dossier_id, Role.INSTRUCTEUR, "accepter")
    lift_warnings(portail, monde, dossier_id)  # those that the acceptance left are none; asking is no error
    workflow.perform(portail, monde.responsable, dossier_id, "valider_dossier")
    with pytest.raises(Refus, match="pendant l’instruction"):
        corrections.request_correction(
            portail, monde.instructeur, dossier_id, "referent.telephone", motif="incorrect", texte="Encore."
        )


@pytest.mark.sqlite
def test_a_dossier_being_filled_in_keeps_its_circuit(portail: Portail, monde: Monde) -> None:
    begun = make_dossier(portail, monde)
    publish(portail, monde)
    for role, action in (
        (Role.GESTIONNAIRE, "deposer"),
        (Role.INSTRUCTEUR, "prendre_en_charge"),
        (Role.INSTRUCTEUR, "accepter"),
    ):
        etat = do(portail, monde, begun, role, action)
    assert etat == "accepte"
    with pytest.raises(Refus, match="n’existe pas dans cette offre"):
        workflow.perform(portail, monde.responsable, begun, "valider_dossier")


def test_who_is_next_is_told_and_accepted_is_said_once_it_is(portail: Portail, monde: Monde) -> None:
    monde = publish(portail, monde)
    open_accounts(portail)
    dossier_id = make_dossier(portail, monde, "en_instruction")

    def told(role: Role, action: str) -> set[tuple[str, str | None]]:
        with portail.db.write() as session:
            session.execute(delete(Courriel))
        do(portail, monde, dossier_id, role, action)
        with portail.db.read() as session:
            found = session.execute(select(Courriel.modele, Courriel.utilisateur_id)).all()
        names = {one.utilisateur_id: str(role) for role, one in monde.gens.items()}
        return {(modele, names.get(user)) for modele, user in found}

    assert told(Role.INSTRUCTEUR, "accepter") == {("dossier_a_suivre", "responsable")}
    assert told(Role.RESPONSABLE, "valider_dossier") == {("dossier_a_suivre", "signataire")}
    assert told(Role.SIGNATAIRE, "donner_notre_accord") == {
        ("dossier_accepte", "gestionnaire"),
        ("dossier_accepte", "signataire"),
    }


# -- the circuit of a request -----------------------------------------------------------------------------------------


def own_request(contenu: dict[str, Any]) -> dict[str, Any]:
    """Before the centre looks at other hours, the head of the service sees them, and may send them back to be seen again."""
    seen = {"libelle": "Viser la demande", "roles": ["responsable"]}
    contenu, etat = editing.add_state(contenu, "demande:horaires", "À viser", "Envoyée", "deposer", seen)
    again = {"libelle": "Revoir le visa", "de": ["depose"], "vers": etat, "roles": ["instructeur"]}
    declined = {"libelle": "Refuser au visa", "de": [etat], "vers": "refuse", "roles": ["responsable"], "motif": True}
    contenu, _ = editing.add_action(contenu, "demande:horaires", again)
    return editing.add_action(contenu, "demande:horaires", declined)[0]


def test_the_added_actions_of_a_request_tell_who_is_next(portail: Portail, monde: Monde) -> None:
    """With a text of the offer's own: it is data, as those of dossiers."""

    def changed(contenu: dict[str, Any]) -> dict[str, Any]:
        return set_text(own_request(contenu), "demande_a_suivre", "Au visa : {{ intitule }}", "À viser. {{ page }}")

    acteur = monde.administrateur
    edit_offer(portail, acteur, monde.centre_id, OFFRE, None, lambda contenu, _: changed(contenu))
    monde = publish_draft(portail, monde)
    open_accounts(portail)
    hours = {"jour": "mardi", "debut": "09:00", "fin": "12:00"}
    values = {"horaires.date_effet": "2026-09-01", "locaux.disponibilites": [hours]}
    with clock.pretend(date(2026, 6, 15)):
        convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 1, 1))
        dossier_id = make_request(portail, monde, convention_id, "horaires", values)

    def told(role: Role, action: str, motif: str | None = None) -> set[tuple[str, str | None]]:
        with portail.db.write() as session:
            session.execute(delete(Courriel))
        with clock.pretend(date(2026, 6, 15)):
            workflow.perform(portail, monde[role], dossier_id, action, motif=motif)
        with portail.db.read() as session:
            found = session.execute(select(Courriel.modele, Courriel.utilisateur_id)).all()
        names = {one.utilisateur_id: str(role) for role, one in monde.gens.items()}
        return {(modele, names.get(user)) for modele, user in found}

    sent = told(Role.GESTIONNAIRE, "deposer")
    assert sent == {("demande_envoyee", "instructeur"), ("demande_a_suivre", "responsable")}
    with portail.db.read() as session:
        row = session.scalars(select(Courriel).where(Courriel.modele == "demande_a_suivre")).one()
        text = redaction.write_mail(portail, session, row, session.get(Utilisateur, row.utilisateur_id))
    assert text.objet.startswith("Au visa : Horaires de présence, convention ") and "À viser. http" in text.corps
    assert told(Role.RESPONSABLE, "viser_demande") == {
        ("demande_a_suivre", "instructeur"),
        ("demande_a_suivre", "responsable"),
    }
    assert told(Role.INSTRUCTEUR, "revoir_visa") == {("demande_a_suivre", "responsable")}
    assert {modele for modele, _ in told(Role.RESPONSABLE, "refuser_visa", MOTIF)} == {"demande_declinee"}
