"""Annual reports: who writes, who publishes, what never changes, what the file holds."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, PortailError, Refus
from domain.roles import Role
from domain.secret import find_small_numbers
from models import AuditEvent, Bilan, Courriel, Piece
from services.accueil.taches import list_taches
from services.adhesion.pieces import open_piece
from services.core.portail import Portail
from services.pilotage import bilan_document, bilans
from services.pilotage.bilan_document import preview_bilan, publish_bilan
from services.pilotage.bilans import open_bilan, rectify_bilan, save_section, start_bilan
from tests.bilans import ANNEE, assign, bilan_id_of, close_year, ordinary_year, record_work, write_sections
from tests.conventions import make_convention, word_text
from tests.factories import Monde, make_acteur, make_monde, make_other_centre, make_stranger


@pytest.fixture
def quiet_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publication without drawing: the charts have their own test."""
    monkeypatch.setattr(bilan_document, "draw_charts", lambda published: {})


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


@pytest.fixture
def convention_id(monde: Monde) -> UUID:
    found = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, found)
    return found


@pytest.fixture
def closed(monde: Monde, convention_id: UUID) -> UUID:
    """The report of a closed year, to be written."""
    record_work(monde.portail, monde, convention_id, ordinary_year())
    close_year(monde.portail, monde)
    return bilan_id_of(monde.portail, convention_id)


def publish(monde: Monde, bilan_id: UUID) -> UUID:
    view = open_bilan(monde.portail, monde.responsable, bilan_id)
    return publish_bilan(monde.portail, monde.responsable, bilan_id, view.version)


# Writing ----------------------------------------------------------------------------------------------------------------


def test_the_assistant_writes_and_what_is_typed_is_kept(monde: Monde, closed: UUID) -> None:
    assistant = monde[Role.ASSISTANT]
    row = save_section(monde.portail, assistant, closed, "contexte", "  Une ligne.\r\n\r\nUne autre.  ", 0)
    assert (row.texte, row.version, row.par) == ("Une ligne.\n\nUne autre.", 1, assistant.nom)
    again = save_section(monde.portail, assistant, closed, "contexte", "Une ligne.\n\nUne autre.", 1)
    assert again.version == 1


def test_two_people_in_the_same_section_do_not_overwrite_each_other(monde: Monde, closed: UUID) -> None:
    save_section(monde.portail, monde[Role.ASSISTANT], closed, "contexte", "Première version.", 0)
    save_section(monde.portail, monde.responsable, closed, "themes", "Une autre section.", 0)
    with pytest.raises(Conflit) as refusal:
        save_section(monde.portail, monde.responsable, closed, "contexte", "Seconde version.", 0)
    assert refusal.value.champ == "contexte"
    shown = open_bilan(monde.portail, monde.responsable, closed)
    assert shown.sections[0].texte == "Première version."
    assert save_section(monde.portail, monde.responsable, closed, "contexte", "Suite.", 1).version == 2


def test_a_text_too_long_or_a_section_that_is_not_there(monde: Monde, closed: UUID) -> None:
    with pytest.raises(Invalide) as refusal:
        save_section(monde.portail, monde[Role.ASSISTANT], closed, "contexte", "a" * 4001, 0)
    assert refusal.value.champ == "contexte" and "4001" in refusal.value.message
    with pytest.raises(Introuvable):
        save_section(monde.portail, monde[Role.ASSISTANT], closed, "inventee", "a", 0)


def test_the_journal_says_who_wrote_where_and_never_what(monde: Monde, closed: UUID) -> None:
    save_section(monde.portail, monde[Role.ASSISTANT], closed, "contexte", "Paroles confiées.", 0)
    with monde.portail.db.read() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.action == "bilan.rediger")).all()
    assert [line.details for line in lines] == [{"section": "contexte", "signes": 17}]


