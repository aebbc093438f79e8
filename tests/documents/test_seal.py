"""The manifest of an issued document."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal

from documents.engine.compiled import CompiledTemplate
from documents.word.seal import data_sha256, seal
from tests.documents.samples import members, word


def test_manifest_says_what_the_document_was_made_from() -> None:
    template = word("{{ a }} {{ b|euros }}")
    given = {"a": "é\ud800", "b": Decimal("1.50"), "c": date(2026, 1, 1)}
    docx = CompiledTemplate(template).render(given)
    manifest = seal(docx, given, {"convention.docx": template}, version="3")
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["sha256"] == hashlib.sha256(docx).hexdigest()
    assert manifest["taille"] == len(docx)
    assert manifest["gabarits"] == {"convention.docx": hashlib.sha256(template).hexdigest()}
    assert manifest["parties"] == {name: hashlib.sha256(data).hexdigest() for name, data in members(docx).items()}
    assert manifest["version"] == "3"


def test_hash_of_the_data_does_not_depend_on_the_order_of_keys() -> None:
    assert data_sha256({"a": 1, "b": [Decimal("1.0")]}) == data_sha256({"b": [Decimal("1.0")], "a": 1})
    assert data_sha256({"a": Decimal("1.0")}) != data_sha256({"a": Decimal("1.1")})
