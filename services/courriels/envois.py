"""The mails of a centre as its administrators see them: what left, what did not and why, and what a person decides about it.

A mail of which nobody knows whether it arrived is sent again only here (or from the command line), by a person who was told that
it may arrive twice. One that came back days later is known through a person only: the portal reads no mailbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from domain.courriels import MAX_ERREUR, catalogue
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from domain.text import clean_text
from models import Acte, Centre, Courriel, Dossier, Utilisateur, utc_now
from services.core.access import Acteur
from services.core.locks import WHOLE, find_row
from services.core.paging import Page, paginate
from services.core.portail import Portail, once, record
from services.courriels import mails
from services.courriels.redaction import write_mail

SIZE = 25
ETATS = {
    "file": "En file",
    "differe": "Sera réessayé",
    "en_cours": "En cours d’envoi",
    "incertain": "Incertain",
    "echec": "Non remis",
    "revenu": "Revenu",
    "envoye": "Parti",
    "sans_smtp": "Sans serveur d’envoi",
    "annule": "Classé",
}
"""What is said of a mail, by what it shows."""
FILTRES: dict[str, tuple[str, tuple[str, ...]]] = {
    "a_traiter": ("À traiter", ("echec", "incertain")),
    "attente": ("En attente", ("a_envoyer",)),
    "partis": ("Partis", ("envoye",)),
    "classes": ("Classés", ("annule",)),
    "sans_smtp": ("Sans serveur d’envoi", ("sans_smtp",)),
}
"""Filters of the list: their French name, and the states that each lets through."""
RENVOYER, CONFIRMER, CLASSER, RETOUR = "renvoyer", "confirmer", "classer", "retour"
ACTIONS: dict[str, tuple[str, ...]] = {
    "file": (CLASSER,),
    "differe": (RENVOYER, CLASSER),
    "en_cours": (),
    "incertain": (RENVOYER, CONFIRMER, CLASSER),
    "echec": (RENVOYER, CLASSER),
    "revenu": (RENVOYER, CLASSER),
    "envoye": (RETOUR,),
    "sans_smtp": (RENVOYER, CLASSER),
    "annule": (),
}
"""What a person may do about a mail, by what it shows: send it again, say that it arrived, leave it, say that it came back."""


@dataclass(frozen=True)
class EnvoiFilter:
    """What the list shows: a filter of `FILTRES` (all without one), a text in the address."""

    etat: str = ""
    texte: str = ""
    page: int = 1


@dataclass(frozen=True)
class EnvoiRow:
    """A mail in the list. `etat` is a key of `ETATS`; `essais` counts the attempts that failed."""

    id: UUID
    centre_id: UUID
    fuseau: str
    libelle: str
    destinataire: str
    etat: str
    cree_le: datetime
    envoye_le: datetime | None
    essais: int
    prochain: datetime | None
    erreur: str | None

    @property
    def etat_libelle(self) -> str:
        return ETATS[self.etat]


@dataclass(frozen=True)
class Envoi:
    """One mail. `objet` and `corps` are what the portal would write today (None when it cannot); `sujets` the pages that it is
    about: name of the page, its parameters and the words to show; `actions` what the person may do."""

    ligne: EnvoiRow
    personne: str | None
    personne_id: UUID | None
    objet: str | None
    corps: str | None
    sujets: tuple[tuple[str, dict[str, str], str], ...] = ()
    actions: tuple[str, ...] = ()
    avertissement: str | None = field(default=None)


def list_centres(portail: Portail, acteur: Acteur) -> dict[UUID, str]:
    """The centres whose mails the person reads, by id."""
    with portail.db.read() as session:
        query = select(Centre.id, Centre.nom).where(Centre.id.in_(_centres(acteur))).order_by(Centre.nom)
        return {row.id: row.nom for row in session.execute(query)}


def list_envois(portail: Portail, acteur: Acteur, asked: EnvoiFilter) -> Page[EnvoiRow]:
    """The mails of the person's centres, the newest first. Refus for who administers none."""
    with portail.view(acteur, "courriel.consulter", objet="courriel") as session:
        centres = _centres(acteur)
        if not centres:
            raise Refus("Lire les envois demande le rôle administrateur.")
        query = select(Courriel, Centre.fuseau).join(Centre, Centre.id == Courriel.centre_id)
        query = query.where(Courriel.centre_id.in_(centres), *_conditions(asked))
        order = (Courriel.cree_le.desc(), Courriel.id.asc())
        return paginate(
            session, query, page=asked.page, taille=SIZE, order=order, build=lambda row: _row(row[0], row[1])
        )


