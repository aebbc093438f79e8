"""The pages of statements, run for real: prepare a quarter, several at once, one, and what a collectivité reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from domain.roles import Role
from models import PeriodeSansAssistant
from services.facturation import decomptes, emission
from services.facturation.exercices import refresh_convention
from tests.conventions import make_convention
from tests.decomptes import add_tarifs, close_until, drafts, issue_quarter, prepare, set_convention
from tests.factories import Monde, make_stranger
from tests.pages.conftest import Visitor, text_of


@pytest.fixture
def convention(monde: Monde) -> UUID:
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(monde.portail, monde.centre_id, 2023)
    close_until(monde.portail, monde.centre_id, 2023, 12)
    return convention_id


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(label)).click()
    app.run()
    assert not app.exception
    return app


def plain(app: AppTest) -> str:
    return text_of(app).replace("\\", "").replace("\u202f", " ").replace("\u00a0", " ")


def test_a_quarter_is_prepared_from_the_page(visitor: Visitor, monde: Monde, convention: UUID) -> None:
    app = visitor.open(monde[Role.INSTRUCTEUR], "decomptes")
    assert "Aucun décompte pour le moment" in plain(app)
    app.selectbox(key="preparer-annee").set_value(2023)
    app.selectbox(key="preparer-trimestre").set_value(1)
    click(app, "Préparer")
    assert "1 brouillon préparé" in plain(app)
    again = visitor.open(monde[Role.INSTRUCTEUR], "decomptes")
    assert "Choisy-le-Roi" in plain(again) and "8 106,62 €" in plain(again)


def test_a_draft_says_what_to_do_and_how_it_was_computed(visitor: Visitor, monde: Monde, convention: object) -> None:
    prepare(monde.portail, monde, 2023, 1)
    (draft,) = drafts(monde.portail, convention)
    app = visitor.open(monde[Role.INSTRUCTEUR], "decompte", id=draft.id)
    assert "67 980,00 € × 47,70 % = 32 426,46 €" in plain(app)
    assert "jours calendaires réels" in "".join(one.value for one in app.caption)
    click(app, "Marquer comme vérifié")
    assert "Décompte vérifié" in plain(app)
    assert not [one for one in app.button if one.label == "Émettre"]  # another role issues
    responsable = visitor.open(monde[Role.RESPONSABLE], "decompte", id=draft.id)
    assert [one.label for one in responsable.button if one.label == "Émettre"]


def test_the_batch_concerns_what_the_list_shows(visitor: Visitor, monde: Monde, convention: UUID) -> None:
    prepare(monde.portail, monde, 2023, 1)
    app = visitor.open(monde[Role.RESPONSABLE], "decomptes", vue="lot")
    assert [one.label for one in app.button if one.label.startswith("Marquer")] == ["Marquer comme vérifiés (1)"]
    (listed,) = app.dataframe[0].value.to_dict("records")
    assert listed["Collectivité"] == "Choisy-le-Roi" and listed["État"] == "Brouillon"
    assert listed["Total"].replace("\u202f", " ").replace("\u00a0", " ") == "8 106,62 €"
    click(app, "Marquer comme vérifiés")
    assert plain(app).count("1 décompte, pour un total de 8 106,62 €.") == 2  # under the list, and in the question
    app.selectbox(key="lot-action").set_value("emettre").run()
    assert "Aucun décompte de la liste n’est concerné" in plain(app)


def test_a_collectivite_reads_its_issued_statements_only(visitor: Visitor, monde: Monde, convention: UUID) -> None:
    direction = monde[Role.DIRECTION]
    prepare(monde.portail, monde, 2023, 1)
    assert "Aucun décompte pour le moment" in plain(visitor.open(direction, "decomptes"))
    issued = issue_quarter(monde.portail, monde, convention, 2023, 1)
    assert issued is not None
    app = visitor.open(direction, "decomptes")
    assert str(issued.numero) in plain(app) and "À payer" in plain(app)
    assert [one.label for one in app.button] == ["Se déconnecter"]
    one = visitor.open(direction, "decompte", id=issued.id)
    assert "8 106,62 €" in plain(one) and [each.label for each in one.button] == ["Se déconnecter"]
    stranger = make_stranger(monde.portail)
    refused = visitor.open(stranger, "decompte", id=issued.id)
    assert "8 106,62" not in plain(refused) and [each.value for each in refused.title] == ["Page introuvable"]
    assert [each.value for each in visitor.open(direction, "equipe").title] == ["Page introuvable"]
    assert str(issued.numero) not in plain(visitor.open(stranger, "decomptes"))


def test_a_cancelled_statement_leads_to_its_counter_statement(
    visitor: Visitor, monde: Monde, convention: object
) -> None:
    issued = issue_quarter(monde.portail, monde, convention, 2023, 1)
    assert issued is not None
    counter = emission.cancel(monde.portail, monde[Role.RESPONSABLE], issued.id, "Quotité erronée")
    app = visitor.open(monde[Role.RESPONSABLE], "decompte", id=issued.id)
    assert "Annulé par le" in plain(app) and str(counter) in plain(app) and "Quotité erronée" in plain(app)
    assert not [one for one in app.button if one.label.startswith("Annuler")]
    other = visitor.open(monde[Role.RESPONSABLE], "decompte", id=counter)
    assert "Annule le" in plain(other) and "−8 106,62 €" in plain(other)


def test_cancelling_a_paid_statement_says_what_becomes_of_the_money(
    visitor: Visitor, monde: Monde, convention: UUID
) -> None:
    issued = issue_quarter(monde.portail, monde, convention, 2023, 1)
    assert issued is not None and issued.emis_le is not None
    responsable = monde[Role.RESPONSABLE]
    app = visitor.open(responsable, "decompte", id=issued.id)
    click(app, "Annuler par un contre-décompte")
    assert "comptable" not in plain(app)  # nothing was paid
    emission.record_payment(monde.portail, responsable, issued.id, issued.emis_le.date())
    app = visitor.open(responsable, "decompte", id=issued.id)
    click(app, "Annuler par un contre-décompte")
    assert "la somme déjà reçue reste à régler avec le comptable" in plain(app)
    emission.cancel(monde.portail, responsable, issued.id, "Quotité erronée")
    for reader in (responsable, monde[Role.DIRECTION]):
        assert "avant l’annulation : les 8 106,62 € versés" in plain(visitor.open(reader, "decompte", id=issued.id))


def test_a_year_invoiced_in_excess_is_told_above_the_list(visitor: Visitor, monde: Monde, convention: UUID) -> None:
    issued = [issue_quarter(monde.portail, monde, convention, 2023, quarter) for quarter in (1, 2, 3, 4)]
    assert "À régulariser" not in plain(visitor.open(monde[Role.RESPONSABLE], "decomptes"))
    with monde.portail.db.write() as session:
        days = {"du": date(2023, 3, 1), "au": date(2023, 4, 14)}
        session.add(PeriodeSansAssistant(convention_id=convention, motif="Poste vacant", **days))
        session.flush()
        refresh_convention(session, convention)
    app = visitor.open(monde[Role.RESPONSABLE], "decomptes")
    assert next(one.label for one in app.expander) == "À régulariser (1)"
    last = issued[3]
    assert last is not None and f"Annulez le décompte n° {last.numero}" in plain(app)
    assert "3 997,78 € facturés en trop pour 2023" in plain(app) and str(last.id) in plain(app)
    assert "À régulariser" not in plain(visitor.open(monde[Role.GESTIONNAIRE], "decomptes"))


def test_a_payment_is_typed_as_a_day(visitor: Visitor, monde: Monde, convention: UUID) -> None:
    issued = issue_quarter(monde.portail, monde, convention, 2023, 1)
    assert issued is not None
    app = visitor.open(monde[Role.RESPONSABLE], "decompte", id=issued.id)
    app.text_input[0].set_value("31/02/2026")
    click(app, "Enregistrer le paiement")
    assert app.error
    app.text_input[0].set_value(f"{issued.emis_le:%d/%m/%Y}")
    click(app, "Enregistrer le paiement")
    assert "Paiement enregistré" in plain(app)


def test_a_stale_draft_says_so(visitor: Visitor, monde: Monde, convention: UUID) -> None:
    prepare(monde.portail, monde, 2023, 1)
    (draft,) = drafts(monde.portail, convention)
    assert "ont changé" not in plain(visitor.open(monde[Role.RESPONSABLE], "decompte", id=draft.id))
    decomptes.check(monde.portail, monde[Role.INSTRUCTEUR], draft.id)
    set_convention(monde.portail, convention, quotite=Decimal(50))
    app = visitor.open(monde[Role.RESPONSABLE], "decompte", id=draft.id)
    assert "Les données ont changé" in plain(app)
