"""The formal notice of a convention: its letter and dates, the answer of the collectivité, what the centre decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, date_longue, duree
from services.core.piece_rows import PieceRow
from services.vie import mises_en_demeure
from services.vie.demeure_views import ARTICLES, DemeureRow, DemeureView, deadline
from ui import page, session
from ui.dates import day_input, read_day_or_error
from ui.html import badge, bullet_list, day, facts, file_link, lines, note, show

TONES = {
    "preparee": "brouillon", "envoyee": "en_demeure", "satisfaite": "en_vigueur", "resiliee": "resiliee",
    "retiree": "retire",
}  # fmt: skip


def show_demeures(view: DemeureView) -> None:
    """The part of the page about formal notice; nothing where there is none and this person prepares none."""
    if not view.demeures and not view.peut_preparer:
        return
    st.subheader("Mise en demeure", anchor=False)
    for row in view.demeures:
        _show_row(view, row)
    if view.peut_preparer:
        with st.expander("Préparer une mise en demeure", icon=":material/gavel:"):
            note(
                "Quand la collectivité n’assure pas les conditions de la mission. La lettre fixe un délai, qui court de sa première "
                "présentation ; passé ce délai sans accord, la résiliation peut être constatée."
            )
            _prepare_form(view, None, f"demeure:{view.convention_id}")


def _show_row(view: DemeureView, row: DemeureRow) -> None:
    with st.container(border=True, key=f"demeure:{row.id}"):
        show(
            Markup("<p><strong>{}</strong>&ensp;{}</p>").format(
                row.article_libelle, badge(row.etat_libelle, TONES[row.etat])
            )
        )
        show(facts(_facts(view, row)))
        if row.pieces:
            show(bullet_list((file_link(one.id, _file_label(one)) for one in row.pieces), "p-fichiers"))
        _tell_next(view, row)
        _show_actions(view, row, f"demeure:{row.id}:{row.version}")


def _facts(view: DemeureView, row: DemeureRow) -> list[tuple[str, str | Markup | None]]:
    closed = f"le {day(row.close_le, view.fuseau)} par {row.close_par}" if row.close_le else None
    return [
        ("À rétablir", lines(row.manquements)),
        ("Délai", f"{row.delai_jours} jours calendaires à compter de la première présentation"),
        ("Envoyée", _long(row.date_envoi)),
        ("Première présentation", _long(row.date_presentation)),
        ("Dernier jour du délai", _long(row.echeance)),
        ("Réponse", lines(row.reponse) if row.reponse else _no_answer(row)),
        ("Décision", lines(row.issue_motif) if row.issue_motif else None),
        ("Préparée", f"le {day(row.cree_le, view.fuseau)} par {row.cree_par}" if view.cote_centre else None),
        ("Close", closed),
    ]


def _long(jour: date | None) -> str | None:
    return date_longue(jour) if jour else None


def _no_answer(row: DemeureRow) -> str | None:
    joined = any("pdf" in one.type_mime or "image" in one.type_mime for one in row.pieces)
    if row.etat == "preparee":
        return None
    return f"reçue le {date_longue(row.reponse_le)}, ci-jointe" if row.reponse_le and joined else "aucune"


def _file_label(piece: PieceRow) -> str:
    return f"Lettre du centre (Word) : {piece.nom}" if "word" in piece.type_mime else piece.nom


def _tell_next(view: DemeureView, row: DemeureRow) -> None:
    """What is awaited now, in a sentence."""
    if row.etat == "preparee" and "envoyer" in row.actions:
        note(
            "Imprimez et envoyez la lettre en recommandé, puis enregistrez l’envoi : la collectivité la lira alors ici."
        )
    elif row.etat == "envoyee" and row.echeance is None:
        text = "Le délai commence à la première présentation de la lettre : sa date n’est pas encore enregistrée."
        st.warning(text, icon=":material/schedule:")
    elif row.etat == "envoyee" and row.expiree and view.cote_centre:
        st.warning(
            f"Le délai est passé depuis le {date_longue(row.echeance or view.today)} : clôturez la mise en demeure, ou constatez la "
            "résiliation.",
            icon=":material/warning:",
        )
    elif row.etat == "envoyee" and row.expiree:
        st.warning(
            f"Le délai est passé depuis le {date_longue(row.echeance or view.today)} : le centre peut constater la résiliation. Répondez "
            "sans attendre.",
            icon=":material/warning:",
        )
    elif row.etat == "envoyee" and row.echeance:
        left = (row.echeance - view.today).days
        note(f"Il reste {left} jour{'s' if left > 1 else ''} pour répondre." if left else "Dernier jour pour répondre.")
    if row.minutes_apres and row.echeance:
        st.warning(
            f"{duree(row.minutes_apres)} sont enregistrées après le {date_longue(row.echeance)} : vérifiez-les avec l’assistant.",
            icon=":material/warning:",
        )


# What may be done -------------------------------------------------------------------------------------------------------


def _show_actions(view: DemeureView, row: DemeureRow, key: str) -> None:
    if "reviser" in row.actions:
        with st.expander("Modifier la lettre"):
            _prepare_form(view, row, key)
    if "envoyer" in row.actions:
        with st.expander("Enregistrer l’envoi", icon=":material/outgoing_mail:"):
            _dates_form(view, row, f"{key}:envoi", "Enregistrer l’envoi", mises_en_demeure.send, "Envoi enregistré.")
    if "dater" in row.actions:
        with st.expander("Compléter ou corriger les dates", expanded=row.echeance is None):
            _dates_form(
                view, row, f"{key}:dates", "Enregistrer les dates", mises_en_demeure.set_dates, "Dates enregistrées."
            )
    if "repondre" in row.actions:
        title = "Enregistrer une réponse reçue" if view.cote_centre else "Répondre à la mise en demeure"
        with st.expander(title, icon=":material/reply:", expanded=not view.cote_centre and not row.reponse):
            _answer_form(view, row, key)
    _show_decisions(row, key)


def _show_decisions(row: DemeureRow, key: str) -> None:
    with st.container(horizontal=True, key=f"{key}:actions"):
        if "clore" in row.actions:
            _close_button(
                row, key, "Clore : satisfaite", True, "La collectivité a rétabli les conditions de la mission."
            )
            _close_button(row, key, "Retirer la mise en demeure", False, "Le centre renonce à la mise en demeure.")
        if row.echeance and "resilier" in row.actions and st.button("Constater la résiliation", key=f"{key}:resilier"):
            page.confirm(
                "Constater la résiliation de plein droit ?",
                f"La convention prend fin le {date_longue(row.echeance)}, dernier jour du délai : cela ne se défait pas. "
                "Dites pourquoi le désaccord persiste : le constat le reprend.",
                "Constater la résiliation",
                lambda motif: _done(
                    mises_en_demeure.terminate, row, "Résiliation constatée : le constat est préparé.", motif
                ),
                motif=True,
                key=f"{key}:resiliation",
            )
        if "abandonner" in row.actions and st.button("Abandonner ce projet", key=f"{key}:abandonner"):
            page.confirm(
                "Abandonner ce projet ?",
                "La lettre n’a pas été envoyée : la collectivité n’en saura rien.",
                "Abandonner le projet",
                lambda _: _done(mises_en_demeure.discard, row, "Projet de mise en demeure abandonné."),
                key=f"{key}:abandon",
            )


def _close_button(row: DemeureRow, key: str, label: str, satisfaite: bool, texte: str) -> None:
    if not st.button(label, key=f"{key}:clore:{satisfaite}"):
        return
    page.confirm(
        f"{label} ?",
        f"{texte} La convention se poursuit ; la collectivité lit ce motif.",
        label,
        lambda motif: _done(mises_en_demeure.close, row, "Mise en demeure close.", motif, satisfaite=satisfaite),
        motif=True,
        key=f"{key}:cloture:{satisfaite}",
    )


def _done(action: Callable[..., object], row: DemeureRow, said: str, *given: str, **more: object) -> bool:
    """Do an action with a formal notice; whether it was done."""
    portail, acteur = session.portail(), session.acteur()
    return page.ran(action, portail, acteur, row.id, *given, version_vue=row.version, succes=said, **more)[0]


# Forms ------------------------------------------------------------------------------------------------------------------


def _prepare_form(view: DemeureView, row: DemeureRow | None, name: str) -> None:
    turn = page.operation_id(name)
    key, slots = f"{name}:{turn}", page.Slots()
    with st.container(width=760):
        article = st.radio(
            "Fondement",
            list(ARTICLES),
            index=list(ARTICLES).index(row.article) if row and row.article in ARTICLES else 0,
            format_func=lambda code: ARTICLES[code],
            key=f"{key}:article",
        )
        slots.place("article")
        text = st.text_area(
            "Ce qui doit être rétabli, un point par ligne",
            row.manquements if row else "",
            max_chars=mises_en_demeure.TEXT_LENGTH,
            help="Des faits et des dates. Rien sur un agent accompagné.",
            key=f"{key}:manquements",
        )
        slots.place("manquements")
        typed = st.text_input(
            "Délai, en jours calendaires",
            str(row.delai_jours if row else view.delai_defaut),
            max_chars=4,
            key=f"{key}:delai",
            width=260,
        )
        slots.place("delai_jours")
        sent = st.button("Préparer la lettre" if row is None else "Refaire la lettre", key=f"{key}:preparer")
    if not sent:
        return
    content = {"article": article, "manquements": text or "", "delai_jours": _days(typed)}
    portail, acteur = session.portail(), session.acteur()
    if row is None:
        done, _ = slots.run(mises_en_demeure.prepare, portail, acteur, view.convention_id, **content, operation_id=turn)
    else:
        done, _ = slots.run(mises_en_demeure.revise, portail, acteur, row.id, **content, version_vue=row.version)
    if done:
        page.renew_operation(name)
        page.notify("Lettre préparée : téléchargez-la, faites-la signer et envoyez-la en recommandé.")
        st.rerun()


def _days(typed: str | None) -> int | None:
    text = (typed or "").strip()
    return int(text) if text.isdecimal() else None


def _dates_form(
    view: DemeureView, row: DemeureRow, key: str, label: str, action: Callable[..., object], said: str
) -> None:
    slots = page.Slots()
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        envoi = day_input(
            "Date d’envoi (preuve de dépôt)",
            key=f"{key}:envoi",
            value=date_courte(row.date_envoi) if row.date_envoi else "",
        )
        slots.place("envoi")
    with right:
        presentation = day_input(
            "Première présentation, si elle est connue",
            key=f"{key}:presentation",
            value=date_courte(row.date_presentation) if row.date_presentation else "",
        )
        slots.place("presentation")
    shown, wrong = read_day_or_error(presentation)
    if shown and not wrong and shown <= view.today:
        note(f"Dernier jour du délai : le {date_longue(deadline(shown, row.delai_jours))}.")
    if st.button(label, key=f"{key}:enregistrer"):
        given = {"envoi": envoi, "presentation": presentation}
        ran, _ = slots.run(action, session.portail(), session.acteur(), row.id, given, version_vue=row.version)
        if ran:
            page.notify(said)
            st.rerun()


def _answer_form(view: DemeureView, row: DemeureRow, name: str) -> None:
    turn = page.operation_id(f"{name}:reponse")
    key, slots = f"{name}:{turn}", page.Slots()
    received = ""
    with st.container(width=760):
        if view.cote_centre:
            received = day_input("Date de la réponse", key=f"{key}:reponse_le", width=260)
            slots.place("reponse_le")
        text = st.text_area("Réponse", max_chars=mises_en_demeure.TEXT_LENGTH, key=f"{key}:texte")
        slots.place("texte")
        limit = session.portail().settings.taille_max_mo
        uploaded = st.file_uploader(
            f"Lettre (PDF ou image, {limit} Mo au plus, facultatif)",
            type=["pdf", "png", "jpg", "jpeg"],
            key=f"{key}:fichier",
            max_upload_size=limit,
        )
        slots.place("fichier")
        sent = st.button("Enregistrer la réponse" if view.cote_centre else "Envoyer la réponse", key=f"{key}:repondre")
    if not sent:
        return
    done, _ = slots.run(
        mises_en_demeure.answer,
        session.portail(),
        session.acteur(),
        row.id,
        texte=text or "",
        reponse_le=received,
        fichier=(uploaded.name, uploaded.getvalue()) if uploaded else None,
        version_vue=row.version,
        operation_id=turn,
    )
    if done:
        page.renew_operation(f"{name}:reponse")
        page.notify("Réponse enregistrée." if view.cote_centre else "Réponse envoyée : le centre en est prévenu.")
        st.rerun()