def count_envois(portail: Portail, acteur: Acteur) -> Mapping[str, int]:
    """How many mails each filter lets through, in the person's centres."""
    with portail.db.read() as session:
        query = select(Courriel.etat, func.count()).where(Courriel.centre_id.in_(_centres(acteur)))
        found = dict(session.execute(query.group_by(Courriel.etat)).all())
    return {code: sum(found.get(etat, 0) for etat in etats) for code, (_, etats) in FILTRES.items()}


def _centres(acteur: Acteur) -> frozenset[UUID]:
    return frozenset(acteur.centres_with(Role.ADMINISTRATEUR))


def _conditions(asked: EnvoiFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.etat in FILTRES:
        found.append(Courriel.etat.in_(FILTRES[asked.etat][1]))
    texte = clean_text(asked.texte)[:254].lower()
    if texte:
        named = [one.id for one in catalogue().modeles if texte in one.libelle.lower()]
        found.append(
            or_(func.lower(Courriel.destinataire).contains(texte, autoescape=True), Courriel.modele.in_(named))
        )
    return found


def shown_state(mail: Courriel) -> str:
    """What a mail shows: a key of `ETATS`."""
    if mail.etat == "a_envoyer":
        return "differe" if mails.next_attempt(mail.parametres) else "file"
    if mail.etat == "incertain" and mails.in_flight(mail):
        return "en_cours"
    if mail.etat == "echec" and mail.parametres.get(mails.RETURNED):
        return "revenu"
    return mail.etat


def _row(mail: Courriel, fuseau: str) -> EnvoiRow:
    if mail.centre_id is None:
        raise Introuvable()
    return EnvoiRow(
        id=mail.id,
        centre_id=mail.centre_id,
        fuseau=fuseau,
        libelle=catalogue().label(mail.modele),
        destinataire=mail.destinataire,
        etat=shown_state(mail),
        cree_le=mail.cree_le,
        envoye_le=mail.envoye_le,
        essais=int(mail.parametres.get(mails.TRIED, 0)),
        prochain=mails.next_attempt(mail.parametres) if mail.etat == "a_envoyer" else None,
        erreur=mail.erreur,
    )


def open_envoi(portail: Portail, acteur: Acteur, mail_id: UUID) -> Envoi:
    """One mail of the person's centres; Introuvable for any other."""
    with portail.view(acteur, "courriel.consulter", objet="courriel", objet_id=mail_id) as session:
        mail = _find(session, acteur, mail_id)
        centre = session.get_one(Centre, mail.centre_id)
        user = session.get(Utilisateur, mail.utilisateur_id) if mail.utilisateur_id else None
        ligne = _row(mail, centre.fuseau)
        actions = ACTIONS[ligne.etat]
        warning = None
        if ligne.etat == "sans_smtp" and not portail.settings.smtp_url:
            actions = tuple(one for one in actions if one != RENVOYER)
            warning = "Ce portail n’a pas de serveur d’envoi : rien ne peut être envoyé."
        objet, corps = _text(portail, session, mail, user)
        return Envoi(
            ligne=ligne,
            personne=user.nom_complet if user else None,
            personne_id=user.id if user else None,
            objet=objet,
            corps=corps,
            sujets=tuple(_subjects(session, mail)),
            actions=actions,
            avertissement=warning,
        )


def _text(
    portail: Portail, session: Session, mail: Courriel, user: Utilisateur | None
) -> tuple[str | None, str | None]:
    try:
        texte = write_mail(portail, session, mail, user, mint=False)
    except (KeyError, Invalide):
        return None, None
    return texte.objet, texte.corps


def _subjects(session: Session, mail: Courriel) -> list[tuple[str, dict[str, str], str]]:
    """The pages of the dossier and of the convention that a mail is about."""
    found: list[tuple[str, dict[str, str], str]] = []
    named: dict[str, UUID] = {}
    for name in ("dossier", "convention"):
        try:
            named[name] = UUID(str(mail.parametres.get(name)))
        except ValueError:
            continue
    dossier = session.get(Dossier, named["dossier"]) if "dossier" in named else None
    acte = session.get(Acte, named["convention"]) if "convention" in named else None
    if dossier is not None and dossier.centre_id == mail.centre_id:
        found.append(("instruction", {"id": str(dossier.id)}, f"Dossier {dossier.reference}"))
    if acte is not None and acte.centre_id == mail.centre_id:
        convention = acte.parent_id or acte.id
        found.append(("convention", {"id": str(convention)}, f"Convention n° {acte.numero}"))
    return found


def _find(session: Session, acteur: Acteur, mail_id: UUID, *, lock: bool = False) -> Courriel:
    mail = find_row(session, Courriel, mail_id, WHOLE) if lock else session.get(Courriel, mail_id)
    if mail is None or mail.centre_id not in _centres(acteur):
        raise Introuvable()
    return mail


def perform(
    portail: Portail,
    acteur: Acteur,
    mail_id: UUID,
    action: str,
    *,
    operation_id: str,
    precision: str = "",
) -> None:
    """Do one of `ACTIONS` about a mail; `precision` is what the returned message says, for `retour`. Introuvable for another
    centre's, Conflit when the mail is no longer in a state that the action is for. An intent is done once."""
    with portail.action(acteur, f"courriel.{action}", objet="courriel", objet_id=mail_id) as session:
        mail = _find(session, acteur, mail_id, lock=True)
        if not once(session, operation_id):
            return
        before = shown_state(mail)
        if action not in ACTIONS[before]:
            raise Conflit(
                f"Ce courriel a changé entre-temps : il est maintenant « {ETATS[before]} ». Rechargez la page."
            )
        if action == RENVOYER:
            _send_again(portail, session, mail)
        elif action == CONFIRMER:
            mail.etat, mail.erreur, mail.envoye_le = "envoye", None, utc_now()
        elif action == CLASSER:
            mail.etat = "annule"
        else:
            _note_return(mail, precision)
        record(
            session,
            acteur,
            f"courriel.{action}",
            centre_id=mail.centre_id,
            objet="courriel",
            objet_id=mail.id,
            modele=mail.modele,
            etat=before,
        )


def _send_again(portail: Portail, session: Session, mail: Courriel) -> None:
    """Back at the head of the queue, for the address that the person has now."""
    if not portail.settings.smtp_url:
        raise Invalide("Ce portail n’a pas de serveur d’envoi : rien ne peut être envoyé.")
    user = session.get(Utilisateur, mail.utilisateur_id) if mail.utilisateur_id else None
    if user is not None:
        if not user.actif:
            raise Invalide("Le compte de cette personne est désactivé : réactivez-le d’abord, ou classez ce courriel.")
        mail.destinataire = user.courriel
    mails.hasten(mail)
    mail.etat, mail.erreur, mail.envoye_le = "a_envoyer", None, None


def _note_return(mail: Courriel, precision: str) -> None:
    said = clean_text(precision)
    mail.etat, mail.envoye_le = "echec", None
    mail.erreur = f"Revenu à l’expéditeur{f' : {said}' if said else ''}."[:MAX_ERREUR]
    mail.parametres = {**mail.parametres, mails.RETURNED: utc_now().isoformat()}
