"""The page of archives: who opens it, and an elimination from its proposal to its certificate."""

from __future__ import annotations

from datetime import date

import pytest

from domain.roles import Role
from tests.archives import add_certificate_template, make_ended
from tests.factories import Monde, make_other_centre
from tests.pages.conftest import Visitor, text_of
from ui import page

READERS = {Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR}
NOWHERE = "Cette page n’existe pas, ou vous n’y avez pas accès."


@pytest.fixture
def archives(monde: Monde) -> Monde:
    add_certificate_template(monde.portail, monde)
    make_ended(monde.portail, monde, date_effet=date(2010, 1, 1))
    return monde


def button(app: object, label: str) -> object:
    """The button of this label."""
    return next(one for one in app.button if one.label == label)  # type: ignore[attr-defined]


@pytest.mark.parametrize("role", list(Role))
def test_who_opens_it(visitor: Visitor, archives: Monde, role: Role) -> None:
    app = visitor.open(archives[role], "archives")
    refused = NOWHERE in [error.value for error in app.error]
    assert refused is (role not in READERS)
    assert ("Choisy-le-Roi" in text_of(app)) is (role in READERS)
    assert any(one.label == "Proposer l’élimination" for one in app.button) is (role is Role.RESPONSABLE)


def test_another_centre_sees_its_own(visitor: Visitor, archives: Monde) -> None:
    app = visitor.open(make_other_centre(archives.portail), "archives", centre=archives.centre_id)
    assert "Rien n’est à éliminer aujourd’hui." in text_of(app)
    assert "Choisy-le-Roi" not in text_of(app)


def test_from_proposal_to_certificate(visitor: Visitor, archives: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked answers yes: dialogs are tried in a browser."""
    monkeypatch.setattr(page, "confirm", lambda titre, texte, libelle, action, **kw: action("Motif."))
    app = visitor.open(archives.responsable, "archives")
    app.checkbox[0].check().run()
    button(app, "Proposer l’élimination").click().run()  # type: ignore[attr-defined]
    app = visitor.open(archives.responsable, "archives", onglet="eliminations")
    assert "À approuver" in text_of(app)
    assert "Approuver l’élimination" not in [one.label for one in app.button]
    app = visitor.open(archives.administrateur, "archives", onglet="eliminations")
    button(app, "Approuver l’élimination").click().run()  # type: ignore[attr-defined]
    assert "Indiquez la référence du visa" in app.error[0].value
    app.text_input[0].set_value("Visa 2038-112")
    button(app, "Approuver l’élimination").click().run()  # type: ignore[attr-defined]
    assert "Approuvée, à exécuter" in text_of(app)
    button(app, "Éliminer définitivement").click().run()  # type: ignore[attr-defined]
    assert not app.exception and [one.value for one in app.error] == []
    shown = text_of(visitor.open(archives.responsable, "archives", onglet="eliminations"))
    assert "certificat-elimination-" in shown and "Visa 2038-112" in shown
