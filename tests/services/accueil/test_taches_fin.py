"""What the home page asks for about the end of conventions, of whom, and no longer once it is done."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from domain.roles import Role
from models import Convention
from services.accueil.situations import list_situations
from services.accueil.taches import list_taches
from services.accueil.taches_fin import DEMEURES, DENONCIATIONS
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.vie import denonciations, mises_en_demeure
from services.vie.demeure_views import open_demeures
from services.vie.denonciation_views import open_denonciations
from tests.conventions import make_convention
from tests.factories import Monde, make_monde, make_other_centre, make_stranger


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail)


def told(portail: Portail, acteur: Acteur) -> list[str]:
    groups = (DENONCIATIONS, DEMEURES)
    return [one.detail for one in list_taches(portail, acteur) if one.groupe in groups]


def test_a_notice_waits_for_the_centre_then_its_answer_is_told(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2026, 10, 5)):
        for day, expected in (("2025-09-29", "Recevable"), ("2025-09-30", "Tardive"), ("2026-10-02", "Tardive")):
            denonciations.record_denonciation(
                portail, monde.gestionnaire, convention_id,
                auteur="collectivite", dates={"envoi": day}, operation_id=day,
            )  # fmt: skip
            for role in (Role.INSTRUCTEUR, Role.RESPONSABLE):
                assert [one.split()[0] for one in told(portail, monde[role])] == [expected]
            for role in (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.ASSISTANT, Role.SIGNATAIRE_CENTRE):
                assert told(portail, monde[role]) == []
            assert told(portail, make_other_centre(portail)) == [] if day == "2025-09-29" else True
            row = open_denonciations(portail, monde.gestionnaire, convention_id).denonciations[0]
            denonciations.withdraw(portail, monde.gestionnaire, row.id, version_vue=row.version)
        denonciations.record_denonciation(
            portail, monde.gestionnaire, convention_id,
            auteur="collectivite", dates={"envoi": "29/09/2026"}, operation_id="x",
        )  # fmt: skip
        row = open_denonciations(portail, monde.responsable, convention_id).denonciations[0]
        denonciations.confirm(portail, monde.responsable, row.id, fin_vue=row.fin_proposee, version_vue=row.version)
        assert told(portail, monde.responsable) == []
        assert told(portail, monde.direction) == ["Confirmée : la convention prend fin le 31 décembre 2026."]
        assert told(portail, make_stranger(portail)) == []
        situations = [one.detail for one in list_situations(portail, monde.direction)]
    assert situations == ["Dénoncée, prend fin le 31 décembre 2026."]
    with clock.pretend(date(2027, 1, 2)):
        assert [one.detail for one in list_situations(portail, monde.direction)] == [
            "Elle a pris fin le 31 décembre 2026."
        ]


def test_a_formal_notice_is_followed_step_by_step(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    boss, clerk = monde.responsable, monde.gestionnaire

    def seen() -> tuple[UUID, int]:
        row = open_demeures(portail, boss, convention_id).demeures[0]
        return row.id, row.version

    with clock.pretend(date(2026, 3, 5)):
        mises_en_demeure.prepare(
            portail, boss, convention_id, article="moyens", manquements="Local.", delai_jours=30, operation_id="a"
        )
        assert told(portail, boss) == ["Préparée : envoyez la lettre, puis enregistrez l’envoi."]
        assert told(portail, clerk) == [] and told(portail, monde.instructeur) == []
        key, version = seen()
        mises_en_demeure.send(portail, boss, key, {"envoi": "02/03/2026"}, version_vue=version)
        assert "première présentation" in told(portail, monde.instructeur)[0]
        assert told(portail, clerk) == ["Le centre vous met en demeure : répondez."]
        key, version = seen()
        typed = {"envoi": "02/03/2026", "presentation": "04/03/2026"}
        mises_en_demeure.set_dates(portail, boss, key, typed, version_vue=version)
        assert told(portail, clerk)[0].endswith("le 3 avril 2026.")
        assert told(portail, boss) == []
        with clock.pretend(date(2026, 4, 4)):
            assert told(portail, clerk)[0].endswith("sans attendre, le délai est passé depuis le 3 avril 2026.")
        key, version = seen()
        mises_en_demeure.answer(portail, clerk, key, texte="Fait.", version_vue=version, operation_id="b")
        assert told(portail, clerk) == [] and "répondu" in told(portail, boss)[0]
    with clock.pretend(date(2026, 4, 4)):
        assert "Délai passé depuis le 3 avril 2026" in told(portail, boss)[0]
        key, version = seen()
        mises_en_demeure.terminate(portail, boss, key, "Rien.", version_vue=version)
        assert told(portail, boss) == [] and told(portail, clerk) == []


def test_a_notice_left_when_the_convention_ended_is_still_closed(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2026, 10, 5)):
        denonciations.record_denonciation(
            portail, monde.gestionnaire, convention_id,
            auteur="collectivite", dates={"envoi": "02/10/2026"}, operation_id="x",
        )  # fmt: skip
    with portail.db.write() as session:
        session.get_one(Convention, convention_id).etat = "echue"
    with clock.pretend(date(2028, 1, 5)):
        assert told(portail, monde.responsable) == ["La convention a pris fin entre-temps : classez-la sans suite."]
        row = open_denonciations(portail, monde.responsable, convention_id).denonciations[0]
        assert row.actions == ("classer", "dater")
        denonciations.leave_without_effect(
            portail, monde.responsable, row.id, "La convention est à son terme.", version_vue=row.version
        )
        assert told(portail, monde.responsable) == []
