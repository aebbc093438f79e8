"""What became of the mails of a centre: the list, and one mail with what a person may decide about it."""

from __future__ import annotations

from uuid import UUID

import streamlit as st
from markupsafe import Markup

from services.courriels import envois
from services.courriels.envois import Envoi, EnvoiFilter, EnvoiRow, list_envois, open_envoi, perform
from ui import page, session
from ui.courriels.textes import show_mail
from ui.html import badge, day_and_time, facts, href, link, note, show
from ui.tables import Column, Listing, show_table

LISTING = Listing("courriels", "e", tri="cree_le", descendant=True)
TONES = {
    "file": "depose",
    "differe": "a_corriger",
    "en_cours": "depose",
    "incertain": "denoncee",
    "echec": "refuse",
    "revenu": "refuse",
    "envoye": "accepte",
    "sans_smtp": "brouillon",
    "annule": "brouillon",
}
"""State of a dossier whose tone each of these takes (see ui.html.TONS)."""
FILTER_LABELS = {code: libelle for code, (libelle, _) in envois.FILTRES.items()}
LABELS = {
    envois.RENVOYER: "Renvoyer",
    envois.CONFIRMER: "Il est bien arrivé",
    envois.CLASSER: "Classer sans envoyer",
    envois.RETOUR: "Signaler un retour",
}
DONE = {
    envois.RENVOYER: "Le courriel est remis dans la file : il part dans la minute.",
    envois.CONFIRMER: "Le courriel est noté comme arrivé.",
    envois.CLASSER: "Le courriel est classé : il ne partira pas.",
    envois.RETOUR: "Le retour est noté.",
}
HINTS = {
    "differe": "Le portail réessaie de lui-même pendant quatre jours.",
    "incertain": "Le portail ne le renvoie pas de lui-même : la personne pourrait le recevoir deux fois. Demandez-lui si elle l’a reçu.",
    "echec": "Le portail ne réessaie plus. Vérifiez l’adresse de la personne, puis renvoyez-le.",
    "revenu": "Vérifiez l’adresse de la personne, puis renvoyez-le.",
    "sans_smtp": "Il n’est pas parti : ce portail n’avait pas de serveur d’envoi.",
}


def _columns() -> tuple[Column[EnvoiRow], ...]:
    return (
        Column[EnvoiRow](
            "Courriel", lambda row: row.libelle, vers=lambda row: href("courriels", vue="envois", courriel=row.id)
        ),
        Column[EnvoiRow]("Pour", lambda row: row.destinataire),
        Column[EnvoiRow]("État", lambda row: badge(row.etat_libelle, TONES[row.etat])),
        Column[EnvoiRow]("Demandé le", lambda row: day_and_time(row.cree_le, row.fuseau)),
        Column[EnvoiRow]("Ce qui s’est passé", _tell),
    )


def _tell(row: EnvoiRow) -> str:
    """Why, and what comes next."""
    if row.etat == "envoye":
        return f"Parti le {day_and_time(row.envoye_le, row.fuseau)}" if row.envoye_le else ""
    again = f" Prochain essai le {day_and_time(row.prochain, row.fuseau)}." if row.prochain else ""
    return f"{row.erreur or ''}{again}".strip()


def show_envois() -> None:
    """The list of the mails, or the one that the address names."""
    asked = page.uuid_param("courriel")
    if asked:
        _show_one(page.load(open_envoi, session.portail(), session.acteur(), asked))
    else:
        _show_list()


def _show_list() -> None:
    portail, acteur = session.portail(), session.acteur()
    if not portail.settings.smtp_url:
        st.warning(
            "Ce portail n’a pas de serveur d’envoi : aucun courriel ne part. Les liens se lisent dans « Utilisateurs »."
        )
    search, states = st.columns([2, 1])
    with search:
        texte = LISTING.search("Rechercher", "Adresse, ou nom du courriel")
    with states:
        etat = LISTING.choice("etat", "État", FILTER_LABELS, "Tous les envois")
    found = page.load(list_envois, portail, acteur, EnvoiFilter(etat or "", texte, LISTING.number))
    if found.total:
        show_table(LISTING, found, _columns(), legende="Envois")
    elif LISTING.filtered:
        st.info("Aucun envoi ne correspond à ces critères.")
    else:
        st.info("Aucun courriel pour le moment. Ils apparaissent ici dès que le portail en écrit un.")
    note("Les courriels partis ou classés sont effacés au bout de six mois.")