@pytest.mark.parametrize(
    ("texte", "found"),
    [
        ("Nous avons reçu trois agents et 2 situations.", ("trois agents", "2 situations")),
        ("Douze agents, 12 agents, 45 %, le 4 mars 2025, deux fois, 3 jours, 4 h 30, article 3.2.", ()),
        ("Un seul agent.", ("Un seul agent",)),
    ],
)
def test_small_numbers_are_pointed_at(texte: str, found: tuple[str, ...]) -> None:
    assert find_small_numbers(texte) == found


# Who may ----------------------------------------------------------------------------------------------------------------


def outcome(act: Callable[[], object]) -> type[PortailError] | None:
    try:
        act()
    except PortailError as error:
        return type(error)
    return None


EXPECTED: dict[Role, tuple[type[PortailError] | None, ...]] = {
    # reading, writing, publishing, correcting
    Role.ASSISTANT: (None, None, Refus, Refus),
    Role.RESPONSABLE: (None, None, None, Conflit),
    Role.INSTRUCTEUR: (None, Refus, Refus, Refus),
    **dict.fromkeys(
        (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR),
        (Introuvable,) * 4,
    ),
}


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what(monde: Monde, closed: UUID, role: Role, quiet_charts: None) -> None:
    write_sections(monde.portail, monde, closed)
    acteur, version = monde[role], open_bilan(monde.portail, monde.responsable, closed).version
    done = (
        outcome(lambda: open_bilan(monde.portail, acteur, closed)),
        outcome(
            lambda: save_section(
                monde.portail, acteur, closed, "contexte", "Un paragraphe.\n\nContexte de l’année, suite.", 1
            )
        ),
        outcome(lambda: publish_bilan(monde.portail, acteur, closed, version)),
        outcome(lambda: rectify_bilan(monde.portail, acteur, closed)) if role != Role.RESPONSABLE else Conflit,
    )
    assert done == EXPECTED[role]
    refused = [one for one in done if one in (Refus, Introuvable)]
    with monde.portail.db.read() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus")).all()
    assert len(lines) == len(refused) and {line.centre_id for line in lines} <= {monde.centre_id}


def test_strangers_find_nothing(monde: Monde, closed: UUID, quiet_charts: None) -> None:
    write_sections(monde.portail, monde, closed)
    piece = publish(monde, closed)
    for stranger in (make_stranger(monde.portail), make_other_centre(monde.portail)):
        assert outcome(lambda who=stranger: open_bilan(monde.portail, who, closed)) is Introuvable
        assert outcome(lambda who=stranger: preview_bilan(monde.portail, who, closed)) is Introuvable
        assert outcome(lambda who=stranger: open_piece(monde.portail, who, piece)) is Introuvable
        assert bilans.list_bilans(monde.portail, stranger, ANNEE) == []


