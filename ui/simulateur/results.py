"""What a simulation costs, as tables and a curve: the same for the simulator's page and for the *Besoin* step of a dossier."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_longue, duree, euros
from services.pilotage.courbe import draw_seuil
from services.pilotage.formules import Formule, tell_price
from services.pilotage.simulations import Simulation
from ui import page
from ui.html import bullet_list, show


def show_results(simulation: Simulation) -> None:
    """Everything: the finding, the comparison, the curve, each year, the instalments, the steps."""
    st.subheader(simulation.conclusion, anchor=False)
    show_warnings(simulation)
    show_comparison(simulation)
    show_curve(simulation)
    show_years(simulation)
    show_details(simulation)


def show_warnings(simulation: Simulation) -> None:
    """What to beware of."""
    for texte in simulation.avertissements:
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
    body = Markup("").join(_line(label, [read(one) for one in formules], strong) for label, read, strong in rows)
    show(_table("Comparaison des façons de payer", Markup('<th scope="col"></th>') + head, body))


def _line(label: str, cells: Sequence[str], strong: bool = False) -> Markup:
    shape = (
        Markup('<td class="p-nombre"><strong>{}</strong></td>') if strong else Markup('<td class="p-nombre">{}</td>')
    )
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(
        label, Markup("").join(shape.format(one) for one in cells)
    )


def _table(legende: str, head: Markup, body: Markup) -> Markup:
    return Markup(
        '<div class="p-tableau p-etroit p-simulation" tabindex="0" role="region" aria-label="{}"><table><caption class="p-masque">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(legende, legende, head, body)


def show_curve(simulation: Simulation) -> None:
    """Where the two lines cross, drawn, with the table behind it a click away."""
    chart = draw_seuil(simulation)
    if chart is None:
        return
    st.subheader("À partir de combien d’heures la part est-elle moins chère ?", anchor=False)
    st.altair_chart(chart, width="stretch", theme=None)
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
        show(_table("Coût selon le nombre d’heures", head, body))


def show_years(simulation: Simulation) -> None:
    """Each year of the convention, and the instalments of the first one."""
    formules = simulation.formules
    st.subheader("Année par année", anchor=False)
    head = Markup('<th scope="col">Année</th>') + Markup("").join(
        Markup('<th scope="col">{} : tarif</th><th scope="col" class="p-nombre">Montant</th>').format(one.titre)
        for one in formules
    )
    body = Markup("")
    for place, year in enumerate(simulation.retenue.annees):
        cells = Markup("").join(
            Markup('<td>{}</td><td class="p-nombre">{}</td>').format(
                tell_price(one.annees[place], simulation.grilles[one.code]), euros(one.annees[place].du)
            )
            for one in formules
        )
        body += Markup('<tr><th scope="row">{}</th>{}</tr>').format(year.annee, cells)
    total = Markup("").join(
        Markup('<td></td><td class="p-nombre"><strong>{}</strong></td>').format(euros(one.total)) for one in formules
    )
    body += Markup('<tr><th scope="row">Total</th>{}</tr>').format(total)
    show(_table("Coût de chaque année", head, body))


def show_details(simulation: Simulation) -> None:
    """Instalments, hypotheses, and how each amount was found."""
    formules = simulation.formules
    with st.expander("Échéancier de la première année"):
        head = Markup('<th scope="col">Échéance</th>') + Markup("").join(
            Markup('<th scope="col" class="p-nombre">{}</th>').format(one.titre) for one in formules
        )
        body = Markup("").join(
            _line(one.libelle, [euros(each.echeances[place].montant) for each in formules])
            for place, one in enumerate(simulation.retenue.echeances)
        )
        show(_table("Échéancier de la première année", head, body))
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
