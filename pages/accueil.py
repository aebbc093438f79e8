"""Home: what this person has to do, each line one click from the thing to do."""

from collections.abc import Iterable
from itertools import groupby

import streamlit as st
from markupsafe import Markup

from domain.roles import ROLES_CENTRE, Role
from services.accueil.situations import list_situations
from services.accueil.taches import Tache, list_taches
from services.activite.accueil import open_accueil
from services.adhesion.dossier_lists import Creatable, list_creatable, list_dossiers
from services.adhesion.dossier_views import DossierFilter
from services.core.access import Acteur
from ui import page, session
from ui.activite.accueil import show_assistant
from ui.adhesion.creation import begin_button
from ui.html import day, link, show

EXPLANATIONS: dict[Role, str] = {
    Role.GESTIONNAIRE: "Vos dossiers et vos conventions apparaîtront ici, avec ce qu’il vous revient de faire.",
    Role.SIGNATAIRE: "Une convention à signer apparaîtra ici dès que le centre l’aura émise.",
    Role.DIRECTION: "Les conventions de votre collectivité se consultent et se téléchargent dans « Conventions ».",
    Role.INSTRUCTEUR: "Les dossiers déposés et les messages des collectivités apparaîtront ici dès leur arrivée.",
    Role.RESPONSABLE: "Les dossiers et les conventions du centre se consultent dans le menu.",
    Role.SIGNATAIRE_CENTRE: "Une convention signée par une collectivité apparaîtra ici dès son dépôt.",
    Role.ADMINISTRATEUR: "Les comptes, les paramètres et le journal se gèrent dans le menu « Gestion ».",
}
NO_ROLE = (
    "Aucun rôle ne vous est attribué aujourd’hui. Adressez-vous à l’administrateur du centre, ou au gestionnaire de votre"
    " collectivité."
)
START = (
    "Vous allez décrire votre collectivité, les locaux, le référent et le besoin, puis déposer la demande. Chaque réponse"
    " est enregistrée dès que vous quittez le champ : vous pouvez vous arrêter et revenir quand vous voulez. Un projet de"
    " convention est disponible à tout moment pour votre assemblée."
)


def render_tache(tache: Tache) -> Markup:
    """One line: the thing as a link, what is expected, since when."""
    urgent = Markup('<span class="p-pastille p-alerte">Urgent</span> ') if tache.urgente else ""
    since = Markup('<span class="p-discret">depuis le {}</span>').format(day(tache.depuis)) if tache.depuis else ""
    return Markup('<li>{}<span>{}</span><span class="p-quand">{}{}</span></li>').format(
        link(tache.titre, page.url_of(tache.page, **tache.parametres)), tache.detail, urgent, since
    )


def render_list(taches: Iterable[Tache]) -> Markup:
    """Lines one under the other."""
    return Markup('<ul class="p-taches">{}</ul>').format(Markup("").join(render_tache(one) for one in taches))


def show_taches(taches: list[Tache]) -> None:
    """All things to do, by group."""
    st.header("À faire", anchor=False)
    for groupe, found in groupby(taches, key=lambda tache: tache.groupe):
        st.subheader(groupe, anchor=False)
        show(render_list(found))


def show_nothing_to_do(acteur: Acteur) -> None:
    """Where things stand for a collectivité's people; what will come here, for each of the person's other roles."""
    st.header("Rien à faire pour le moment", anchor=False)
    situations = page.load(list_situations, session.portail(), acteur)
    if situations:
        st.subheader(situations[0].groupe, anchor=False)
        show(render_list(situations))
    told = ROLES_CENTRE if situations else EXPLANATIONS.keys()
    said = [text for role, text in EXPLANATIONS.items() if role in told and acteur.has(role)]
    if said or not situations:
        st.markdown("\n\n".join(said) if said else NO_ROLE)


def show_start(choices: list[Creatable]) -> None:
    """First visit of a clerk: one thing to do."""
    st.header("Bienvenue", anchor=False)
    st.markdown(START)
    begin_button(choices, "Commencer l’adhésion", main=True)


portail, acteur = session.portail(), session.acteur()
taches = page.load(list_taches, portail, acteur)
mine = acteur.collectivites_with(Role.GESTIONNAIRE)
choices = [one for one in page.load(list_creatable, portail, acteur) if one.collectivite_id in mine] if mine else []
first_visit = bool(choices) and not page.load(list_dossiers, portail, acteur, DossierFilter(taille=1)).total
assistant = page.load(open_accueil, portail, acteur)
other_roles = acteur.has(*(set(Role) - {Role.ASSISTANT}))

page.header("Accueil", f"Bonjour {acteur.nom}.")
if first_visit:
    show_start(choices)
if taches:
    show_taches(taches)
elif not first_visit and (other_roles or not assistant):
    show_nothing_to_do(acteur)
if assistant:
    show_assistant(assistant)
