"""Tariffs recorded by the centre: versions, délibérations, affiliation and bands, and what a new one changes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from domain.tarifs import choose_tarif
from models import Exercice
from services.adhesion.dossiers import open_dossier
from services.adhesion.pieces import open_piece
from services.adhesion.workflow import perform
from services.centre.offres import list_tarifs
from services.centre.tarif_impact import Impact
from services.centre.tarif_views import list_centre_tarifs, list_codes, list_tarif_centres, open_tarifs
from services.centre.tarifs import preview_tarif, save_tarif
from services.core.portail import Portail
from tests.conventions import make_convention
from tests.factories import Monde, blank_pdf, journal_actions, lift_warnings, make_dossier, make_stranger

GIVEN = {"annee": "2023", "montant": "70 000,50 €", "numero": "2022-60", "date": "1/12/2022"}


def _save(monde: Monde, code: str = "temps_complet", *, role: Role = Role.RESPONSABLE, **changed: str) -> None:
    save_tarif(monde.portail, monde[role], monde.centre_id, code, GIVEN | changed)


def test_codes_are_those_that_offers_print(monde_sqlite: Monde) -> None:
    found = list_codes(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
    assert list(found) == ["temps_complet", "heure"]


def test_the_tariff_of_the_year_needs_no_lifting(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    before = open_dossier(portail, monde.instructeur, dossier_id).avertissements
    (told,) = open_dossier(portail, monde.gestionnaire, dossier_id).avertissements
    assert "vérifiez" in before[0].texte and "Le centre vous le confirmera" in told.texte
    _save(monde)
    _save(monde, "heure", montant="58")
    after = open_dossier(portail, monde.instructeur, dossier_id)
    assert before and not after.avertissements
    assert after.montants is not None and after.montants["tarif"]["montant"] == Decimal("70000.50")


def test_a_warning_lifted_for_one_amount_does_not_cover_another(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    lift_warnings(portail, monde, dossier_id)
    _save(monde, annee="2019", date="1/12/2018")  # a year that the dossier does not use changes nothing
    (warning,) = open_dossier(portail, monde.instructeur, dossier_id).avertissements
    assert warning.levee is not None
    _save(monde, annee="2022", montant="99 999,00", date="1/12/2021")
    (warning,) = open_dossier(portail, monde.instructeur, dossier_id).avertissements
    assert warning.levee is None
    with pytest.raises(Refus, match="Levez l’avertissement"):
        perform(portail, monde.instructeur, dossier_id, "accepter")


def test_a_correction_keeps_what_it_replaces(portail: Portail, monde: Monde) -> None:
    _save(monde)
    _save(monde, montant="71000", numero="2022-61")
    view = open_tarifs(portail, monde.responsable, monde.centre_id)
    (current,) = [row for row in view.en_vigueur if row.annee == 2023]
    (replaced,) = view.historique
    assert (current.montant, current.numero, current.remplace_le) == (Decimal("71000.00"), "2022-61", None)
    assert (replaced.montant, replaced.numero) == (Decimal("70000.50"), "2022-60")
    assert replaced.remplace_le is not None and replaced.enregistre_par == "Responsable Modèle"
    with portail.db.read() as session:
        prices = [one.montant for one in list_tarifs(session, monde.centre_id) if one.annee == 2023]
    assert prices == [Decimal("71000.00")]
    assert journal_actions(portail, monde.centre_id).count("tarif.enregistrer") == 2


def test_a_double_click_records_once(portail: Portail, monde: Monde) -> None:
    for _ in range(2):
        save_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", GIVEN, operation_id="clic")
    assert open_tarifs(portail, monde.responsable, monde.centre_id).historique == ()


def test_what_changes_nothing_makes_no_version(monde_sqlite: Monde) -> None:
    _save(monde_sqlite)
    with pytest.raises(Invalide, match="déjà enregistré"):
        _save(monde_sqlite)
    assert open_tarifs(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id).historique == ()


def test_affiliation_and_bands_stand_side_by_side(portail: Portail, monde: Monde) -> None:
    for public, effectif, montant in (("tous", "", "60"), ("affilie", "", "50"), ("affilie", "350", "45")):
        save_tarif(
            portail,
            monde.responsable,
            monde.centre_id,
            "heure",
            GIVEN | {"effectif_min": effectif, "montant": montant},
            public,
        )
    with portail.db.read() as session:
        known = list_tarifs(session, monde.centre_id)
    prices = [
        choose_tarif(known, "heure", 2023, affiliee=affiliee, effectif=effectif).montant
        for affiliee, effectif in ((False, 500), (True, 20), (True, 350))
    ]
    assert prices == [Decimal(60), Decimal(50), Decimal(45)]
    assert not open_tarifs(portail, monde.responsable, monde.centre_id).historique


def test_the_deliberation_s_file_is_kept_and_given_to_those_concerned(portail: Portail, monde: Monde) -> None:
    make_dossier(portail, monde, "depose")
    save_tarif(
        portail, monde.responsable, monde.centre_id, "heure", GIVEN, fichier=("délibération 2022-60.pdf", blank_pdf())
    )
    _save(monde, "heure", montant="59")  # the same act: its file stays
    (row,) = [one for one in open_tarifs(portail, monde.responsable, monde.centre_id).en_vigueur if one.annee == 2023]
    assert row.piece is not None and row.piece.nom == "délibération 2022-60.pdf"
    for reader in (monde.responsable, monde.instructeur, monde.gestionnaire):
        assert open_piece(portail, reader, row.piece.id).data == blank_pdf()
    with pytest.raises(Introuvable):
        open_piece(portail, make_stranger(portail), row.piece.id)
    _save(monde, "heure", montant="59", numero="2022-99")  # another act: not its file
    (row,) = [one for one in open_tarifs(portail, monde.responsable, monde.centre_id).en_vigueur if one.annee == 2023]
    assert row.piece is None


@pytest.mark.parametrize(
    ("nom", "data"),
    [("acte.pdf", b"MZ programme"), ("acte.docx", blank_pdf()), ("acte.png", b"\x89PNG"), ("acte.pdf", b"")],
)
def test_a_file_that_is_no_deliberation_is_refused_at_its_field(monde_sqlite: Monde, nom: str, data: bytes) -> None:
    with pytest.raises(Invalide) as caught:
        save_tarif(
            monde_sqlite.portail,
            monde_sqlite.responsable,
            monde_sqlite.centre_id,
            "heure",
            GIVEN,
            fichier=(nom, data),
        )
    assert caught.value.champ == "fichier"
    assert {
        row.annee for row in list_centre_tarifs(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
    } == {2022}


def test_the_vote_takes_effect_on_the_next_first_of_january(monde_sqlite: Monde) -> None:
    """G9: voted on 15 January 2024, for 2025 at the earliest."""
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, annee="2024", date="15/01/2024")
    assert caught.value.champ == "annee" and "1er janvier 2025" in caught.value.message
    _save(monde_sqlite, annee="2025", date="15/01/2024")
    _save(monde_sqlite, annee="2024", date="20/11/2023")


def test_before_saving_it_says_what_will_change(portail: Portail, monde: Monde) -> None:
    make_convention(portail, monde, "en_vigueur")
    given = GIVEN | {"annee": "2024", "date": "20/11/2023", "montant": "69340"}
    apercu = preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", given)
    assert (apercu.avant, apercu.annee_avant, apercu.remplace) == (Decimal("67980.00"), 2022, False)
    assert (apercu.montant, apercu.annee, apercu.conventions) == (Decimal("69340.00"), 2024, 1)
    # 47,70 % of 67 980 then of 69 340: the years that the statements bill.
    assert apercu.impact == Impact(Decimal("32426.46"), Decimal("33075.18"))
    assert {row.annee for row in list_centre_tarifs(portail, monde.responsable, monde.centre_id)} == {2022}
    after_term = given | {"annee": "2099"}
    assert preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", after_term).conventions == 0
    assert preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", after_term).impact is None
    for_others = preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", given, "affilie")
    assert for_others.conventions == 0  # nobody knows whether it is affiliated
    assert (apercu.conventions_incertaines, for_others.conventions_incertaines) == (0, 1)
    large = preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", given | {"effectif_min": "350"})
    assert (large.conventions, large.conventions_incertaines) == (0, 1)
    with pytest.raises(Invalide):
        preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", given | {"montant": "57,5O"})


def test_a_correction_tells_the_years_that_are_invoiced(portail: Portail, monde: Monde) -> None:
    """A vote changes no past year, the correction of a tariff can: nothing settles it once the last statement is issued."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    _save(monde, annee="2024", date="20/11/2023", montant="69 340,00")

    def told(**changed: str) -> int:
        given = GIVEN | {"annee": "2024", "date": "20/11/2023", "montant": "70000"} | changed
        return preview_tarif(portail, monde.responsable, monde.centre_id, "temps_complet", given).exercices_factures

    assert told() == 0
    with portail.db.write() as session:
        for annee in (2023, 2024):
            session.get_one(Exercice, (convention_id, annee)).montant_facture = Decimal("100.00")
    assert told() == 1  # 2024; 2023 has the tariff of 2022
    assert told(annee="2023", date="20/11/2022") == 1  # 2023; 2024 has its own
    assert told(annee="2022", date="20/11/2021") == 1  # 2023 has no tariff of its own
    assert told(annee="2025") == 0
    assert told(montant="69340,00") == 0  # the same amount, another délibération


