"""Six years of one convention, as a list of steps that people do on their day: what the tests of its whole life replay.

Each step is one action of one person, written so that doing it again changes nothing: that is what somebody does who does not
know whether the click before the power cut counted. The daily round runs first, every day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import FunctionType
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from domain.activite import SERVICE_DEGRADE
from models import (
    Affectation,
    AuditEvent,
    Avenant,
    Convention,
    Courriel,
    Decompte,
    DemandeServiceDegrade,
    Denonciation,
    Dossier,
    Exercice,
    Piece,
    Rappel,
    Reconduction,
)
from services.activite import absences, clotures, degrade
from services.activite.interventions import record_interventions
from services.activite.verification import Ligne
from services.adhesion import answers, dossiers, workflow
from services.centre.tarifs import save_tarif
from services.convention import conventions, signatures
from services.core import clock
from services.core.portail import Portail
from services.facturation import decomptes, emission, preparation
from services.vie import avenants, courriers_tarif, demandes, denonciations
from services.vie.courrier_views import open_letters
from services.vie.quotidien import run_daily
from tests.activite import assign, give_poste
from tests.conventions import pdf, signing
from tests.demandes import quotite_60
from tests.factories import Monde, acteur, attach_pdf, make_dossier, make_monde, open_accounts
from tests.heures import CODES

FIRST_DAY, LAST_DAY = date(2022, 12, 15), date(2028, 12, 31)
TARIFS = {
    # Year: the day of the vote, the amount for a full post (G9, then the amount of G1 again so that G10 holds in 2026).
    2023: (date(2022, 12, 15), "67980"),
    2024: (date(2023, 11, 20), "69340"),
    2025: (date(2024, 1, 15), "70727"),
    2026: (date(2025, 11, 20), "67980"),
}
ABSENCE = (date(2025, 3, 1), date(2025, 4, 14))
"""45 days without an assistant."""
DEGRADE_DAY, DEGRADE_TIME = date(2025, 3, 10), "6h30"
LATE_NOTICE, NOTICE = date(2025, 9, 30), date(2026, 9, 29)


@dataclass
class Vie:
    """One convention and everybody around it. `seen` lists what the world noticed, by day: renewals, mails;
    `doing` names what is being done."""

    portail: Portail
    monde: Monde
    dossier_id: UUID
    seen: list[tuple[date, str]] = field(default_factory=list)
    doing: str = ""

    def one(self, query: Any) -> Any:
        with self.portail.db.read() as session:
            return session.scalars(query).one_or_none()

    @property
    def convention(self) -> Convention:
        found: Convention = self.one(select(Convention).where(Convention.dossier_id == self.dossier_id))
        return found

    @property
    def request(self) -> Dossier:
        """The request for the avenant."""
        found: Dossier = self.one(select(Dossier).where(Dossier.nature == "avenant"))
        return found

    @property
    def avenant(self) -> Avenant:
        found: Avenant = self.one(select(Avenant))
        return found


@dataclass(frozen=True)
class Step:
    """What somebody does on a day."""

    jour: date
    do: FunctionType


def begin(portail: Portail) -> Vie:
    """A world where the dossier of the adhesion has just been accepted."""
    with clock.pretend(FIRST_DAY):
        monde = make_monde(portail, gabarits=True)
        open_accounts(portail)
        return Vie(portail, monde, make_dossier(portail, monde, "accepte"))


def steps() -> list[Step]:
    """The whole life, in order."""
    found = [
        Step(date(2022, 12, 16), _issue),
        Step(date(2022, 12, 18), lambda vie: _sign(vie, vie.convention.id, 1)),
        Step(date(2022, 12, 19), lambda vie: _sign(vie, vie.convention.id, 2)),
        Step(date(2022, 12, 20), _assign),
        Step(date(2025, 2, 20), _ask_degrade),
        Step(date(2025, 2, 21), _accept_degrade),
        Step(date(2025, 2, 25), _record_absence),
        Step(date(2025, 3, 17), _record_hours),
        Step(date(2025, 10, 1), lambda vie: _give_notice(vie, LATE_NOTICE)),
        Step(date(2025, 10, 6), _leave_notice),
        Step(date(2026, 6, 12), _ask_avenant),
        Step(date(2026, 6, 12), _answer_avenant),
        Step(date(2026, 6, 12), _attach_deliberation),
        *(Step(date(2026, 6, 13), _act_on_avenant(*one)) for one in CIRCUIT),
        Step(date(2026, 6, 14), _issue_avenant),
        Step(date(2026, 6, 18), lambda vie: _sign(vie, vie.avenant.id, 1)),
        Step(date(2026, 6, 19), lambda vie: _sign(vie, vie.avenant.id, 2)),
        Step(date(2026, 9, 30), lambda vie: _give_notice(vie, NOTICE)),
        Step(date(2026, 10, 5), _confirm_notice),
    ]
    for annee, (vote, montant) in TARIFS.items():
        found += [Step(vote, _vote(annee, code, prix)) for code, prix in (("temps_complet", montant), ("heure", "57"))]
        if annee > 2023:
            found.append(Step(vote + timedelta(days=7), lambda vie, annee=annee: _prepare_letters(vie, annee)))
            found.append(Step(vote + timedelta(days=8), lambda vie, annee=annee: _send_letters(vie, annee)))
    for annee in range(2023, 2028):
        for quarter in range(1, 5):
            day = date(annee + quarter // 4, quarter * 3 % 12 + 1, 5)
            found += [Step(day, _close_month(annee, 3 * quarter - back)) for back in (2, 1, 0)]
            found += [Step(day, _statement(annee, quarter, act)) for act in (_prepare, _check, _emit)]
    return sorted(found, key=lambda step: step.jour)


def live(vie: Vie, days: Iterable[date], script: list[Step], *, since: int = 0) -> Iterator[int]:
    """Go through these days: the daily round, then the steps of the day. Gives the number of days done, after each one."""
    for index, day in enumerate(days):
        if index < since:
            continue
        with clock.pretend(day):
            vie.doing = "round"
            run_daily(vie.portail)
            for step in script:
                if step.jour == day:
                    vie.doing = f"line {step.do.__code__.co_firstlineno}"
                    step.do(vie)
            _notice(vie, day)
        yield index + 1


def every_day() -> list[date]:
    return [FIRST_DAY + timedelta(days=rank) for rank in range((LAST_DAY - FIRST_DAY).days + 1)]


def days_that_matter(script: list[Step]) -> list[date]:
    """The days of the steps, and those on which the calendar does something by itself."""
    turns = [
        date(annee, mois, jour) for annee in range(2023, 2029) for mois, jour in ((1, 1), (7, 31), (9, 22), (12, 31))
    ]
    return sorted({step.jour for step in script} | set(turns))


def _notice(vie: Vie, day: date) -> None:
    """Note what appeared since the last time, with its day."""
    known = Counter(what for _, what in vie.seen)
    with vie.portail.db.read() as session:
        counts = (select(func.count()).select_from(table) for table in (Reconduction, Courriel))
        if sum(session.scalar(query) or 0 for query in counts) == known.total():
            return
        names = {one.utilisateur_id: role.value for role, one in vie.monde.gens.items()}
        now = Counter(
            [f"reconduction {one.annee}" for one in session.scalars(select(Reconduction))]
            + [
                f"courriel {one.modele} {names.get(one.utilisateur_id, '?')} {one.parametres.get('echeance', '')}"
                for one in session.scalars(select(Courriel))
            ]
        )
    vie.seen += [(day, what) for what in sorted((now - known).elements())]


# The steps ------------------------------------------------------------------------------------------------------------

CIRCUIT = (
    ("gestionnaire", "deposer", "brouillon"),
    ("instructeur", "prendre_en_charge", "depose"),
    ("instructeur", "accepter", "en_instruction"),
)


def _issue(vie: Vie) -> None:
    if vie.convention is None:
        conventions.issue_convention(vie.portail, vie.monde.instructeur, vie.dossier_id)


def _sign(vie: Vie, acte_id: UUID, rank: int) -> None:
    """The first signature is the collectivité's, the second the centre's."""
    with vie.portail.db.read() as session:
        numero = session.scalars(select(Convention.numero if acte_id == vie.convention.id else Avenant.numero)).one()
    name = f"{numero}-{rank}"
    given = signing(pdf(3, name), date_signature=clock.today(), operation_id=f"signature-{name}")
    if rank == 1:
        signatures.submit_signature(vie.portail, vie.monde.signataire, acte_id, **given)
    else:
        signatures.countersign(vie.portail, vie.monde.signataire_centre, acte_id, **given)


def _assign(vie: Vie) -> None:
    """The assistant holds a post, and works for the convention."""
    if vie.one(select(Affectation)) is None:
        give_poste(vie.portail, vie.monde)
        assign(vie.portail, vie.monde, vie.convention.id)


def _vote(annee: int, code: str, montant: str) -> Callable[[Vie], None]:
    def do(vie: Vie) -> None:
        given = {"annee": str(annee), "montant": montant, "numero": f"{annee - 1}-60", "date": ""}
        given["date"] = clock.today().strftime("%d/%m/%Y")
        save_tarif(
            vie.portail, vie.monde.responsable, vie.monde.centre_id, code, given, operation_id=f"vote-{annee}-{code}"
        )

    return do


def _prepare_letters(vie: Vie, annee: int) -> None:
    courriers_tarif.prepare_letters(vie.portail, vie.monde.responsable, vie.monde.centre_id, annee)


def _send_letters(vie: Vie, annee: int) -> None:
    given = (vie.portail, vie.monde.responsable, vie.monde.centre_id, annee)
    courriers_tarif.send_by_mail(*given, open_letters(*given).pretes)


def _ask_degrade(vie: Vie) -> None:
    days = {"du": ABSENCE[0].strftime("%d/%m/%Y"), "au": ABSENCE[1].strftime("%d/%m/%Y"), "minutes_max": ""}
    degrade.ask_degrade(
        vie.portail, vie.monde.gestionnaire, vie.convention.id, "absence_assistant", days, operation_id="degrade"
    )


def _accept_degrade(vie: Vie) -> None:
    one = vie.one(select(DemandeServiceDegrade))
    if one.etat == "demandee":
        degrade.accept(vie.portail, vie.monde.responsable, one.id, version_vue=one.version)


def _record_absence(vie: Vie) -> None:
    days = {"du": ABSENCE[0].isoformat(), "au": ABSENCE[1].isoformat(), "motif": "Assistant en congé, non remplacé."}
    absences.save_absence(
        vie.portail, vie.monde.responsable, vie.monde.centre_id, vie.convention.id, days, operation_id="absence"
    )


def _record_hours(vie: Vie) -> None:
    assistant = acteur(vie.portail, vie.monde["assistant"].utilisateur_id)
    line = Ligne(
        jour=DEGRADE_DAY,
        convention_id=vie.convention.id,
        duree=DEGRADE_TIME,
        codes={**CODES, "nature": SERVICE_DEGRADE, "lieu": "telephone"},
    )
    record_interventions(vie.portail, assistant, vie.monde.centre_id, [line], operation_id="heures")


def _close_month(annee: int, mois: int) -> Callable[[Vie], None]:
    return lambda vie: clotures.close_month(vie.portail, vie.monde.responsable, vie.monde.centre_id, annee, mois)


def _statement(annee: int, quarter: int, act: Callable[[Vie, int, int], None]) -> Callable[[Vie], None]:
    return lambda vie: act(vie, annee, quarter)


def _prepare(vie: Vie, annee: int, quarter: int) -> None:
    if not any(_statements(vie, annee, quarter, etat) for etat in ("brouillon", "verifie", "emis")):
        preparation.prepare_trimestre(vie.portail, vie.monde.responsable, vie.monde.centre_id, annee, quarter)


def _check(vie: Vie, annee: int, quarter: int) -> None:
    for one in _statements(vie, annee, quarter, "brouillon"):
        decomptes.check(vie.portail, vie.monde.responsable, one)


def _emit(vie: Vie, annee: int, quarter: int) -> None:
    for one in _statements(vie, annee, quarter, "verifie"):
        emission.issue(vie.portail, vie.monde.responsable, one)


def _statements(vie: Vie, annee: int, quarter: int, etat: str) -> list[UUID]:
    with vie.portail.db.read() as session:
        query = select(Decompte).where(Decompte.exercice == annee, Decompte.etat == etat)
        return [one.id for one in session.scalars(query) if one.au.month == 3 * quarter]


def _give_notice(vie: Vie, sent: date) -> None:
    denonciations.record_denonciation(
        vie.portail,
        vie.monde.gestionnaire,
        vie.convention.id,
        auteur="collectivite",
        dates={"envoi": sent.isoformat()},
        operation_id=f"denonciation-{sent.year}",
    )


def _leave_notice(vie: Vie) -> None:
    one = vie.one(select(Denonciation).where(Denonciation.etat == "recue"))
    if one is not None:
        denonciations.leave_without_effect(
            vie.portail, vie.monde.responsable, one.id, "La collectivité renonce.", version_vue=one.version
        )


def _confirm_notice(vie: Vie) -> None:
    one = vie.one(select(Denonciation).where(Denonciation.etat == "recue"))
    if one is not None:
        denonciations.confirm(
            vie.portail, vie.monde.responsable, one.id, fin_vue=one.fin_proposee, version_vue=one.version
        )


def _ask_avenant(vie: Vie) -> None:
    demandes.create_request(vie.portail, vie.monde.gestionnaire, vie.convention.id, "avenant", "avenant")


def _answer_avenant(vie: Vie) -> None:
    clerk, request = vie.monde.gestionnaire, vie.request
    for champ, value in quotite_60().items():
        shown = dossiers.open_dossier(vie.portail, clerk, request.id).answers
        version = shown[champ].version if champ in shown else 0
        found = answers.save_answer(vie.portail, clerk, request.id, champ, value, version_vue=version)
        assert found.etat in ("enregistre", "inchange"), (champ, found)


def _attach_deliberation(vie: Vie) -> None:
    shown = dossiers.open_dossier(vie.portail, vie.monde.gestionnaire, vie.request.id).answers
    if "deliberation.fichier" not in shown:
        attach_pdf(vie.portail, vie.monde.gestionnaire, vie.request.id, "deliberation.fichier")


def _act_on_avenant(role: str, action: str, de: str) -> Callable[[Vie], None]:
    def do(vie: Vie) -> None:
        if vie.request.etat == de:
            workflow.perform(vie.portail, vie.monde[role], vie.request.id, action)

    return do


def _issue_avenant(vie: Vie) -> None:
    if vie.avenant is None:
        avenants.issue_avenant(vie.portail, vie.monde.instructeur, vie.request.id)


# What is left of it ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bilan:
    """Everything that such a life leaves behind, ids and instants apart."""

    fin: date | None
    etat: str
    du: dict[int, Any]
    reconductions: list[tuple[int, int, Any]]
    decomptes: list[tuple[str | None, date, date, Any]]
    pieces: list[tuple[str, str, str]]
    rappels: list[tuple[str, date, int, str]]
    courriels: dict[tuple[str, str], int]
    journal: dict[str, int]


def look_back(vie: Vie) -> Bilan:
    """Read it all, in an order that depends on no id."""
    names = {one.utilisateur_id: role.value for role, one in vie.monde.gens.items()}
    convention = vie.convention
    with vie.portail.db.read() as session:
        return Bilan(
            fin=convention.fin,
            etat=convention.etat,
            du={one.annee: one.montant_du for one in session.scalars(select(Exercice).order_by(Exercice.annee))},
            reconductions=sorted(
                (one.annee, one.rang, one.montant_du) for one in session.scalars(select(Reconduction))
            ),
            decomptes=sorted(
                ((one.numero, one.du, one.au, one.total) for one in session.scalars(select(Decompte))), key=str
            ),
            pieces=sorted((one.usage, one.nom, one.sha256) for one in session.scalars(select(Piece))),
            rappels=sorted(
                (one.echeance, one.le, one.jours_avant, names[one.utilisateur_id])
                for one in session.scalars(select(Rappel))
            ),
            courriels=dict(
                Counter((one.modele, names.get(one.utilisateur_id, "?")) for one in session.scalars(select(Courriel)))
            ),
            journal=dict(Counter(session.scalars(select(AuditEvent.action)))),
        )
