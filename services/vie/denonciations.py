"""Notice (article 9.1): a registered letter of one party, recorded by either side, confirmed by a person of the centre.

The date that counts is the one that the offer says (B13). Late, it never takes effect on the next 1 January, and the end
proposed needs a person who confirms that one (B14). Everything is decided with the convention's row held: of two people, the
second finds what the first did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from documents.contexts.lettres import build_denonciation
from documents.uploads import DOCX_TYPE
from domain.errors import Conflit, Introuvable, Invalide, Refus, raise_faults
from domain.formatting import date_longue
from models import Convention, Denonciation, Operation, Piece, utc_now
from services.activite.champs import check_version, date_field, read_values
from services.adhesion.workflow import check_line, check_motif, find_line
from services.centre.offres import get_offer
from services.core.access import Acteur, get_convention, require
from services.core.locks import WHOLE, lock_row
from services.core.portail import Portail, once
from services.courriels.notifications import notify_life
from services.exports import Export
from services.facturation.exercices import COMMITTED_STATES
from services.vie.denonciation_views import (
    DATES,
    DENONCIATEURS,
    Dates,
    NoticeRules,
    allowed_actions,
    effective_end,
    recording_sides,
    rules_for,
    today_of,
    why_not,
)
from services.vie.fin import check_text, living_notice, record_on, running_state, set_end
from services.vie.lettres import check_scan, keep_scan, render_lettre, store_lettre

USAGE: Final = "denonciation"
FIELDS = {code: date_field(code, label, required=False) for code, label in DATES.items()}


def record_denonciation(
    portail: Portail,
    acteur: Acteur,
    convention_id: UUID,
    *,
    auteur: str,
    dates: Mapping[str, object],
    operation_id: str,
    motif: str = "",
    fichier: tuple[str, bytes] | None = None,
) -> UUID | None:
    """Record a letter of notice; its id, None for the echo of a double click. `auteur`: collectivite or centre; `dates`: what was
    typed for envoi, presentation and reception; `fichier`: name and bytes of the letter, scanned.

    Invalide with `champ`: no date, one that is to come, dates in the wrong order, a letter older than the signature; Refus:
    this person, this state, or a notice that is there already.
    """
    with portail.view(acteur, "denonciation.enregistrer", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        if session.get(Operation, operation_id) is not None:
            return None
        _check_recordable(session, acteur, convention, auteur)
    checked = check_scan(portail, fichier) if fichier else None
    with portail.action(acteur, "denonciation.enregistrer", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id, lock=True)
        if not once(session, operation_id):
            return None
        _check_recordable(session, acteur, convention, auteur)
        read = _read_dates(session, convention, dates)
        one = Denonciation(
            convention_id=convention.id,
            auteur=auteur,
            motif=check_text(motif, "motif"),
            enregistree_par=acteur.utilisateur_id,
        )
        _write_dates(one, read, rules_for(convention, get_offer(session, convention.dossier.offre_version_id)))
        try:
            with session.begin_nested():
                session.add(one)
        except IntegrityError:
            raise Conflit(
                "Une dénonciation vient d’être enregistrée pour cette convention. Rechargez la page."
            ) from None
        if fichier and checked:
            kept = keep_scan(portail, session, acteur, convention, fichier, checked, usage=USAGE, cle=one.id)
            one.piece_id = kept.id
        own = not acteur.roles_for(centre_id=convention.centre_id)
        notify_life(session, convention, "denonciation_enregistree" if own else _told(auteur))
        _record(session, acteur, "denonciation.enregistrer", convention, one, auteur=auteur)
        return one.id


def _told(auteur: str) -> str:
    """What the collectivité is told of a notice that the centre records."""
    return "denonciation_recue" if auteur == "collectivite" else "denonciation_centre"


def set_dates(
    portail: Portail, acteur: Acteur, denonciation_id: UUID, dates: Mapping[str, object], *, version_vue: int
) -> None:
    """Complete or correct the dates of a letter that waits for its answer. Same errors as when it is recorded."""
    with _act(portail, acteur, denonciation_id, "denonciation.dater") as session:
        convention, one = _take(session, acteur, denonciation_id, "dater", version_vue)
        read = _read_dates(session, convention, dates)
        _write_dates(one, read, rules_for(convention, get_offer(session, convention.dossier.offre_version_id)))
        _record(session, acteur, "denonciation.dater", convention, one)


def confirm(
    portail: Portail,
    acteur: Acteur,
    denonciation_id: UUID,
    *,
    fin_vue: date | None,
    version_vue: int,
    tardive_confirmee: bool = False,
    reponse: str = "",
) -> date:
    """Confirm a notice: the convention ends on the day given, which is `fin_vue` (what the person read), and the collectivité is
    answered by a letter; the last day. A late one needs `tardive_confirmee` (B14). `reponse` is added to the letter.

    Conflit when the end is no longer the one that was read; Invalide when it would change nothing.
    """
    with _act(portail, acteur, denonciation_id, "convention.denoncer") as session:
        convention, one = _take(session, acteur, denonciation_id, "confirmer", version_vue)
        offer = get_offer(session, convention.dossier.offre_version_id)
        workflow = offer.workflow_convention
        held = acteur.roles_for(centre_id=convention.centre_id)
        check_line(workflow, find_line(workflow, "denoncer"), convention.etat, held)
        if one.date_reference is None:
            raise Invalide(f"Indiquez d’abord : {DATES[offer.denonciation.reference].lower()}.", champ="dates")
        regles = rules_for(convention, offer)
        notice = regles.classify(one.date_reference)
        end = effective_end(notice)
        if end is None:
            raise Invalide("Cette lettre ne change pas la fin de la convention : classez-la sans suite.")
        if end != fin_vue:
            raise Conflit(
                f"La fin proposée est maintenant le {date_longue(end)}. Rechargez la page, puis confirmez à nouveau."
            )
        if notice.recevabilite == "tardive" and not tardive_confirmee:
            raise Invalide(
                "Cette lettre est tardive : cochez la case qui confirme sa prise en compte.", champ="tardive"
            )
        one.recevabilite, one.fin_proposee, one.fin = notice.recevabilite, end, end
        _close(one, acteur, "confirmee", check_text(reponse, "reponse"))
        withdrawn = set_end(session, convention, end, "denonciation", running_state(session, convention))
        if one.auteur == "collectivite":
            store_answer(portail, session, acteur, convention, one, regles)
        notify_life(session, convention, "denonciation_confirmee", jour=end.isoformat())
        _record(
            session, acteur, "convention.denoncer", convention, one, fin=end, reconductions_retirees=withdrawn or None
        )
        return end


def leave_without_effect(
    portail: Portail, acteur: Acteur, denonciation_id: UUID, motif: str, *, version_vue: int
) -> None:
    """Answer that a notice has no effect, with the reason, which the collectivité reads."""
    with _act(portail, acteur, denonciation_id, "denonciation.classer") as session:
        convention, one = _take(session, acteur, denonciation_id, "classer", version_vue)
        _close(one, acteur, "sans_suite", check_text(motif, "motif", required=True))
        session.flush()
        if one.auteur == "collectivite":
            offer = get_offer(session, convention.dossier.offre_version_id)
            store_answer(portail, session, acteur, convention, one, rules_for(convention, offer))
        notify_life(session, convention, "denonciation_sans_suite")
        _record(session, acteur, "denonciation.classer", convention, one)


def withdraw(portail: Portail, acteur: Acteur, denonciation_id: UUID, *, version_vue: int) -> None:
    """Take back a notice that was not confirmed yet: the party that gave it does."""
    with _act(portail, acteur, denonciation_id, "denonciation.retirer") as session:
        convention, one = _take(session, acteur, denonciation_id, "retirer", version_vue)
        _close(one, acteur, "retiree", "")
        session.flush()
        notify_life(session, convention, "denonciation_retiree", to_centre=one.auteur == "collectivite")
        _record(session, acteur, "denonciation.retirer", convention, one)


def lift(portail: Portail, acteur: Acteur, denonciation_id: UUID, motif: str, *, version_vue: int) -> None:
    """Undo a confirmed notice, with the reason: the convention goes on, its years are due again."""
    with _act(portail, acteur, denonciation_id, "convention.lever_denonciation") as session:
        convention, one = _take(session, acteur, denonciation_id, "lever", version_vue)
        workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
        reason = check_motif(find_line(workflow, "lever_denonciation"), motif)
        _refuse_followed(session, convention)
        _close(one, acteur, "retiree", reason or "")
        one.fin = None
        set_end(session, convention, None, None, running_state(session, convention))
        notify_life(session, convention, "denonciation_levee")
        _record(session, acteur, "convention.lever_denonciation", convention, one)


def _refuse_followed(session: Session, convention: Convention) -> None:
    """Refus when a signed convention follows this one: going on, the two would be due for the same days."""
    query = select(Convention.numero).where(
        Convention.remplace_id == convention.id, Convention.etat.in_(COMMITTED_STATES)
    )
    following = session.scalar(query.limit(1))
    if following is not None or convention.fin_motif != "denonciation":
        by = f"la convention n° {following} prend la suite" if following else "sa fin a une autre cause"
        raise Refus(f"La dénonciation ne peut pas être levée : {by}.")


# Letters ----------------------------------------------------------------------------------------------------------------


def store_answer(
    portail: Portail, session: Session, acteur: Acteur, convention: Convention, one: Denonciation, regles: NoticeRules
) -> Piece | None:
    """Keep the centre's answer to a letter of notice."""
    sujet = {"denonciation": _sujet(one, one.etat, regles)}
    return store_lettre(portail, session, acteur, convention, USAGE, sujet, usage=USAGE, cle=one.id)


