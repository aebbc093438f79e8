"""The versions of an offer: who published what and when, going back, comparing two, out and in as files."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.definitions import DefinitionError
from domain.errors import Conflit
from services.offres.archive import MAX_ARCHIVE
from services.offres.bundle import import_offer
from services.offres.comparaison import compare_versions
from services.offres.versions import VersionLine, list_versions, restore_version
from ui import page, session
from ui.editeur.lieu import PREFIX, Lieu
from ui.editeur.publication import render_change
from ui.html import badge, bullet_list, day_and_time, note, show

ETATS = {
    "brouillon": ("Brouillon", "brouillon"),
    "publiee": ("En vigueur", "en_vigueur"),
    "retiree": ("Remplacée", "echue"),
}
MEGABYTE = 1_000_000


def show_versions(lieu: Lieu) -> None:
    """The list, then comparing, then files."""
    portail, acteur = session.portail(), session.acteur()
    lines = page.load(list_versions, portail, acteur, lieu.offre.centre_id, lieu.offre.code)
    note("Une version publiée ne change plus et n’est jamais effacée : ses dossiers et ses conventions la gardent.")
    for line in lines:
        with st.container(border=True):
            _show_line(lieu, line, drafted=any(one.etat == "brouillon" for one in lines))
    _show_comparison(lieu, lines)
    _show_import(lieu)


def _show_line(lieu: Lieu, line: VersionLine, *, drafted: bool) -> None:
    label, tone = ETATS[line.etat]
    show(
        Markup('<p><strong>Version {}</strong> {}<br><span class="p-discret">{}</span></p>').format(
            line.numero, badge(label, tone), _about(line, lieu.view.fuseau)
        )
    )
    with st.container(horizontal=True):
        page.download(f"Exporter la version {line.numero} (ZIP)", f"/exports/offre.zip?version={line.id}")
        if line.etat == "retiree" and st.button(
            f"Reprendre la version {line.numero}", icon=":material/undo:", key=f"{PREFIX}reprendre:{line.id}", disabled=drafted,
            help="Publiez ou abandonnez d’abord le brouillon." if drafted else None,
        ):  # fmt: skip
            page.confirm(
                f"Reprendre la version {line.numero}",
                "Elle devient un brouillon, à relire puis à publier. La version en vigueur ne change pas d’ici là.",
                "Reprendre",
                lambda _: page.run(
                    restore_version, session.portail(), session.acteur(), line.id,
                    succes=f"La version {line.numero} est reprise en brouillon.",
                ),
                key=f"{PREFIX}reprise:{line.id}",
            )  # fmt: skip


def _about(line: VersionLine, fuseau: str) -> str:
    told = [line.titre]
    if line.issue_de:
        told.append(f"faite à partir de la version {line.issue_de}")
    if line.publiee_le:
        by = f" par {line.publiee_par}" if line.publiee_par else " à l’installation" if line.numero == 1 else ""
        told.append(f"publiée le {day_and_time(line.publiee_le, fuseau)}{by}")
    elif line.modifiee_le:
        by = f" par {line.modifiee_par}" if line.modifiee_par else ""
        told.append(f"modifiée le {day_and_time(line.modifiee_le, fuseau)}{by}")
    told.append("aucun dossier" if not line.dossiers else f"{line.dossiers} dossier{'s' if line.dossiers > 1 else ''}")
    return " · ".join(told)


def _show_comparison(lieu: Lieu, lines: list[VersionLine]) -> None:
    if len(lines) < 2:
        return
    st.subheader("Comparer deux versions", anchor=False)
    names = {line.id: f"Version {line.numero} ({ETATS[line.etat][0].lower()})" for line in lines}
    ids = list(names)
    first, second = st.columns(2)
    with first:
        before = st.selectbox("De", ids, 1, format_func=names.__getitem__, key=f"{PREFIX}versions:de:{ids[0]}")
    with second:
        after = st.selectbox("À", ids, 0, format_func=names.__getitem__, key=f"{PREFIX}versions:a:{ids[0]}")
    done, changes = page.ran(compare_versions, session.portail(), session.acteur(), before, after)
    if done and changes:
        show(bullet_list(render_change(change, lieu.fields) for change in changes))
    elif done:
        st.info("Aucune différence.")


def _show_import(lieu: Lieu) -> None:
    """A ZIP becomes the draft; its faults are told with their places, what is in force does not change."""
    st.subheader("Importer une offre", anchor=False)
    note(
        "Une archive ZIP exportée d’ici, ou faite des dossiers forms/ et doc_templates/ d’une offre de ce centre. Elle devient un"
        " brouillon : ses différences se lisent avant de la publier."
    )
    name = f"importer:{page.operation_id('importer-offre')}"
    given = st.file_uploader(
        "Archive ZIP", type=["zip"], key=f"{PREFIX}{name}", max_upload_size=MAX_ARCHIVE // MEGABYTE
    )
    replace = False
    if lieu.view.draft_id is not None:
        replace = st.checkbox("Remplacer le brouillon en cours, qui sera perdu", key=f"{PREFIX}{name}:remplacer")
    if st.button("Importer l’archive", key=f"{PREFIX}{name}:importer", disabled=given is None) and given is not None:
        _import(lieu, given.getvalue(), replace)


def _import(lieu: Lieu, data: bytes, replace: bool) -> None:
    try:
        with st.spinner("Lecture de l’archive…"):
            draft = import_offer(session.portail(), session.acteur(), data, remplacer=replace)
    except DefinitionError as error:
        count = len(error.faults)
        st.error(
            "Cette archive ne peut pas être importée : "
            + ("une chose est à corriger." if count == 1 else f"{count} choses sont à corriger."),
            icon=":material/error:",
        )
        show(bullet_list(str(fault) for fault in error.faults))
        return
    except Conflit as error:
        page.show_error(error)
        return
    page.renew_operation("importer-offre")
    page.notify("Archive importée en brouillon. Relisez ce qui change, puis publiez.")
    page.go("offre", centre=draft.centre_id, offre=draft.code, vue="changements")
