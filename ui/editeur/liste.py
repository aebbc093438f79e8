"""The questions of a form as an administrator sees them: sections, then one line by question, with links to change them."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.definitions import Fault
from domain.forms.editing import Contenu
from domain.forms.fields import FIELD_TYPES, Field
from domain.forms.structure_editing import add_section
from ui import page
from ui.editeur.condition import describe_condition
from ui.editeur.controles import show_checks
from ui.editeur.lieu import PREFIX, Lieu, apply
from ui.html import bullet_list, link, note, show

STAGE_WORDS = {"deposer": "avant le dépôt", "accepter": "avant l’acceptation", "emettre": "avant l’émission"}


def show_faults(faults: tuple[Fault, ...]) -> None:
    """What keeps the draft from being published."""
    if faults:
        st.error(
            "Ce brouillon ne peut pas encore être publié : "
            + ("une chose est à corriger." if len(faults) == 1 else f"{len(faults)} choses sont à corriger."),
            icon=":material/error:",
        )
        show(bullet_list(str(fault) for fault in faults))


def show_questions(lieu: Lieu) -> None:
    """Every section of the form, then the form that adds one."""
    fields = lieu.fields
    if not lieu.form["sections"]:
        st.info("Cette étape n’a pas encore de question. Ajoutez d’abord une partie : elle regroupe des questions.")
    for section in lieu.form["sections"]:
        _show_section(lieu, section, fields)
    if lieu.form["sections"]:
        show_checks(lieu)
    _show_new_section(lieu)


def _show_section(lieu: Lieu, section: Contenu, fields: dict[str, Field]) -> None:
    asked = [field for field in section["fields"] if not field["retired"]]
    retired = [field for field in section["fields"] if field["retired"]]
    parts = [Markup("<h3>{}</h3>").format(section["title"])]
    condition = describe_condition(section["visible_if"], fields)
    if condition:
        parts.append(Markup('<p class="p-discret">Montrée quand {}</p>').format(condition))
    edit = link("Modifier la partie", lieu.url(partie=section["id"]), hidden=f"« {section['title']} »", here=True)
    add = link(
        "Ajouter une question", lieu.url(ajouter=section["id"]), hidden=f"dans « {section['title']} »", here=True
    )
    parts.append(Markup("<p>{} · {}</p>").format(add, edit))
    if asked:
        rows = Markup("").join(_row(lieu, field, fields) for field in asked)
        parts.append(Markup('<dl class="p-faits">{}</dl>').format(rows))
    else:
        parts.append(Markup('<p class="p-vide">Aucune question.</p>'))
    show(*parts)
    if retired:
        with st.expander(f"Questions retirées ({len(retired)})"):
            rows = Markup("").join(_row(lieu, field, fields) for field in retired)
            show(Markup('<dl class="p-faits">{}</dl>').format(rows))


def _row(lieu: Lieu, field: Contenu, fields: dict[str, Field]) -> Markup:
    kind = FIELD_TYPES.get(field["type"])
    told = [kind.label if kind else field["type"], _need(field, fields)]
    condition = describe_condition(field["visible_if"], fields)
    if condition:
        told.append(f"posée quand {condition}")
    return Markup("<div><dt>{}</dt><dd>{}<br><code>{}</code> · {}</dd></div>").format(
        field["label"],
        " · ".join(told),
        field["id"],
        link("Modifier", lieu.url(champ=field["id"]), hidden=f"« {field['label']} »", here=True),
    )


def _need(field: Contenu, fields: dict[str, Field]) -> str:
    when = STAGE_WORDS.get(field["required_for"], "")
    if field["required"]:
        return f"obligatoire {when}"
    if field["required_if"]:
        return f"obligatoire {when} quand {describe_condition(field['required_if'], fields)}"
    return "recommandée" if field["recommended"] else "facultative"


def _show_new_section(lieu: Lieu) -> None:
    name = f"partie:{lieu.form_id}"
    slots = page.Slots()
    with st.expander("Ajouter une partie", icon=":material/add:"):
        note("Une partie regroupe des questions sous un titre.")
        titre = st.text_input("Titre de la partie", key=f"{PREFIX}{name}:titre", max_chars=200)
        slots.place("title")
        if st.button("Ajouter la partie", key=f"{PREFIX}{name}:ajouter"):
            apply(
                lieu,
                name,
                slots,
                lambda contenu, _: add_section(contenu, lieu.form_id, titre)[0],
                "Partie ajoutée au brouillon. Ajoutez-y des questions.",
            )