def _show_one(envoi: Envoi) -> None:
    row = envoi.ligne
    show(
        link(
            "Tous les envois",
            href(
                "courriels",
                vue="envois",
                e_etat=FILTER_LABELS["a_traiter"] if row.etat in ("echec", "incertain", "revenu") else None,
            ),
        )
    )
    st.subheader(page.text(row.libelle), anchor=False)
    _show_facts(envoi)
    if envoi.avertissement:
        st.warning(envoi.avertissement)
    if row.etat in HINTS:
        note(HINTS[row.etat])
    _show_actions(envoi)
    if envoi.corps is not None:
        st.subheader("Texte", anchor=False)
        note("Tel que le portail l’écrirait aujourd’hui.")
        with st.container(border=True, width=820):
            show_mail(envoi.objet or "", envoi.corps)


def _show_facts(envoi: Envoi) -> None:
    row = envoi.ligne
    person = (
        link(envoi.personne or "", href("utilisateurs", id=envoi.personne_id)) if envoi.personne_id else envoi.personne
    )
    about = [link(words, href(name, **params)) for name, params, words in envoi.sujets]
    show(
        facts(
            (
                ("État", badge(row.etat_libelle, TONES[row.etat])),
                ("Pour", row.destinataire),
                ("Personne", person),
                ("Au sujet de", Markup(", ").join(about) if about else None),
                ("Demandé le", day_and_time(row.cree_le, row.fuseau)),
                ("Parti le", day_and_time(row.envoye_le, row.fuseau) or None),
                ("Essais sans succès", str(row.essais) if row.essais else None),
                ("Prochain essai", day_and_time(row.prochain, row.fuseau) or None),
                ("Ce qui s’est passé", row.erreur),
            )
        )
    )


def _show_actions(envoi: Envoi) -> None:
    with st.container(horizontal=True):
        for place, action in enumerate(envoi.actions):
            first = place == 0 and action == envois.RENVOYER
            key = f"courriels:{envoi.ligne.id}:{action}"
            if st.button(LABELS[action], key=key, type="primary" if first else "secondary"):
                _ask(envoi, action)


def _question(envoi: Envoi, action: str) -> tuple[str, str, str] | None:
    """Title, text and button of what is asked before an action; None when nothing is: a mail that never left is sent again
    at once."""
    to = envoi.ligne.destinataire
    if action == envois.CONFIRMER:
        told = f"Notez-le seulement si {to} vous a dit l’avoir reçu."
        return "Ce courriel est-il arrivé ?", told, "Noter qu’il est arrivé"
    if action == envois.CLASSER:
        told = f"Il ne partira pas : prévenez {to} autrement s’il le faut."
        return "Classer ce courriel ?", told, "Classer sans envoyer"
    if action == envois.RETOUR:
        told = f"Le courriel pour {to} vous est revenu. Indiquez ce que dit le message reçu (par exemple « boîte pleine »)."
        return "Signaler un retour", told, "Noter le retour"
    if envoi.ligne.etat == "incertain":
        told = f"Il est peut-être déjà arrivé : {to} pourrait le recevoir deux fois."
        return "Renvoyer ce courriel ?", told, "Renvoyer quand même"
    return None


def _ask(envoi: Envoi, action: str) -> None:
    mail_id, question = envoi.ligne.id, _question(envoi, action)
    if question is None:
        if _do(mail_id, action, ""):
            st.rerun()
        return
    page.confirm(
        *question,
        lambda motif: _do(mail_id, action, motif),
        motif=action == envois.RETOUR,
        key=f"courriels:{mail_id}:{action}:confirmer",
    )


def _do(mail_id: UUID, action: str, precision: str) -> bool:
    intent = f"courriel-{mail_id}-{action}"
    done, _ = page.ran(
        perform,
        session.portail(),
        session.acteur(),
        mail_id,
        action,
        operation_id=page.operation_id(intent),
        precision=precision,
        succes=DONE[action],
    )
    if done:
        page.renew_operation(intent)
    return done
