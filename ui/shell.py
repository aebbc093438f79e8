"""The frame around every page: who may open it, the menu of each role, the centre's name, login and logout."""

from __future__ import annotations

import html
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import streamlit as st

from domain.errors import Introuvable
from domain.nom import NOM
from domain.roles import Role
from services.adhesion.releves import has_releves
from services.centre import centres
from services.comptes import sessions
from services.core.access import Acteur
from services.core.portail import Portail
from services.core.settings import ROOT
from ui import page, session
from ui.comptes import login

G, S, D = Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION
I, A, R = Role.INSTRUCTEUR, Role.ASSISTANT, Role.RESPONSABLE  # noqa: E741
SC, ADM = Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR

ICON = str(ROOT / "web" / "static" / "favicon.svg")
"""Given at each run: otherwise Streamlit takes the page's menu icon, and fetches it from another site."""


@dataclass(frozen=True)
class PageDef:
    """A screen: `pages/<nom>.py` at /<nom>. `roles` open it (none: everyone logged in); `menu` is its group, or None;
    `utile` says, when asked, whether the menu shows it to this person."""

    nom: str
    titre: str
    icone: str
    menu: str | None = None
    roles: tuple[Role, ...] = ()
    publique: bool = False
    utile: Callable[[Portail, Acteur], bool] | None = None

    def allows(self, acteur: Acteur) -> bool:
        return not self.roles or acteur.has(*self.roles)


PAGES = (
    PageDef("accueil", "Accueil", "home", menu=""),
    PageDef("dossiers", "Dossiers et demandes", "folder_open", "Adhésions", (G, S, D, I, R, SC, ADM)),
    PageDef("dossier", "Dossier", "edit_document", None, (G, S, D, I, R)),
    PageDef("instruction", "Instruction", "fact_check", None, (I, R, SC, ADM)),
    PageDef("conventions", "Conventions", "contract", "Adhésions"),
    PageDef("convention", "Convention", "contract", None),
    PageDef("entretiens", "Séances et entretiens", "diversity_3", "Adhésions", (I, R, A), utile=has_releves),
    PageDef("demandes", "Demandes d’adhésion", "inbox", "Adhésions", (I, R)),
    PageDef("heures", "Heures", "schedule", "Activité", (A, R)),
    PageDef("deplacements", "Mes déplacements", "directions_car", "Activité", (A,)),
    PageDef("equipe", "Équipe", "groups", "Activité", (R, I)),
    PageDef("decomptes", "Décomptes", "request_quote", "Facturation", (I, R, G, S, D)),
    PageDef("decompte", "Décompte", "request_quote", None, (I, R, G, S, D)),
    PageDef("suivi", "Suivi", "monitoring", "Pilotage", (G, S, D)),
    PageDef("bilans", "Bilans annuels", "summarize", "Pilotage", (I, A, R)),
    PageDef("echeances", "Échéances", "event", "Pilotage", (G, S, D, I, A, R, SC, ADM)),
    PageDef("simulateur", "Simulateur", "calculate", "Pilotage", (R, I, D, G, S)),
    PageDef("tableau_de_bord", "Tableaux de bord", "monitoring", "Pilotage", (R, SC, I, A)),
    PageDef("utilisateurs", "Utilisateurs", "group", "Gestion", (G, D, I, ADM)),
    PageDef("tarifs", "Tarifs", "euro", "Gestion", (R, ADM)),
    PageDef("gabarits", "Gabarits Word", "description", "Gestion", (ADM,)),
    PageDef("formulaires", "Formulaires", "dynamic_form", "Gestion", (ADM,)),
    PageDef("offre", "Offres", "tune", "Gestion", (ADM,)),
    PageDef("courriels", "Courriels", "mail", "Gestion", (ADM,)),
    PageDef("parametres", "Paramètres", "settings", "Gestion", (R, ADM)),
    PageDef("archives", "Archives", "inventory_2", "Gestion", (R, SC, ADM)),
    PageDef("journal", "Journal", "history", "Gestion", (ADM,)),
    PageDef("compte", "Mon compte", "account_circle", None),
    PageDef("connexion", "Connexion", "login", publique=True),
    PageDef("demande", "Demander une adhésion", "add_home_work", publique=True),
    PageDef("mot_de_passe", "Mot de passe oublié", "key", publique=True),
    PageDef("invitation", "Activer un compte", "mark_email_read", publique=True),
)

