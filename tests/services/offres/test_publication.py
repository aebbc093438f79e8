"""Publishing a draft looks at its Word templates too."""

from __future__ import annotations

import io

import pytest
from docx import Document

from domain.definitions import DefinitionError
from services.centre.offres import current_version
from services.core import files
from services.core.portail import Portail
from services.offres import publication, versions
from tests.factories import OFFRE, make_monde

pytestmark = pytest.mark.sqlite
"""A check of Word templates; publishing is tested in test_versions on both databases."""


def word(text: str) -> bytes:
    document, output = Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(output)
    return output.getvalue()


def test_a_template_that_asks_for_what_is_not_there(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    admin = monde.administrateur
    draft = versions.open_draft(portail, admin, monde.centre_id, OFFRE)
    with portail.db.write() as session:
        wrong = files.store(session, portail.files, word("Le champ {{ locaux.adrese }} de l’annexe")).sha256
        right = files.store(session, portail.files, word("Le référent : {{ referent.nom }}")).sha256
    gabarits = {**draft.gabarits, "annexe-fiche.docx": wrong}
    saved = versions.save_draft(portail, admin, draft.id, draft.version, draft.contenu, gabarits)
    with pytest.raises(DefinitionError, match=r"annexe-fiche\.docx.*paragraphe.*adrese") as refused:
        publication.publish_draft(portail, admin, saved.id, saved.version)
    assert len(refused.value.faults) == 1
    with portail.db.read() as session:
        assert current_version(session, monde.centre_id, OFFRE).id == monde.version_id
    mended = versions.save_draft(
        portail, admin, saved.id, saved.version, saved.contenu, {**gabarits, "annexe-fiche.docx": right}
    )
    assert publication.publish_draft(portail, admin, mended.id, mended.version) == draft.id