def _sujet(one: Denonciation, decision: str, regles: NoticeRules) -> dict[str, Any]:
    return build_denonciation(
        auteur=one.auteur,
        decision=decision,
        date_envoi=one.date_envoi,
        date_presentation=one.date_presentation,
        date_reception=one.date_reception,
        date_reference=one.date_reference,
        recevabilite=one.recevabilite,
        dernier_jour=regles.last_day(one.date_reference.year) if one.date_reference else None,
        fin=one.fin,
        motif=one.motif,
        reponse=one.reponse,
    )


def export_lettre(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The letter by which the centre would give notice today, to be printed and sent: nothing is recorded by it."""
    try:
        convention_id = UUID(parametres.get("convention", ""))
    except ValueError:
        raise Introuvable() from None
    with portail.action(acteur, "denonciation.lettre", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        _check_recordable(session, acteur, convention, "centre")
        regles = rules_for(convention, get_offer(session, convention.dossier.offre_version_id))
        today = today_of(session, convention)
        notice = regles.classify(today)
        end = effective_end(notice)
        if end is None:
            raise Refus(f"Une dénonciation serait sans portée : la convention s’arrête le {date_longue(regles.terme)}.")
        draft = Denonciation(
            auteur="centre", date_envoi=today, date_reference=today, recevabilite=notice.recevabilite, fin=end,
            motif="", reponse="",
        )  # fmt: skip
        sujet = {"denonciation": _sujet(draft, "confirmee", regles)}
        rendered = render_lettre(portail, session, convention, USAGE, sujet)
        record_on(session, acteur, "denonciation.lettre", convention, sha256=rendered.sha256)
        return Export(rendered.nom, DOCX_TYPE, rendered.data)


# Rules ------------------------------------------------------------------------------------------------------------------


def _act(portail: Portail, acteur: Acteur, denonciation_id: UUID, action: str) -> Any:
    return portail.action(acteur, action, objet="denonciation", objet_id=denonciation_id)


def _take(
    session: Session, acteur: Acteur, denonciation_id: UUID, action: str, version_vue: int
) -> tuple[Convention, Denonciation]:
    """The convention and its notice, both held, once this person may do `action` with it as they saw it."""
    convention_id = session.scalar(select(Denonciation.convention_id).where(Denonciation.id == denonciation_id))
    if convention_id is None:
        raise Introuvable()
    convention = get_convention(session, acteur, convention_id, lock=True)
    one = lock_row(session, Denonciation, denonciation_id, WHOLE)
    offer = get_offer(session, convention.dossier.offre_version_id)
    regles = rules_for(convention, offer, one)
    notice = regles.classify(one.date_reference) if one.date_reference else None
    today = today_of(session, convention)
    if action in allowed_actions(acteur, convention, offer, one, notice, today):
        check_version(one.version, version_vue)
        return convention, one
    line = find_line(offer.workflow_convention, "lever_denonciation" if action == "lever" else "denoncer")
    _require_side(acteur, convention, one, action, line.roles)
    check_version(one.version, version_vue)
    raise Refus(_why_refused(one, action, regles))


def _require_side(acteur: Acteur, convention: Convention, one: Denonciation, action: str, roles: Any) -> None:
    """Refus when the role is what does not allow the action."""
    held = acteur.roles_for(centre_id=convention.centre_id)
    if action in ("dater", "retirer") and one.auteur == "collectivite":
        theirs = acteur.roles_for(collectivite_id=convention.collectivite_id).intersection(DENONCIATEURS)
        held = theirs or (held if action == "dater" else frozenset())
        require(held, *DENONCIATEURS, *roles, message="Votre rôle ne permet pas cette action sur cette dénonciation.")
        return
    require(held, *roles, message="Votre rôle ne permet pas cette action sur cette dénonciation.")


def _why_refused(one: Denonciation, action: str, regles: NoticeRules) -> str:
    done = {
        "confirmee": "Cette dénonciation est déjà confirmée.",
        "sans_suite": "Cette dénonciation est déjà classée sans suite.",
        "retiree": "Cette dénonciation est déjà retirée.",
    }
    if action == "lever" and one.etat == "confirmee":
        return "La convention a pris fin : la dénonciation ne peut plus être levée."
    if one.etat in done:
        return done[one.etat]
    if action == "confirmer" and one.date_reference is None:
        return f"Indiquez d’abord : {DATES[regles.reference].lower()}."
    if action == "confirmer":
        return "Cette lettre ne change pas la fin de la convention : classez-la sans suite."
    return "Cette dénonciation n’est pas confirmée."


def _check_recordable(session: Session, acteur: Acteur, convention: Convention, auteur: str) -> None:
    workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
    line = find_line(workflow, "denoncer")
    sides = recording_sides(acteur, convention, line)
    if auteur not in sides:
        raise Refus(
            "Une dénonciation est enregistrée par la collectivité (gestionnaire, signataire) ou par le centre (instructeur, "
            "responsable)."
        )
    refus = why_not(session, convention, line, today_of(session, convention))
    if refus:
        known = living_notice(session, convention.id)
        raise Conflit(f"{refus} Rechargez la page.") if known else Refus(refus)


def _read_dates(session: Session, convention: Convention, typed: Mapping[str, object]) -> Dates:
    """The dates of the letter, checked against each other, today, and the life of the convention."""
    read = Dates(**read_values(FIELDS, typed))
    today = today_of(session, convention)
    known = [(code, day) for code in DATES if (day := read.get(code))]
    if not known:
        raise Invalide("Indiquez au moins une date de la lettre.", champ="envoi")
    faults = [
        Invalide(f"{DATES[code]} : cette date est dans le futur. Enregistrez la lettre une fois envoyée.", champ=code)
        for code, day in known
        if day > today
    ]
    for (before, first), (after, second) in pairwise(known):
        if second < first:
            order = f"{DATES[after]} : elle ne peut pas précéder celle-ci : {DATES[before].lower()}"
            faults.append(Invalide(f"{order}, le {date_longue(first)}.", champ=after))
    signed = convention.centre_signee_le
    if signed and known[-1][1] < signed:
        faults.append(
            Invalide(
                f"Cette lettre précède la signature de la convention, le {date_longue(signed)} : vérifiez ses dates.",
                champ=known[-1][0],
            )
        )
    raise_faults(faults)
    return read


def _write_dates(one: Denonciation, dates: Dates, regles: NoticeRules) -> None:
    one.date_envoi, one.date_presentation, one.date_reception = dates.envoi, dates.presentation, dates.reception
    one.date_reference = dates.get(regles.reference)
    notice = regles.classify(one.date_reference) if one.date_reference else None
    one.recevabilite = notice.recevabilite if notice else None
    one.fin_proposee = notice.proposee if notice else None


def _close(one: Denonciation, acteur: Acteur, etat: str, reponse: str) -> None:
    one.etat, one.reponse = etat, reponse
    one.traitee_le, one.traitee_par = utc_now(), acteur.utilisateur_id


def _record(
    session: Session, acteur: Acteur, action: str, convention: Convention, one: Denonciation, **details: Any
) -> None:
    record_on(
        session,
        acteur,
        action,
        convention,
        denonciation=one.id,
        reference=one.date_reference,
        recevabilite=one.recevabilite,
        **details,
    )
