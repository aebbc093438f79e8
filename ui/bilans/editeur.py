"""The editor of one annual report: its sections, saved when a field is left; the figures it will carry; its publication."""

from __future__ import annotations

from uuid import UUID

import streamlit as st

from domain.errors import PortailError
from domain.formatting import date_courte
from services.pilotage import bilan_document, bilans
from services.pilotage.bilan_views import BilanView, SectionRow
from ui import page, session
from ui.html import bullet_list, file_link, note, show
from ui.suivi.chiffres import show_months, show_tables

WARNING = (
    "N’écrivez rien qui permette de reconnaître un agent : ni nom, ni situation particulière, ni métier ou service trop "
    "précis, ni nombre de personnes inférieur à 5. La collectivité lira ce texte tel quel."
)


def show_bilan(view: BilanView) -> None:
    """Sections on one side, figures on the other."""
    _tell_state(view)
    texts, figures = st.tabs(["Texte du bilan", "Chiffres qui y figureront"])
    with texts, st.container(width=860):
        if view.peut_rediger:
            st.warning(WARNING, icon=":material/shield_person:")
        for section in view.sections:
            _show_section(view, section)
        if not view.sections:
            st.info("L’offre de cette convention ne prévoit aucun texte : le bilan ne comporte que les chiffres.")
    with figures:
        show_months(view.publication)
        show_tables(view.publication)
    _show_actions(view)


def _tell_state(view: BilanView) -> None:
    if view.etat == "attente":
        st.info(
            f"Les chiffres de {view.annee} seront arrêtés à la clôture du dernier mois de l’année. Le texte peut être préparé "
            "dès maintenant."
        )
    if view.pieces:
        items = [f"publié le {date_courte(one.deposee_le.date())}" for one in view.pieces]
        links = [
            file_link(one.id, f"{one.nom} ({said})", one.taille) for one, said in zip(view.pieces, items, strict=True)
        ]
        show(bullet_list(links, "p-fichiers"))


def _show_section(view: BilanView, section: SectionRow) -> None:
    label = f"{section.titre} (facultatif)" if section.facultative else section.titre
    if not view.peut_rediger:
        st.markdown(f"**{page.text(section.titre)}**")
        st.text(section.texte or "Rien n’est écrit dans cette section.")
        return
    key = _key(view.id, section.id)
    versions = st.session_state.setdefault(f"versions_{view.id}", {})
    if key not in st.session_state:
        st.session_state[key] = section.texte
        versions[section.id] = section.version
    st.text_area(
        label,
        key=key,
        height=160,
        max_chars=section.taille,
        placeholder=section.aide,
        on_change=_save,
        args=(view.id, section.id),
    )
    error = st.session_state.get(_error_key(view.id, section.id))
    if error:
        st.error(error, icon=":material/error:")
    elif section.par and section.le:
        note(f"Enregistré, {section.par}, le {date_courte(section.le.date())}.")
    if section.a_verifier:
        st.warning(
            f"À relire : {', '.join(f'« {one} »' for one in section.a_verifier)}. Si ces nombres comptent des personnes, "
            "retirez-les.",
            icon=":material/rule:",
        )


def _save(bilan_id: UUID, section_id: str) -> None:
    """Callback: what is in the field is kept; an error stays under it, and the text in it."""
    acteur = session.acteur()
    versions = st.session_state[f"versions_{bilan_id}"]
    texte = st.session_state[_key(bilan_id, section_id)]
    try:
        row = bilans.save_section(
            session.portail(), acteur, bilan_id, section_id, texte or "", versions.get(section_id, 0)
        )
    except PortailError as error:
        st.session_state[_error_key(bilan_id, section_id)] = error.message
        return
    versions[section_id] = row.version
    st.session_state.pop(_error_key(bilan_id, section_id), None)


def _key(bilan_id: UUID, section_id: str) -> str:
    return f"bilan_{bilan_id}_{section_id}"


def _error_key(bilan_id: UUID, section_id: str) -> str:
    return f"bilan_erreur_{bilan_id}_{section_id}"


def _show_actions(view: BilanView) -> None:
    st.divider()
    if view.publication.arretee and view.etat != "publie":
        page.download("Aperçu du document (Word)", f"/exports/bilan-apercu.docx?id={view.id}")
    if view.peut_publier:
        for reason in view.blocages:
            note(reason)
        if st.button("Publier le bilan", type="primary", key="publier-bilan", disabled=bool(view.blocages)):
            page.confirm(
                "Publier le bilan",
                f"Le bilan {view.annee} sera remis à {view.collectivite}, qui en sera prévenue par courriel. Il ne changera "
                "plus.",
                "Publier",
                lambda motif: _publish(view),
            )
    elif view.peut_rectifier:
        note(
            "Publié, ce bilan ne change plus. Une version corrigée reprend les mêmes chiffres ; les deux restent consultables."
        )
        if (
            st.button("Préparer une version corrigée", key="rectifier-bilan")
            and page.ran(
                bilans.rectify_bilan, session.portail(), session.acteur(), view.id, succes="Le texte peut être corrigé."
            )[0]
        ):
            st.rerun()
    elif view.etat != "publie":
        note("Le responsable du service relit le bilan et le publie.")


def _publish(view: BilanView) -> bool:
    done, _ = page.ran(
        bilan_document.publish_bilan,
        session.portail(),
        session.acteur(),
        view.id,
        view.version,
        succes=f"Bilan {view.annee} publié : la collectivité est prévenue.",
    )
    return done
