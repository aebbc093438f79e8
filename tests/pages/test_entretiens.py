"""The centre records its meetings on its own page; the collectivité reads them in its dossier."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.roles import Role
from services.adhesion.dossiers import open_dossier
from services.core.portail import Portail
from tests.factories import Monde
from tests.martinique import begin, example, fill, make_martinique
from tests.pages.conftest import Visitor, text_of

MINUTES = "etat_des_lieux.minutes"


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Monde:
    return make_martinique(make_portail("sqlite"))


def test_the_assistant_records_and_the_clerk_reads(visitor: Visitor, monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    listed = text_of(visitor.open(monde[Role.ASSISTANT], "entretiens"))
    assert f"/entretiens?id={dossier_id}" in listed and "Information, État des lieux" in listed
    app = visitor.open(monde[Role.ASSISTANT], "entretiens", id=dossier_id)
    labels = [one.label for one in app.text_input]
    assert any(one.startswith("Temps que l’assistant y a consacré") for one in labels)
    assert not any(one.startswith("Date de votre demande au centre") for one in labels), "the collectivité's own"
    assert "La collectivité remplit cette partie" in text_of(app) and "Ouvrir le dossier" not in text_of(app)
    app.text_input(key=f"d{dossier_id.hex[:12]}:{MINUTES}").set_value("2h30").run()
    assert not app.exception and "Enregistré à" in text_of(app)
    assert open_dossier(monde.portail, monde.instructeur, dossier_id).answers[MINUTES].valeur == 150

    read = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="etat_des_lieux")
    assert "Le centre remplit cette partie" in text_of(read) and "2\u00a0h\u00a030" in text_of(read)
    assert not read.text_input
    asked = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="seance_information")
    assert any(one.label.startswith("Date de votre demande") for one in asked.text_input)


def test_the_clerk_is_not_asked_for_what_the_centre_records(visitor: Visitor, monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    tree = example()
    tree.pop("etat_des_lieux")
    fill(monde.portail, monde, dossier_id, tree)
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id)
    shown = text_of(app)
    assert "Étape 9 sur 9" in shown and "à relever par le centre" in shown
    assert "Tout ce qui est obligatoire pour le dépôt est rempli." in shown
    assert "Le centre relève lui-même, avant d’accepter le dossier : Date de l’entretien" in shown
    assert "champ=etat_des_lieux" not in shown


def test_the_instructeur_goes_from_the_dossier_to_the_meetings_and_back(visitor: Visitor, monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    assert f"/entretiens?id={dossier_id}" in text_of(visitor.open(monde.instructeur, "instruction", id=dossier_id))
    app = visitor.open(monde.instructeur, "dossier", id=dossier_id)
    assert not app.text_input, "the clerk's form is not the centre's"
    assert f"/instruction?id={dossier_id}" in text_of(visitor.open(monde.instructeur, "entretiens", id=dossier_id))
