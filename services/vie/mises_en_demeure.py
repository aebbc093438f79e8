"""Formal notice (articles 9.2 to 9.4): prepared, sent, answered, closed, or followed by the termination by right.

The delay is calendar days from the first presentation of the letter (B16): without that date there is no deadline, and nothing
ends before the day after it. Then the last day of the convention is that of the delay, whatever day a person records it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from documents.contexts.lettres import build_demeure
from domain.errors import Conflit, Introuvable, Invalide, Refus, raise_faults
from domain.formatting import date_longue
from domain.offer import Contexte
from domain.text import clean_text
from models import Convention, MiseEnDemeure, utc_now
from services.activite.champs import check_version, date_field, read_values
from services.activite.regles import RUNNING_STATES
from services.adhesion.workflow import MOTIF_LENGTH, check_line, check_motif, find_line
from services.centre.offres import get_offer
from services.core.access import Acteur, follows_for_centre, get_convention, require
from services.core.locks import WHOLE, lock_row
from services.core.portail import Portail, once
from services.courriels.notifications import notify_life
from services.vie.demeure_views import (
    ARTICLES,
    RECORDERS,
    REPONDANTS,
    allowed_actions,
    deadline,
    is_over,
    may_prepare,
)
from services.vie.denonciation_views import today_of
from services.vie.fin import living_formal_notice, record_on, refuse_ended, running_state, set_end
from services.vie.lettres import check_scan, keep_scan, store_lettre

USAGE: Final = "mise_en_demeure"
TEXT_LENGTH = 5000
MAX_DELAY = 365
SENT = {"envoi": date_field("envoi", "Date d’envoi (preuve de dépôt)")}
DATES = {**SENT, "presentation": date_field("presentation", "Date de première présentation", required=False)}
ANSWERED = {"reponse_le": date_field("reponse_le", "Date de la réponse")}


# Preparing --------------------------------------------------------------------------------------------------------------


def prepare(
    portail: Portail,
    acteur: Acteur,
    convention_id: UUID,
    *,
    article: str | None,
    manquements: str,
    delai_jours: int | None,
    operation_id: str,
) -> UUID | None:
    """Prepare a formal notice with its letter; its id, None for the echo of a double click. The convention does not change and
    the collectivité sees nothing before it is sent. Invalide with `champ`: article, manquements, delai_jours."""
    with portail.action(acteur, "demeure.preparer", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id, lock=True)
        if not once(session, operation_id):
            return None
        _check_preparable(session, acteur, convention)
        one = MiseEnDemeure(convention_id=convention.id, cree_par=acteur.utilisateur_id)
        _write(one, article, manquements, delai_jours)
        try:
            with session.begin_nested():
                session.add(one)
        except IntegrityError:
            raise Conflit(
                "Une mise en demeure vient d’être préparée pour cette convention. Rechargez la page."
            ) from None
        _keep_letter(portail, session, acteur, convention, one, USAGE)
        _record(session, acteur, "demeure.preparer", convention, one)
        return one.id


def revise(
    portail: Portail,
    acteur: Acteur,
    demeure_id: UUID,
    *,
    article: str | None,
    manquements: str,
    delai_jours: int | None,
    version_vue: int,
) -> None:
    """Change a formal notice that was not sent: its letter is made again. Same errors as `prepare`."""
    with _act(portail, acteur, demeure_id, "demeure.preparer") as session:
        convention, one = _take(session, acteur, demeure_id, "reviser", version_vue)
        _write(one, article, manquements, delai_jours)
        _keep_letter(portail, session, acteur, convention, one, USAGE)
        _record(session, acteur, "demeure.preparer", convention, one)


def discard(portail: Portail, acteur: Acteur, demeure_id: UUID, *, version_vue: int) -> None:
    """Give up a formal notice that was not sent."""
    with _act(portail, acteur, demeure_id, "demeure.retirer") as session:
        convention, one = _take(session, acteur, demeure_id, "abandonner", version_vue)
        _close(one, acteur, "retiree", "")
        _record(session, acteur, "demeure.retirer", convention, one)


def _check_preparable(session: Session, acteur: Acteur, convention: Convention) -> None:
    workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
    today = today_of(session, convention)
    if may_prepare(session, acteur, convention, workflow, today):
        return
    line = find_line(workflow, "mettre_en_demeure")
    held = acteur.roles_for(centre_id=convention.centre_id)
    require(held, *line.roles, message="Seul le responsable du service prépare une mise en demeure.")
    if living_formal_notice(session, convention.id) is not None:
        raise Conflit("Une mise en demeure est déjà en cours pour cette convention. Rechargez la page.")
    check_line(workflow, line, convention.etat, held)
    refuse_ended(convention, today)


def _write(one: MiseEnDemeure, article: str | None, manquements: str, delai_jours: int | None) -> None:
    text = clean_text(manquements or "", multiline=True)
    faults = []
    if article not in ARTICLES:
        faults.append(Invalide("Choisissez le fondement de la mise en demeure.", champ="article"))
    if not text:
        faults.append(Invalide("Dites ce qui doit être rétabli : la lettre le reprend.", champ="manquements"))
    elif len(text) > TEXT_LENGTH:
        faults.append(Invalide(f"Ce texte dépasse {TEXT_LENGTH} caractères : raccourcissez-le.", champ="manquements"))
    if delai_jours is None or not 1 <= delai_jours <= MAX_DELAY:
        faults.append(Invalide(f"Indiquez un délai de 1 à {MAX_DELAY} jours : la lettre le fixe.", champ="delai_jours"))
    raise_faults(faults)
    one.article, one.manquements, one.delai_jours = str(article), text, int(delai_jours or 0)


# Sending, dates, answer -------------------------------------------------------------------------------------------------


def send(portail: Portail, acteur: Acteur, demeure_id: UUID, dates: Mapping[str, object], *, version_vue: int) -> None:
    """Record that the registered letter was sent (`envoi`), and presented if that is known: the convention is under formal
    notice, and the collectivité is told. Invalide with `champ` envoi or presentation."""
    with _act(portail, acteur, demeure_id, "convention.mettre_en_demeure") as session:
        convention, one = _take(session, acteur, demeure_id, "envoyer", version_vue)
        workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
        held = acteur.roles_for(centre_id=convention.centre_id)
        check_line(workflow, find_line(workflow, "mettre_en_demeure"), convention.etat, held)
        _write_dates(session, convention, one, dates)
        one.etat = "envoyee"
        convention.etat = running_state(session, convention)
        notify_life(session, convention, "demeure_envoyee")
        _record(session, acteur, "convention.mettre_en_demeure", convention, one)


def set_dates(
    portail: Portail, acteur: Acteur, demeure_id: UUID, dates: Mapping[str, object], *, version_vue: int
) -> date | None:
    """Complete or correct the dates of a letter that was sent; the last day of the delay, None until it was presented."""
    with _act(portail, acteur, demeure_id, "demeure.dater") as session:
        convention, one = _take(session, acteur, demeure_id, "dater", version_vue)
        _write_dates(session, convention, one, dates)
        _record(session, acteur, "demeure.dater", convention, one)
        return one.echeance


def answer(
    portail: Portail,
    acteur: Acteur,
    demeure_id: UUID,
    *,
    texte: str,
    version_vue: int,
    operation_id: str,
    reponse_le: object = None,
    fichier: tuple[str, bytes] | None = None,
) -> None:
    """Record an answer to a formal notice: the collectivité's own, today, or one that the centre received on `reponse_le`. What
    was answered before stays. Invalide with `champ` texte, reponse_le or fichier."""
    with portail.view(acteur, "demeure.repondre", objet="demeure", objet_id=demeure_id) as session:
        _take(session, acteur, demeure_id, "repondre", None, lock=False)
    checked = check_scan(portail, fichier) if fichier else None
    with _act(portail, acteur, demeure_id, "demeure.repondre") as session:
        if not once(session, operation_id):
            return
        convention, one = _take(session, acteur, demeure_id, "repondre", version_vue)
        own = not acteur.roles_for(centre_id=convention.centre_id)
        today = today_of(session, convention)
        day = today if own else read_values(ANSWERED, {"reponse_le": reponse_le})["reponse_le"]
        text = clean_text(texte or "", multiline=True)
        _check_answer(one, text, day, today, bool(fichier))
        said = "\n\n".join(part for part in (one.reponse, f"Le {date_longue(day)} :\n{text}" if text else "") if part)
        one.reponse, one.reponse_le = said, one.reponse_le or day
        if fichier and checked:
            keep_scan(portail, session, acteur, convention, fichier, checked, usage=USAGE, cle=one.id)
        if own:
            notify_life(session, convention, "demeure_repondue")
        _record(session, acteur, "demeure.repondre", convention, one)


def _check_answer(one: MiseEnDemeure, text: str, day: date, today: date, attached: bool) -> None:
    if not text and not attached:
        raise Invalide("Écrivez la réponse, ou joignez la lettre.", champ="texte")
    if len(one.reponse) + len(text) > 4 * TEXT_LENGTH or len(text) > TEXT_LENGTH:
        raise Invalide(f"Cette réponse est trop longue ({TEXT_LENGTH} caractères au plus) : joignez-la.", champ="texte")
    if day > today:
        raise Invalide("La date de la réponse ne peut pas être dans le futur.", champ="reponse_le")
    if one.date_envoi and day < one.date_envoi:
        raise Invalide(
            f"La réponse ne peut pas précéder l’envoi de la lettre, le {date_longue(one.date_envoi)}.",
            champ="reponse_le",
        )


def _write_dates(session: Session, convention: Convention, one: MiseEnDemeure, typed: Mapping[str, object]) -> None:
    """The dates of the letter, checked; its deadline follows from its presentation."""
    given = read_values(DATES, typed)
    envoi, presentation = given["envoi"], given["presentation"]
    today, signed = today_of(session, convention), convention.centre_signee_le
    faults = [
        Invalide("Cette date est dans le futur : enregistrez l’envoi une fois fait.", champ=champ)
        for champ, day in (("envoi", envoi), ("presentation", presentation))
        if day and day > today
    ]
    if presentation and presentation < envoi:
        faults.append(
            Invalide(f"La présentation ne peut pas précéder l’envoi, le {date_longue(envoi)}.", champ="presentation")
        )
    if signed and envoi < signed:
        faults.append(
            Invalide(f"L’envoi précède la signature de la convention, le {date_longue(signed)}.", champ="envoi")
        )
    raise_faults(faults)
    one.date_envoi, one.date_presentation = envoi, presentation
    one.echeance = deadline(presentation, one.delai_jours) if presentation else None


# Ending -----------------------------------------------------------------------------------------------------------------


def close(
    portail: Portail, acteur: Acteur, demeure_id: UUID, motif: str, *, satisfaite: bool, version_vue: int
) -> None:
    """Close a formal notice, with the reason: it was complied with (`satisfaite`), or is taken back. The convention goes on as
    before it, under notice if it was."""
    with _act(portail, acteur, demeure_id, "convention.lever_mise_en_demeure") as session:
        convention, one = _take(session, acteur, demeure_id, "clore", version_vue)
        workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
        line = find_line(workflow, "lever_mise_en_demeure")
        check_line(workflow, line, convention.etat, acteur.roles_for(centre_id=convention.centre_id))
        _close(one, acteur, "satisfaite" if satisfaite else "retiree", check_motif(line, motif) or "")
        convention.etat = running_state(session, convention)
        notify_life(session, convention, "demeure_close")
        _record(session, acteur, "convention.lever_mise_en_demeure", convention, one, issue=one.etat)


def terminate(portail: Portail, acteur: Acteur, demeure_id: UUID, motif: str, *, version_vue: int) -> date:
    """Record that the convention ended by right: silence or disagreement at the end of the delay (9.4). Its last day is that of
    the delay; the last day. Refus until the day after it."""
    with _act(portail, acteur, demeure_id, "convention.resilier") as session:
        convention, one = _take(session, acteur, demeure_id, "resilier", version_vue)
        workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
        line = find_line(workflow, "resilier")
        check_line(workflow, line, convention.etat, acteur.roles_for(centre_id=convention.centre_id))
        reason = check_motif(line, motif) or ""
        fin = one.echeance
        if fin is None or fin >= convention.dernier_jour:
            raise Refus(
                f"La convention prend fin le {date_longue(convention.dernier_jour)}, avant la fin du délai : il n’y a rien à "
                "résilier."
            )
        _close(one, acteur, "resiliee", reason)
        withdrawn = set_end(session, convention, fin, "resiliation", line.vers)
        _keep_letter(portail, session, acteur, convention, one, "resiliation")
        notify_life(session, convention, "convention_resiliee", jour=fin.isoformat())
        _record(
            session, acteur, "convention.resilier", convention, one, fin=fin, reconductions_retirees=withdrawn or None
        )
        return fin


# Shared -----------------------------------------------------------------------------------------------------------------


def _act(portail: Portail, acteur: Acteur, demeure_id: UUID, action: str) -> Any:
    return portail.action(acteur, action, objet="demeure", objet_id=demeure_id)


def _take(
    session: Session, acteur: Acteur, demeure_id: UUID, action: str, version_vue: int | None, *, lock: bool = True
) -> tuple[Convention, MiseEnDemeure]:
    """The convention and its formal notice, both held, once this person may do `action` with it as they saw it."""
    convention_id = session.scalar(select(MiseEnDemeure.convention_id).where(MiseEnDemeure.id == demeure_id))
    if convention_id is None:
        raise Introuvable()
    convention = get_convention(session, acteur, convention_id, lock=lock)
    one = lock_row(session, MiseEnDemeure, demeure_id, WHOLE) if lock else session.get_one(MiseEnDemeure, demeure_id)
    if one.date_envoi is None and not follows_for_centre(acteur, convention):
        raise Introuvable()
    workflow = get_offer(session, convention.dossier.offre_version_id).workflow_convention
    today = today_of(session, convention)
    if action in allowed_actions(acteur, convention, workflow, one, today):
        if version_vue is not None:
            check_version(one.version, version_vue)
        return convention, one
    _require_role(acteur, convention, workflow, action)
    if version_vue is not None:
        check_version(one.version, version_vue)
    raise Refus(_why_refused(convention, one, action, today))


LINES = {
    "reviser": "mettre_en_demeure", "abandonner": "mettre_en_demeure", "envoyer": "mettre_en_demeure",
    "clore": "lever_mise_en_demeure", "resilier": "resilier",
}  # fmt: skip
"""The line of the convention's table whose roles may do each action."""


