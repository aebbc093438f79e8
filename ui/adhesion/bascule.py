"""Moving a dossier that is being filled in to the version of the offer in force: it is said, shown, then agreed to."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from services.adhesion.dossier_views import DossierView
from services.offres.bascule import Bascule, Perte, move_dossier, newer_version, preview_bascule
from ui import page, session
from ui.html import bullet_list, lines, link, show

LATER = "Vous pouvez aussi continuer avec la version de votre dossier : elle reste valable jusqu’à la convention."


def show_banner(view: DossierView) -> None:
    """One line above a draft whose offer has changed since it was begun."""
    newest = newer_version(session.portail(), view.offre_version_id)
    if newest is None:
        return
    st.info("Le centre a publié une version plus récente de ce formulaire.", icon=":material/update:")
    show(
        Markup("<p>{}</p>").format(
            link("Voir ce que la nouvelle version changerait", page.url_of("dossier", id=view.id, vue="version"))
        )
    )


def show_bascule(view: DossierView) -> None:
    """What the newer version would change for this dossier, and the agreement to it."""
    found = page.load(preview_bascule, session.portail(), session.acteur(), view.id)
    if found is None:
        st.success("Ce dossier suit déjà la version en vigueur.", icon=":material/check_circle:")
        _show_return(view, "Revenir au dossier")
        return
    st.subheader(f"Passer de la version {found.de} à la version {found.vers}", anchor=False)
    _show_losses(found.pertes)
    _show_questions(found.ajouts)
    _show_terms(found.termes)
    agreed = True
    if found.pertes:
        # The key holds the agreement's seal: a box ticked for something else is not ticked any more.
        agreed = st.checkbox(
            "J’accepte que ces réponses ne comptent plus dans ce dossier", key=f"accord:{view.id}:{found.accord[:16]}"
        )
    asked = st.button(
        f"Passer à la version {found.vers}", type="primary", disabled=not agreed, key=f"basculer:{view.id}"
    )
    if asked and agreed:  # a click on what was shown before does not agree to what is shown now
        _move(view, found)
    show(Markup('<p class="p-discret">{}</p>').format(LATER))
    _show_return(view, "Garder la version actuelle et revenir au dossier")


def _show_losses(pertes: Sequence[Perte]) -> None:
    if not pertes:
        st.success("Toutes vos réponses sont conservées et continuent de compter.", icon=":material/check_circle:")
        return
    several = len(pertes) > 1
    st.warning(
        f"{len(pertes)} réponses ne compteraient plus" if several else "Une réponse ne compterait plus",
        icon=":material/warning:",
    )
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Question">{}</th><td data-titre="Votre réponse">{}</td>'
            '<td data-titre="Pourquoi">{}</td></tr>'
        ).format(one.libelle, lines(one.valeur), one.raison[:1].upper() + one.raison[1:])
        for one in pertes
    )
    show(
        Markup(
            '<div class="p-tableau"><table><caption class="p-masque">Réponses qui ne compteraient plus</caption><thead><tr>'
            '<th scope="col">Question</th><th scope="col">Votre réponse</th><th scope="col">Pourquoi</th></tr></thead>'
            "<tbody>{}</tbody></table></div>"
        ).format(rows)
    )
    show(Markup("<p>Elles restent enregistrées avec le dossier : rien n’est effacé.</p>"))


def _show_questions(ajouts: Sequence[str]) -> None:
    if ajouts:
        st.markdown("**Il faudra répondre à :**" if len(ajouts) > 1 else "**Il faudra répondre à une question :**")
        show(bullet_list(ajouts))
    else:
        show(Markup("<p>Aucune question obligatoire ne s’ajoute.</p>"))


def _show_terms(termes: Sequence[tuple[str, str, str]]) -> None:
    """What the convention would owe and last otherwise; nothing when it would not."""
    if termes:
        st.markdown("**Ce qui changerait dans la facturation et la durée de la convention :**")
        show(bullet_list([f"{nom} : {avant or 'rien'} → {apres or 'rien'}" for nom, avant, apres in termes]))


def _move(view: DossierView, found: Bascule) -> None:
    done, _ = page.ran(
        move_dossier,
        session.portail(),
        session.acteur(),
        view.id,
        found.accord,
        succes=f"Le dossier suit maintenant la version {found.vers}.",
    )
    if done:
        st.query_params.pop("vue", None)
        st.rerun()


def _show_return(view: DossierView, label: str) -> None:
    show(Markup("<p>{}</p>").format(link(label, page.url_of("dossier", id=view.id))))
