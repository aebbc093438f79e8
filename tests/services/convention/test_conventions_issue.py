"""Issuing: conditions, number, seal, snapshot, files delivered; nothing left behind when it fails."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import docx
import pytest
from sqlalchemy import delete, func, select, update

from domain.errors import Conflit, Introuvable, Invalide, PdfIndisponible, Refus
from domain.roles import Role
from domain.workflow.tables import DOSSIER
from models import Convention, Courriel, Dossier, Levee, Numerotation, OffreVersion, Piece, Reponse
from services.adhesion import dossiers, pieces, warnings
from services.centre import centre_files
from services.convention import conventions
from services.core import clock
from services.core.portail import Portail
from tests.conventions import examine_here, pdf, word_text
from tests.factories import (
    Monde,
    journal_actions,
    make_dossier,
    make_monde,
    make_other_centre,
    make_stranger,
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """LibreOffice has tests of its own: here the PDF is one of three pages."""
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3))


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """With the real Word templates."""
    return make_monde(portail, gabarits=True)


def _numero(rang: int) -> str:
    return f"{clock.today().year}-{rang:04d}"


def _text(portail: Portail, sha256: str) -> str:
    return word_text(portail.files.read(sha256))


def _set_state(portail: Portail, dossier_id: UUID, etat: str) -> None:
    with portail.db.write() as session:
        session.execute(update(Dossier).where(Dossier.id == dossier_id).values(etat=etat))


def test_issue_numbers_seals_and_stores(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "accepte")
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert (view.numero, view.etat, view.etat_libelle) == (_numero(1), "a_signer", "À signer")
    assert (view.date_effet, view.terme) == (date(2023, 1, 1), date(2027, 12, 31))
    assert (view.quotite, view.montant_annuel) == (Decimal("47.70"), Decimal("32426.46"))
    assert [(piece.usage, piece.nom, piece.pages) for piece in view.pieces] == [
        ("convention", f"convention-{view.numero}-choisy-le-roi.docx", None),
        ("convention_pdf", f"convention-{view.numero}-choisy-le-roi.pdf", 3),
    ]
    content = pieces.open_piece(portail, monde.direction, view.pieces[0].id)
    assert hashlib.sha256(content.data).hexdigest() == view.sha256 == view.manifeste["sha256"]
    assert _numero(1).replace("-", "\u2011") in _text(portail, view.sha256)
    assert view.manifeste["depot"] == 1
    assert dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).etat == "emis"
    assert journal_actions(portail, convention_id) == ["convention.emettre", "convention.produire_pdf"]
    assert journal_actions(portail, dossier_id)[-1] == "dossier.emettre"
    with portail.db.read() as session:
        told = session.scalars(select(Courriel.destinataire).where(Courriel.modele == "convention_emise")).all()
    assert set(told) == {monde.gestionnaire.courriel, monde.signataire.courriel}
    assert [row.libelle for row in view.historique] == ["Convention émise"]


@pytest.mark.sqlite
def test_made_from_the_deposit_not_from_the_draft(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "accepte")
    with portail.db.write() as session:
        session.execute(
            update(Reponse)
            .where(Reponse.dossier_id == dossier_id, Reponse.champ == "representant.nom")
            .values(valeur="Changé-Depuis")
        )
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    with portail.db.read() as session:
        text = _text(portail, session.get_one(Convention, convention_id).sha256)
    assert "Changé-Depuis" not in text
    assert "Mme Camille Exemple" in text


@pytest.mark.sqlite
def test_same_deposit_and_number_give_the_same_bytes(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "accepte")
    issued = []
    for _ in range(2):
        convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
        with portail.db.write() as session:
            row = session.get_one(Convention, convention_id)
            issued.append((row.numero, row.sha256, row.manifeste["donnees"]))
            session.execute(delete(Piece).where(Piece.convention_id == convention_id))
            session.execute(delete(Convention).where(Convention.id == convention_id))
            session.execute(update(Numerotation).where(Numerotation.serie == "convention").values(dernier=0))
        _set_state(portail, dossier_id, "accepte")
    assert issued[0] == issued[1]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", list(DOSSIER.etats))
def test_only_an_instructeur_issues_and_only_once_accepted(portail: Portail, etat: str) -> None:
    monde = make_monde(portail, gabarits=True)
    dossier_id = make_dossier(portail, monde, "accepte")
    _set_state(portail, dossier_id, etat)
    for role in Role:
        if role is Role.INSTRUCTEUR and etat == "accepte":
            continue
        with pytest.raises((Refus, Conflit)) as refused:
            conventions.issue_convention(portail, monde[role], dossier_id)
        last = journal_actions(portail, dossier_id)[-1]
        assert isinstance(refused.value, Conflit) or last == "refus"
        assert dossiers.open_dossier(portail, monde.instructeur, dossier_id).etat == etat
    if etat == "accepte":
        conventions.issue_convention(portail, monde.instructeur, dossier_id)
    with portail.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Convention)) == (1 if etat == "accepte" else 0)


def test_outsiders_find_nothing(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "accepte")
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    for outsider in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            conventions.issue_convention(portail, outsider, dossier_id)
        with pytest.raises(Introuvable):
            conventions.open_convention(portail, outsider, convention_id)
        with pytest.raises(Introuvable):
            conventions.produce_pdf(portail, outsider, convention_id)
    assert journal_actions(portail, convention_id).count("refus") == 4
    assert journal_actions(portail, dossier_id).count("refus") == 2


def test_conditions_are_checked_again_at_issue(portail: Portail, monde: Monde) -> None:
    """Accepted long ago: a warning no longer lifted or a délibération's answer gone still keeps from issuing."""
    dossier_id = make_dossier(portail, monde, "accepte")
    with portail.db.write() as session:
        session.execute(delete(Levee).where(Levee.dossier_id == dossier_id))
    with pytest.raises(Refus, match="Levez l’avertissement"):
        conventions.issue_convention(portail, monde.instructeur, dossier_id)
    for champ in ("deliberation.numero", "deliberation.date", "deliberation.organe", "deliberation.fichier"):
        other = make_dossier(portail, monde, "accepte")
        with portail.db.write() as session:
            session.execute(delete(Reponse).where(Reponse.dossier_id == other, Reponse.champ == champ))
        with pytest.raises(Refus, match="n’est pas encore possible"):
            conventions.issue_convention(portail, monde.instructeur, other)
    with portail.db.read() as session:
        assert session.scalars(select(Convention.id)).all() == []


