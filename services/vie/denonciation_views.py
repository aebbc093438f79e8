"""What screens show of the notices of a convention: those given, what can be given now, and what a date would do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.calendar import Delai, Notice, Preavis, classify_notice, last_notice_day, rules_of
from domain.formatting import date_longue
from domain.offer import Offer
from domain.roles import Role
from domain.workflow.tables import Transition
from models import Centre, Convention, Denonciation, Utilisateur
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossiers import NOBODY
from services.adhesion.workflow import find_line
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, follows_for_centre, get_convention, only_assists
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail
from services.facturation.exercices import COMMITTED_STATES
from services.vie.fin import has_ended, living_notice, minutes_after
from services.vie.lettres import letters_of

DENONCIATEURS = (Role.GESTIONNAIRE, Role.SIGNATAIRE)
"""Who records, for the collectivité, the notice that it gives."""

AUTEURS = {"collectivite": "La collectivité", "centre": "Le centre"}
ETATS = {"recue": "À confirmer", "confirmee": "Confirmée", "sans_suite": "Sans suite", "retiree": "Retirée"}
DATES = {
    "envoi": "Date d’envoi (preuve de dépôt)",
    "presentation": "Date de première présentation",
    "reception": "Date de réception",
}
"""The three dates of a letter; the offer says which one counts (B13)."""


@dataclass(frozen=True)
class Dates:
    """The dates of a registered letter, as far as they are known."""

    envoi: date | None = None
    presentation: date | None = None
    reception: date | None = None

    def get(self, reference: str) -> date | None:
        """One of the three by its code."""
        found: date | None = getattr(self, reference)
        return found


@dataclass(frozen=True)
class NoticeRules:
    """What classifies a notice of one convention: its effect, the last day it can reach, when notice is given."""

    effet: date
    terme: date
    delai: Delai
    reference: str

    @property
    def preavis(self) -> int | None:
        """Months of notice where it is given on any day; None where it is by a day of each year."""
        return self.delai.mois if isinstance(self.delai, Preavis) else None

    def classify(self, jour: date) -> Notice:
        """What a letter of this date of reference does."""
        return classify_notice(jour, effet=self.effet, terme=self.terme, delai=self.delai)

    def last_day(self, annee: int) -> date | None:
        """The last day of notice of a year; None where notice is given on any day."""
        return last_notice_day(annee, self.delai)


def rules_for(convention: Convention, offer: Offer, notice: Denonciation | None = None) -> NoticeRules:
    """The rules for a new notice, or for one that was given: what a confirmed notice decided does not count against itself."""
    own_end = notice is not None and notice.etat == "confirmee"
    return NoticeRules(
        convention.date_effet,
        convention.terme if own_end else convention.dernier_jour,
        rules_of(offer).delai,
        offer.denonciation.reference,
    )


@dataclass(frozen=True)
class DenonciationRow:
    """One notice. `consequence`: what it does, in a sentence; `fin_proposee`: the end that confirming it gives (None: it can only
    be left without effect); `actions`: what this person may do with it now (dater, confirmer, classer, retirer, lever)."""

    id: UUID
    auteur: str
    auteur_libelle: str
    etat: str
    etat_libelle: str
    dates: Dates
    date_reference: date | None
    recevabilite: str | None
    consequence: str
    fin_proposee: date | None
    fin: date | None
    motif: str
    reponse: str
    enregistree_le: datetime
    enregistree_par: str
    traitee_le: datetime | None
    traitee_par: str
    pieces: tuple[PieceRow, ...]
    minutes_apres: int
    version: int
    actions: tuple[str, ...]

    @property
    def tardive(self) -> bool:
        return self.recevabilite == "tardive"


@dataclass(frozen=True)
class DenonciationView:
    """The notices of a convention. `auteurs`: on whose behalf this person may record one now (empty: not at all, `refus` says why
    when it is not a question of role); `prochaine`: the next last day of notice and the end it would give; `lettre`: this person
    may have the centre's letter prepared."""

    convention_id: UUID
    numero: str
    fuseau: str
    today: date
    regles: NoticeRules
    denonciations: tuple[DenonciationRow, ...]
    auteurs: tuple[str, ...]
    refus: str
    prochaine: tuple[date, date] | None
    lettre: bool

    @property
    def vivante(self) -> DenonciationRow | None:
        """The notice that was received or confirmed."""
        return next((one for one in self.denonciations if one.etat in ("recue", "confirmee")), None)