def _require_role(acteur: Acteur, convention: Convention, workflow: Any, action: str) -> None:
    held = acteur.roles_for(centre_id=convention.centre_id)
    if action in LINES:
        allowed = find_line(workflow, LINES[action]).roles
    else:
        allowed = RECORDERS if action == "dater" else (*RECORDERS, *REPONDANTS)
        if action == "repondre":
            held |= acteur.roles_for(collectivite_id=convention.collectivite_id)
    require(held, *allowed, message="Votre rôle ne permet pas cette action sur cette mise en demeure.")


def _why_refused(convention: Convention, one: MiseEnDemeure, action: str, today: date) -> str:
    done = {
        "preparee": "Cette mise en demeure n’est pas encore envoyée.",
        "satisfaite": "Cette mise en demeure est déjà close.",
        "resiliee": "La résiliation est déjà constatée.",
        "retiree": "Cette mise en demeure est déjà retirée.",
    }
    if one.etat in done and not (one.etat == "preparee" and action in ("reviser", "envoyer")):
        return done[one.etat]
    if convention.etat not in RUNNING_STATES or one.etat == "preparee":
        return f"Cette convention a pris fin le {date_longue(convention.dernier_jour)}."
    if action == "resilier" and one.echeance is None:
        return "Indiquez d’abord la date de première présentation de la lettre : le délai court à partir d’elle."
    if action == "resilier" and one.echeance and not is_over(one, today):
        return f"Le délai court jusqu’au {date_longue(one.echeance)} compris : la résiliation se constate ensuite."
    return "Cette mise en demeure est déjà envoyée."


