"""Changing a template: the file in use, the one of the draft, the file to send with what must be corrected in it, publishing."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.definitions import Fault
from services.offres.depot_gabarits import Depot, check_publication, deposit_template, publish, take_back_template
from services.offres.gabarits import Banc, Gabarit
from ui import page, session
from ui.html import bullet_list, day_and_time, facts, note, show

REPORT = "gabarits:erreurs"
"""State: what must be corrected in the last file sent, with the template that it was for."""
DONE = "Gabarit contrôlé et placé dans le brouillon. Regardez son aperçu avant de le publier."


def show_files(banc: Banc, gabarit: Gabarit) -> None:
    """Which file is in use and which one waits in the draft, with their downloads."""
    pairs: list[tuple[str, str | Markup | None]] = [
        ("Document", gabarit.document),
        ("Fichier", gabarit.nom),
        ("En service", f"Version {banc.publiee_numero}, publiée le {day_and_time(banc.publiee_le, banc.fuseau)}"),
    ]
    if gabarit.modifie and banc.brouillon:
        who = f", par {banc.brouillon.modifie_par}" if banc.brouillon.modifie_par else ""
        pairs.append(("Brouillon", f"Modifié le {day_and_time(banc.brouillon.modifie_le, banc.fuseau)}{who}"))
    show(facts(pairs))
    with st.container(horizontal=True):
        if gabarit.publie:
            page.download("Télécharger le gabarit en service", template_url(banc.publiee_id, gabarit.nom))
        if gabarit.modifie and banc.brouillon:
            page.download("Télécharger celui du brouillon", template_url(banc.brouillon.id, gabarit.nom))


def template_url(version_id: UUID, nom: str) -> str:
    """Address of the template as it is in this version."""
    return f"/exports/gabarit.docx?{urlencode({'version': version_id, 'gabarit': nom})}"


def show_deposit(banc: Banc, gabarit: Gabarit) -> None:
    """The field for a new file, and what must be corrected in the last one."""
    st.subheader("Déposer un nouveau gabarit", anchor=False)
    note(
        "Modifiez dans Word le gabarit téléchargé, enregistrez-le au format .docx, puis déposez-le ici. Il est contrôlé et "
        "essayé sur trois dossiers ; les conventions en cours ne changent pas tant que vous n’avez pas publié."
    )
    turn = page.operation_id(_turn_of(gabarit))
    with st.form(f"gabarits:depot:{turn}", border=False):
        given = st.file_uploader(
            "Gabarit Word (.docx)",
            type=["docx"],
            key=f"gabarits:fichier:{turn}",
            max_upload_size=session.portail().settings.taille_max_mo,
        )
        sent = st.form_submit_button("Contrôler et déposer", type="secondary" if _waiting(banc) else "primary")
    if sent:
        st.session_state.pop(REPORT, None)
        if given is None:
            st.error("Choisissez d’abord un fichier .docx.", icon=":material/error:")
        else:
            _deposit(banc, gabarit, given.name, given.getvalue())
    _show_report(gabarit)


def _turn_of(gabarit: Gabarit) -> str:
    return f"gabarits:depot:{gabarit.nom}"


def _deposit(banc: Banc, gabarit: Gabarit, nom: str, data: bytes) -> None:
    with st.spinner("Contrôle et essai sur trois dossiers…"):
        depot = page.run(
            deposit_template,
            session.portail(),
            session.acteur(),
            banc.centre_id,
            banc.code,
            gabarit.nom,
            data,
            remplace=gabarit.brouillon or gabarit.publie,
        )
    _conclude(depot, gabarit, nom)


def take_back(banc: Banc, gabarit: Gabarit, version_id: UUID, numero: int) -> bool:
    """Put the template of an older version into the draft; true when it is there."""
    depot = page.run(
        take_back_template,
        session.portail(),
        session.acteur(),
        version_id,
        gabarit.nom,
        remplace=gabarit.brouillon or gabarit.publie,
    )
    if depot is None:
        return False
    if depot.garde:
        page.notify(f"Le gabarit de la version {numero} est dans le brouillon. Publiez-le pour le remettre en service.")
        return True
    _keep_report(depot, gabarit, f"version {numero}")
    _show_report(gabarit)
    return False


def _conclude(depot: Depot | None, gabarit: Gabarit, nom: str) -> None:
    if depot is None:
        return
    if depot.garde:
        page.renew_operation(_turn_of(gabarit))  # the form is empty again; a second click finds it gone
        page.notify(DONE)
        st.rerun()
    _keep_report(depot, gabarit, nom)


def _keep_report(depot: Depot, gabarit: Gabarit, nom: str) -> None:
    lines = [(one.message, one.paragraphe) for one in depot.erreurs]
    st.session_state[REPORT] = {"gabarit": gabarit.nom, "fichier": nom, "erreurs": lines}


def _show_report(gabarit: Gabarit) -> None:
    """What must be corrected, each mistake with the paragraph that it is in."""
    report = st.session_state.get(REPORT)
    if not report or report["gabarit"] != gabarit.nom:
        return
    errors = report["erreurs"]
    count = f"{len(errors)} erreurs" if len(errors) > 1 else "une erreur"
    st.error(
        f"« {page.text(report['fichier'])} » contient {count} : il n’a pas été déposé. Corrigez-le dans Word, puis "
        "déposez-le à nouveau.",
        icon=":material/error:",
    )
    show(bullet_list(_error(message, paragraph) for message, paragraph in errors))


def _error(message: str, paragraph: str) -> Markup:
    where = Markup('<br><span class="p-discret">Paragraphe : « {} »</span>').format(paragraph) if paragraph else ""
    return Markup("{}{}").format(message, where)


def _waiting(banc: Banc) -> bool:
    return any(one.modifie for one in banc.gabarits)


def show_publication(banc: Banc) -> None:
    """What the draft changes, and the button that puts it into service."""
    if banc.brouillon is None or not _waiting(banc):
        return
    st.subheader("Publier le brouillon", anchor=False)
    changed = [one.titre for one in banc.gabarits if one.modifie]
    show(bullet_list(f"Gabarit modifié : {titre}" for titre in changed))
    note(
        "Publier met en service tout le brouillon de l’offre, y compris les formulaires s’ils y ont été modifiés. Les dossiers "
        "déjà commencés gardent leur version."
    )
    draft = banc.brouillon
    if draft.fautes:
        _show_faults(draft.fautes)
        page.link("formulaires", "Corriger les formulaires du brouillon", centre=banc.centre_id, offre=banc.code)
    if st.button("Publier", type="primary", key="gabarits:publier", disabled=bool(draft.fautes)):
        with st.spinner("Contrôle de tous les gabarits…"):
            faults = page.run(check_publication, session.portail(), session.acteur(), draft.id)
        if faults:
            _show_faults(faults)
        elif faults is not None:
            page.confirm(
                f"Publier la version {draft.numero} ?",
                "Les nouveaux dossiers emploieront ces gabarits dès maintenant. Vous pourrez revenir à l’ancien depuis "
                "l’historique.",
                "Publier",
                lambda _: _publish(draft.id, draft.version),
                key="gabarits:publication",
            )


def _publish(draft_id: UUID, version: int) -> bool:
    return page.ran(
        publish, session.portail(), session.acteur(), draft_id, version, succes="Version publiée et en service."
    )[0]


def _show_faults(faults: Sequence[Fault]) -> None:
    st.error("Le brouillon ne peut pas être publié : corrigez ce qui suit.", icon=":material/error:")
    show(bullet_list(f"{fault.place} : {fault.reason}" for fault in faults))
