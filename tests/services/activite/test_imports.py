"""Hours from files: understood or refused line by line, whole or not at all, once; and back out as a file."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid4

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents import sandbox
from documents.tables import lecture as lecture_tableur
from documents.tables.lecture import read_table
from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import Convention, ImportHeures
from services import exports
from services.activite import cumuls, imports
from services.activite.imports import import_hours, preview_import
from services.activite.verification import LignesRefusees
from services.core.access import Acteur
from tests.activite import add_hours, ask_degrade, assign, close_month
from tests.factories import Monde, make_acteur, make_other_centre, make_stranger
from tests.heures import LUNDI, Service, make_service

TITLES = ["Date", "SIREN", "Convention", "Durée", "Catégorie", "Origine", "Lieu", "Forme", "Nature", "Assistant"]
ROW = ["11/03/2024", "219400223", "", "1h30", "Accueil", "Agent", "Collectivité", "", "", ""]


def csv_file(rows: Sequence[Sequence[str]], titles: Sequence[str] = TITLES, encoding: str = "utf-8-sig") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows([titles, *rows])
    return stream.getvalue().encode(encoding)


def xlsx_file(rows: Sequence[Sequence[Any]], titles: Sequence[str] = TITLES) -> bytes:
    book = openpyxl.Workbook()
    for row in [titles, *rows]:
        book.active.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture
def service(monde: Monde) -> Service:
    return make_service(monde)


@pytest.fixture
def service_sqlite(monde_sqlite: Monde) -> Service:
    return make_service(monde_sqlite)


def take(service: Service, data: bytes, *, by: Acteur | None = None, **asked: Any) -> int:
    asked.setdefault("operation_id", uuid4().hex)
    done = import_hours(service.portail, by or service.assistant, service.monde.centre_id, data, **asked)
    return done.ajoutees


def look(service: Service, data: bytes, by: Acteur | None = None, **asked: Any) -> Any:
    return preview_import(service.portail, by or service.assistant, service.monde.centre_id, data, **asked)


def test_a_file_is_looked_at_then_taken_in_whole(service: Service) -> None:
    second = ["2024-04-02", "", "2026-0001", "45", "demarches", "LA COLLECTIVITE : ressources humaines ou encadrement"]
    data = csv_file([ROW, [], [*second, "Téléphone", "Intervention collective", "etat_des_lieux", ""]])
    seen = look(service, data)
    assert (seen.lignes, seen.minutes, seen.identiques, seen.erreurs) == (2, 135, (), ())
    assert seen.par_collectivite == (("Choisy-le-Roi", 2, 135),)
    assert [one.rang for one in seen.extrait] == [2, 4]
    assert service.rows() == []
    assert take(service, data) == 2
    march, april = service.rows()
    assert (march.jour, march.minutes, march.nature, march.forme) == (LUNDI, 90, "ordinaire", "individuelle")
    assert (april.categorie, april.origine, april.lieu) == ("demarches", "collectivite", "telephone")
    assert march.lot_id == april.lot_id
    (line,) = service.journal("heures.importer")
    assert line.details["nombre"] == 2 and line.objet_id == str(march.lot_id)
    with service.portail.db.read() as session:
        assert cumuls.compare(session) == []


def test_a_workbook_says_the_same(service_sqlite: Service) -> None:
    rows = [
        [date(2024, 3, 11), 219400223, None, time(1, 30), "Accueil", "Agent", "Collectivité"],
        [date(2024, 3, 12), 219400223, None, timedelta(minutes=45), "Accueil", "Agent", "Collectivité"],
        ["13/03/2024", "219 400 223", None, 90, "Accueil", "Agent", "Collectivité"],
        ["2024-03-14", 219400223, None, 1.5, "Accueil", "Agent", "Collectivité"],
    ]
    assert take(service_sqlite, xlsx_file(rows)) == 4
    assert [(row.jour.day, row.minutes) for row in service_sqlite.rows()] == [(11, 90), (12, 45), (13, 90), (14, 90)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_of_spreadsheets(service_sqlite: Service, encoding: str) -> None:
    assert look(service_sqlite, csv_file([ROW], encoding=encoding)).erreurs == ()


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_delimiters(service_sqlite: Service, delimiter: str) -> None:
    data = csv_file([ROW]).replace(b";", delimiter.encode())
    assert look(service_sqlite, data).lignes == 1


def test_every_fault_has_its_line_and_nothing_is_recorded(service: Service) -> None:
    rows = [
        ROW,
        ["31/02/2024", *ROW[1:]],
        ["29/02/2023", *ROW[1:]],
        [*ROW[:3], "-30", *ROW[4:]],
        [*ROW[:3], "25h", *ROW[4:]],
        [ROW[0], "732829320", *ROW[2:]],
        [*ROW[:4], "Compte rendu", *ROW[5:]],
        [*ROW[:9], "inconnu@example.org"],
        ["11/03/2022", *ROW[1:]],
        [*ROW[:8], "Service dégradé", ""],
        ["", *ROW[1:]],
    ]
    seen = look(service, csv_file(rows))
    assert [(one.rang, one.champ) for one in seen.erreurs] == [
        (3, "jour"),
        (4, "jour"),
        (5, "minutes"),
        (6, "minutes"),
        (7, "convention_id"),
        (8, "categorie"),
        (9, "assistant"),
        (10, "jour"),
        (11, "nature"),
        (12, "jour"),
    ]
    with pytest.raises(LignesRefusees):
        take(service, csv_file(rows))
    assert service.rows() == [] and service.cumuls() == []


def test_a_line_of_an_unknown_assistant_tells_its_other_faults_too(service_sqlite: Service) -> None:
    row = [*ROW[:3], "=1+1", *ROW[4:9], "personne@example.org"]
    faults = {one.champ for one in look(service_sqlite, csv_file([row])).erreurs}
    assert faults == {"assistant", "minutes"}


def test_a_broken_workbook_is_not_called_a_wrong_encoding(service_sqlite: Service) -> None:
    with pytest.raises(Invalide, match="ni un classeur XLSX en bon état"):
        look(service_sqlite, bytes(range(128, 256)) * 8)


def test_the_same_hours_are_refused_a_second_time(service: Service) -> None:
    data = csv_file([ROW])
    assert take(service, data) == 1
    again = xlsx_file([["2024-03-11", "219400223", "", 90, "accueil", "agent", "collectivite"]])
    for same in (data, again):
        with pytest.raises(Invalide, match="déjà été importées"):
            look(service, same)
        with pytest.raises(Invalide, match="déjà été importées"):
            take(service, same)
    assert len(service.rows()) == 1


def test_a_file_that_grew_does_not_double_hours(service: Service) -> None:
    second, third = ["12/03/2024", *ROW[1:]], ["13/03/2024", *ROW[1:]]
    assert take(service, csv_file([ROW, second])) == 2
    grown = csv_file([third, ROW, second])
    assert [(one.rang, "déjà enregistrée" in one.message) for one in look(service, grown).identiques] == [
        (3, True),
        (4, True),
    ]
    with pytest.raises(LignesRefusees) as refused:
        take(service, grown)
    assert [one.rang for one in refused.value.erreurs] == [3, 4] and len(service.rows()) == 2
    assert take(service, csv_file([third])) == 1
    assert take(service, grown, malgre_identiques=True) == 3
    assert [row.jour.day for row in service.rows()] == [11, 11, 12, 12, 13, 13]


def test_a_recorded_line_stands_for_one_line_of_the_file(service_sqlite: Service) -> None:
    """Two interventions alike on one day are two: only as many as are recorded are known already."""
    service_sqlite.record(service_sqlite.ligne())
    assert [one.rang for one in look(service_sqlite, csv_file([ROW, ROW])).identiques] == [2]
    other = [*ROW[:3], "1h15", *ROW[4:]]
    assert look(service_sqlite, csv_file([other])).identiques == ()


def test_a_file_comes_again_once_its_hours_are_removed(service: Service) -> None:
    data = csv_file([ROW, ["12/03/2024", *ROW[1:]]])
    take(service, data)
    first, last = service.rows()
    service.record(service.change(first, retirer=True))
    with pytest.raises(Invalide, match="2 lignes, dont 1 encore enregistrée"):
        look(service, data)
    service.record(service.change(last, retirer=True))
    assert look(service, data).lignes == 2 and take(service, data) == 2
    with pytest.raises(Invalide, match="déjà été importées"):
        take(service, data)


def test_a_double_click_imports_once(service_sqlite: Service) -> None:
    operation, data = uuid4().hex, csv_file([ROW])
    assert take(service_sqlite, data, operation_id=operation) == 1
    assert take(service_sqlite, data, operation_id=operation) == 0


def test_a_closed_month_takes_no_file(service_sqlite: Service) -> None:
    close_month(service_sqlite.portail, service_sqlite.monde, 2024, 3)
    assert [one.rang for one in look(service_sqlite, csv_file([ROW])).erreurs] == [2]


def test_hours_of_a_convention_that_has_ended_come_from_a_file(service_sqlite: Service) -> None:
    with service_sqlite.portail.db.write() as session:
        session.get_one(Convention, service_sqlite.convention_id).etat = "echue"
    assert take(service_sqlite, csv_file([ROW])) == 1


def test_the_preview_counts_the_service_degrade(service: Service) -> None:
    """What was asked for at most, 2 h of which 45 min are used, is told before anything is recorded."""
    monde = service.monde
    ask_degrade(service.portail, monde, service.convention_id, LUNDI, date(2024, 3, 31), minutes_max=120)
    add_hours(service.portail, monde, service.convention_id, LUNDI, 45, nature="service_degrade")
    lines = [["12/03/2024", *ROW[1:3], asked, *ROW[4:8], "Service dégradé", ""] for asked in ("30", "45", "46")]
    assert look(service, csv_file(lines[:2])).erreurs == ()
    (fault,) = look(service, csv_file([lines[0], lines[2]])).erreurs
    assert (fault.rang, fault.champ) == (3, "minutes") and "demandées au plus" in fault.message
    with pytest.raises(LignesRefusees, match="demandées au plus"):
        take(service, csv_file([lines[0], lines[2]]))
    assert len(service.rows()) == 1


def test_the_responsable_names_assistants(service: Service) -> None:
    monde = service.monde
    other = make_acteur(service.portail, Role.ASSISTANT, centre=monde.centre_id)
    assign(service.portail, monde, service.convention_id, assistant_id=other.utilisateur_id)
    data = csv_file([ROW, [*ROW[:9], other.courriel.upper()]])
    assert [one.rang for one in look(service, data).erreurs] == [3]
    asked = {"assistant_id": monde["assistant"].utilisateur_id}
    assert take(service, data, by=monde.responsable, **asked) == 2
    assert {row.assistant_id for row in service.rows()} == {other.utilisateur_id, asked["assistant_id"]}


def test_who_may_import(service_sqlite: Service) -> None:
    monde = service_sqlite.monde
    assistant_id = monde["assistant"].utilisateur_id
    people = [monde[role] for role in Role if role not in (Role.ASSISTANT, Role.RESPONSABLE)]
    for who in [*people, make_stranger(service_sqlite.portail), make_other_centre(service_sqlite.portail)]:
        for asked in ({}, {"assistant_id": assistant_id}):
            with pytest.raises(Refus):
                look(service_sqlite, csv_file([ROW]), who, **asked)
            with pytest.raises(Refus):
                take(service_sqlite, csv_file([ROW]), by=who, **asked)
    assert service_sqlite.rows() == []


@pytest.mark.parametrize(
    ("titles", "message"),
    [
        ([*TITLES, "Nom de l’agent"], "Nom de l’agent"),
        ([*TITLES, "Commentaire"], "Commentaire"),
        ([*TITLES, "Durée"], "deux fois"),
        (TITLES[1:], "Colonnes manquantes : Date"),
        (["Date", *TITLES[3:]], "SIREN ou Convention"),
    ],
)
def test_columns_are_those_of_hours(service_sqlite: Service, titles: list[str], message: str) -> None:
    with pytest.raises(Invalide, match=message):
        look(service_sqlite, csv_file([ROW], titles))


def bomb() -> bytes:
    """A workbook whose only sheet unfolds into hundreds of megabytes."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_file([ROW]))) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b"</sheetData>", b" " * 200_000_000 + b"</sheetData>")
            out.writestr(name, data)
    return stream.getvalue()


