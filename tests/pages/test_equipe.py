"""The team's page, an assistant's journeys and home page, the service dégradé, as people use them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from models import Affectation, DemandeServiceDegrade, Deplacement, PeriodeSansAssistant, Poste
from services.activite import clotures, regles
from services.core import clock
from services.facturation.exercices import refresh_convention
from tests.activite import add_hours, ask_degrade, assign, give_poste
from tests.conventions import make_convention
from tests.factories import Monde
from tests.pages.conftest import Visitor, text_of

TODAY = clock.today()


@pytest.fixture
def convention_id(monde: Monde) -> UUID:
    found = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        refresh_convention(session, found)
    return found


def _field(app: AppTest, label: str) -> object:
    """The text field whose label begins so."""
    return next(one for one in [*app.text_input, *app.text_area] if one.label.startswith(label))


def _click(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click()
    return app.run()


PARTS = ("couverture", "affectations", "postes", "absences", "deplacements", "clotures", "degrade")


@pytest.mark.parametrize("onglet", PARTS)
def test_every_part_empty_and_filled(visitor: Visitor, monde: Monde, onglet: str) -> None:
    app = visitor.open(monde.instructeur, "equipe", onglet=onglet)
    assert not app.error and app.info
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id)
    give_poste(monde.portail, monde)
    ask_degrade(monde.portail, monde, convention_id, TODAY, etat="demandee")
    with monde.portail.db.write() as session:
        session.add(
            PeriodeSansAssistant(
                convention_id=convention_id, du=date(2024, 1, 1), au=date(2024, 1, 2), motif="Poste vacant"
            )
        )
        session.add(
            Deplacement(
                centre_id=monde.centre_id,
                convention_id=convention_id,
                assistant_id=monde["assistant"].utilisateur_id,
                jour=TODAY,
                km=Decimal("12.5"),
                zone="hors_zone",
                puissance="5",
            )
        )
    for who in (monde.responsable, monde.instructeur):
        app = visitor.open(who, "equipe", onglet=onglet)
        assert not app.error and not app.info
        said = text_of(app)
        assert {"clotures": "Ouvert", "postes": "Assistant Modèle"}.get(onglet, "Choisy-le-Roi") in said


def test_an_instructeur_only_reads(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    for onglet in ("affectations", "postes", "absences", "clotures"):
        app = visitor.open(monde.instructeur, "equipe", onglet=onglet, vue="nouvelle")
        labels = {one.label for one in app.button}
        assert not labels & {"Affecter un assistant", "Ajouter un poste", "Enregistrer une période"}
        assert not any(label.startswith(("Clore", "Rouvrir", "Enregistrer")) for label in labels)


def test_the_responsable_assigns_somebody(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    app = visitor.open(monde.responsable, "equipe", onglet="affectations", vue="nouvelle", convention=convention_id)
    next(one for one in app.selectbox if one.label == "Assistant").select(monde["assistant"].utilisateur_id)
    _field(app, "Part").input("120")  # type: ignore[attr-defined]
    _field(app, "Premier jour").input("01/01/2024")  # type: ignore[attr-defined]
    _click(app, "Enregistrer l’affectation")
    assert any("ne peut pas dépasser 100" in one.value for one in app.error)
    _field(app, "Part").input("47,70")  # type: ignore[attr-defined]
    _click(app, "Enregistrer l’affectation")
    with monde.portail.db.read() as session:
        one = session.query(Affectation).one()
        assert (one.quotite, one.du, one.convention_id) == (Decimal("47.70"), date(2024, 1, 1), convention_id)


def test_everything_missing_in_an_assignment_is_told_at_once(
    visitor: Visitor, monde: Monde, convention_id: UUID
) -> None:
    app = visitor.open(monde.responsable, "equipe", onglet="affectations", vue="nouvelle")
    _click(app, "Enregistrer l’affectation")
    said = " ".join(one.value for one in app.error)
    assert all(one in said for one in ("une convention du centre", "un assistant du centre", "premier jour"))
    assert "les champs signalés" in said
    app.selectbox[0].select(convention_id)
    _click(app, "Enregistrer l’affectation")
    said = " ".join(one.value for one in app.error)
    assert all(one in said for one in ("un assistant du centre", "la part d’un temps plein", "premier jour"))


def test_the_responsable_adds_a_post(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "equipe", onglet="postes", vue="nouveau")
    _field(app, "Intitulé").input("Poste 1")  # type: ignore[attr-defined]
    _field(app, "Premier jour").input("29/02/2023")  # type: ignore[attr-defined]
    _click(app, "Enregistrer le poste")
    assert any("n’existe pas" in one.value for one in app.error)
    _field(app, "Premier jour").input("29/02/2024")  # type: ignore[attr-defined]
    _click(app, "Enregistrer le poste")
    with monde.portail.db.read() as session:
        assert session.query(Poste).one().du == date(2024, 2, 29)


def test_a_period_shows_what_it_takes_off_before_it_is_saved(
    visitor: Visitor, monde: Monde, convention_id: UUID
) -> None:
    app = visitor.open(monde.responsable, "equipe", onglet="absences", vue="nouvelle")
    app.selectbox[0].select(convention_id)
    _field(app, "Premier jour").input("01/03/2023")  # type: ignore[attr-defined]
    _field(app, "Dernier jour").input("14/04/2023")  # type: ignore[attr-defined]
    app.run()
    said = text_of(app).replace("\u202f", " ").replace("\xa0", " ")
    assert "28 428,68 € au lieu de 32 426,46 €" in said and "Les congés" in said
    assert not app.warning
    assign(monde.portail, monde, convention_id, du=date(2023, 4, 1))
    app.run()
    assert any("n’a affecté personne" in one.value for one in app.warning)  # before anything is saved
    _click(app, "Enregistrer la période")
    assert any("motif" in one.value for one in app.error)
    _field(app, "Motif").input("Poste vacant.")  # type: ignore[attr-defined]
    _click(app, "Enregistrer la période")
    with monde.portail.db.read() as session:
        assert regles.absences_of(session, convention_id) == [(date(2023, 3, 1), date(2023, 4, 14))]


def test_the_months_say_who_recorded_nothing(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    first = date(TODAY.year - 1, 12, 1) if TODAY.month == 1 else date(TODAY.year, TODAY.month - 1, 1)
    assign(monde.portail, monde, convention_id, du=first)
    app = visitor.open(monde.responsable, "equipe", onglet="clotures")
    assert "Assistant Modèle" in text_of(app)
    label = f"Clore {regles.month_label(first.year, first.month)}"
    assert label in {one.label for one in app.button}
    clotures.close_month(monde.portail, monde.responsable, monde.centre_id, first.year, first.month)
    app = visitor.open(monde.responsable, "equipe", onglet="clotures")
    assert "Clos" in text_of(app) and label not in {one.label for one in app.button}
    assert label.replace("Clore", "Rouvrir") in {one.label for one in app.button}


def test_the_centre_accepts_a_request(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    ask_degrade(monde.portail, monde, convention_id, TODAY, etat="demandee")
    app = visitor.open(monde.instructeur, "equipe", onglet="degrade")
    _click(app, "Accepter")
    assert not app.error and any("acceptée" in one.value for one in app.success)
    with monde.portail.db.read() as session:
        assert session.query(DemandeServiceDegrade).one().etat == "acceptee"


def test_the_collectivite_asks_for_the_service(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    app = visitor.open(monde.gestionnaire, "suivi", convention=convention_id)
    _field(app, "Temps maximal").input("6 h 30")  # type: ignore[attr-defined]
    app.run()
    assert "370,50" in text_of(app)
    _click(app, "Envoyer la demande")
    assert any("motif de la liste" in one.value for one in app.error)
    next(one for one in app.selectbox if one.label == "Motif").select("poste_vacant")
    _click(app, "Envoyer la demande")
    with monde.portail.db.read() as session:
        one = session.query(DemandeServiceDegrade).one()
        assert (one.raison, one.minutes_max, one.du) == ("poste_vacant", 390, TODAY)
    said = text_of(visitor.open(monde.direction, "suivi", convention=convention_id))
    assert "Demandé" in said and "Heures faites" not in said


def test_an_assistant_records_a_journey(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    assign(monde.portail, monde, convention_id)
    app = visitor.open(monde["assistant"], "deplacements")
    _field(app, "Distance").input("-4")  # type: ignore[attr-defined]
    _field(app, "Puissance").input("5")  # type: ignore[attr-defined]
    app.radio[0].set_value("hors_zone")
    _click(app, "Enregistrer le déplacement")
    assert any("au moins 0,1" in one.value for one in app.error)
    _field(app, "Distance").input("320")  # type: ignore[attr-defined]
    _click(app, "Enregistrer le déplacement")
    said = text_of(app).replace("\xa0", " ")
    assert "102,40 €" in said and "Hors région Île-de-France" in said
    with monde.portail.db.read() as session:
        one = session.query(Deplacement).one()
    app = visitor.open(monde["assistant"], "deplacements", id=one.id)
    assert _field(app, "Distance").value == "320,0"  # type: ignore[attr-defined]


def test_the_home_page_of_an_assistant(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    app = visitor.open(monde["assistant"], "accueil")
    assert any("affecté à aucune collectivité" in one.value for one in app.info)
    assert any(
        "affecté à aucune convention" in one.value for one in visitor.open(monde["assistant"], "conventions").info
    )
    assign(monde.portail, monde, convention_id)
    add_hours(monde.portail, monde, convention_id, TODAY, 95)
    add_hours(monde.portail, monde, convention_id, TODAY - timedelta(days=8), 60)
    said = text_of(visitor.open(monde["assistant"], "accueil"))
    assert "Choisy-le-Roi" in said and "1\xa0h\xa035" in said and "Votre semaine" in said


def test_other_roles_have_no_week(visitor: Visitor, monde: Monde) -> None:
    for who in (monde.responsable, monde.gestionnaire, monde.administrateur):
        assert "Votre semaine" not in text_of(visitor.open(who, "accueil"))
