"""The end of a convention: the notices given, the one that can be given now, and what may be done with each."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, date_longue, duree
from services.vie import denonciations
from services.vie.denonciation_views import (
    DATES,
    DenonciationRow,
    DenonciationView,
    describe,
)
from ui import page, session
from ui.dates import day_input, read_day_or_error
from ui.html import badge, bullet_list, day, facts, file_link, lines, note, show

TONES = {"recue": "depose", "confirmee": "denoncee", "sans_suite": "echue", "retiree": "retire"}
WHO = {"collectivite": "La collectivité, dont la lettre est reçue", "centre": "Le centre"}


def show_denonciations(view: DenonciationView) -> None:
    """The part of the page about notice: the rule, the notices, what may be done, the form of a new one."""
    st.subheader("Dénonciation", anchor=False)
    _tell_rule(view)
    for row in view.denonciations:
        _show_row(view, row)
    if view.auteurs:
        with st.expander("Enregistrer une dénonciation", icon=":material/event_busy:"):
            _form(view)


def _tell_rule(view: DenonciationView) -> None:
    if view.vivante is not None:
        return
    if view.prochaine:
        last, end = view.prochaine
        dated = DATES[view.regles.reference]
        counted = f"la date qui compte est la {dated[:1].lower()}{dated[1:]}."
        if view.regles.preavis:
            note(
                f"Chaque partie peut dénoncer la convention à tout moment par lettre recommandée, {view.regles.preavis} mois à "
                f"l’avance ; {counted} Une lettre d’aujourd’hui y mettrait fin le {date_longue(end)}."
            )
        else:
            note(
                "Chaque partie peut dénoncer la convention par lettre recommandée. Prochain dernier jour : le "
                f"{date_longue(last)}, pour une fin le {date_longue(end)}. Ce jour n’est jamais reporté ; {counted}"
            )
    elif view.refus:
        note(view.refus)
    else:
        note(f"La convention s’arrête d’elle-même le {date_longue(view.regles.terme)}.")


def _show_row(view: DenonciationView, row: DenonciationRow) -> None:
    who = "par la collectivité" if row.auteur == "collectivite" else "par le centre"
    with st.container(border=True, key=f"denonciation:{row.id}"):
        show(
            Markup("<p><strong>Dénonciation {}</strong>&ensp;{}</p>").format(
                who, badge(row.etat_libelle, TONES[row.etat])
            )
        )
        show(facts(_facts(view, row)))
        if row.pieces:
            show(
                bullet_list(
                    (file_link(piece.id, _file_label(piece.type_mime, piece.nom)) for piece in row.pieces), "p-fichiers"
                )
            )
        if row.minutes_apres and (row.fin or row.fin_proposee):
            st.warning(
                f"{duree(row.minutes_apres)} sont enregistrées après le {date_longue(row.fin or row.fin_proposee or view.today)} : "
                "vérifiez-les avec l’assistant.",
                icon=":material/warning:",
            )
        _show_actions(view, row)


def _facts(view: DenonciationView, row: DenonciationRow) -> list[tuple[str, str | Markup | None]]:
    dates = [
        (f"{label}{', qui compte' if code == view.regles.reference else ''}", date_longue(found))
        for code, label in DATES.items()
        if (found := row.dates.get(code))
    ]
    return [
        *dates,
        ("Effet", row.consequence),
        ("Dernier jour de la convention", date_longue(row.fin) if row.fin else None),
        ("Lettre tardive", "prise en compte par le centre" if row.fin and row.tardive else None),
        ("Motif", lines(row.motif) if row.motif else None),
        ("Réponse du centre", lines(row.reponse) if row.reponse else None),
        ("Enregistrée", f"le {day(row.enregistree_le, view.fuseau)} par {row.enregistree_par}"),
        ("Traitée", f"le {day(row.traitee_le, view.fuseau)} par {row.traitee_par}" if row.traitee_le else None),
    ]


def _file_label(type_mime: str, nom: str) -> str:
    return f"Lettre du centre (Word) : {nom}" if "word" in type_mime else f"Lettre reçue : {nom}"


# What may be done -------------------------------------------------------------------------------------------------------


def _show_actions(view: DenonciationView, row: DenonciationRow) -> None:
    key = f"denonciation:{row.id}:{row.version}"
    if "dater" in row.actions:
        with st.expander("Compléter ou corriger les dates"):
            _dates_form(view, row, key)
    with st.container(horizontal=True, key=f"{key}:actions"):
        if "confirmer" in row.actions and st.button("Confirmer la dénonciation", key=f"{key}:confirmer"):
            _confirm(row, key)
        if "classer" in row.actions and st.button("Classer sans suite", key=f"{key}:classer"):
            page.confirm(
                "Classer sans suite ?",
                "La convention se poursuit. La collectivité reçoit ce motif.",
                "Classer sans suite",
                lambda motif: _done(denonciations.leave_without_effect, row, "Dénonciation classée sans suite.", motif),
                motif=True,
                key=f"{key}:classement",
            )
        if "retirer" in row.actions and st.button("Retirer la dénonciation", key=f"{key}:retirer"):
            page.confirm(
                "Retirer la dénonciation ?",
                "La convention se poursuit. L’autre partie en est prévenue.",
                "Retirer la dénonciation",
                lambda _: _done(denonciations.withdraw, row, "Dénonciation retirée."),
                key=f"{key}:retrait",
            )
        if "lever" in row.actions and st.button("Lever la dénonciation", key=f"{key}:lever"):
            page.confirm(
                "Lever la dénonciation ?",
                "La convention se poursuit jusqu’à son terme et ses années sont de nouveau dues. La collectivité reçoit ce motif.",
                "Lever la dénonciation",
                lambda motif: _done(denonciations.lift, row, "Dénonciation levée : la convention se poursuit.", motif),
                motif=True,
                key=f"{key}:levee",
            )


def _done(action: Callable[..., object], row: DenonciationRow, said: str, *given: str) -> bool:
    """Do an action with a notice; whether it was done."""
    portail, acteur = session.portail(), session.acteur()
    return page.ran(action, portail, acteur, row.id, *given, version_vue=row.version, succes=said)[0]


def _confirm(row: DenonciationRow, key: str) -> None:
    end = row.fin_proposee
    if end is None:
        return
    done: list[bool] = []  # the second of two quick clicks finds the work done

    @st.dialog("Confirmer la dénonciation")
    def _dialog() -> None:
        if done:
            st.rerun()
        st.write(page.text(row.consequence))
        if row.minutes_apres:
            st.warning(f"{duree(row.minutes_apres)} sont enregistrées après cette date.", icon=":material/warning:")
        late = row.tardive and st.checkbox(
            f"Je confirme que cette lettre tardive met fin à la convention le {date_longue(end)}", key=f"{key}:tardive"
        )
        added = st.text_area("À ajouter à la réponse (facultatif)", key=f"{key}:reponse", max_chars=2000)
        note("La lettre de réponse est préparée avec la convention ; la collectivité est prévenue par courriel.")
        sent = st.button(f"Confirmer : fin le {date_longue(end)}", type="primary", key=f"{key}:oui")
        if (
            sent
            and page.ran(
                denonciations.confirm,
                session.portail(),
                session.acteur(),
                row.id,
                fin_vue=end,
                version_vue=row.version,
                tardive_confirmee=bool(late),
                reponse=added or "",
                succes=f"Dénonciation confirmée : la convention prend fin le {date_longue(end)}.",
            )[0]
        ):
            done.append(True)
            st.rerun()

    _dialog()


# Dates and the form -----------------------------------------------------------------------------------------------------


def _typed_dates(
    view: DenonciationView, key: str, slots: page.Slots, row: DenonciationRow | None = None
) -> dict[str, str]:
    """The three dates as typed, and what they would do."""
    typed: dict[str, str] = {}
    for (code, label), column in zip(DATES.items(), st.columns(3, vertical_alignment="bottom"), strict=True):
        known = row.dates.get(code) if row else None
        with column:
            typed[code] = day_input(label, key=f"{key}:{code}", value=date_courte(known) if known else "")
            slots.place(code)
    counted, wrong = read_day_or_error(typed[view.regles.reference])
    if counted and not wrong and counted <= view.today:
        note(describe(view.regles, counted))
    elif any(typed.values()) and not counted and not wrong:
        note(describe(view.regles, None))
    return typed


def _dates_form(view: DenonciationView, row: DenonciationRow, key: str) -> None:
    slots = page.Slots()
    typed = _typed_dates(view, f"{key}:dates", slots, row)
    if st.button("Enregistrer les dates", key=f"{key}:dater"):
        given = (session.portail(), session.acteur(), row.id, typed)
        if slots.run(denonciations.set_dates, *given, version_vue=row.version)[0]:
            page.notify("Dates enregistrées.")
            st.rerun()


def _form(view: DenonciationView) -> None:
    name = f"denonciation:{view.convention_id}"
    turn = page.operation_id(name)
    key, slots = f"{name}:{turn}", page.Slots()
    with st.container(width=760):
        auteur = _author(view, key)
        typed = _typed_dates(view, key, slots)
        motif = st.text_area("Motif (facultatif)", key=f"{key}:motif", max_chars=2000, height=80)
        slots.place("motif")
        limit = session.portail().settings.taille_max_mo
        uploaded = st.file_uploader(
            f"Lettre et preuves de dépôt ou de réception, numérisées (PDF ou image, {limit} Mo au plus, facultatif)",
            type=["pdf", "png", "jpg", "jpeg"],
            key=f"{key}:fichier",
            max_upload_size=limit,
        )
        slots.place("fichier")
        sent = st.button("Enregistrer la dénonciation", key=f"{key}:envoyer")
    if not sent:
        return
    done, _ = slots.run(
        denonciations.record_denonciation,
        session.portail(),
        session.acteur(),
        view.convention_id,
        auteur=auteur,
        dates=typed,
        motif=motif or "",
        fichier=(uploaded.name, uploaded.getvalue()) if uploaded else None,
        operation_id=turn,
    )
    if done:
        page.renew_operation(name)
        waits = len(view.auteurs) == 1
        page.notify(
            "Dénonciation enregistrée : le centre la confirme après vérification."
            if waits
            else "Dénonciation enregistrée. Vérifiez-la, puis confirmez-la ou classez-la sans suite."
        )
        st.rerun()


def _author(view: DenonciationView, key: str) -> str:
    """On whose behalf the notice is recorded."""
    if len(view.auteurs) == 1:
        note(
            "Envoyez d’abord votre lettre recommandée avec avis de réception, puis indiquez ici ses dates. L’enregistrement sur le "
            "portail ne remplace pas la lettre."
        )
        return view.auteurs[0]
    chosen = st.radio(
        "Qui dénonce ?", view.auteurs, format_func=lambda one: WHO[one], key=f"{key}:auteur", horizontal=True
    )
    if chosen == "centre" and view.lettre:
        page.download(
            "Préparer la lettre du centre (Word)", f"/exports/lettre-denonciation.docx?convention={view.convention_id}"
        )
    return str(chosen)
