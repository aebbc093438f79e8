"""Lists as HTML: everything typed is escaped, sort and pages follow the address, a row leads somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest
import streamlit as st
from lxml import html as lxml_html

from services.core.paging import Page
from ui.tables import Column, Listing, Selection, render_pages, render_table

HOSTILE = "<script>alert(1)</script>\" onclick='x' {{ 7*7 }} & **gras**"
LISTING = Listing("dossiers", "d", tri="nom", descendant=False)


@dataclass(frozen=True)
class Line:
    id: UUID
    nom: str
    nombre: int


COLUMNS = (
    Column[Line]("Nom", lambda row: row.nom, "nom", vers=lambda row: f"/dossier?id={row.id}"),
    Column[Line]("Nombre", lambda row: str(row.nombre), "nombre", nombre=True),
    Column[Line]("Remarque", lambda row: ""),
)


def _line(nom: str, nombre: int = 1) -> Line:
    return Line(uuid5(UUID(int=0), nom), nom, nombre)


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Parameters of the page's address."""
    given: dict[str, str] = {}
    monkeypatch.setattr(st, "query_params", given)
    return given


def _table(rows: list[Line], selection: Selection[Line] | None = None) -> lxml_html.HtmlElement:
    return lxml_html.fromstring(str(render_table(LISTING, rows, COLUMNS, "Essai", selection)))


def test_what_people_typed_is_text() -> None:
    table = _table([_line(HOSTILE)])
    assert table.xpath("//script") == [] and table.xpath("//*[@onclick]") == []
    (link,) = table.xpath("//tbody//a")
    assert link.text_content() == HOSTILE


def test_a_row_is_one_link_and_its_heading() -> None:
    row = _line("Choisy-le-Roi")
    (link,) = _table([row]).xpath("//tbody/tr/th[@scope='row']/a")
    assert link.get("href") == f"/dossier?id={row.id}"


def test_headings_sort_by_the_address(address: dict[str, str]) -> None:
    address |= {"d_texte": "roi & fils", "d_page": "3", "d_tri": "nom"}
    table = _table([_line("A")])
    (sorted_one,) = table.xpath("//th[@aria-sort]")
    assert (sorted_one.get("aria-sort"), sorted_one.xpath("a")[0].get("href")) == (
        "ascending",
        "/dossiers?d_texte=roi+%26+fils&d_tri=-nom",
    )
    assert table.xpath("//th[2]/a")[0].get("href") == "/dossiers?d_texte=roi+%26+fils&d_tri=nombre"
    assert table.xpath("//th[3]/a") == []


@pytest.mark.parametrize(
    ("asked", "order"),
    [({}, ("nom", False)), ({"d_tri": "-nombre"}, ("nombre", True)), ({"d_tri": "-'; drop"}, ("nom", False))],
)
def test_order_comes_from_the_address(address: dict[str, str], asked: dict[str, str], order: tuple[str, bool]) -> None:
    address |= asked
    assert LISTING.order == order


@pytest.mark.parametrize(
    ("asked", "number"), [("", 1), ("2", 2), ("0", 1), ("-1", 1), ("zz", 1), ("99999999999", 1), ("²", 1)]
)
def test_page_comes_from_the_address(address: dict[str, str], asked: str, number: int) -> None:
    address["d_page"] = asked
    assert LISTING.number == number


def test_neighbouring_pages_are_links(address: dict[str, str]) -> None:
    address |= {"d_page": "2", "d_etat": "Déposé"}
    rows = tuple(_line(str(number)) for number in range(25))
    pages = lxml_html.fromstring(str(render_pages(LISTING, Page(rows, 60, 2, 25))))
    assert "26 à 50 sur 60" in pages.text_content()
    assert [link.get("href") for link in pages.xpath("//a")] == [
        "/dossiers?d_etat=D%C3%A9pos%C3%A9",
        "/dossiers?d_page=3&d_etat=D%C3%A9pos%C3%A9",
    ]


def test_ends_of_the_list_are_not_links() -> None:
    pages = lxml_html.fromstring(str(render_pages(LISTING, Page((_line("A"),), 26, 2, 25))))
    assert [one.text for one in pages.xpath("//*[@aria-disabled]")] == ["Page suivante"]


def test_one_page_counts_its_rows() -> None:
    assert "1 résultat<" in render_pages(LISTING, Page((_line("A"),), 1, 1, 25))


def test_boxes_carry_ids_and_say_what_they_choose() -> None:
    row = _line(HOSTILE)
    selection = Selection[Line]("/x.zip", "Télécharger", lambda one: one.id, lambda one: one.nom)
    (box,) = _table([row], selection).xpath("//tbody//input[@name='ids']")
    assert box.get("value") == str(row.id)
    assert HOSTILE in box.getparent().text_content()


def test_filtered_ignores_sort_and_page(address: dict[str, str]) -> None:
    address |= {"d_tri": "nom", "d_page": "2", "c_texte": "x"}
    assert not LISTING.filtered
    address["d_texte"] = "x"
    assert LISTING.filtered


def test_a_cell_with_nothing_to_say_is_marked_so_that_a_card_leaves_it_out() -> None:
    table = _table([_line("Bagneux")])
    (empty,) = table.xpath("//tbody//*[contains(@class, 'p-sans')]")
    assert empty.get("data-titre") == "Remarque" and empty.text_content() == "–"