def open_denonciations(portail: Portail, acteur: Acteur, convention_id: UUID) -> DenonciationView:
    """The notices of a convention and what may be done with them; none for an assistant. Introuvable when the person may not
    see it."""
    with portail.view(acteur, "denonciation.consulter", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        offer = get_offer(session, convention.dossier.offre_version_id)
        line = find_line(offer.workflow_convention, "denoncer")
        today = today_of(session, convention)
        assistant = only_assists(acteur, convention)
        refus = "" if assistant else why_not(session, convention, line, today)
        query = select(Denonciation).where(Denonciation.convention_id == convention_id)
        ordered = query.order_by(Denonciation.enregistree_le.desc(), Denonciation.id)
        found = [] if assistant else session.scalars(ordered).all()
        names = _names(session, found)
        sides = recording_sides(acteur, convention, line)
        regles = rules_for(convention, offer)
        return DenonciationView(
            convention_id=convention.id,
            numero=convention.numero,
            fuseau=convention.centre.fuseau,
            today=today,
            regles=regles,
            denonciations=tuple(_row(session, acteur, convention, offer, one, names, today) for one in found),
            auteurs=() if refus else sides,
            refus=refus,
            prochaine=None if refus else _next_chance(regles, today),
            lettre="centre" in sides and not refus,
        )


def recording_sides(acteur: Acteur, convention: Convention, line: Transition) -> tuple[str, ...]:
    """On whose behalf this person records a notice: the collectivité's people their own, the centre's those that it receives and
    those that it gives."""
    if acteur.roles_for(centre_id=convention.centre_id).intersection(line.roles):
        return ("collectivite", "centre")
    if acteur.roles_for(collectivite_id=convention.collectivite_id).intersection(DENONCIATEURS):
        return ("collectivite",)
    return ()


def why_not(session: Session, convention: Convention, line: Transition, today: date) -> str:
    """Why no notice can be recorded now; empty when one can."""
    if convention.etat not in RUNNING_STATES or has_ended(convention, today):
        over = f"La convention a pris fin le {date_longue(convention.dernier_jour)}."
        return over if convention.etat in COMMITTED_STATES else "La convention n’est pas en vigueur."
    known = living_notice(session, convention.id)
    if known is not None:
        done = (
            "La convention est déjà dénoncée" if known.etat == "confirmee" else "Une dénonciation attend déjà une suite"
        )
        return f"{done} : elle est ci-dessus."
    return "" if convention.etat in line.de else "La convention ne peut pas être dénoncée dans son état actuel."


def allowed_actions(
    acteur: Acteur, convention: Convention, offer: Offer, one: Denonciation, notice: Notice | None, today: date
) -> tuple[str, ...]:
    """What this person may do with a notice now."""
    workflow = offer.workflow_convention
    ours = acteur.roles_for(centre_id=convention.centre_id)
    theirs = acteur.roles_for(collectivite_id=convention.collectivite_id)
    centre = bool(ours.intersection(find_line(workflow, "denoncer").roles))
    own = one.auteur == "collectivite" and bool(theirs.intersection(DENONCIATEURS))
    found: list[str] = []
    if one.etat == "recue":
        ends = notice is not None and effective_end(notice) is not None
        if centre and ends and convention.etat in RUNNING_STATES and not has_ended(convention, today):
            found.append("confirmer")
        if centre:
            found.append("classer")
        if centre or own:
            found.append("dater")
        if own or (centre and one.auteur == "centre"):
            found.append("retirer")
    lifters = ours.intersection(find_line(workflow, "lever_denonciation").roles)
    if one.etat == "confirmee" and lifters and may_lift(convention, one, today):
        found.append("lever")
    return tuple(found)


def effective_end(notice: Notice) -> date | None:
    """The last day that confirming a notice gives; None when it would change nothing."""
    return None if notice.sans_portee else notice.proposee


def may_lift(convention: Convention, one: Denonciation, today: date) -> bool:
    """Whether a confirmed notice can still be lifted: until the convention ends, and all day when its end was already past on
    the day it was confirmed, since that may be a mistake."""
    decided = clock.local_time(one.traitee_le, convention.centre.fuseau).date() if one.traitee_le else None
    return convention.etat in RUNNING_STATES and (not has_ended(convention, today) or decided == today)


def describe(regles: NoticeRules, jour: date | None) -> str:
    """What a letter of this date does, in a sentence."""
    if jour is None:
        return f"{DATES[regles.reference]} à indiquer : c’est elle qui compte."
    notice = regles.classify(jour)
    if notice.recevabilite == "sans_objet":
        return f"Sans objet : la convention s’arrête d’elle-même le {date_longue(regles.terme)}."
    early = " La lettre précède la prise d’effet." if notice.avant_effet else ""
    if notice.fin is not None:
        return f"Recevable : la convention prend fin le {date_longue(notice.fin)}.{early}"
    last = regles.last_day(jour.year) or regles.terme  # only a last day makes a letter late
    late = f"Tardive : le dernier jour était le {date_longue(last)}, jamais reporté."
    if notice.sans_portee:
        return f"{late} Sans portée : la convention s’arrête déjà le {date_longue(regles.terme)}.{early}"
    return (
        f"{late} Fin proposée : le {date_longue(notice.fin_proposee or regles.terme)}, si le centre la confirme.{early}"
    )


def today_of(session: Session, convention: Convention) -> date:
    """Today at the centre of a convention."""
    return clock.today(session.get_one(Centre, convention.centre_id).fuseau)


def _next_chance(regles: NoticeRules, today: date) -> tuple[date, date] | None:
    """The next last day of notice that would end the convention before its term, and that end; today where notice is given on
    any day."""
    if regles.preavis is not None:
        end = regles.classify(today).fin
        return (today, end) if end else None
    for annee in range(today.year, regles.terme.year + 1):
        day = regles.last_day(annee)
        if day is None or day < today:
            continue
        notice = regles.classify(day)
        if notice.fin is not None:
            return day, notice.fin
    return None


def _row(
    session: Session,
    acteur: Acteur,
    convention: Convention,
    offer: Offer,
    one: Denonciation,
    names: dict[UUID, str],
    today: date,
) -> DenonciationRow:
    regles = rules_for(convention, offer, one)
    notice = regles.classify(one.date_reference) if one.date_reference else None
    end = effective_end(notice) if notice else None
    centre_side = follows_for_centre(acteur, convention)
    last = (one.fin or end) if centre_side and one.etat in ("recue", "confirmee") else None
    after = minutes_after(session, convention.id, last) if last else 0
    return DenonciationRow(
        id=one.id,
        auteur=one.auteur,
        auteur_libelle=AUTEURS[one.auteur],
        etat=one.etat,
        etat_libelle=ETATS[one.etat],
        dates=Dates(one.date_envoi, one.date_presentation, one.date_reception),
        date_reference=one.date_reference,
        recevabilite=one.recevabilite,
        consequence=describe(regles, one.date_reference) if one.etat == "recue" else "",
        fin_proposee=end,
        fin=one.fin,
        motif=one.motif,
        reponse=one.reponse,
        enregistree_le=one.enregistree_le,
        enregistree_par=names.get(one.enregistree_par, NOBODY) if one.enregistree_par else NOBODY,
        traitee_le=one.traitee_le,
        traitee_par=names.get(one.traitee_par, NOBODY) if one.traitee_par else "",
        pieces=tuple(piece_row(piece) for piece in letters_of(session, convention.id, "denonciation", one.id)),
        minutes_apres=after,
        version=one.version,
        actions=allowed_actions(acteur, convention, offer, one, notice, today),
    )


def _names(session: Session, rows: Iterable[Denonciation]) -> dict[UUID, str]:
    wanted = {one for row in rows for one in (row.enregistree_par, row.traitee_par) if one}
    people = session.scalars(select(Utilisateur).where(Utilisateur.id.in_(wanted)))
    return {person.id: person.nom_complet for person in people}
