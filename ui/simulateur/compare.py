"""Several scenarios side by side: which costs least, the figures, the cost of each year drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from documents.charts import bar_chart, untitled
from domain.formatting import date_longue, duree, euros
from services.core.access import Acteur
from services.pilotage.comparaison import HYPOTHESES, compared_formule, tell_differences
from services.pilotage.scenarios import Compared, compare_scenarios
from services.pilotage.simulations import Simulation
from ui import page, session
from ui.html import link, show
from ui.simulateur.results import line_of, table_of

Computed = list[tuple[Compared, Simulation]]


def show_comparison(acteur: Acteur, asked: str) -> None:
    """The scenarios whose ids the address holds."""
    page.link("simulateur", "Retour au simulateur", icon=":material/arrow_back:")
    ids = [page.as_uuid(one) for one in asked.split(",")]
    wanted: list[UUID] = [one for one in ids if one is not None]
    compared = page.load(compare_scenarios, session.portail(), acteur, wanted)
    for one in compared:
        if one.simulation is None:
            st.warning(
                page.text(f"« {one.row.nom} » ne peut plus être calculé : {one.message}"), icon=":material/warning:"
            )
    computed = [(one, one.simulation) for one in compared if one.simulation is not None]
    if not computed:
        return
    # Before any verdict: part of what one scenario costs less may come from what it assumes.
    _show_warnings(computed)
    st.subheader(page.text(tell_cheapest(computed)), anchor=False)
    _show_totals(computed)
    _show_table(computed)
    _show_years(computed)
    page.download("Comparaison (XLSX)", f"/exports/simulation.xlsx?comparer={asked}")


def tell_cheapest(computed: Computed) -> str:
    """The finding, in one sentence, which says when what is assumed differs."""
    totals = sorted(((compared_formule(one).total, row.row.nom) for row, one in computed))
    if len(totals) < 2 or totals[0][0] == totals[-1][0]:
        return f"Les scénarios coûtent autant sur toute la durée : {euros(totals[0][0])}."
    gap = totals[-1][0] - totals[0][0]
    differ = tell_differences([(row.row.nom, one) for row, one in computed])
    return (
        f"{'Avec des hypothèses différentes, ' if differ else ''}« {totals[0][1]} » coûte le moins sur toute la durée : {euros(totals[0][0])}, "
        f"{euros(gap)} de moins que « {totals[-1][1]} »."
    )


def _show_warnings(computed: Computed) -> None:
    differences = tell_differences([(row.row.nom, one) for row, one in computed])
    if differences:
        st.warning(
            page.text(
                f"Ces scénarios ne supposent pas la même chose : une partie de l’écart peut en venir. {'. '.join(differences)}."
            ),
            icon=":material/warning:",
        )
    for texte in dict.fromkeys(texte for _, one in computed for texte in one.avertissements):
        st.warning(page.text(texte), icon=":material/warning:")
    if len({one.cadre.offer.code for _, one in computed}) > 1 or len({one.terme for _, one in computed}) > 1:
        st.warning(
            "Ces scénarios n’ont pas la même offre ou la même durée : comparez les années plutôt que les totaux."
        )


def _show_table(computed: Computed) -> None:
    rows: Sequence[tuple[str, Callable[[Simulation], str], bool]] = (
        ("Offre", lambda one: one.cadre.offer.titre, False),
        ("Façon de payer", lambda one: compared_formule(one).titre, False),
        ("Quantité pour une année entière", lambda one: compared_formule(one).quantite, False),
        ("Prise d’effet", lambda one: date_longue(one.parametres.effet), False),
        ("Début des prestations", lambda one: date_longue(one.parametres.debut), False),
        *((label, read, False) for label, read in HYPOTHESES),
        ("Une année entière", lambda one: euros(compared_formule(one).annuel), True),
        ("Première année", lambda one: euros(compared_formule(one).premiere.du), True),
        ("Toute la durée", lambda one: euros(compared_formule(one).total), True),
        ("Temps de travail par an", lambda one: duree(compared_formule(one).minutes), False),
        ("La part devient moins chère dès", lambda one: duree(one.seuil.minutes_des) if one.seuil else "–", False),
    )
    head = Markup('<th scope="col"><span class="p-masque">Donnée</span></th>') + Markup("").join(
        Markup('<th scope="col" class="p-nombre">{}</th>').format(
            link(row.row.nom, page.url_of("simulateur", scenario=row.row.id))
        )
        for row, _ in computed
    )
    body = Markup("").join(line_of(label, [read(one) for _, one in computed], strong) for label, read, strong in rows)
    show(table_of("Scénarios comparés", head, body))


def _tell_years(computed: Computed, years: Sequence[int]) -> str:
    """Which costs least each year."""
    cheapest: dict[str, list[str]] = {}
    for annee in years:
        due = [
            (year.du, row.row.nom)
            for row, one in computed
            for year in compared_formule(one).annees
            if year.annee == annee
        ]
        low = min(due)[0]
        if len({montant for montant, _ in due}) > 1 or len(due) == 1:
            cheapest.setdefault(next(nom for montant, nom in due if montant == low), []).append(str(annee))
    if not cheapest:
        return "Les scénarios coûtent autant chaque année"
    said = [
        f"« {nom} » {'chaque année' if len(when) == len(years) else 'en ' + ', '.join(when)}"
        for nom, when in cheapest.items()
    ]
    return f"Coûte le moins : {' ; '.join(said)}"


def _show_totals(computed: Computed) -> None:
    """The whole term of each scenario, drawn."""
    chart = bar_chart(
        "Coût sur toute la durée",
        [(row.row.nom, "Toute la durée", compared_formule(one).total) for row, one in computed],
        y_titre="Euros",
        unite="€",
    )
    st.altair_chart(untitled(chart), width="stretch", theme=None, key="graphique-scenarios")


def _show_years(computed: Computed) -> None:
    years = sorted({year.annee for _, one in computed for year in compared_formule(one).annees})
    due = [{year.annee: year.du for year in compared_formule(one).annees} for _, one in computed]
    st.subheader(page.text(_tell_years(computed, years)), anchor=False)
    head = Markup('<th scope="col">Année</th>') + Markup("").join(
        Markup('<th scope="col" class="p-nombre">{}</th>').format(row.row.nom) for row, _ in computed
    )
    body = Markup("").join(
        line_of(str(annee), [euros(one[annee]) if annee in one else "–" for one in due]) for annee in years
    )
    show(table_of("Coût de chaque année", head, body))
