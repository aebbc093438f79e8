"""What the page *Utilisateurs* is made of: inviting someone, one person's roles, their account."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from domain.formatting import date_courte
from domain.roles import ROLE_HELP, Role
from services.comptes import accounts, invitations, passation
from services.comptes.accounts import RoleRow, UserRow
from services.comptes.rights import Grant, Perimetre
from services.core import clock
from ui import page, session

ETATS = {"actif": "Actif", "invite": "Invitation en attente", "desactive": "Désactivé"}
MAIL_STATES = {
    "a_envoyer": "L’invitation va partir d’un instant à l’autre.",
    "envoye": "L’invitation a été envoyée par courriel.",
    "echec": "L’invitation n’a pas pu être envoyée : vérifiez l’adresse, puis renvoyez-la.",
    "incertain": "L’envoi de l’invitation a été interrompu : renvoyez-la.",
    "sans_smtp": "Ce portail n’envoie pas de courriel : l’administrateur doit remettre le lien d’invitation.",
}


def choose_grant(perimetres: list[Perimetre], key: str) -> Grant | None:
    """The role to give: where, which, titular or deputy, from when to when."""
    where = _choose_place(perimetres, key)
    if where is None:
        return None
    role = st.radio(
        "Rôle",
        where.roles,
        format_func=lambda code: Role(code).label,
        captions=[ROLE_HELP[code] for code in where.roles],
        key=f"{key}-role-{where.centre}",
    )
    titulaire = st.radio(
        "À titre de",
        (True, False),
        format_func=lambda main: "Titulaire" if main else "Suppléant",
        horizontal=True,
        key=f"{key}-titulaire",
    )
    left, right = st.columns(2)
    with left:
        du = st.date_input("À partir du", value=clock.today(), format="DD/MM/YYYY", key=f"{key}-du")
    with right:
        au = st.date_input(
            "Jusqu’au (facultatif)", value=None, format="DD/MM/YYYY", key=f"{key}-au", help="Dernier jour inclus."
        )
    return Grant(
        role=Role(role),
        du=du or clock.today(),
        au=au,
        titulaire=bool(titulaire),
        centre_id=where.id if where.centre else None,
        collectivite_id=None if where.centre else where.id,
    )


def _choose_place(perimetres: list[Perimetre], key: str) -> Perimetre | None:
    """Where the role is given; the address may say it (`pour`)."""
    if len(perimetres) == 1:
        st.markdown(f"Pour : **{page.text(perimetres[0].nom)}**")
        return perimetres[0]
    by_id = {str(one.id): one for one in perimetres}
    asked = page.param("pour") or ""
    chosen = st.selectbox(
        "Pour",
        list(by_id),
        index=list(by_id).index(asked) if asked in by_id else None,
        format_func=lambda ident: by_id[ident].nom,
        placeholder="Choisissez le centre ou la collectivité",
        key=f"{key}-perimetre",
    )
    return by_id.get(chosen or "")


def invite_form() -> None:
    """Invite someone: identity and one first role."""
    portail, acteur = session.portail(), session.acteur()
    page.header("Inviter une personne", retour=("utilisateurs", "Tous les utilisateurs"))
    slots = page.Slots()
    with st.container(width=720):
        left, right = st.columns(2)
        with left:
            prenom = st.text_input("Prénom", max_chars=100, key="inviter-prenom")
            slots.place("prenom")
        with right:
            nom = st.text_input("Nom", max_chars=100, key="inviter-nom")
            slots.place("nom")
        courriel = st.text_input(
            "Adresse électronique",
            type="email",
            max_chars=254,
            placeholder="prenom.nom@ville.fr",
            help="Elle servira d’identifiant.",
            key="inviter-courriel",
        )
        slots.place("courriel")
        telephone = st.text_input(
            "Téléphone (facultatif)", type="phone", max_chars=40, placeholder="01 23 45 67 89", key="inviter-telephone"
        )
        slots.place("telephone")
        grant = choose_grant(accounts.list_perimetres(portail, acteur), "inviter")
        slots.place("roles", "au")
        sent = st.button("Envoyer l’invitation", type="primary")
    if not sent:
        page.renew_operation("inviter")
    else:
        done, user_id = slots.run(
            invitations.invite,
            portail,
            acteur,
            courriel=courriel or "",
            prenom=prenom or "",
            nom=nom or "",
            telephone=telephone,
            roles=[grant] if grant else [],
            operation_id=page.operation_id("inviter"),
        )
        if done:
            page.notify(f"{prenom} {nom} est invité.")
            page.go("utilisateurs", id=user_id)


def show_person(user_id: UUID) -> None:
    """One person: state of the account, roles, what may be done."""
    portail, acteur = session.portail(), session.acteur()
    user = page.load(accounts.open_user, portail, acteur, user_id)
    page.header(user.nom, f"{user.courriel} – {ETATS[user.etat]}", retour=("utilisateurs", "Tous les utilisateurs"))
    if user.etat == "invite" and user.courriel_etat:
        st.info(MAIL_STATES.get(user.courriel_etat, ""), icon=":material/mail:")
    st.subheader("Rôles", anchor=False)
    for row in user.roles:
        _show_role(row)
    if not user.roles:
        st.info("Aucun rôle dans votre périmètre.")
    if user.etat != "desactive":
        with st.expander("Ajouter un rôle", icon=":material/add:"):
            _add_role(user)
    _account_actions(user)


def role_period(row: RoleRow) -> str:
    """« depuis le 01/01/2026, jusqu’au 31/12/2026 »."""
    since = f"{'depuis le' if row.en_vigueur else 'du'} {date_courte(row.du)}"
    return since + (f", jusqu’au {date_courte(row.au)}" if row.au else "")


def _show_role(row: RoleRow) -> None:
    over = row.au is not None and row.au < clock.today()
    with st.container(horizontal=True, vertical_alignment="center", width=720, border=True):
        deputy = "" if row.titulaire else " (suppléant)"
        st.markdown(f"**{row.role.label}{deputy}**  \n{page.text(row.perimetre)}, {role_period(row)}", width="stretch")
        if row.modifiable and not over:
            if st.button("Passer le relais", key=f"relais-{row.id}", icon=":material/swap_horiz:"):
                _hand_over(row)
            if st.button("Mettre fin", key=f"fin-{row.id}"):
                page.confirm(
                    "Mettre fin à ce rôle ?",
                    f"Le rôle {row.role.label} pour {row.perimetre} prend fin immédiatement.",
                    "Mettre fin au rôle",
                    lambda _motif: page.ran(
                        accounts.end_role, session.portail(), session.acteur(), row.id, succes="Le rôle a pris fin."
                    )[0],
                    key=f"fin-{row.id}",
                )


@st.dialog("Passer le relais")
def _hand_over(row: RoleRow) -> None:
    """Somebody leaves this role on a day, a colleague has it from the next one."""
    portail, acteur = session.portail(), session.acteur()
    found = {one.id: one for one in passation.list_successeurs(portail, acteur, row.id)}
    st.write(
        f"{row.role.label}, {page.text(row.perimetre)}. Un collègue reprend ce rôle le lendemain du dernier jour, avec tout ce"
        " qui l’attend : dossiers, messages, documents à signer."
    )
    if row.role is Role.ASSISTANT:
        st.caption("Ses affectations se changent dans « Équipe » : affectez-y la personne qui reprend.")
    if not found:
        st.info("Personne d’autre n’a de compte ici. Invitez d’abord un collègue, puis passez-lui le relais.")
        page.link("utilisateurs", "Inviter une personne", vue="inviter", pour=row.centre_id or row.collectivite_id)
        return
    slots = page.Slots()
    chosen = st.selectbox(
        "Qui reprend ce rôle",
        list(found),
        index=None,
        format_func=lambda ident: _tell_successor(found[ident]),
        placeholder="Choisissez un collègue",
        key=f"relais-qui-{row.id}",
    )
    slots.place("successeur")
    last = st.date_input(
        "Dernier jour de la personne qui part",
        value=max(clock.today(), row.du),
        format="DD/MM/YYYY",
        key=f"relais-jour-{row.id}",
        help="Inclus : le relais est pris le lendemain.",
    )
    slots.place("dernier_jour")
    if st.button("Passer le relais", type="primary", key=f"relais-oui-{row.id}", disabled=chosen is None or not last):
        intent = f"relais-{row.id}"
        if slots.run(
            passation.hand_over,
            portail,
            acteur,
            row.id,
            successeur_id=chosen,
            dernier_jour=last,
            operation_id=page.operation_id(intent),
        )[0]:
            page.renew_operation(intent)
            page.notify("Le relais est prévu : la personne qui reprend est prévenue par courriel.")
            st.rerun()


def _tell_successor(one: passation.Successeur) -> str:
    notes = [*(["suppléant"] if one.suppleant else []), *([] if one.actif else ["invitation en attente"])]
    return one.nom + (f" ({', '.join(notes)})" if notes else "")


def _add_role(user: UserRow) -> None:
    portail, acteur = session.portail(), session.acteur()
    slots = page.Slots()
    grant = choose_grant(accounts.list_perimetres(portail, acteur), f"role-{user.id}")
    slots.place("roles", "au")
    asked = st.button("Ajouter ce rôle", disabled=grant is None)
    if asked and grant and slots.run(accounts.add_role, portail, acteur, user.id, grant)[0]:
        page.notify("Le rôle est ajouté.")
        st.rerun()


def _account_actions(user: UserRow) -> None:
    """Send the invitation again, hand over a link, close or open the account."""
    portail, acteur = session.portail(), session.acteur()
    st.subheader("Compte", anchor=False)
    if user.soi:
        page.link("compte", "Mon compte : mot de passe, sessions ouvertes", icon=":material/account_circle:")
    manages = any(row.modifiable for row in user.roles)
    with st.container(horizontal=True):
        if manages and user.etat != "desactive" and portail.settings.smtp_url:
            label = "Renvoyer l’invitation" if user.etat == "invite" else "Envoyer un lien de mot de passe"
            if st.button(label, icon=":material/mail:"):
                page.run(invitations.invite_again, portail, acteur, user.id, succes="Le message va partir.")
                st.rerun()
        reachable = user.etat == "actif" and portail.settings.smtp_url  # a mail does it, without showing the link
        may_link = user.repond and user.etat != "desactive" and not reachable and acteur.has(Role.ADMINISTRATEUR)
        if may_link and st.button("Obtenir un lien à remettre", icon=":material/link:"):
            _show_link(user)
        if user.repond and not user.soi:
            _close_or_open(user)
    if not user.repond:
        st.caption("Cette personne a d’autres rôles dont vous ne répondez pas : son compte se gère avec le centre.")


@st.dialog("Lien à remettre en main propre")
def _show_link(user: UserRow) -> None:
    """The link is made when asked for; it is shown once, and the journal says that it was."""
    link = page.run(invitations.pending_link, session.portail(), session.acteur(), user.id)
    if link:
        life = "une heure" if user.etat == "actif" else "7 jours"
        st.write(
            f"Remettez ce lien à {page.text(user.nom)} et à personne d’autre : il permet de choisir le mot de passe du compte."
            f" Il sert une seule fois et expire dans {life}. Les liens précédents ne fonctionnent plus."
        )
        st.code(link, language=None, wrap_lines=True)


def _close_or_open(user: UserRow) -> None:
    portail, acteur = session.portail(), session.acteur()
    if user.etat == "desactive":
        if st.button("Réactiver le compte", icon=":material/lock_open:"):
            page.run(accounts.reactivate, portail, acteur, user.id, succes="Le compte est réactivé.")
            st.rerun()
    elif st.button("Désactiver le compte", icon=":material/block:"):
        page.confirm(
            "Désactiver ce compte ?",
            f"{user.nom} ne pourra plus se connecter, ses sessions se ferment immédiatement. Rien n’est effacé.",
            "Désactiver le compte",
            lambda _motif: page.ran(
                accounts.deactivate, session.portail(), session.acteur(), user.id, succes="Le compte est désactivé."
            )[0],
            key=f"desactiver-{user.id}",
        )
