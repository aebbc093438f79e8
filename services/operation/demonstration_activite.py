"""The service that runs in the demonstration: posts, assignments, two years of hours, closed months, requests.

Rows are made here rather than recorded one by one by people: thousands of them load in seconds. They obey the rules of
recording, and the rollups are those that the portal's own commands rebuild. The same day gives the same hours.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from domain.activite import DIMENSIONS, SERVICE_DEGRADE, nomenclature
from domain.pilotage import month_end
from models import (
    Affectation,
    Centre,
    Cloture,
    Convention,
    DemandeServiceDegrade,
    Exercice,
    Intervention,
    PeriodeSansAssistant,
    Poste,
    RoleAttribue,
    Tarif,
    Utilisateur,
    new_id,
    utc_now,
)
from services.activite import cumuls, regles
from services.facturation import exercices
from services.pilotage.publication import freeze_closed

Described = Mapping[str, Any]
BATCH = 500
WEEKEND = 5


def read_day(text: str, today: date) -> date:
    """A day counted from today's year: "-2/07" is the 1 July two years before, "0/03/09" the 9 March of this one."""
    year, month, *day = (int(part) for part in text.split("/"))
    return date(today.year + year, month, day[0] if day else 1)


def add_tarifs(session: Session, centre: Centre, described: Iterable[Described], today: date) -> None:
    """The demonstration's tariffs: invented amounts, voted by acts whose number says so. Those of the files stay."""
    known = {(one.code, one.annee) for one in session.scalars(select(Tarif).where(Tarif.centre_id == centre.id))}
    for one in described:
        if (one["code"], today.year + one["annee"]) in known:
            continue
        vote = read_day(one["date"], today)
        session.add(
            Tarif(
                centre_id=centre.id,
                code=one["code"],
                annee=today.year + one["annee"],
                montant=Decimal(one["montant"]),
                deliberation_numero=one["acte"],
                deliberation_date=vote,
                enregistre_le=datetime.combine(vote, time(12), UTC),  # before the conventions that were issued with it
            )
        )


def add_service(session: Session, centre: Centre, content: Described, today: date) -> int:
    """Everything that was done for the running conventions; the number of interventions. They exist already."""
    people = {one.courriel: one.id for one in session.scalars(select(Utilisateur))}
    _add_postes(session, centre, content["postes"], people, today)
    runs = [_prepare(session, centre, one, people, today) for one in content["conventions"]]
    exercices.refresh_centre(session, centre.id)
    dice = random.Random(content["interventions"]["graine"])  # noqa: S311 - invented hours, the same each time
    rows = [row for run in runs for row in _interventions(session, run, content["interventions"], dice, today)]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Intervention), rows[start : start + BATCH])
    cumuls.rebuild(session, centre.id)
    _close_months(session, centre, runs, content["clotures"], today)
    exercices.refresh_centre(session, centre.id)  # hours done and closed months change what is due by the hour
    return len(rows)


def _add_postes(
    session: Session, centre: Centre, described: Iterable[Described], people: Mapping[str, UUID], today: date
) -> None:
    for one in described:
        session.add(
            Poste(
                centre_id=centre.id,
                assistant_id=people[one["assistant"]] if "assistant" in one else None,
                libelle=one["libelle"],
                quotite=Decimal(one["quotite"]),
                du=read_day(one["du"], today),
            )
        )


@dataclass(frozen=True)
class _Run:
    """One running convention: who works for it, since when, at which pace."""

    convention: Convention
    rythme: tuple[int, ...]
    affectations: tuple[Affectation, ...]
    degrade: tuple[DemandeServiceDegrade, ...]


def _prepare(session: Session, centre: Centre, described: Described, people: Mapping[str, UUID], today: date) -> _Run:
    convention = session.scalars(
        select(Convention).where(
            Convention.centre_id == centre.id,
            Convention.collectivite.has(siren=described["siren"]),
        )
    ).one()
    assigned = tuple(
        Affectation(
            centre_id=centre.id,
            convention_id=convention.id,
            assistant_id=people[one["assistant"]],
            quotite=Decimal(one["quotite"]) if "quotite" in one else None,
            du=read_day(one["du"], today),
            au=read_day(one["au"], today) if "au" in one else None,
        )
        for one in described["affectations"]
    )
    absences = [
        PeriodeSansAssistant(
            convention_id=convention.id,
            du=read_day(one["du"], today),
            au=read_day(one["au"], today),
            motif=one["motif"],
            saisie_par=_responsable(session, centre),
        )
        for one in described.get("absences", ())
    ]
    clerk = people[described["personnes"][0]["courriel"]]
    requests = tuple(_request(session, convention, clerk, one, today) for one in described.get("degrade", ()))
    session.add_all([*assigned, *absences, *requests])
    session.flush()
    return _Run(convention, tuple(described["rythme"]), assigned, requests)


def _responsable(session: Session, centre: Centre) -> UUID | None:
    return session.scalar(
        select(RoleAttribue.utilisateur_id).where(
            RoleAttribue.centre_id == centre.id, RoleAttribue.role == "responsable"
        )
    )


