"""The simulator with an offer billed by the hour: hours are what the dossier takes, a share is only compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.adhesion.dossiers import open_dossier
from services.core.portail import Portail
from tests.factories import Monde
from tests.martinique import begin, example, fill, make_martinique
from tests.pages.conftest import Visitor, text_of


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Monde:
    return make_martinique(make_portail("sqlite"))


def test_the_panel_gives_hours_back_to_the_dossier(visitor: Visitor, monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    need = example(
        besoin__minutes_prevues=2400, besoin__date_effet="2026-01-01", besoin__date_debut_prestations="2026-07-01"
    )
    fill(monde.portail, monde, dossier_id, need)
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="besoin")
    app.toggle[0].set_value(True).run()
    assert "Le dossier indique déjà cela." in [one.value for one in app.caption]
    key = f"d{dossier_id.hex[:12]}:"
    app.text_input(key=f"{key}simulateur:heures").set_value("45 h 40").run()
    assert not app.exception and not app.error
    shown = text_of(app).replace("\u00a0", " ").replace("\u202f", " ").replace("\\", "")
    assert "Le dossier indiquera : 45 h 40" in shown and "2 740,00 €" in shown
    next(one for one in app.button if one.label == "Reprendre dans le dossier").click()
    app.run()
    view = open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.answers["besoin.minutes_prevues"].valeur == 2740
    assert view.montants is not None
    assert str(view.montants["annuel"]) == "2740.00"
    first = view.montants["premiere_annee"]["du"]
    assert f"{first:.2f}".replace(".", ",") in text_of(app).replace("\u202f", "")


def test_the_page_compares_with_a_share_only_at_a_tariff_one_types(visitor: Visitor, monde: Monde) -> None:
    begin(monde.portail, monde)
    asked = {"mode": "heures", "heures": "1133 h", "effet": "01/01/2026"}
    shown = text_of(visitor.open(monde.direction, "simulateur", **asked)).replace("\u202f", " ")
    assert "tarif de temps plein" in shown and "devient moins chère que l’heure" not in shown
    shown = text_of(visitor.open(monde.direction, "simulateur", **asked, tarif="67 980"))
    assert "devient moins chère que l’heure" in shown