def _keep_letter(
    portail: Portail, session: Session, acteur: Acteur, convention: Convention, one: MiseEnDemeure, contexte: Contexte
) -> None:
    session.flush()
    sujet = build_demeure(
        article=one.article,
        manquements=one.manquements,
        delai_jours=one.delai_jours,
        date_envoi=one.date_envoi,
        date_presentation=one.date_presentation,
        echeance=one.echeance,
        reponse=one.reponse,
        reponse_le=one.reponse_le,
        motif=one.issue_motif,
    )
    store_lettre(portail, session, acteur, convention, contexte, {"demeure": sujet}, usage=USAGE, cle=one.id)


def _close(one: MiseEnDemeure, acteur: Acteur, etat: str, motif: str) -> None:
    if len(motif) > MOTIF_LENGTH:
        raise Invalide(f"Ce motif dépasse {MOTIF_LENGTH} caractères : raccourcissez-le.", champ="motif")
    one.etat, one.issue_motif = etat, motif
    one.close_le, one.close_par = utc_now(), acteur.utilisateur_id


def _record(
    session: Session, acteur: Acteur, action: str, convention: Convention, one: MiseEnDemeure, **details: Any
) -> None:
    record_on(session, acteur, action, convention, demeure=one.id, echeance=one.echeance, **details)