def test_a_failed_issue_gives_its_number_back(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    dossier_id = make_dossier(portail, monde, "accepte")
    with monkeypatch.context() as broken:
        broken.setattr(conventions, "render_document", _refuse)
        with pytest.raises(Invalide, match="gabarit"):
            conventions.issue_convention(portail, monde.instructeur, dossier_id)
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    assert conventions.open_convention(portail, monde.instructeur, convention_id).numero == _numero(1)


def _refuse(*_: object, **__: object) -> None:
    raise Invalide("Le gabarit ne se laisse pas remplir.")


def test_many_at_once_have_neither_gap_nor_double(
    portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Five adhesions of one collectivité are doubles of each other, which is not what is tried here.
    monkeypatch.setattr(warnings, "find_doubles", lambda session, dossier_ids: {})
    waiting = [make_dossier(portail, monde, "accepte") for _ in range(5)]
    # Each twice, as a double click would: the echo is told that it is done.
    attempts = [*waiting, *waiting]

    def issue(dossier_id: UUID) -> str:
        try:
            conventions.issue_convention(portail, monde.instructeur, dossier_id)
        except Conflit as conflict:
            return conflict.message
        return "émise"

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(issue, attempts))
    assert outcomes.count("émise") == 5
    assert all("déjà été émise" in one for one in outcomes if one != "émise")
    with portail.db.read() as session:
        assert sorted(session.scalars(select(Convention.rang))) == [1, 2, 3, 4, 5]


@pytest.mark.sqlite
def test_without_libreoffice_the_convention_stands(
    portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_: bytes) -> bytes:
        raise PdfIndisponible("La conversion en PDF n’est pas installée.")

    with monkeypatch.context() as without:
        without.setattr(conventions, "docx_to_pdf", absent)
        convention_id = conventions.issue_convention(
            portail, monde.instructeur, make_dossier(portail, monde, "accepte")
        )
        view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
        assert (view.pdf_manquant, [piece.usage for piece in view.pieces]) == (True, ["convention"])
        with pytest.raises(PdfIndisponible):
            conventions.produce_pdf(portail, monde.gestionnaire, convention_id)
    for _ in range(2):
        conventions.produce_pdf(portail, monde.gestionnaire, convention_id)
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert (view.pdf_manquant, [piece.usage for piece in view.pieces]) == (False, ["convention", "convention_pdf"])


def _supply(portail: Portail, monde: Monde, nom: str, data: bytes) -> None:
    centre_files.attach_annexe(
        portail, monde.administrateur, monde.centre_id, "deontologie", nom=nom, data=data, operation_id=uuid4().hex
    )


@pytest.mark.sqlite
def test_centre_annex_as_pdf_goes_beside(portail: Portail, monde: Monde) -> None:
    _supply(portail, monde, "Code de déontologie.pdf", pdf(2, "code"))
    convention_id = conventions.issue_convention(portail, monde.instructeur, make_dossier(portail, monde, "accepte"))
    # What is supplied later changes nothing in what was issued.
    _supply(portail, monde, "Code 2.pdf", pdf(2, "autre"))
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    annexe = view.piece("annexe")
    assert annexe and annexe.nom == f"convention-{view.numero}-annexe-deontologie.pdf"
    sha256 = hashlib.sha256(pdf(2, "code")).hexdigest()
    assert pieces.open_piece(portail, monde.gestionnaire, annexe.id).sha256 == sha256
    assert view.manifeste["annexes"][1]["fichier"] == {"nom": "Code de déontologie.pdf", "sha256": sha256}
    assert sha256 in _text(portail, view.sha256)


@pytest.mark.sqlite
def test_centre_annex_as_word_is_composed_in(portail: Portail, monde: Monde) -> None:
    own = docx.Document()
    own.add_paragraph("Article premier {{ du centre }} : le secret.")
    stream = io.BytesIO()
    own.save(stream)
    _supply(portail, monde, "annexe-deontologie.docx", stream.getvalue())
    convention_id = conventions.issue_convention(portail, monde.instructeur, make_dossier(portail, monde, "accepte"))
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert "Article premier {{ du centre }} : le secret." in _text(portail, view.sha256)
    assert view.piece("annexe") is None
    # The name that the centre gave its file is that of a template too: the seal holds both.
    with portail.db.read() as session:
        templates = session.get_one(OffreVersion, monde.version_id).gabarits
    sealed = view.manifeste["gabarits"]
    assert sealed["annexe:deontologie"] == hashlib.sha256(stream.getvalue()).hexdigest()
    assert sealed["annexe-deontologie.docx"] == templates["annexe-deontologie.docx"]
