"""Renewals and ends that come on their date (articles 2.2 and 9; deadlines E1 to E6).

A convention goes on to its term unless something ends it before, so a tacit renewal changes no date: it records, once a year,
that the convention was renewed and at what price. Where renewal takes an agreement, it is the other way round: a year that
nobody agreed to by 31 December ended the convention on that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from domain.errors import Invalide
from domain.formatting import date_longue
from domain.roles import Role
from models import Centre, Convention, Denonciation, Exercice, Reconduction
from services.activite.regles import RUNNING_STATES
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, get_convention, require
from services.core.journal import Ligne, record_lines
from services.core.locks import lock_row, locked
from services.core.portail import Portail, once
from services.facturation.exercices import COMMITTED_STATES, refresh_centre, refresh_convention

TACITE, EXPRESSE = "tacite", "expresse"
ECHOIR, DENONCEE = "echoir", "denoncee"
AGREEING = (Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE)
"""Who agrees, for the centre, to renew for a year."""


def renew_due(session: Session, centre_id: UUID, jour: date) -> int:
    """Record the tacit renewals that have come by `jour`, for every year begun; how many. A notice that waits for somebody
    to confirm it holds the years past the end that it proposes."""
    lock_row(session, Centre, centre_id)
    conventions = _lock_conventions(session, centre_id, COMMITTED_STATES, jour)
    known = renewed_years(session, [one.id for one in conventions])
    noticed = _noticed(session, [one.id for one in conventions])
    found: list[Reconduction] = []
    for convention in conventions:
        if _mode(session, convention) != TACITE:
            continue
        last = min(jour.year, convention.dernier_jour.year, noticed.get(convention.id, date.max).year)
        found += [
            _renewal(convention, annee, TACITE)
            for annee in range(convention.date_effet.year + 1, last + 1)
            if annee not in known.get(convention.id, ())
        ]
    _record(session, centre_id, found)
    return len(found)


def close_due(session: Session, centre_id: UUID, jour: date) -> int:
    """End the conventions whose last day was before `jour`; how many. One that nobody agreed to renew gets its last day
    first. One under notice stays so: its end was decided, and is shown."""
    lock_row(session, Centre, centre_id)
    conventions = _lock_conventions(session, centre_id, RUNNING_STATES, jour)
    known = renewed_years(session, [one.id for one in conventions])
    lines: list[Ligne] = []
    for convention in conventions:
        _end_unless_agreed(session, convention, known.get(convention.id, ()), jour)
        offer = get_offer(session, convention.dossier.offre_version_id)
        line = offer.workflow_convention.transition(ECHOIR)
        if convention.etat == DENONCEE or convention.etat not in line.de or convention.dernier_jour >= jour:
            continue
        before, convention.etat = convention.etat, line.vers
        convention.fin_motif = convention.fin_motif or "terme"
        details = {"de": before, "fin": convention.dernier_jour.isoformat(), "motif": convention.fin_motif}
        lines.append(Ligne("convention.echoir", None, centre_id, "convention", convention.id, details))
    session.flush()
    if lines:
        record_lines(session, lines)
    return len(lines)


def agree_renewal(portail: Portail, acteur: Acteur, convention_id: UUID, annee: int, *, operation_id: str) -> None:
    """Agree, for the centre, to renew a convention for `annee`: the year after those agreed so far, before it begins.
    Invalide when the offer renews by itself, when the convention is at its term or ending, or when it is too late."""
    with portail.action(acteur, "convention.reconduire", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id, lock=True)
        require(acteur.roles_for(centre_id=convention.centre_id), *AGREEING)
        if not once(session, operation_id):
            return
        expected = next_agreement(session, convention)
        today = clock.today(convention.centre.fuseau)
        _check_agreement(convention, annee, expected, today)
        _record(session, convention.centre_id, [_renewal(convention, annee, EXPRESSE, acteur.utilisateur_id)])


def next_agreement(session: Session, convention: Convention) -> int | None:
    """The year that somebody has to agree to, so that the convention goes on; None when nobody has to."""
    if _mode(session, convention) != EXPRESSE or convention.etat not in RUNNING_STATES:
        return None
    known = renewed_years(session, [convention.id]).get(convention.id, ())
    following = _agreed_until(convention, known) + 1
    return following if following <= convention.dernier_jour.year else None


def renewed_years(session: Session, convention_ids: Sequence[UUID]) -> Mapping[UUID, frozenset[int]]:
    """The years that each of these conventions was renewed for."""
    query = select(Reconduction.convention_id, Reconduction.annee).where(Reconduction.convention_id.in_(convention_ids))
    found: dict[UUID, set[int]] = {}
    for row in session.execute(query):
        found.setdefault(row.convention_id, set()).add(row.annee)
    return {key: frozenset(years) for key, years in found.items()}


def _check_agreement(convention: Convention, annee: int, expected: int | None, today: date) -> None:
    if expected is None:
        raise Invalide("Cette convention n’attend pas d’accord de renouvellement.", "annee")
    if annee != expected:
        raise Invalide(f"L’accord porte sur {expected}, l’année qui suit celles déjà convenues.", "annee")
    if today.year >= annee:
        raise Invalide(
            f"Il est trop tard pour renouveler : la convention a pris fin le {date_longue(date(annee - 1, 12, 31))}. "
            "Proposez une nouvelle convention à la collectivité.",
            "annee",
        )


def _renewal(convention: Convention, annee: int, decision: str, par: UUID | None = None) -> Reconduction:
    rang = annee - convention.date_effet.year
    return Reconduction(convention_id=convention.id, annee=annee, rang=rang, decision=decision, par=par)


def _record(session: Session, centre_id: UUID, found: Sequence[Reconduction]) -> None:
    """Keep these renewals with the price of their year, and journal each."""
    if not found:
        return
    refresh_centre(session, centre_id)
    ids = {one.convention_id for one in found}
    years = {
        (row.convention_id, row.annee): row
        for row in session.scalars(select(Exercice).where(Exercice.convention_id.in_(ids)))
    }
    for one in found:
        year = years.get((one.convention_id, one.annee))
        if year is not None:
            one.tarif_annee, one.tarif_montant, one.montant_du = year.tarif_annee, year.tarif_montant, year.montant_du
    session.add_all(found)
    session.flush()
    record_lines(
        session,
        [
            Ligne(
                "convention.reconduire",
                one.par,
                centre_id,
                "convention",
                one.convention_id,
                {"annee": one.annee, "rang": one.rang, "decision": one.decision},
            )
            for one in found
        ],
    )


def _lock_conventions(session: Session, centre_id: UUID, etats: Collection[str], jour: date) -> Sequence[Convention]:
    """The conventions of a centre in these states that have begun by `jour`, held until the transaction ends."""
    query = (
        select(Convention)
        .where(Convention.centre_id == centre_id, Convention.etat.in_(etats), Convention.date_effet <= jour)
        .options(joinedload(Convention.dossier))
        .order_by(Convention.id)
    )
    return session.scalars(locked(query, of=Convention)).all()


def _mode(session: Session, convention: Convention) -> str:
    return get_offer(session, convention.dossier.offre_version_id).duree.mode


def _noticed(session: Session, convention_ids: Iterable[UUID]) -> Mapping[UUID, date]:
    """The end that a notice not confirmed yet proposes, by convention; that of the year in which it was recorded while the date
    that counts is unknown. One without object holds nothing."""
    query = (
        select(Denonciation)
        .where(Denonciation.convention_id.in_(convention_ids), Denonciation.etat == "recue")
        .options(joinedload(Denonciation.convention).joinedload(Convention.centre))
    )
    found = {}
    for one in session.scalars(query):
        if one.fin_proposee is not None:
            found[one.convention_id] = one.fin_proposee
        elif one.recevabilite is None:
            recorded = clock.today(one.convention.centre.fuseau, one.enregistree_le)
            found[one.convention_id] = date(recorded.year, 12, 31)
    return found


def _agreed_until(convention: Convention, agreed: Collection[int]) -> int:
    """The last year that both sides agreed to: that of the effect, those begun when the convention was signed, then each
    year agreed to without a gap."""
    signed = convention.centre_signee_le
    last = max(convention.date_effet.year, signed.year if signed else 0)
    while last + 1 in agreed:
        last += 1
    return last


def _end_unless_agreed(session: Session, convention: Convention, agreed: Collection[int], jour: date) -> None:
    """Give its last day to a convention that had to be renewed by agreement, and was not."""
    if _mode(session, convention) != EXPRESSE:
        return
    end = date(_agreed_until(convention, agreed), 12, 31)
    if end < jour and end < convention.dernier_jour:
        convention.fin, convention.fin_motif = end, "non_reconduite"
        refresh_convention(session, convention.id)