def test_an_assistant_who_left_before_the_year_does_not_write(monde: Monde, convention_id: UUID) -> None:
    other = make_acteur(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    close_year(monde.portail, monde)
    bilan_id = bilan_id_of(monde.portail, convention_id)
    assert outcome(lambda: open_bilan(monde.portail, other, bilan_id)) is Introuvable
    former = Monde(monde.portail, monde.centre_id, monde.version_id, monde.collectivite_id, {Role.ASSISTANT: other})
    assign(monde.portail, former, convention_id, au=date(ANNEE - 1, 12, 31))
    assert not open_bilan(monde.portail, other, bilan_id).peut_rediger
    assert outcome(lambda: save_section(monde.portail, other, bilan_id, "contexte", "a", 0)) is Refus


# Beginning, publishing, correcting ------------------------------------------------------------------------------------------


def test_a_report_can_be_begun_before_its_year_is_closed(monde: Monde, convention_id: UUID) -> None:
    assistant = monde[Role.ASSISTANT]
    bilan_id = start_bilan(monde.portail, assistant, convention_id, ANNEE)
    assert start_bilan(monde.portail, monde.responsable, convention_id, ANNEE) == bilan_id
    write_sections(monde.portail, monde, bilan_id)
    view = open_bilan(monde.portail, monde.responsable, bilan_id)
    assert view.etat == "attente" and "doivent être clos" in view.blocages[0]
    with pytest.raises(Refus):
        publish_bilan(monde.portail, monde.responsable, bilan_id, view.version)
    with pytest.raises(Invalide):
        preview_bilan(monde.portail, assistant, bilan_id)
    record_work(monde.portail, monde, convention_id, ordinary_year())
    close_year(monde.portail, monde)
    assert open_bilan(monde.portail, monde.responsable, bilan_id).etat == "a_publier"


def test_no_report_is_begun_for_a_year_that_the_convention_has_not(monde: Monde, convention_id: UUID) -> None:
    for annee in (2022, 2028, 2099):
        with pytest.raises(Invalide):
            start_bilan(monde.portail, monde[Role.ASSISTANT], convention_id, annee)
    with pytest.raises(Refus):
        start_bilan(monde.portail, monde.instructeur, convention_id, ANNEE)
    for role in (Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE):
        with pytest.raises(Introuvable):
            start_bilan(monde.portail, monde[role], convention_id, ANNEE)


def test_publishing_seals_stores_and_tells(monde: Monde, closed: UUID, quiet_charts: None) -> None:
    with pytest.raises(Refus, match="À rédiger"):
        publish(monde, closed)
    write_sections(monde.portail, monde, closed)
    piece_id = publish(monde, closed)
    content = open_piece(monde.portail, monde.direction, piece_id)
    assert content.nom == "bilan-2025-choisy-le-roi.docx"
    with monde.portail.db.read() as session:
        bilan, piece = session.get_one(Bilan, closed), session.get_one(Piece, piece_id)
        told = set(session.scalars(select(Courriel.destinataire).where(Courriel.modele == "bilan_publie")))
        assert bilan.etat == "publie" and bilan.sha256 == piece.sha256 == content.sha256
        assert (piece.usage, piece.champ, piece.convention_id) == ("bilan", str(closed), bilan.convention_id)
    assert told == {monde[role].courriel for role in (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)}
    with pytest.raises(Conflit):
        publish(monde, closed)
    with pytest.raises(Conflit):
        save_section(monde.portail, monde[Role.ASSISTANT], closed, "contexte", "Trop tard.", 1)


def test_what_changed_since_it_was_read_over_is_not_published(monde: Monde, closed: UUID, quiet_charts: None) -> None:
    write_sections(monde.portail, monde, closed)
    version = open_bilan(monde.portail, monde.responsable, closed).version
    save_section(monde.portail, monde[Role.ASSISTANT], closed, "contexte", "Un mot de plus.", 1)
    with pytest.raises(Conflit):
        publish_bilan(monde.portail, monde.responsable, closed, version)


def test_a_correction_is_a_second_file_with_the_same_figures(monde: Monde, closed: UUID, quiet_charts: None) -> None:
    write_sections(monde.portail, monde, closed)
    first = publish(monde, closed)
    before = open_bilan(monde.portail, monde.responsable, closed)
    rectify_bilan(monde.portail, monde.responsable, closed)
    with pytest.raises(Conflit):
        rectify_bilan(monde.portail, monde.responsable, closed)
    save_section(monde.portail, monde.responsable, closed, "contexte", "Un texte corrigé.", 1)
    second = publish(monde, closed)
    after = open_bilan(monde.portail, monde.responsable, closed)
    assert after.publication == before.publication
    assert [piece.id for piece in after.pieces] == [second, first]
    assert "Un texte corrigé." not in word_text(open_piece(monde.portail, monde.direction, first).data)
    assert "Un texte corrigé." in word_text(open_piece(monde.portail, monde.direction, second).data)


# Home page and list ---------------------------------------------------------------------------------------------------------


def test_home_pages_call_to_write_then_to_publish_then_to_read(monde: Monde, closed: UUID, quiet_charts: None) -> None:
    def groups(role: Role) -> set[str]:
        return {one.groupe for one in list_taches(monde.portail, monde[role]) if "Bilan" in one.groupe}

    assert groups(Role.ASSISTANT) == {"Bilans à rédiger"} and groups(Role.RESPONSABLE) == set()
    (task,) = [one for one in list_taches(monde.portail, monde[Role.ASSISTANT]) if "Bilan" in one.groupe]
    year = open_bilan(monde.portail, monde.responsable, closed).annee
    assert task.depuis is not None and task.depuis.date() == date(year + 1, 1, 1)
    write_sections(monde.portail, monde, closed)
    assert groups(Role.ASSISTANT) == set() and groups(Role.RESPONSABLE) == {"Bilans à publier"}
    publish(monde, closed)
    assert groups(Role.RESPONSABLE) == set() and groups(Role.DIRECTION) == {"Bilans publiés"}


def test_the_list_says_where_each_report_stands(monde: Monde, closed: UUID, quiet_charts: None) -> None:
    other = make_convention(monde.portail, monde, "en_vigueur")
    rows = {row.convention_id: row for row in bilans.list_bilans(monde.portail, monde.responsable, ANNEE)}
    assert rows[other].etat == "attente" and rows[other].bilan_id is None
    mine = bilans.list_bilans(monde.portail, monde[Role.ASSISTANT], ANNEE)
    assert [(row.etat, row.redigees, row.attendues) for row in mine] == [("a_rediger", 0, 4)]
    write_sections(monde.portail, monde, closed)
    piece_id = publish(monde, closed)
    row = bilans.list_bilans(monde.portail, monde[Role.ASSISTANT], ANNEE)[0]
    assert (row.etat, row.redigees, row.piece_id) == ("publie", 4, piece_id)
    assert bilans.list_years(monde.portail, monde.responsable)[-1] == 2023
    assert bilans.list_bilans(monde.portail, monde.direction, ANNEE) == []


# The file -------------------------------------------------------------------------------------------------------------------


def parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def test_the_file_has_its_figures_masked_and_its_charts_as_images(make_portail: Callable[[str], Portail]) -> None:
    """On one database: nothing of the file depends on it. Every figure that is hidden is unlike any other, so that finding it
    anywhere, in text or in a property, would be a leak."""
    monde = make_monde(make_portail("sqlite"), gabarits=True)
    convention = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention)
    secret = [(date(ANNEE, 2, day), 707, "echanges", "medecine", "domicile", "individuelle") for day in (3, 4, 5)]
    record_work(monde.portail, monde, convention, [*ordinary_year(), *secret])
    close_year(monde.portail, monde)
    bilan_id = bilan_id_of(monde.portail, convention)
    write_sections(monde.portail, monde, bilan_id, "Propos <balisés> & « accentués ».")
    data = open_piece(monde.portail, monde.gestionnaire, publish(monde, bilan_id)).data
    text = word_text(data)
    assert "54 interventions" in text and "masqué" in text and "Propos <balisés> & « accentués »." in text
    assert "36" in text and "40 h" not in text
    for hidden in ("707", "2121", "2301", "35 h 21", "38 h 21"):  # minutes of the three visits, and of all exchanges
        assert hidden not in text
    names = dict(parts(data))
    images = [name for name in names if name.startswith("word/media/")]
    assert len([name for name in images if "graphique" in name]) == 5
    assert all(names[name].startswith(b"\x89PNG") for name in images)
    assert not [name for name in names if re.search(r"chart|embed|xlsx|customXml", name)]
    assert all(
        kind in (b"IHDR", b"IDAT", b"IEND", b"sRGB", b"pHYs", b"PLTE", b"tRNS", b"gAMA")
        for name in images
        for kind in chunks(names[name])
    )
    for name, part in names.items():
        assert not (name.startswith("docProps/") and (b"707" in part or b"2121" in part or b"2301" in part)), name


def chunks(png: bytes) -> Iterator[bytes]:
    """Kinds of the pieces of a PNG: a text piece could carry anything."""
    place = 8
    while place < len(png):
        length = int.from_bytes(png[place : place + 4])
        yield png[place + 4 : place + 8]
        place += 12 + length
