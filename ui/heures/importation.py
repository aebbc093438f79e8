"""Hours from a file, looked at before they are taken in; and the hours recorded, as files."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from documents.sandbox import Busy
from documents.tables.lecture import MAX_LIGNES, MAX_OCTETS
from domain.activite import DIMENSIONS, nomenclature
from domain.errors import Invalide
from domain.formatting import date_courte, duree, nombre
from domain.roles import Role
from services.activite.imports import Apercu, import_hours, preview_import
from services.activite.lecture_heures import COLONNES
from services.activite.semaine import open_saisie
from ui import page, session
from ui.html import bullet_list, href, note, show

OPERATION = "heures-import"


def show_files(centre_id: UUID, assistant_id: UUID) -> None:
    """Import, then export."""
    st.subheader("Importer un fichier", anchor=False)
    _show_import(centre_id, assistant_id)
    st.subheader("Exporter les heures", anchor=False)
    _show_export(centre_id, assistant_id)


def _show_import(centre_id: UUID, assistant_id: UUID) -> None:
    st.markdown(
        f"Un fichier CSV ou XLSX, une intervention par ligne, {nombre(MAX_LIGNES)} lignes au plus. Vous verrez ce qui sera enregistré"
        " avant de confirmer : tout l’est, ou rien."
    )
    with st.container(horizontal=True):
        page.download("Modèle (XLSX)", "/exports/modele-heures")
        page.download("Modèle (CSV)", "/exports/modele-heures?format=csv")
    with st.expander("Colonnes du fichier"):
        show(_columns_table())
    turn = page.operation_id(OPERATION)
    given = st.file_uploader(
        "Fichier d’heures",
        type=["csv", "xlsx"],
        key=f"heures:fichier:{turn}",
        max_upload_size=MAX_OCTETS // 1_000_000,
    )
    if given is None:
        return
    data = given.getvalue()
    apercu = _look(centre_id, assistant_id, given.file_id, data)
    if apercu is None:
        return
    if apercu.erreurs:
        _show_faults(apercu)
        return
    _show_preview(apercu)
    others = bool(apercu.identiques) and _confirm_known(apercu, given.file_id)
    if apercu.identiques and not others:
        return
    if st.button(f"Enregistrer {_lines(apercu.lignes)}", type="primary", key="heures:importer"):
        result = page.run(
            import_hours,
            session.portail(),
            session.acteur(),
            centre_id,
            data,
            turn,
            assistant_id,
            malgre_identiques=others,
        )
        if result is not None:
            page.renew_operation(OPERATION)
            st.session_state.pop("heures:apercu", None)
            page.notify(f"Import enregistré : {_lines(apercu.lignes)}, {duree(apercu.minutes)}.")
            st.rerun()


def _look(centre_id: UUID, assistant_id: UUID, upload: str, data: bytes) -> Apercu | None:
    """What the file would record, or None once the refusal is shown. Looked at once for each upload, refused or not: the same
    file chosen again is looked at again, since an assignment may have been added meanwhile."""
    mark = (upload, centre_id, assistant_id)
    held: tuple[object, Apercu | Invalide] | None = st.session_state.get("heures:apercu")
    if held is None or held[0] != mark:
        done, found = page.ran(_look_or_refuse, centre_id, assistant_id, data)
        if not done or found is None:
            return None
        st.session_state["heures:apercu"] = held = (mark, found)
    if isinstance(held[1], Invalide):
        page.show_error(held[1])
        return None
    return held[1]


def _look_or_refuse(centre_id: UUID, assistant_id: UUID, data: bytes) -> Apercu | Invalide:
    try:
        return preview_import(session.portail(), session.acteur(), centre_id, data, assistant_id)
    except Busy:
        raise  # shown, not kept as what the file is worth
    except Invalide as refusal:
        return refusal


def _confirm_known(apercu: Apercu, upload: str) -> bool:
    """The lines that are recorded already, and whether the person says that they are other work."""
    count = len(apercu.identiques)
    st.warning(
        f"{_lines(count)} {'disent' if count > 1 else 'dit'} exactement ce qui est déjà enregistré. Retirez"
        f"{'-les' if count > 1 else '-la'} du fichier, puis choisissez-le de nouveau.",
        icon=":material/warning:",
    )
    show(bullet_list(str(one) for one in apercu.identiques))
    return st.checkbox("Ce sont d’autres interventions : les enregistrer aussi", key=f"heures:malgre:{upload}")


def _lines(count: int) -> str:
    return f"{nombre(count)} ligne{'s' if count > 1 else ''}"


def _columns_table() -> Markup:
    lists = nomenclature()
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Colonne">{}</th><td data-titre="Contenu"><span>{}{}</span></td></tr>'
        ).format(
            title,
            help_text,
            " Liste : " + ", ".join(one.court for one in lists.values(name)) + "." if name in DIMENSIONS else "",
        )
        for name, (title, help_text) in COLONNES.items()
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Colonnes du fichier d’heures</caption><thead><tr>'
        '<th scope="col">Colonne</th><th scope="col">Contenu</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(rows)


def _show_faults(apercu: Apercu) -> None:
    st.error(
        "Rien n’a été enregistré. Corrigez ces lignes dans le fichier, puis choisissez-le de nouveau.",
        icon=":material/error:",
    )
    note("Les numéros sont ceux des lignes du fichier ; la première porte les titres.")
    show(bullet_list(str(one) for one in apercu.erreurs))


def _show_preview(apercu: Apercu) -> None:
    st.success(
        f"{_lines(apercu.lignes)}, {duree(apercu.minutes)}, {apercu.periode}. Rien n’est encore enregistré.",
        icon=":material/fact_check:",
    )
    show(bullet_list(f"{name} : {_lines(lines)}, {duree(minutes)}" for name, lines, minutes in apercu.par_collectivite))
    lists = nomenclature()
    rows = Markup("").join(
        Markup(
            '<tr><td data-titre="Ligne">{}</td><td data-titre="Date">{}</td><td data-titre="Assistant">{}</td>'
            '<td data-titre="Collectivité">{}</td><td data-titre="Durée">{}</td><td data-titre="Listes">{}</td></tr>'
        ).format(
            one.rang,
            date_courte(one.valeurs.jour),
            one.assistant,
            one.collectivite,
            duree(one.valeurs.minutes),
            ", ".join(lists.labels(name, court=True)[getattr(one.valeurs, name)] for name in DIMENSIONS),
        )
        for one in apercu.extrait
    )
    with st.expander("Premières lignes, telles qu’elles sont comprises"):
        show(
            Markup(
                '<div class="p-tableau"><table><caption class="p-masque">Premières lignes du fichier</caption><thead><tr>'
                '<th scope="col">Ligne</th><th scope="col">Date</th><th scope="col">Assistant</th><th scope="col">Collectivité</th>'
                '<th scope="col">Durée</th><th scope="col">Listes</th></tr></thead><tbody>{}</tbody></table></div>'
            ).format(rows)
        )


def _show_export(centre_id: UUID, assistant_id: UUID) -> None:
    acteur = session.acteur()
    today = page.load(open_saisie, session.portail(), acteur, centre_id, assistant_id).today
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.date_input(
            "Du", value=date(today.year, 1, 1), format="DD/MM/YYYY", key="heures:export:du", width=165
        )
        last = st.date_input("Au", value=today, format="DD/MM/YYYY", key="heures:export:au", width=165)
    everyone = False
    if Role.RESPONSABLE in acteur.roles_for(centre_id=centre_id):
        everyone = st.checkbox("Tous les assistants du centre", value=True, key="heures:export:tous")
    if not isinstance(first, date) or not isinstance(last, date) or first > last:
        st.warning("La période commence après sa fin : corrigez les dates.", icon=":material/warning:")
        return
    asked = {
        "centre": centre_id,
        "assistant": None if everyone else assistant_id,
        "du": first.isoformat(),
        "au": last.isoformat(),
    }
    with st.container(horizontal=True):
        page.download("Heures (XLSX)", href("exports/heures", **asked, format="xlsx"))
        page.download("Heures (CSV)", href("exports/heures", **asked, format="csv"))
