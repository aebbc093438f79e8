"""One statement: its lines and how they were computed, where it stands, what is done with it now."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, euros
from services.facturation import decomptes, emission
from services.facturation.decompte_views import DecompteView
from ui import page, session
from ui.actions import Wording, show_actions
from ui.dates import day_input, read_day_or_error
from ui.decomptes.pastille import statement_badge
from ui.html import bullet_list, facts, file_link, link, show

MAIN = ("emettre", "verifier")
MAIN_STALE = ("recalculer",)
BUTTONS = ("verifier", "emettre", "recalculer", "rouvrir", "supprimer", "annuler")
WORDINGS = {
    "emettre": Wording(
        "Le décompte reçoit un numéro définitif et son fichier est scellé. Il ne pourra plus être modifié."
    ),
    "supprimer": Wording("Ce brouillon sera supprimé. Il pourra être préparé de nouveau."),
    "annuler": Wording(
        "Un contre-décompte de montant opposé est émis aussitôt, avec son propre numéro. La collectivité lira ce motif."
    ),
}

PAID = (
    " Ce décompte est payé : la somme déjà reçue reste à régler avec le comptable (remboursement, ou déduction de ce qui est"
    " dû) ; le portail ne le fait pas."
)


def render_facts(view: DecompteView) -> Markup:
    """References, dates and links."""
    row = view.row
    counter = None
    if view.contre_de:
        counter = Markup("Annule le {}").format(_to(view.contre_de))
    elif view.contre:
        counter = Markup("Annulé par le {}").format(_to(view.contre, "contre-décompte"))
    return facts(
        (
            ("État", statement_badge(row.etat_libelle, row.etat, contre=row.contre)),
            ("Convention", link(f"n° {row.convention}", page.url_of("convention", id=view.convention_id))),
            ("Période", f"du {date_courte(row.du)} au {date_courte(row.au)}"),
            ("Exercice", str(row.exercice)),
            ("Total", Markup("<strong>{}</strong>").format(euros(row.total))),
            ("Payé le", _tell_paid(view)),
            ("Lien", counter),
            ("Motif", view.motif),
            ("Empreinte du fichier (SHA-256)", view.sha256),
        )
    )


def _tell_paid(view: DecompteView) -> str | None:
    """The day it was paid; once it is cancelled, what becomes of the money."""
    row = view.row
    if row.paye_le is None:
        return None
    if row.etat != "annule":
        return date_courte(row.paye_le)
    return (
        f"{date_courte(row.paye_le)}, avant l’annulation : les {euros(row.total)} versés restent à régler avec le comptable"
        " (remboursement, ou déduction de ce qui est dû)"
    )


def _wordings(view: DecompteView) -> dict[str, Wording]:
    """What each confirmation says: cancelling a statement that is paid leaves money to settle."""
    if view.row.paye_le is None:
        return WORDINGS
    return WORDINGS | {"annuler": Wording(WORDINGS["annuler"].texte + PAID)}


def _to(target: tuple[UUID, str], word: str = "décompte") -> Markup:
    return link(f"{word} n° {target[1]}", page.url_of("decompte", id=target[0]))


def render_lines(view: DecompteView) -> Markup:
    """The lines as a table, the total below."""
    head = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="p-nombre"') if number else "", title)
        for title, number in (("Désignation", False), ("Quantité", True), ("Prix", True), ("Montant", True))
    )
    body = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Désignation">{}</th><td class="p-nombre" data-titre="Quantité"><span>{}</span></td>'
            '<td class="p-nombre" data-titre="Prix"><span>{}</span></td>'
            '<td class="p-nombre" data-titre="Montant"><span>{}</span></td></tr>'
        ).format(one.libelle, one.quantite, one.prix or "–", euros(one.montant))
        for one in view.lignes
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Lignes du décompte</caption>'
        '<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div><p class="p-total">Total : <strong>{}</strong></p>'
    ).format(head, body, euros(view.row.total))


def show_steps(view: DecompteView) -> None:
    """How each amount was found."""
    steps = list(dict.fromkeys(step for one in view.lignes for step in one.etapes))
    with st.expander("Comment ces montants sont calculés", icon=":material/calculate:", expanded=True):
        if view.methode:
            st.caption(f"Méthode de prorata : {view.methode}.")
        show(bullet_list(steps))


def show_warning(view: DecompteView) -> None:
    """The tariff of another year: lifted by a person, with the reason (B03)."""
    if view.avertissement is None:
        return
    if view.levee:
        who, why = view.levee
        st.info(
            f"{page.text(view.avertissement)} Levé par {page.text(who)} : {page.text(why)}", icon=":material/check:"
        )
        return
    st.warning(page.text(view.avertissement), icon=":material/warning:")
    if view.action("lever") and st.button("Lever l’avertissement", key=f"lever:{view.row.id}"):
        page.confirm(
            "Lever l’avertissement",
            "Le tarif indiqué sera appliqué à ce décompte. Le motif est conservé avec lui.",
            "Lever l’avertissement",
            lambda motif: _ran(decomptes.lift_warning, view, motif, succes="Avertissement levé."),
            motif=True,
            key=f"lever:{view.row.id}",
        )


def show_now(view: DecompteView) -> None:
    """The buttons of the moment."""
    if view.perime:
        st.warning(
            "Les données ont changé depuis le calcul de ce brouillon. Recalculez-le pour les prendre en compte.",
            icon=":material/sync_problem:",
        )
    show_actions(
        [one for one in view.actions if one.action in BUTTONS],
        lambda action, motif: perform(view, action, motif),
        _wordings(view),
        key=f"decompte:{view.row.id}:{view.row.etat}",
        main=MAIN_STALE if view.perime else MAIN,
    )
    if view.action("payer"):
        _payment(view)


def perform(view: DecompteView, action: str, motif: str) -> object:
    """Do one action of the page."""
    if action == "annuler":
        settle = PAID if view.row.paye_le else ""
        return _ran(emission.cancel, view, motif, succes=f"Décompte annulé : le contre-décompte est émis.{settle}")
    if action == "emettre":
        return _ran(emission.issue, view, succes="Décompte émis.")
    if action == "verifier":
        return _ran(decomptes.check, view, succes="Décompte vérifié.")
    if action == "rouvrir":
        return _ran(decomptes.reopen, view, succes="Décompte remis en brouillon.")
    if action == "supprimer":
        if _ran(decomptes.delete_draft, view, succes="Brouillon supprimé."):
            page.go("decomptes")
        return False
    done, left = page.ran(decomptes.recompute, session.portail(), session.acteur(), view.row.id)
    if done:
        page.notify("Décompte recalculé." if left else "Plus rien n’est à facturer : le brouillon a été supprimé.")
        if not left:
            page.go("decomptes")
    return done


def _ran(service: Callable[..., object], view: DecompteView, *given: str, succes: str) -> bool:
    return page.ran(service, session.portail(), session.acteur(), view.row.id, *given, succes=succes)[0]


def _payment(view: DecompteView) -> None:
    with st.form(f"payer:{view.row.id}", width=420):
        typed = day_input("Date du paiement", key=f"paye:{view.row.id}")
        sent = st.form_submit_button("Enregistrer le paiement", icon=":material/payments:")
    if not sent:
        return
    jour, fault = read_day_or_error(typed)
    if fault:
        st.error(fault, icon=":material/error:")
        return
    service = emission.record_payment
    if page.ran(service, session.portail(), session.acteur(), view.row.id, jour, succes="Paiement enregistré.")[0]:
        st.rerun()


def show_files(view: DecompteView) -> None:
    """The sealed Word file, and the lines as a spreadsheet."""
    items = []
    if view.piece_id:
        items.append(file_link(view.piece_id, "Décompte scellé (Word)"))
    items.append(
        Markup('<a href="/exports/decompte.xlsx?id={}" download>Lignes et calcul (Excel)</a>').format(view.row.id)
    )
    show(bullet_list(items))
