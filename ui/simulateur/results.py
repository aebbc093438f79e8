"""What a simulation costs, as tables and a curve: the same for the simulator's page and for the *Besoin* step of a dossier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_longue, duree, euros
from services.pilotage.formules import Formule, tell_price
from services.pilotage.simulations import Simulation
from ui import page
from ui.html import bullet_list, note, show


def show_results(simulation: Simulation) -> None:
    """Everything: the finding, the comparison, the curve, each year, the instalments, the steps."""
    st.subheader(simulation.conclusion, anchor=False)
    show_warnings(simulation.avertissements)
    show_comparison(simulation)
    show_curve(simulation)
    show_years(simulation)
    show_details(simulation)


def show_warnings(avertissements: Iterable[str]) -> None:
    """What to beware of."""
    for texte in avertissements:
        st.warning(page.text(texte), icon=":material/warning:")


def show_comparison(simulation: Simulation) -> None:
    """Ways of paying, side by side."""
    formules, p = simulation.formules, simulation.parametres
    first = simulation.retenue.premiere
    rows: list[tuple[str, Callable[[Formule], str], bool]] = [
        ("Quantité pour une année entière", lambda one: one.quantite, False),
        ("Tarif", lambda one: euros(one.tarif), False),
        ("Une année entière", lambda one: euros(one.annuel), True),
        (f"Première année, à partir du {date_longue(p.debut)}", lambda one: euros(one.premiere.du), True),
        (f"Toute la durée, jusqu’en {simulation.terme.year}", lambda one: euros(one.total), True),
    ]
    if p.inflation:
        rows.append((f"Toute la durée, en euros de {first.annee}", lambda one: euros(one.total_constant), False))
    rows += [
        ("Temps de travail par an", lambda one: duree(one.minutes), False),
        ("Coût d’une heure", lambda one: euros(one.cout_horaire) if one.cout_horaire is not None else "–", False),
    ]
    head = Markup("").join(
        Markup('<th scope="col" class="p-nombre">{}{}</th>').format(
            one.titre, Markup("<br><small>mode de l’offre</small>") if one.de_l_offre else ""
        )
        for one in formules
    )
    body = Markup("").join(line_of(label, [read(one) for one in formules], strong) for label, read, strong in rows)
    show(
        table_of(
            "Comparaison des façons de payer",
            Markup('<th scope="col"><span class="p-masque">Donnée</span></th>') + head,
            body,
        )
    )


def line_of(label: str, cells: Sequence[str], strong: bool = False) -> Markup:
    """One row: its heading, then figures."""
    shape = (
        Markup('<td class="p-nombre"><strong>{}</strong></td>') if strong else Markup('<td class="p-nombre">{}</td>')
    )
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(
        label, Markup("").join(shape.format(one) for one in cells)
    )


def table_of(legende: str, head: Markup, body: Markup) -> Markup:
    """A table of figures that scrolls inside itself when the screen is narrow."""
    return Markup(
        '<div class="p-tableau p-etroit p-simulation" tabindex="0" role="region" aria-label="{}"><table><caption class="p-masque">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(legende, legende, head, body)


def show_curve(simulation: Simulation) -> None:
    """Where the two lines cross, drawn, with the table behind it a click away."""
    # Charts bring pandas: the forms of a dossier, whose panel may show one, do without until then.
    from services.pilotage.courbe import draw_seuil, tell_seuil

    chart = draw_seuil(simulation)
    if chart is None:
        return
    st.subheader(tell_seuil(simulation), anchor=False)
    st.altair_chart(chart, width="stretch", theme=None, key="graphique-seuil")
    with st.expander("Le tableau derrière la courbe"):
        head = Markup("").join(
            Markup('<th scope="col" class="p-nombre">{}</th>').format(one)
            for one in ("Heures par an", "À l’heure", "Part d’un temps plein")
        )
        body = Markup("").join(
            Markup(
                '<tr><th scope="row" class="p-nombre">{}</th><td class="p-nombre">{}</td><td class="p-nombre">{}</td></tr>'
            ).format(duree(one.minutes), euros(one.heures), euros(one.part))
            for one in simulation.courbe
        )
        show(table_of("Coût selon le nombre d’heures", head, body))


def show_years(simulation: Simulation) -> None:
    """What each year of the convention costs, and the tariff it takes."""
    st.subheader("Année par année", anchor=False)
    head = Markup('<th scope="col">Année</th>') + Markup("").join(
        Markup('<th scope="col" class="p-nombre">{}</th>').format(one.titre) for one in simulation.formules
    )
    cell = Markup("{}<br><small>{}</small>")
    body = Markup("").join(
        line_of(
            str(year.annee),
            [
                cell.format(euros(one.annees[place].du), tell_price(one.annees[place], simulation.grilles[one.code]))
                for one in simulation.formules
            ],
        )
        for place, year in enumerate(simulation.retenue.annees)
    )
    body += line_of("Total", [euros(one.total) for one in simulation.formules], strong=True)
    show(table_of("Coût de chaque année", head, body))
    note("Sous chaque montant : le tarif de l’année.")


def show_details(simulation: Simulation) -> None:
    """Instalments, hypotheses, and how each amount was found."""
    formules = simulation.formules
    with st.expander("Échéancier de la première année"):
        head = Markup('<th scope="col">Échéance</th>') + Markup("").join(
            Markup('<th scope="col" class="p-nombre">{}</th>').format(one.titre) for one in formules
        )
        body = Markup("").join(
            line_of(one.libelle, [euros(each.echeances[place].montant) for each in formules])
            for place, one in enumerate(simulation.retenue.echeances)
        )
        show(table_of("Échéancier de la première année", head, body))
        st.caption("À l’heure, seules les heures faites sont facturées : ces échéances sont une prévision.")
    with st.expander("Le détail du calcul"):
        for one in formules:
            st.markdown(f"**{page.text(one.titre)}**")
            st.markdown(_numbered((*simulation.besoin, *one.etapes, *one.premiere.etapes)))
        if simulation.seuil is not None:
            st.markdown("**Point d’équilibre**")
            st.markdown(_numbered(simulation.seuil.etapes))
    with st.expander("Les hypothèses"):
        show(bullet_list(simulation.hypotheses))


def _numbered(steps: Sequence[str]) -> str:
    unique = list(dict.fromkeys(steps))
    return "\n".join(f"{number}. {page.text(one)}" for number, one in enumerate(unique, start=1))
