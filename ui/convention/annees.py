"""The years of a convention: what each costs, the price of the new one, its renewals; the agreement where one is needed."""

from __future__ import annotations

from datetime import date

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_longue, euros
from services.vie import reconductions
from services.vie.annees import A_CONVENIR, A_VENIR, EN_ATTENTE, PREMIERE, AnneeRow, AnneesView
from ui import page, session
from ui.html import day, file_link, note, show


def show_years(view: AnneesView | None) -> None:
    """The price of the year and of the next one, the table of the years, and the agreement to renew."""
    if view is None or not view.lignes:
        return
    st.header("Années et reconductions", anchor=False)
    show(Markup("<p>{}</p>").format(tell_price(view)))
    show(_render(view))
    if view.previsionnel:
        note(
            "À l’heure, les montants sont des prévisions : les heures sont facturées à mesure qu’elles sont effectuées. Une année"
            " marquée «\u00a0réalisé\u00a0» est close : son montant est celui des heures effectuées."
        )
    if view.accord is not None:
        _show_agreement(view, view.accord)


def tell_price(view: AnneesView) -> Markup:
    """In a sentence: what this year costs, then the next one, or why that is not known yet."""
    by_year = {row.annee: row for row in view.lignes}
    now, following = by_year.get(view.aujourdhui.year), by_year.get(view.aujourdhui.year + 1)
    said = []
    if now is not None:
        said.append(Markup("{}\u00a0: <strong>{}</strong>.").format(now.annee, euros(now.du)))
    if following is not None:
        said.append(_tell_next(following, now))
    elif view.aujourdhui <= view.fin and now is not None:
        said.append(Markup("La convention prend fin le {}.").format(date_longue(view.fin)))
    if not said:
        first = view.lignes[0].annee
        text = f"à partir de {first}" if first > view.aujourdhui.year else f"terminée le {date_longue(view.fin)}"
        said.append(Markup("Convention {}.").format(text))
    return Markup(" ").join(said)


def _tell_next(following: AnneeRow, now: AnneeRow | None) -> Markup:
    if not following.tarif_vote:
        return Markup("Le tarif {} n’est pas encore voté\u00a0: au tarif actuel, l’année coûterait {}.").format(
            following.annee, euros(following.du)
        )
    gap = following.du - now.du if now is not None else None
    change = f" ({'+' if gap > 0 else ''}{euros(gap)})" if gap else ""
    if_agreed = ", si le renouvellement est accepté" if following.situation == A_CONVENIR else ""
    return Markup("{}{}\u00a0: <strong>{}</strong>{}, au tarif voté.").format(
        following.annee, if_agreed, euros(following.du), change
    )


def _render(view: AnneesView) -> Markup:
    heads = [("Année", ""), ("Tarif", "p-nombre"), ("Coût" if view.previsionnel else "Dû", "p-nombre")]
    heads += [("Situation", ""), ("Lettre", "")]
    if not any(row.lettre for row in view.lignes):
        heads.pop()
    body = []
    for row in view.lignes:
        cells: list[str | Markup] = [_tariff(row), _due(row), situation(row, view)]
        if len(heads) > 4:
            cells.append(file_link(row.lettre.id, "Lettre (Word)", row.lettre.taille) if row.lettre else "–")
        tds = Markup("").join(
            Markup('<td data-titre="{}"{}><span>{}</span></td>').format(
                name, Markup(' class="{}"').format(css) if css else "", cell
            )
            for (name, css), cell in zip(heads[1:], cells, strict=True)
        )
        body.append(Markup('<tr><th scope="row" data-titre="Année">{}</th>{}</tr>').format(row.annee, tds))
    ths = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(Markup(' class="{}"').format(css) if css else "", name)
        for name, css in heads
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Années de la convention</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(ths, Markup("").join(body))


def _tariff(row: AnneeRow) -> Markup:
    if row.tarif_montant is None:
        return Markup("–")
    if row.tarif_vote:
        return Markup("{}").format(euros(row.tarif_montant))
    return Markup("{}<br><span class='p-discret'>tarif {}</span>").format(euros(row.tarif_montant), row.tarif_annee)


def _due(row: AnneeRow) -> Markup:
    if not row.realisee:
        return Markup("{}").format(euros(row.du))
    return Markup("{}<br><span class='p-discret'>réalisé</span>").format(euros(row.du))


def situation(row: AnneeRow, view: AnneesView) -> str:
    """Where a year stands, in words."""
    if row.situation == PREMIERE:
        return "Première période"
    if row.reconduite_le is not None:
        how = "Renouvellement accepté" if view.expresse else "Reconduite"
        return f"{how} le {day(row.reconduite_le, view.fuseau)}" if view.expresse else f"{how} au 1er janvier"
    return {
        A_CONVENIR: f"Accord du centre attendu avant le {date_longue(date(row.annee, 1, 1))}",
        A_VENIR: f"Reconduction tacite le {date_longue(date(row.annee, 1, 1))}",
        EN_ATTENTE: "Reconduction en attente",
    }[row.situation]


def tell_renewal(view: AnneesView | None) -> str | None:
    """That the next year takes an agreement not given yet, as this person reads it; None when nothing of the kind waits."""
    if view is None:
        return None
    waiting = view.aujourdhui.year + 1
    if not any(row.annee == waiting and row.situation == A_CONVENIR for row in view.lignes):
        return None
    end = date_longue(date(view.aujourdhui.year, 12, 31))
    if view.accord:
        return f"Le renouvellement pour {waiting} attend votre accord, donné plus bas : sans lui, la convention prend fin le {end}."
    return f"Le renouvellement pour {waiting} attend l’accord du centre : sans lui, la convention prend fin le {end}."


def _show_agreement(view: AnneesView, annee: int) -> None:
    """The button that renews for a year, with what it does."""
    note(
        f"Cette convention ne se reconduit pas d’elle-même : sans accord du centre, elle prend fin le "
        f"{date_longue(date(annee - 1, 12, 31))}."
    )
    name = f"accord:{view.convention_id}:{annee}"
    if st.button(f"Renouveler pour {annee}", icon=":material/event_repeat:", key=name):
        page.confirm(
            f"Renouveler pour {annee}",
            f"La convention continuera jusqu’au {date_longue(date(annee, 12, 31))}. L’accord de votre centre est enregistré à "
            "la date d’aujourd’hui.",
            "Renouveler",
            lambda _: _agree(view, annee, name),
            key=name,
        )


def _agree(view: AnneesView, annee: int, name: str) -> bool:
    done = page.ran(
        reconductions.agree_renewal,
        session.portail(),
        session.acteur(),
        view.convention_id,
        annee,
        operation_id=page.operation_id(name),
        succes=f"Convention renouvelée pour {annee}.",
    )[0]
    if done:
        page.renew_operation(name)
    return done
