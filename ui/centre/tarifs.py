"""The tariffs of a centre: those voted, by kind and year; the form that records one; what it will change; the history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.errors import PortailError
from domain.formatting import date_courte, euros, nombre, pourcentage
from domain.tarifs import PUBLICS
from services.centre.tarif_views import TarifRow, TarifsView
from services.centre.tarifs import FIELDS, FILE_KINDS, OPTIONAL, Apercu, preview_tarif, save_tarif
from ui import page, session
from ui.html import day_and_time, facts, file_link, note, show

EXAMPLES = {
    "annee": "2027",
    "montant": "67 980,00",
    "effectif_min": "Vide : dès le premier agent",
    "numero": "2026-51",
    "date": "JJ/MM/AAAA",
    "organe": "Conseil d’administration",
}
PAIRS = (("annee", "montant"), ("numero", "date"), ("organe", "effectif_min"))
"""The fields of the form, as they stand side by side."""


@dataclass(frozen=True)
class Saisie:
    """What was typed in the form when it was last sent."""

    code: str
    public: str
    valeurs: dict[str, str]


def show_list(view: TarifsView, annee: int) -> None:
    """One table by kind of tariff, the newest year first; what is missing for `annee` (this year) is said."""
    for code, titre in view.codes.items():
        rows = [row for row in view.en_vigueur if row.code == code]
        st.subheader(titre, anchor=False)
        if not rows:
            st.warning("Aucun tarif n’est enregistré : aucune convention ne peut être acceptée avant le premier.")
            continue
        if all(row.annee != annee for row in rows):
            last = max((row.annee for row in rows if row.annee < annee), default=min(row.annee for row in rows))
            st.info(
                f"Aucun tarif {annee} n’est enregistré : celui de {last} est employé, et une convention ne part qu’après"
                " vérification."
            )
        show(_render(titre, rows))
        if all(row.annee <= annee for row in rows):
            note(f"Aucun tarif n’est encore enregistré pour {annee + 1}.")
    others = [row for row in view.en_vigueur if row.code not in view.codes]
    if others:
        st.subheader("Autres prestations", anchor=False)
        show(_render("Autres prestations", others, with_label=True))


def show_history(view: TarifsView) -> None:
    """The versions that a correction replaced, who recorded them and when."""
    if not view.historique:
        return
    with st.expander(f"Tarifs remplacés ({len(view.historique)})", icon=":material/history:"):
        note("Un tarif corrigé n’est jamais effacé : les documents déjà émis ont été faits avec lui.")
        show(_render("Tarifs remplacés", view.historique, with_label=True, fuseau=view.fuseau))


def _render(titre: str, rows: Iterable[TarifRow], *, with_label: bool = False, fuseau: str | None = None) -> Markup:
    """The table of these tariffs. `fuseau` adds when each was recorded and replaced."""
    rows = list(rows)
    for_some = any(row.public != "tous" or row.effectif_min for row in rows)
    heads = [("Année", ""), *([("Prestation", "")] if with_label else []), *([("Pour", "")] if for_some else [])]
    heads.append(("Montant", "p-nombre"))
    heads += [("Délibération", ""), *([("Enregistré", ""), ("Remplacé", "")] if fuseau else [])]
    body = []
    for row in rows:
        cells: list[str | Markup] = [row.libelle] if with_label else []
        cells += [_public(row)] if for_some else []
        cells += [euros(row.montant), _act(row)]
        if fuseau:
            who = f", par {row.enregistre_par}" if row.enregistre_par else ""
            cells += [f"{day_and_time(row.enregistre_le, fuseau)}{who}", day_and_time(row.remplace_le, fuseau)]
        tds = Markup("").join(
            Markup('<td data-titre="{}"{}>{}</td>').format(name, Markup(' class="{}"').format(css) if css else "", cell)
            for (name, css), cell in zip(heads[1:], cells, strict=True)
        )
        body.append(Markup('<tr><th scope="row" data-titre="Année">{}</th>{}</tr>').format(row.annee, tds))
    ths = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="{}"').format(css) if css else "", name)
        for name, css in heads
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody>'
        "</table></div>"
    ).format(titre, ths, Markup("").join(body))


def _public(row: TarifRow | Apercu) -> str:
    band = f", à partir de {nombre(row.effectif_min)} agents" if row.effectif_min else ""
    return f"{PUBLICS[row.public]}{band}"


def _act(row: TarifRow) -> Markup:
    """Number, date and body of the délibération, with its file."""
    day = f"du {date_courte(row.date)}" if row.date else ""
    text = " ".join(part for part in (f"n° {row.numero}" if row.numero else "", day) if part) or "–"
    parts = [Markup("{}").format(text)]
    if row.organe:
        parts.append(Markup('<span class="p-discret">{}</span>').format(row.organe))
    if row.piece:
        parts.append(file_link(row.piece.id, row.piece.nom, row.piece.taille))
    return Markup("<div>{}</div>").format(Markup("<br>").join(parts))


# The form ---------------------------------------------------------------------------------------------------------------


def show_form(view: TarifsView, taille_max: int) -> None:
    """Record or correct a tariff, in two steps: the values, then what they will change."""
    st.subheader("Enregistrer un tarif", anchor=False)
    note(
        "Un vote prend effet au 1er janvier suivant, conventions en cours comprises. Pour corriger un tarif, enregistrez-le"
        " à nouveau : l’ancien reste dans l’historique."
    )
    name = f"tarif:{view.centre_id}"
    turn = page.operation_id(name)
    errors: dict[str, str] = st.session_state.setdefault(f"{name}:erreurs", {})
    # No st.form: what is changed after the preview must be known at once, so that only what was shown is recorded.
    with st.container(width=680):
        typed = _inputs(view, f"{name}:{turn}", errors)
        given = st.file_uploader(
            "Délibération signée (PDF ou Word), facultative",
            type=list(FILE_KINDS),
            key=f"{name}:fichier:{turn}",
            max_upload_size=taille_max,
        )
        _tell(errors, "fichier")
        checked = st.session_state.get(f"{name}:saisie") == typed
        sent = st.button(
            "Voir ce qui changera", type="secondary" if checked else "primary", key=f"{name}:apercu:{turn}"
        )
    if sent:
        _preview(view.centre_id, name, typed, errors)
    elif checked:
        fichier = (given.name, given.getvalue()) if given else None
        _show_confirmation(view.centre_id, name, typed, fichier, errors)


def _inputs(view: TarifsView, key: str, errors: dict[str, str]) -> Saisie:
    """The fields, two by two; each refusal stands under its own."""
    left, right = st.columns(2)
    with left, st.container(key=f"{key}:code-bloc"):
        code = st.selectbox("Prestation", list(view.codes), format_func=lambda one: view.codes[one], key=f"{key}:code")
        _tell(errors, "code")
    with right:
        public = st.selectbox("Pour", list(PUBLICS), format_func=lambda one: PUBLICS[one], key=f"{key}:public")
    typed: dict[str, str] = {}
    for pair in PAIRS:
        for column, champ in zip(st.columns(2), pair, strict=True):
            with column, st.container(key=f"{key}:{champ}-bloc"):
                label = f"{FIELDS[champ].label}{', en euros' if champ == 'montant' else ''}"
                optional = ", facultatif" if champ in OPTIONAL else ""
                typed[champ] = (
                    st.text_input(f"{label}{optional}", key=f"{key}:{champ}", placeholder=EXAMPLES[champ]) or ""
                )
                _tell(errors, champ)
    return Saisie(code or "", public or "", typed)


def _tell(errors: dict[str, str], champ: str) -> None:
    if champ in errors:
        st.error(page.text(errors[champ]), icon=":material/error:")


def _preview(centre_id: UUID, name: str, typed: Saisie, errors: dict[str, str]) -> None:
    """Check what was typed; when it is right, the next run shows what it will change."""
    errors.clear()
    st.session_state.pop(f"{name}:saisie", None)
    try:
        apercu = preview_tarif(session.portail(), session.acteur(), centre_id, typed.code, typed.valeurs, typed.public)
    except PortailError as error:
        if error.champ not in {*FIELDS, "code"}:
            page.show_error(error)
            return
        errors[error.champ] = error.message
    else:
        st.session_state[f"{name}:saisie"], st.session_state[f"{name}:apercu"] = typed, apercu
    st.rerun()


def _show_confirmation(
    centre_id: UUID, name: str, typed: Saisie, fichier: tuple[str, bytes] | None, errors: dict[str, str]
) -> None:
    apercu: Apercu = st.session_state[f"{name}:apercu"]
    with st.container(border=True, width=680):
        st.markdown("**Ce qui va changer**")
        show(facts(tell_changes(apercu)))
        if st.button("Enregistrer le tarif", type="primary", key=f"{name}:enregistrer"):
            _save(centre_id, name, typed, fichier, errors)


def tell_changes(apercu: Apercu) -> list[tuple[str, str | Markup | None]]:
    """What recording the tariff will do, line by line."""
    count = apercu.conventions
    running = (
        "Aucune convention en vigueur"
        if not count
        else f"{nombre(count)} convention{'s' if count > 1 else ''} en vigueur"
    )
    if apercu.avant is None:
        before = "Aucun tarif jusqu’ici"
    elif apercu.remplace:
        before = f"{euros(apercu.avant)} : remplacé, il reste dans l’historique"
    else:
        before = f"{euros(apercu.avant)} (tarif {apercu.annee_avant})"
    unsure = apercu.conventions_incertaines
    unknown = (
        f"{nombre(unsure)} convention{'s' if unsure > 1 else ''} en vigueur dont l’affiliation ou le nombre d’agents n’est pas "
        "connu : ce tarif ne leur est pas appliqué."
    )
    years = apercu.exercices_factures
    settled = (
        f"{nombre(years)} exercice{'s' if years > 1 else ''} de convention déjà facturé{'s' if years > 1 else ''} au montant "
        "actuel. Pour une part annuelle, le prochain décompte de l’année règle la différence. S’il n’y en a plus, ou pour "
        "des heures, annulez les décomptes concernés et préparez-les de nouveau."
    )
    return [
        ("Prestation", f"{apercu.libelle} – {_public(apercu)}"),
        ("Nouveau montant", Markup("<strong>{}</strong>").format(euros(apercu.montant))),
        ("Montant actuel", before),
        *_tell_change(apercu),
        ("À partir du", f"1er janvier {apercu.annee}"),
        ("Concernées", f"{running}, sans avenant"),
        *_tell_impact(apercu),
        *([("À vérifier", Markup("<strong>{}</strong>").format(unknown))] if unsure else []),
        ("Déjà émis", "Les documents et les décomptes émis gardent leurs montants"),
        *([("À régulariser", Markup("<strong>{}</strong>").format(settled))] if years else []),
    ]


def _tell_change(apercu: Apercu) -> list[tuple[str, str | Markup | None]]:
    """The new amount against the current one, in percent."""
    if not apercu.avant:
        return []
    change = (apercu.montant - apercu.avant) * 100 / apercu.avant
    return [("Évolution", f"{_plus(change)}{pourcentage(change)}")]


def _tell_impact(apercu: Apercu) -> list[tuple[str, str | Markup | None]]:
    """What the conventions concerned owe for the year, until now and with the new amount."""
    if apercu.impact is None:
        return []
    before, after = apercu.impact.avant, apercu.impact.apres
    gap = f"{_plus(after - before)}{euros(after - before)}"
    return [(f"Dû pour {apercu.annee}", f"{euros(after)}, au lieu de {euros(before)} ({gap})")]


def _plus(change: Decimal) -> str:
    return "+" if change > 0 else ""


def _save(centre_id: UUID, name: str, typed: Saisie, fichier: tuple[str, bytes] | None, errors: dict[str, str]) -> None:
    try:
        with st.spinner("Enregistrement…"):
            save_tarif(
                session.portail(),
                session.acteur(),
                centre_id,
                typed.code,
                typed.valeurs,
                typed.public,
                fichier=fichier,
                operation_id=page.operation_id(name),
            )
    except PortailError as error:
        if error.champ not in {*FIELDS, "code", "fichier"}:
            page.show_error(error)
            return
        errors[error.champ] = error.message
    else:
        page.renew_operation(name)
        page.notify("Tarif enregistré.")
    st.session_state.pop(f"{name}:saisie", None)
    st.rerun()