def test_running_conventions_are_priced_again_from_that_year(portail: Portail, monde: Monde) -> None:
    """G9: 2023 unchanged, 2024 at 33 075,18 €."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    _save(monde, annee="2024", date="20/11/2023", montant="69 340,00")
    with portail.db.read() as session:
        query = select(Exercice.annee, Exercice.montant_du).where(Exercice.convention_id == convention_id)
        due = {row.annee: row.montant_du for row in session.execute(query)}
    assert (due[2023], due[2024], due[2025]) == (Decimal("32426.46"), Decimal("33075.18"), Decimal("33075.18"))


@pytest.mark.parametrize(
    ("champ", "typed"),
    [
        ("annee", ""),
        ("annee", "vingt"),
        ("annee", "1850"),
        ("montant", "-5"),
        ("montant", "12,345"),
        ("montant", "57,5O"),
        ("montant", "57.555"),
        ("montant", "10 000 000 000"),
        ("montant", "9" * 40),
        ("montant", ""),
        ("effectif_min", "-1"),
        ("effectif_min", "2,5"),
        ("organe", "x" * 121),
        ("montant", "{{ 7*7 }}"),
        ("numero", ""),
        ("numero", "x" * 100_000),
        ("date", "31/02/2022"),
        ("date", ""),
    ],
)
def test_bad_value_is_told_next_to_its_field(monde_sqlite: Monde, champ: str, typed: str) -> None:
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, **{champ: typed})
    assert caught.value.champ == champ


@pytest.mark.parametrize("typed", ["57,50", "57.50", "57,5", "57,50 €", " 57,50 "])
def test_an_amount_is_typed_as_people_write_it(monde_sqlite: Monde, typed: str) -> None:
    _save(monde_sqlite, "heure", montant=typed)
    rows = list_centre_tarifs(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
    assert rows[0].montant == Decimal("57.50")


def test_unknown_kind_is_refused(monde_sqlite: Monde) -> None:
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, "demi_journee")
    assert caught.value.champ == "code"
    with pytest.raises(Invalide):
        save_tarif(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id, "heure", GIVEN, "voisins")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.RESPONSABLE, Role.ADMINISTRATEUR)])
def test_others_record_nothing(monde_sqlite: Monde, role: Role) -> None:
    with pytest.raises(Refus):
        _save(monde_sqlite, role=role)
    rows = list_centre_tarifs(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
    assert {row.annee for row in rows} == {2022}


def test_strangers_read_nothing_and_it_is_journalled(portail: Portail, monde: Monde) -> None:
    stranger = make_stranger(portail)
    for read in (list_centre_tarifs, list_codes):
        with pytest.raises(Introuvable):
            read(portail, stranger, monde.centre_id)
    with pytest.raises(Introuvable):
        preview_tarif(portail, stranger, monde.centre_id, "heure", GIVEN)
    with pytest.raises(Introuvable):
        list_centre_tarifs(portail, monde.gestionnaire, monde.centre_id)
    assert list_tarif_centres(portail, monde.gestionnaire) == []
    assert journal_actions(portail, None).count("refus") == 4