def entities() -> bytes:
    """A workbook whose sheet defines entities of entities."""
    lol = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_file([ROW]))) as source, zipfile.ZipFile(stream, "w") as out:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = lol + b"]>" + data.replace(b"<sheetData>", b"<sheetData><row><c t='str'><v>&j;</v></c></row>")
            out.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02\x03",
        b"%PDF-1.7",
        b"PK\x03\x04nonsense",
        b"\xd0\xcf\x11\xe0old",
        b"x" * 5_000_001,
        b'Date;SIREN\n"open quote;1',
        b"\xff\xfe\x00",
    ],
)
def test_files_that_are_no_table(service_sqlite: Service, data: bytes) -> None:
    with pytest.raises(Invalide):
        look(service_sqlite, data)
    with pytest.raises(Invalide):
        take(service_sqlite, data)


@pytest.mark.parametrize("make", [bomb, entities])
def test_workbooks_that_unfold(make: Any) -> None:
    with pytest.raises(Invalide):
        read_table(make())


def test_a_cell_far_away_costs_nothing() -> None:
    book = openpyxl.Workbook()
    book.active.append(TITLES)
    book.active["XFD1"] = "far right"
    book.active["A1048576"] = "far below"
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(Invalide, match="lignes vides"):
        read_table(stream.getvalue())


