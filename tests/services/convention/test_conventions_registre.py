"""The register: what each person sees, finds, sorts and exports."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from domain.errors import Introuvable, Invalide
from domain.roles import Role
from models import Convention, Piece
from services.adhesion.pieces import open_piece
from services.convention import registre
from services.convention.convention_views import ConventionFilter, file_name
from services.convention.conventions import open_convention, produce_pdf
from services.convention.export_registre import export_registre
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import refresh_centre
from tests.activite import assign
from tests.conventions import add_piece, make_convention, pdf
from tests.factories import Monde, journal_actions, make_collectivite, make_other_centre, make_stranger, version_id

SOON = clock.today() + timedelta(days=60)


def _numbers(portail: Portail, monde: Monde, **filtre: Any) -> list[str]:
    page = registre.list_conventions(portail, monde.direction, replace(ConventionFilter(tri="numero"), **filtre))
    return [row.numero for row in page.rows]


@pytest.fixture
def four(portail: Portail, monde: Monde) -> list[UUID]:
    """One convention in each of four situations, numbered 1 to 4."""
    return [
        make_convention(portail, monde, "a_signer"),
        make_convention(portail, monde, "en_vigueur"),
        make_convention(portail, monde, "en_vigueur", date_effet=SOON),
        make_convention(portail, monde, "annulee"),
    ]


def test_states_and_to_come(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    assert _numbers(portail, monde, descendant=False) == ["2026-0001", "2026-0002", "2026-0003", "2026-0004"]
    assert _numbers(portail, monde, etats=("en_vigueur",)) == ["2026-0002"]
    assert _numbers(portail, monde, etats=("a_venir",)) == ["2026-0003"]
    assert _numbers(portail, monde, etats=("a_venir", "a_signer")) == ["2026-0003", "2026-0001"]
    page = registre.list_conventions(portail, monde.direction, ConventionFilter(tri="numero", descendant=False))
    assert [row.etat_libelle for row in page.rows] == ["À signer", "En vigueur", "À venir", "Annulée"]
    assert [row.etat_affiche for row in page.rows][2] == "a_venir"
    centre = registre.list_conventions(portail, monde.instructeur, ConventionFilter(etats=("a_signer",)))
    assert [row.etat_libelle for row in centre.rows] == ["À signer par la collectivité"]


def test_search_sort_pages_and_years(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    assert _numbers(portail, monde, texte="0002") == ["2026-0002"]
    assert len(_numbers(portail, monde, texte="CHOISY le roi")) == 4
    assert len(_numbers(portail, monde, texte="219400223")) == 4
    assert _numbers(portail, monde, texte="Ivry") == []
    assert _numbers(portail, monde, texte="100%' OR 1=1 --") == []
    assert _numbers(portail, monde, annee=2025) == []
    assert registre.list_years(portail, monde.direction) == [2026]
    assert _numbers(portail, monde, page=2, taille=3, descendant=False) == ["2026-0004"]
    assert _numbers(portail, monde, page=9, taille=3, descendant=False) == ["2026-0004"]
    with portail.db.write() as session:
        session.execute(update(Convention).where(Convention.id == four[3]).values(quotite=None, montant_annuel=None))
    for tri in registre.TRIS:
        for descendant in (True, False):
            assert len(_numbers(portail, monde, tri=tri, descendant=descendant)) == 4
    assert _numbers(portail, monde, tri="montant_annuel", descendant=True)[-1] == "2026-0004"
    assert _numbers(portail, monde, tri="date_effet")[0] == "2026-0003"
    assert len(_numbers(portail, monde, tri="n'importe quoi")) == 4


def test_rank_sorts_as_a_number(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    with portail.db.write() as session:
        session.execute(update(Convention).where(Convention.id == four[0]).values(rang=10_000, numero="2026-10000"))
    assert _numbers(portail, monde)[0] == "2026-10000"


def test_each_side_sees_its_own(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    for outsider in (make_stranger(portail), make_other_centre(portail)):
        assert registre.list_conventions(portail, outsider, ConventionFilter()).total == 0
        assert registre.list_years(portail, outsider) == []


def test_zip_of_a_selection(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    signed = make_convention(portail, monde, "signee_collectivite", pages=3)
    nom, data = registre.export_zip(portail, monde.direction, [four[0], signed, signed])
    assert nom == f"conventions-{clock.today().isoformat()}.zip"
    with zipfile.ZipFile(data) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "2026-0001-choisy-le-roi/convention.docx",
            "2026-0005-choisy-le-roi/convention.docx",
            "2026-0005-choisy-le-roi/convention.pdf",
            "2026-0005-choisy-le-roi/signee.pdf",
        ]
        assert archive.read("2026-0005-choisy-le-roi/signee.pdf") == pdf(3, "signée")
    for convention_id in (four[0], signed):
        assert journal_actions(portail, convention_id) == ["convention.exporter"]
    assert journal_actions(portail, four[1]) == []


def test_zip_of_a_collectivite_with_a_very_long_name(portail: Portail, monde: Monde) -> None:
    long = file_name("convention-2026-0001", "Syndicat " * 22, "signee-deux-parties", extension="pdf")
    convention_id = make_convention(portail, monde)
    with portail.db.write() as session:
        for number in range(11):
            add_piece(session, portail, convention_id, "annexe", long, b"%d" % number, None)
    _, data = registre.export_zip(portail, monde.direction, [convention_id])
    with zipfile.ZipFile(data) as archive:
        names = archive.namelist()
        assert len(set(names)) == 12
        assert {archive.read(name) for name in names} == {b"PK", *(b"%d" % number for number in range(11))}


def test_zip_of_two_centres_that_number_alike(portail: Portail, monde: Monde) -> None:
    (elsewhere,) = make_other_centre(portail).centre_ids
    other = replace(monde, centre_id=elsewhere, version_id=version_id("autre-centre"))
    both = [make_convention(portail, monde), make_convention(portail, other)]
    _, data = registre.export_zip(portail, monde.direction, both)
    with zipfile.ZipFile(data) as archive:
        assert sorted(archive.namelist()) == [
            "2026-0001-autre-centre-choisy-le-roi/convention.docx",
            "2026-0001-cig-petite-couronne-choisy-le-roi/convention.docx",
        ]


def test_zip_refuses_what_is_not_visible(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    stranger = make_stranger(portail)
    with pytest.raises(Introuvable):
        registre.export_zip(portail, stranger, [four[0]])
    assert journal_actions(portail, four[0]) == ["refus"]
    with pytest.raises(Introuvable):
        registre.export_zip(portail, monde.direction, [four[1], uuid4()])
    assert journal_actions(portail, four[1]) == []
    with pytest.raises(Invalide, match="au moins une"):
        registre.export_zip(portail, monde.direction, [])
    with pytest.raises(Invalide, match="au plus"):
        registre.export_zip(portail, monde.direction, [uuid4() for _ in range(registre.MAX_ZIP + 1)])


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("convention", "2026-0007", "Choisy-le-Roi"), "convention-2026-0007-choisy-le-roi.docx"),
        (("convention", None, "L’Haÿ-les-Roses"), "convention-l-hay-les-roses.docx"),
        (("convention", "../../Œuvre <b>\x00"), "convention-oeuvre-b.docx"),
        (("🏛",), "document.docx"),
        (("x" * 500,), "x" * 110 + ".docx"),
    ],
)
def test_file_names_are_plain(parts: tuple[str | None, ...], expected: str) -> None:
    assert file_name(*parts, extension="docx") == expected


def test_same_name_is_not_same_collectivite(portail: Portail, monde: Monde, four: list[UUID]) -> None:
    other = make_collectivite(portail, "Choisy-le-Roi", "219400413")
    with portail.db.write() as session:
        session.execute(update(Convention).where(Convention.id == four[0]).values(collectivite_id=other))
    assert "2026-0001" not in _numbers(portail, monde)


def test_an_assistant_reads_neither_files_nor_amounts(portail: Portail, monde: Monde) -> None:
    """They record hours: they need where and when they come, not what it costs nor who signed. Every way to a file is refused,
    and the refusal is journalled."""
    signed = make_convention(portail, monde, "signee_collectivite", pages=3)
    with portail.db.write() as session:
        one = session.get_one(Convention, signed)
        one.etat, one.collectivite_signataire = "en_vigueur", "Camille Exemple, maire"
        pieces = list(session.scalars(select(Piece.id).where(Piece.convention_id == signed)))
    assign(portail, monde, signed)
    assistant = monde[Role.ASSISTANT]
    (row,) = registre.list_conventions(portail, assistant, ConventionFilter(tri="montant_annuel")).rows
    assert (row.montant_annuel, row.pieces) == (None, ())
    view = open_convention(portail, assistant, signed)
    assert (view.pieces, view.montant_annuel, view.montant_premiere_annee) == ((), None, None)
    assert view.collectivite_signataire is None and view.deliberation is None and view.assistant
    assert view.quotite == row.quotite is not None  # how much they come
    assert len(pieces) == 3
    for piece_id in pieces:
        with pytest.raises(Introuvable):
            open_piece(portail, assistant, piece_id)
        assert journal_actions(portail, piece_id) == ["refus"]
        assert open_piece(portail, monde.direction, piece_id).data
    for attempt in (
        lambda: registre.export_zip(portail, assistant, [signed]),
        lambda: produce_pdf(portail, assistant, signed),
    ):
        with pytest.raises(Introuvable):
            attempt()
    assert journal_actions(portail, signed) == ["refus", "refus"]
    whole = open_convention(portail, monde.responsable, signed)
    assert whole.montant_annuel is not None and len(whole.pieces) == 3


def test_what_each_costs_this_year(portail: Portail, monde: Monde) -> None:
    """The amount of the year, not of the issue: pro rata the first one; in the list, its sort and its workbook."""
    whole = make_convention(portail, monde, "en_vigueur")
    begun = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 9, 1))
    unsigned = make_convention(portail, monde, "a_signer")
    assign(portail, monde, begun)
    with portail.db.write() as session:
        refresh_centre(session, monde.centre_id)
    with clock.pretend(date(2026, 11, 20)):
        filtre = ConventionFilter(tri="montant_annee")
        found = {row.id: row for row in registre.list_conventions(portail, monde.direction, filtre).rows}
        assert list(found) == [whole, begun, unsigned]
        assert [row.montant_annee for row in found.values()] == [Decimal("32426.46"), Decimal("10838.43"), None]  # G2
        assert [
            row.montant_annee for row in registre.list_conventions(portail, monde[Role.ASSISTANT], filtre).rows
        ] == [None]
        exported = export_registre(portail, monde.direction, {"etat": "en_vigueur", "texte": "", "annee": "n’importe"})
        theirs = export_registre(portail, monde[Role.ASSISTANT], {})
    rows = list(load_workbook(io.BytesIO(exported.data)).active.values)
    titles = next(row for row in rows if "Numéro" in row)
    assert titles[-2:] == ("Montant émis", "Montant 2026")
    assert [row[-1] for row in rows if row[0] in {found[one].numero for one in found}] == [32426.46, 10838.43]
    told = [cell for row in load_workbook(io.BytesIO(theirs.data)).active.values for cell in row]
    assert (
        found[begun].numero in told
        and found[whole].numero not in told
        and not any("Montant" in str(one) for one in told)
    )
    assert journal_actions(portail, monde.centre_id).count("convention.exporter_registre") == 2