BY_NAME = {definition.nom: definition for definition in PAGES}


def main() -> None:
    """One run of the application: check the session, draw the frame, run the page asked for."""
    st.set_page_config(page_title=NOM, page_icon=ICON, layout="wide")
    page.clean_address()
    page.start_run()
    acteur = session.current()
    session.hold(acteur)
    try:
        _run_page(acteur)
    finally:
        session.hold(None)


def _run_page(acteur: Acteur | None) -> None:
    groups: dict[str, list[st.Page]] = {}
    for definition in PAGES:
        groups.setdefault(definition.menu or "", []).append(_declared(definition, acteur))
    chosen = st.navigation(groups, position="sidebar" if acteur else "hidden", expanded=True)
    asked = BY_NAME[chosen.url_path or "accueil"]
    _banner(acteur)
    if acteur:
        _person(acteur)
    if acteur is None and not asked.publique:
        login.login_form()
    elif acteur and not asked.allows(acteur):
        _refused(acteur, asked)
    else:
        chosen.run()


def _declared(definition: PageDef, acteur: Acteur | None) -> st.Page:
    """Every page is declared on every run, so that links to it keep working; the menu shows those the role opens."""
    shown = acteur is not None and definition.menu is not None and definition.allows(acteur)
    if shown and acteur and definition.utile:
        shown = _useful(session.portail().settings.database_url, acteur.utilisateur_id, definition.nom, acteur)
    return copy(_page(definition, shown))  # Streamlit marks the one that may run: each run has its own


@cache
def _page(definition: PageDef, shown: bool) -> st.Page:
    """A page as Streamlit knows it. Looking at the files of all of them was a third of the work of a light page."""
    return st.Page(
        page.path_of(definition.nom),
        title=definition.titre,
        icon=f":material/{definition.icone}:",
        url_path=None if definition.nom == "accueil" else definition.nom,
        default=definition.nom == "accueil",
        visibility="visible" if shown else "hidden",
    )


@st.cache_data(ttl=30, max_entries=1000, show_spinner=False)
def _useful(database: str, user_id: UUID, nom: str, _acteur: Acteur) -> bool:
    """What `PageDef.utile` says for this person, not asked again at each run."""
    del database, user_id
    asks = BY_NAME[nom].utile
    return asks is None or asks(session.portail(), _acteur)


def _banner(acteur: Acteur | None) -> None:
    """Logo and name of the centre, and what it offers, above every page."""
    portail = session.portail()
    nom, logo, service = _identity(portail.settings.database_url, acteur.utilisateur_id if acteur else None, acteur)
    page.name_site(service)
    offered = f'<p class="portail-service">{html.escape(service)}</p>' if service != nom else ""
    image = f'<img src="{html.escape(logo)}" alt="">' if logo else ""
    st.html(
        f'<div class="portail-bandeau" role="banner">{image}<div><p class="portail-centre">{html.escape(nom)}</p>'
        f"{offered}</div></div>"
    )


@st.cache_data(ttl=30, max_entries=1000, show_spinner=False)
def _identity(database: str, user_id: UUID | None, _acteur: Acteur | None) -> tuple[str, str | None, str]:
    """The centre's name, its logo and what it offers for this person, not read again at each run: kept by database and person."""
    del database, user_id
    found = centres.banner(session.portail(), _acteur)
    return found.nom, found.logo, found.service


def _person(acteur: Acteur) -> None:
    """Name, account and logout, at the foot of the menu."""
    with st.sidebar:
        st.html(f'<p class="portail-personne">{html.escape(acteur.nom)}</p>')
        page.link("compte", "Mon compte", icon=":material/account_circle:")
        if st.button("Se déconnecter", icon=":material/logout:", type="tertiary", key="se-deconnecter"):
            sessions.revoke(session.portail(), session.jeton())
            login.leave()


def _refused(acteur: Acteur, asked: PageDef) -> None:
    """A page that none of the person's roles opens: said once to the journal, and always to the person."""
    page.show_missing()
    seen = st.session_state.setdefault("_pages_refusees", [])
    if asked.nom not in seen:
        seen.append(asked.nom)
        page.run(sessions.refuse_page, session.portail(), acteur, asked.nom)
    else:
        page.show_error(Introuvable())
    page.link("accueil", "Retour à l’accueil", icon=":material/arrow_back:")
