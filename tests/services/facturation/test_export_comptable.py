"""What the accountant is given, what lists show to whom, and lines that are not a share: units of time, journeys."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, Centre, Decompte, Deplacement
from services import exports
from services.core.portail import Portail
from services.facturation import consultation, emission, export_comptable
from services.facturation.decompte_views import DecompteFilter
from tests.conventions import make_convention
from tests.decomptes import (
    add_hours,
    add_tarif,
    add_tarifs,
    bill_by_the_hour,
    close_until,
    drafts,
    issue_quarter,
    prepare,
)
from tests.factories import Monde, make_monde, make_other_centre, make_stranger

D = Decimal


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


@pytest.fixture
def convention(portail: Portail, monde: Monde) -> UUID:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    return convention_id


def titres(portail: Portail, monde: Monde, **parametres: str) -> list[dict[str, str]]:
    made = exports.produce(portail, monde.gens[Role.RESPONSABLE], "titres.csv", parametres)
    return list(csv.DictReader(io.StringIO(made.data.decode("utf-8-sig")), delimiter=";"))


def test_the_accountant_has_what_a_titre_de_recettes_needs(portail: Portail, monde: Monde, convention: UUID) -> None:
    issued = issue_quarter(portail, monde, convention, 2023, 1)
    assert issued is not None
    issue_quarter(portail, monde, convention, 2023, 2)
    emission.cancel(portail, monde.gens[Role.RESPONSABLE], issued.id, "Erreur")
    rows = titres(portail, monde)
    assert [one["Montant"] for one in rows] == ["8106,62", "8106,61", "-8106,62"]
    first, last = rows[0], rows[-1]
    assert first["Débiteur"] == "Choisy-le-Roi" and first["SIREN"] == "219400223"
    assert (first["Adresse"], first["Code postal et ville"]) == ("Place Gabriel-Péri", "94600 Choisy-le-Roi")
    assert first["Objet"] == "Service social du travail, 1er trimestre 2023"
    assert (first["Exercice"], first["Période du"], first["Période au"]) == ("2023", "01/01/2023", "31/03/2023")
    assert (first["Prix unitaire"], first["Code TVA"], first["Total du décompte"]) == ("67980,00", "HC", "8106,62")
    assert first["Quantité"].startswith("47,7") and first["Empreinte SHA-256"] == issued.sha256
    assert last["Annule le décompte"] == issued.numero and last["État"] == "emis"
    assert len(titres(portail, monde, trimestre="2", exercice="2023")) == 1
    assert titres(portail, monde, exercice="2022") == []
    assert titres(portail, monde, au="2020-01-01") == []
    for wrong in ({"exercice": "20 23"}, {"du": "hier"}, {"trimestre": "-1"}):
        with pytest.raises(Invalide):
            titres(portail, monde, **wrong)


def test_exports_are_for_those_who_see_the_statements(portail: Portail, monde: Monde, convention: UUID) -> None:
    issued = issue_quarter(portail, monde, convention, 2023, 1)
    assert issued is not None
    given = {"id": str(issued.id)}
    for role in (Role.RESPONSABLE, Role.INSTRUCTEUR, Role.DIRECTION, Role.GESTIONNAIRE, Role.SIGNATAIRE):
        book = openpyxl.load_workbook(
            io.BytesIO(exports.produce(portail, monde.gens[role], "decompte.xlsx", given).data), data_only=True
        )
        cells = [cell.value for sheet in book for row in sheet for cell in row]
        assert 8106.62 in cells and any("47,70" in str(cell) for cell in cells)
    outsiders = [monde.gens[Role.ASSISTANT], make_stranger(portail), make_other_centre(portail)]
    for person in outsiders:
        with pytest.raises(Introuvable):
            exports.produce(portail, person, "decompte.xlsx", given)
    for person in [
        *(monde.gens[role] for role in Role if role not in (Role.RESPONSABLE, Role.INSTRUCTEUR)),
        *outsiders[:2],
    ]:
        with pytest.raises(Refus):
            exports.produce(portail, person, "titres.csv", {})
    with pytest.raises(Introuvable):
        exports.produce(portail, monde.gens[Role.RESPONSABLE], "decompte.xlsx", {"id": "rien"})


def test_lists_hold_what_each_side_may_see(portail: Portail, monde: Monde, convention: UUID) -> None:
    issue_quarter(portail, monde, convention, 2023, 1)
    prepare(portail, monde, 2023, 2)

    def seen(person: object, **asked: object) -> int:
        return consultation.list_decomptes(portail, person, DecompteFilter(**asked)).total  # type: ignore[arg-type]

    responsable, direction = monde.gens[Role.RESPONSABLE], monde.gens[Role.DIRECTION]
    assert (seen(responsable), seen(direction)) == (2, 1)
    assert seen(responsable, etats=("brouillon",)) == 1 and seen(direction, etats=("brouillon",)) == 0
    assert (seen(responsable, trimestre=2), seen(responsable, exercice=2022)) == (1, 0)
    assert (seen(responsable, texte="choisy"), seen(responsable, texte="vitry")) == (2, 0)
    for person in (monde.gens[Role.ASSISTANT], make_stranger(portail), make_other_centre(portail)):
        assert seen(person) == 0
    assert len(consultation.list_all(portail, direction, DecompteFilter())) == 1
    draft = next(one for one in drafts(portail, convention) if one.etat == "brouillon")
    for person in (direction, monde.gens[Role.ASSISTANT]):
        with pytest.raises(Introuvable):
            consultation.open_decompte(portail, person, draft.id)
    assert exports.produce(portail, direction, "decomptes.xlsx", {}).data[:2] == b"PK"


def test_a_list_that_is_too_long_says_so(
    portail: Portail, monde: Monde, convention: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for quarter in (1, 2):
        prepare(portail, monde, 2023, quarter)
    responsable = monde.gens[Role.RESPONSABLE]
    assert len(consultation.list_all(portail, responsable, DecompteFilter(), au_plus=2)) == 2
    with pytest.raises(Invalide, match="compte 2 décomptes, et 1 au plus"):
        consultation.list_all(portail, responsable, DecompteFilter(), au_plus=1)
    monkeypatch.setattr(export_comptable, "MOST_EXPORTED", 1)
    with pytest.raises(Invalide, match="Choisissez un exercice"):
        exports.produce(portail, responsable, "decomptes.xlsx", {})
    assert exports.produce(portail, responsable, "decomptes.xlsx", {"trimestre": "1"}).data[:2] == b"PK"


def test_a_refused_export_is_read_by_the_administrators_of_the_centre(portail: Portail, monde: Monde) -> None:
    with pytest.raises(Refus):
        exports.produce(portail, monde.gens[Role.ASSISTANT], "titres.csv", {})
    with portail.db.read() as session:
        (line,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus"))
        assert line.centre_id == monde.centre_id


def test_a_statement_is_issued_on_the_day_of_its_centre(portail: Portail, monde: Monde, convention: UUID) -> None:
    """In the evening in Martinique it is already the next day in universal time."""
    issued = issue_quarter(portail, monde, convention, 2023, 1)
    assert issued is not None
    with portail.db.write() as session:
        session.get_one(Centre, monde.centre_id).fuseau = "America/Martinique"
        session.get_one(Decompte, issued.id).emis_le = datetime(2023, 4, 4, 2, 30, tzinfo=UTC)
    responsable = monde.gens[Role.RESPONSABLE]
    (row,) = consultation.list_all(portail, responsable, DecompteFilter())
    assert row.emis_le == date(2023, 4, 3)
    sheet = openpyxl.load_workbook(io.BytesIO(exports.produce(portail, responsable, "decomptes.xlsx", {}).data)).active
    assert date(2023, 4, 3) in {cell.date() for line in sheet.values for cell in line if isinstance(cell, datetime)}


def test_each_intervention_is_rounded_before_its_month_is_added_up(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    bill_by_the_hour(portail, convention_id, unite_minutes=15, minimum_minutes=30)
    add_tarif(portail, monde.centre_id, "heure", 2023, "60.00")
    add_hours(
        portail,
        monde,
        convention_id,
        [(date(2023, 2, 1), 5, "ordinaire"), (date(2023, 2, 2), 31, "ordinaire"), (date(2023, 3, 1), 45, "ordinaire")],
    )
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention_id)
    assert [(one.quantite, one.montant) for one in draft.lignes] == [(D(75), D("75.00")), (D(45), D("45.00"))]


def test_journeys_out_of_the_zone_are_claimed_by_month_g16(portail: Portail, monde: Monde, convention: UUID) -> None:
    with portail.db.write() as session:
        for jour, km, zone in (
            (date(2023, 1, 9), "320", "hors_zone"),
            (date(2023, 2, 6), "1630", "incluse"),
            (date(2023, 3, 6), "180", "hors_zone"),
        ):
            session.add(
                Deplacement(
                    centre_id=monde.centre_id,
                    convention_id=convention,
                    assistant_id=monde.gens[Role.ASSISTANT].utilisateur_id,
                    jour=jour,
                    km=D(km),
                    zone=zone,
                    puissance="5",
                )
            )
    prepare(portail, monde, 2023, 1)
    (draft,) = drafts(portail, convention)
    claims = [(one.quantite, one.montant) for one in draft.lignes if one.nature == "deplacement"]
    assert claims == [(D(320), D("102.40")), (D(180), D("68.00"))]
    assert not any(
        "déjà" in str(step).lower() for one in draft.lignes if one.nature == "deplacement" for step in one.etapes
    )