def _request(
    session: Session, convention: Convention, clerk: UUID, one: Described, today: date
) -> DemandeServiceDegrade:
    answered = one["etat"] != "demandee"
    return DemandeServiceDegrade(
        centre_id=convention.centre_id,
        collectivite_id=convention.collectivite_id,
        convention_id=convention.id,
        etat=one["etat"],
        raison=one["raison"],
        du=read_day(one["du"], today),
        au=read_day(one["au"], today),
        minutes_max=one["heures"] * 60,
        demandee_par=clerk,
        traitee_par=_responsable(session, convention.centre) if answered else None,
        traitee_le=utc_now() if answered else None,
    )


# Hours ------------------------------------------------------------------------------------------------------------------


def _interventions(
    session: Session, run: _Run, how: Described, dice: random.Random, today: date
) -> Iterator[dict[str, Any]]:
    """What was recorded for one convention, month after month: the hours due for it at the convention's pace."""
    convention, absences = run.convention, regles.absences_of(session, run.convention.id)
    due = dict(
        session.execute(
            select(Exercice.annee, Exercice.minutes_dues).where(Exercice.convention_id == convention.id)
        ).all()
    )
    first = regles.first_day(convention)
    for annee in range(first.year, today.year + 1):
        months = [mois for mois in range(1, 13) if month_end(annee, mois) >= first]
        weights = {mois: how["mois"][mois - 1] for mois in months}
        pace = run.rythme[min(annee - first.year, len(run.rythme) - 1)]
        for mois in months:
            days = _work_days(annee, mois, first, today, absences)
            if not days:
                continue
            share = Decimal(weights[mois]) / sum(weights.values()) * pace / 100
            worked = Decimal(len(days)) / len(_work_days(annee, mois, first, date.max, ()))
            yield from _month(run, int(due.get(annee, 0) * share * worked), days, how, dice)
    for request in run.degrade:
        yield from _degraded(run, request, how, dice)


def _work_days(annee: int, mois: int, first: date, today: date, absences: Iterable[tuple[date, date]]) -> list[date]:
    """Working days of a month from `first` to yesterday, those without an assistant apart."""
    days = (date(annee, mois, number) for number in range(1, month_end(annee, mois).day + 1))
    return [
        day
        for day in days
        if first <= day < today and day.weekday() < WEEKEND and not any(du <= day <= au for du, au in absences)
    ]


def _month(run: _Run, minutes: int, days: list[date], how: Described, dice: random.Random) -> Iterator[dict[str, Any]]:
    left, shortest = minutes, min(how["durees"])
    while left >= shortest // 2:
        longest = [(length, weight) for length, weight in how["durees"].items() if length <= max(left, shortest)]
        lengths, weights = zip(*longest, strict=True)
        length = dice.choices(lengths, weights)[0]
        yield _row(run, dice.choice(days), length, how, dice)
        left -= length


def _degraded(
    run: _Run, request: DemandeServiceDegrade, how: Described, dice: random.Random
) -> Iterator[dict[str, Any]]:
    """Hours of service dégradé: only where a request was accepted, within what was asked for."""
    if request.etat not in regles.COVERING_STATES or request.au is None:
        return
    days = [request.du + timedelta(days=number) for number in range((request.au - request.du).days + 1)]
    working = [day for day in days if day.weekday() < WEEKEND]
    for length in (100, 137, 210):
        yield _row(run, dice.choice(working), length, how, dice, SERVICE_DEGRADE)


def _row(
    run: _Run, jour: date, minutes: int, how: Described, dice: random.Random, nature: str | None = None
) -> dict[str, Any]:
    """One intervention, by one of those assigned on that day, drawn by their share; the service dégradé by whoever was
    assigned for it, without a share. Hours that are billed as such are nobody's share."""
    held = [one for one in run.affectations if one.du <= jour and (one.au is None or jour <= one.au)]
    hourly = run.convention.quotite is None
    chosen = held if hourly else [one for one in held if (one.quotite is None) == (nature == SERVICE_DEGRADE)]
    assistant = dice.choices(chosen, [float(one.quotite or 1) for one in chosen])[0].assistant_id
    codes = {name: dice.choices(list(how[name]), list(how[name].values()))[0] for name in DIMENSIONS}
    codes["nature"] = nature or codes["nature"]
    nomenclature().check(codes)
    return {
        "id": new_id(),
        "centre_id": run.convention.centre_id,
        "convention_id": run.convention.id,
        "assistant_id": assistant,
        "jour": jour,
        "minutes": minutes,
        "saisie_le": utc_now(),
        "version": 1,
        **codes,
    }


def _close_months(session: Session, centre: Centre, runs: Iterable[_Run], still_open: int, today: date) -> None:
    """Every month since the first convention is closed, but the last ones."""
    first = min(run.convention.date_effet for run in runs)
    months = (today.year - first.year) * 12 + today.month - first.month + 1
    for number in range(months - still_open):
        annee, mois = divmod(first.year * 12 + first.month - 1 + number, 12)
        session.add(Cloture(centre_id=centre.id, annee=annee, mois=mois + 1, par=_responsable(session, centre)))
    session.flush()
    exercices.refresh_centre(session, centre.id)
    for annee in range(first.year, today.year):
        freeze_closed(session, centre.id, annee)
