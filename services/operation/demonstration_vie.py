"""What the calendar brings in the demonstration: a notice that the centre confirmed, a formal notice under way, next year's
tariffs and their letters, a request old enough to be eliminated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from models import Collectivite, Convention, Dossier
from services.centre.tarifs import save_tarif
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.operation.demonstration_activite import read_day
from services.vie import courriers_tarif, denonciations, mises_en_demeure
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


def add_vote(portail: Portail, responsable: Acteur, centre_id: UUID, described: Mapping[str, Any], today: date) -> None:
    """Next year's tariffs, voted `il_y_a` days ago, then the letters to the conventions that run by now."""
    voted = today - timedelta(days=int(described["il_y_a"]))
    given = {"annee": str(today.year + 1), "numero": described["acte"], "date": voted.isoformat()}
    for code, montant in described["tarifs"].items():
        save_tarif(
            portail,
            responsable,
            centre_id,
            code,
            {**given, "montant": montant},
            operation_id=f"demonstration-vote-{code}-{centre_id}",
        )
    courriers_tarif.prepare_letters(portail, responsable, centre_id, today.year + 1)


def age_dossiers(portail: Portail, siren: str, jour: date) -> None:
    """Put the dossiers of this collectivité back to the day when they were played: retention counts from it."""
    moment = datetime.combine(jour, time(10), UTC)
    with portail.db.write() as session:
        query = select(Dossier).join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        for one in session.scalars(query.where(Collectivite.siren == siren)):
            one.cree_le = one.modifie_le = moment
