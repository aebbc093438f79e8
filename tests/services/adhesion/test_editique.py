"""Documents made from a dossier at any time: projet and model délibération; every point of the domain; hostile answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
import yaml

from documents.pdf.conversion import docx_to_pdf
from documents.pdf.signed import inspect_pdf
from documents.word.bookmarks import list_bookmarks
from domain.errors import Introuvable, PdfIndisponible
from services.adhesion import dossiers, editique
from services.adhesion.answers import save_answers
from services.convention import conventions
from services.core.access import Acteur
from services.core.portail import Portail
from services.core.settings import ROOT
from tests.conventions import examine_here, pdf, word_text
from tests.factories import Monde, journal_actions, make_dossier, make_monde, make_other_centre, make_stranger

pytestmark = pytest.mark.sqlite
"""Documents: what they print is read by the queries of test_answers and test_dossier_workflow."""

POINTS = {
    *(f"P{number:02}" for number in range(1, 18)),
    *(f"A{number:02}" for number in range(1, 67)),
    *(f"X{number:02}" for number in range(1, 40)),
}
ELSEWHERE = ROOT / "doc_templates" / "cig-petite-couronne" / "service-social-travail" / "points.yaml"


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """With the real Word templates."""
    return make_monde(portail, gabarits=True)


def _save(portail: Portail, clerk: Acteur, dossier_id: UUID, **values: object) -> None:
    shown = dossiers.open_dossier(portail, clerk, dossier_id).answers
    given = {
        champ.replace("__", "."): (
            value,
            shown[champ.replace("__", ".")].version if champ.replace("__", ".") in shown else 0,
        )
        for champ, value in values.items()
    }
    for result in save_answers(portail, clerk, dossier_id, given).values():
        assert result.etat in ("enregistre", "inchange"), result


def test_projet_of_an_empty_draft(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, complet=False)
    rendered = editique.render_projet(portail, monde.gestionnaire, dossier_id)
    assert rendered.nom == "projet-convention-choisy-le-roi.docx"
    text = word_text(rendered.data)
    assert "Projet de convention" in text
    assert "……………" in text
    assert "None" not in text
    assert journal_actions(portail, dossier_id)[-1] == "document.produire"
    model = editique.render_deliberation(portail, monde.gestionnaire, dossier_id)
    assert model.nom == "modele-deliberation-choisy-le-roi.docx"


def test_projet_of_a_full_draft_has_the_amounts_and_no_number(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    rendered = editique.render_projet(portail, monde.direction, dossier_id)
    assert "32\u202f426,46\u00a0€" in word_text(rendered.data)
    assert rendered.manifest["numero"] is None
    assert any("Aucun tarif 2023" in warning for warning in rendered.avertissements)
    assert rendered.data == editique.render_projet(portail, monde.instructeur, dossier_id).data


def test_every_state_has_its_projet(portail: Portail, monde: Monde) -> None:
    for etat in ("en_instruction", "accepte", "retire"):
        assert editique.render_projet(portail, monde.instructeur, make_dossier(portail, monde, etat)).data


def test_outsiders_get_nothing_and_are_journalled(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    before = journal_actions(portail, dossier_id)
    for outsider in (make_stranger(portail), make_other_centre(portail)):
        for make in (editique.render_projet, editique.render_deliberation):
            with pytest.raises(Introuvable):
                make(portail, outsider, dossier_id)
    assert journal_actions(portail, dossier_id) == [*before, *["refus"] * 4]


HOSTILE = "🏛 {{ 7*7 }} {% raw %} <b>&amp; ]]> \x00\x0b\x0c \ud83d fin"
CLEAN = "🏛 {{ 7*7 }} {% raw %} <b>&amp; ]]> fin"


def _hostile_projet(portail: Portail, monde: Monde) -> tuple[UUID, bytes]:
    dossier_id = make_dossier(portail, monde)
    _save(portail, monde.gestionnaire, dossier_id, locaux__descriptif=HOSTILE, representant__nom=HOSTILE[:60])
    return dossier_id, editique.render_projet(portail, monde.gestionnaire, dossier_id).data


def test_hostile_answers_stay_text(portail: Portail, monde: Monde) -> None:
    dossier_id, projet = _hostile_projet(portail, monde)
    assert CLEAN in word_text(projet)
    assert "{{ 7*7 }}" in word_text(editique.render_deliberation(portail, monde.gestionnaire, dossier_id).data)


def test_hostile_document_opens_in_libreoffice(make_portail: Callable[[str], Portail]) -> None:
    portail = make_portail("sqlite")
    _, projet = _hostile_projet(portail, make_monde(portail, gabarits=True))
    assert inspect_pdf(docx_to_pdf(projet)).pages >= 8


@pytest.fixture
def issued(make_portail: Callable[[str], Portail], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The bytes of an issued convention."""
    portail = make_portail("sqlite")
    monde = make_monde(portail, gabarits=True)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3))
    dossier_id = make_dossier(portail, monde, "accepte")
    with monkeypatch.context() as quick:
        quick.setattr("documents.pdf.signed.run_limited", examine_here)
        convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    return portail.files.read(conventions.open_convention(portail, monde.instructeur, convention_id).sha256)


def test_every_point_of_the_domain_is_in_the_issued_document_once(issued: bytes) -> None:
    """Hidden bookmarks `_pt_…`: each point once, unless the list of points that belong elsewhere says where and why."""
    elsewhere = {row["point"]: row for row in yaml.safe_load(ELSEWHERE.read_text(encoding="utf-8"))["ailleurs"]}
    assert all(row["ou"] and row["pourquoi"] for row in elsewhere.values())
    found = Counter(name.removeprefix("_pt_") for name in list_bookmarks(issued))
    assert {point: count for point, count in found.items() if count > 1} == {}
    assert set(found) | set(elsewhere) == POINTS
    assert set(found) & set(elsewhere) == set()


def test_issued_document_opens_in_libreoffice(issued: bytes) -> None:
    assert inspect_pdf(docx_to_pdf(issued)).pages >= 8


def test_pdf_of_a_projet(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = editique.render_projet(portail, monde.gestionnaire, make_dossier(portail, monde))
    monkeypatch.setattr("documents.pdf.conversion.docx_to_pdf", lambda data: pdf())
    made = editique.as_pdf(rendered)
    assert (made.nom, made.type_mime, made.data) == ("projet-convention-choisy-le-roi.pdf", "application/pdf", pdf())

    def absent(_: bytes) -> bytes:
        raise PdfIndisponible("La conversion en PDF n’est pas installée.")

    monkeypatch.setattr("documents.pdf.conversion.docx_to_pdf", absent)
    with pytest.raises(PdfIndisponible):
        editique.as_pdf(rendered)