def test_too_many_lines_and_too_long_cells() -> None:
    with pytest.raises(Invalide, match="lignes"):
        read_table(csv_file([ROW] * 5001))
    with pytest.raises(Invalide, match="lignes"):
        read_table(xlsx_file([ROW] * 5001))
    with pytest.raises(Invalide, match="trop long"):
        read_table(csv_file([["x" * 201]]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a;b\n" + b"\n" * 4_999_000, "lignes vides"),
        (b"a;b\n" + b";\n" * 2_490_000, "lignes vides"),
        (b"a;b\n" + b";" * 4_900_000, "trop long"),
        (b'a;b\n"' + b"\n" * 4_900_000, "trop long"),
        (b"x" * 4_900_000, "trop long"),
    ],
)
def test_a_csv_that_unfolds_is_left_at_its_limits(data: bytes, message: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Invalide, match=message):
            read_table(data)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def repeated(text: str, rows: int) -> bytes:
    """A workbook that holds `text` once and says it in every cell of 40 columns."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet()
    for row in range(rows):
        for column in range(40):
            sheet.write_string(row, column, text)
    book.close()
    return stream.getvalue()


@pytest.mark.parametrize(("text", "rows", "message"), [("x" * 1000, 10, "ligne 1 "), ("x" * 200, 650, "trop de texte")])
def test_a_workbook_answers_no_more_than_a_file_may_hold(text: str, rows: int, message: str) -> None:
    with pytest.raises(Invalide, match=message):
        read_table(repeated(text, rows))


def test_an_answer_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_ANSWER", 10)
    with pytest.raises(Invalide, match="trop lourd"):
        read_table(xlsx_file([ROW]))


def test_a_refused_file_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    data = csv_file([["y" * 201]])
    with pytest.raises(Invalide) as first:
        read_table(data)
    monkeypatch.setattr(lecture_tableur, "_read_csv", None)
    with pytest.raises(Invalide) as second:
        read_table(data)
    assert first.value.message == second.value.message


def test_no_file_is_opened_for_somebody_who_records_no_hours(
    service_sqlite: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "read_table", None)
    for call in (look, take):
        with pytest.raises(Refus):
            call(service_sqlite, csv_file([ROW]), by=service_sqlite.monde.gestionnaire)


def test_formulas_are_only_text(service_sqlite: Service) -> None:
    rows = [["=TODAY()", "=219400223", "", "=1+1", *ROW[4:]]]
    for data in (csv_file(rows), xlsx_file(rows)):
        assert {one.champ for one in look(service_sqlite, data).erreurs} >= {"jour", "minutes"}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_give_a_table_or_a_message(data: bytes) -> None:
    if data.startswith(b"PK"):
        return
    try:
        assert isinstance(read_table(data), list)
    except Invalide as refused:
        assert refused.champ == "fichier"


def test_what_is_exported_can_be_imported(service: Service) -> None:
    service.record(service.ligne(), service.ligne(jour=date(2024, 4, 2), duree="2h", nature="etat_des_lieux"))
    before = [(row.jour, row.minutes, row.nature, row.lieu, row.assistant_id) for row in service.rows()]
    files = {kind: export(service, service.assistant, format=kind) for kind in ("csv", "xlsx")}
    service.record(*[service.change(row, retirer=True) for row in service.rows()])
    assert files["csv"].nom == "heures.csv"
    assert look(service, files["xlsx"].data).lignes == 2
    assert take(service, files["csv"].data) == 2
    assert [(row.jour, row.minutes, row.nature, row.lieu, row.assistant_id) for row in service.rows()] == before
    with pytest.raises(Invalide, match="déjà été importées"):
        look(service, files["xlsx"].data)


def export(service: Service, who: Acteur, **asked: str) -> exports.Export:
    return exports.produce(service.portail, who, "heures", {"centre": str(service.monde.centre_id), **asked})


def test_who_exports_what(service: Service) -> None:
    monde = service.monde
    service.record(service.ligne())
    other = make_acteur(service.portail, Role.ASSISTANT, centre=monde.centre_id)
    assistant_id = str(monde["assistant"].utilisateur_id)

    def lines(who: Acteur, **asked: str) -> int:
        return len(read_table(export(service, who, **asked).data)) - 1

    assert lines(service.assistant) == lines(monde.responsable) == 1
    assert lines(monde.responsable, assistant=assistant_id, du="2024-03-11", au="11/03/2024") == 1
    assert lines(monde.responsable, du="2024-03-12") == lines(other) == 0
    assert lines(monde.responsable, convention=str(uuid4())) == 0
    people = [monde[role] for role in Role if role not in (Role.ASSISTANT, Role.RESPONSABLE)]
    for who in [*people, make_stranger(service.portail), make_other_centre(service.portail)]:
        with pytest.raises(Introuvable):
            export(service, who)
    with pytest.raises(Introuvable):
        export(service, other, assistant=assistant_id)
    with pytest.raises(Introuvable):
        export(service, monde.responsable, centre="zz")
    with pytest.raises(Invalide):
        export(service, monde.responsable, format="exe")
    with pytest.raises(Invalide):
        export(service, monde.responsable, du="hier")


def test_the_template_has_the_columns_of_an_import(service_sqlite: Service) -> None:
    for kind in ("xlsx", "csv"):
        made = exports.produce(service_sqlite.portail, service_sqlite.assistant, "modele-heures", {"format": kind})
        assert read_table(made.data) == [TITLES]
        with pytest.raises(Invalide, match="aucune ligne"):
            look(service_sqlite, made.data)
    with pytest.raises(Introuvable):
        exports.produce(service_sqlite.portail, service_sqlite.monde.gestionnaire, "modele-heures", {})


def test_a_lot_is_kept(service_sqlite: Service) -> None:
    take(service_sqlite, csv_file([ROW]))
    with service_sqlite.portail.db.read() as session:
        (lot,) = session.query(ImportHeures).all()
    assert (lot.lignes, lot.par) == (1, service_sqlite.assistant.utilisateur_id)


def test_nothing_of_a_file_is_kept_but_its_digest() -> None:
    """A name may say something of people, « arrêt de Mme Dupont.csv »."""
    assert set(ImportHeures.__table__.columns.keys()) == {"id", "centre_id", "sha256", "lignes", "par", "le"}
