"""Conventions of the demonstration that end, or may: a notice that the centre confirmed, a formal notice under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models import Collectivite, Convention
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.operation.demonstration_activite import read_day
from services.vie import denonciations, mises_en_demeure
from services.vie.demeure_views import open_demeures
from services.vie.denonciation_views import open_denonciations


def add_fins(
    portail: Portail, responsable: Acteur, centre_id: UUID, described: Iterable[Mapping[str, Any]], today: date
) -> None:
    """The letters described, on running conventions of a centre; one whose day is still to come this year is left out."""
    for one in described:
        convention_id = _find(portail, centre_id, one["siren"], today)
        if convention_id is None:
            continue
        if "demeure" in one:
            _warn(portail, responsable, convention_id, one["demeure"], today)
        else:
            _give_notice(portail, responsable, convention_id, one["denonciation"], today)


def _find(portail: Portail, centre_id: UUID, siren: str, today: date) -> UUID | None:
    with portail.db.read() as session:
        return session.scalar(
            select(Convention.id)
            .join(Collectivite, Collectivite.id == Convention.collectivite_id)
            .where(
                Collectivite.siren == siren,
                Convention.centre_id == centre_id,
                Convention.etat == "en_vigueur",
                Convention.date_effet <= today,
            )
            .limit(1)
        )


def _give_notice(
    portail: Portail, responsable: Acteur, convention_id: UUID, described: Mapping[str, str], today: date
) -> None:
    """The collectivité's letter, recorded when it came, confirmed at once."""
    days = {code: read_day(described[code], today) for code in ("envoi", "presentation")}
    if days["presentation"] > today:
        return
    with clock.pretend(days["presentation"]):
        denonciations.record_denonciation(
            portail,
            responsable,
            convention_id,
            auteur="collectivite",
            dates={code: day.isoformat() for code, day in days.items()},
            motif=described["motif"],
            operation_id=f"demonstration-denonciation-{convention_id}",
        )
        row = open_denonciations(portail, responsable, convention_id).denonciations[0]
        denonciations.confirm(portail, responsable, row.id, fin_vue=row.fin_proposee, version_vue=row.version)


def _warn(
    portail: Portail, responsable: Acteur, convention_id: UUID, described: Mapping[str, Any], today: date
) -> None:
    """A formal notice sent `il_y_a` days ago, presented two days later."""
    sent = today - timedelta(days=int(described["il_y_a"]))
    with clock.pretend(sent):
        mises_en_demeure.prepare(
            portail,
            responsable,
            convention_id,
            article=described["article"],
            manquements=described["manquements"],
            delai_jours=30,
            operation_id=f"demonstration-demeure-{convention_id}",
        )
    with clock.pretend(sent + timedelta(days=2)):
        row = open_demeures(portail, responsable, convention_id).demeures[0]
        dates = {"envoi": sent.isoformat(), "presentation": (sent + timedelta(days=2)).isoformat()}
        mises_en_demeure.send(portail, responsable, row.id, dates, version_vue=row.version)
