"""A simulation as files: a workbook with its figures and curve, and a note of one page for the budget.

Both are computed again from the parameters of the address, as the page is: nothing else can be put in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from documents.contexts.simulation import Colonne, Ligne, build_simulation
from documents.tables.tableur import XLSX_TYPE, Cell, Feuille, write_xlsx
from domain.errors import Introuvable
from domain.formatting import date_longue, duree
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.exports import Export
from services.facturation.gabarits import render_published
from services.pilotage.cadres import open_cadre
from services.pilotage.comparaison import HYPOTHESES, compared_formule, tell_differences
from services.pilotage.formules import Formule, tell_price
from services.pilotage.parametres import read_parametres
from services.pilotage.scenarios import Compared, compare_scenarios
from services.pilotage.simulations import Simulation, simulate

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RESERVE = "Simulation sans valeur contractuelle : seule la convention engage."
MAX_TITRE = 120


def export_xlsx(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The simulation of the address as a workbook; several scenarios side by side with `comparer`."""
    if parametres.get("comparer"):
        return _export_comparison(portail, acteur, parametres["comparer"])
    simulation = open_simulation(portail, acteur, parametres)
    data = write_xlsx(
        [_summary(simulation), _years(simulation), _instalments(simulation), *_curve(simulation), _steps(simulation)]
    )
    _journal(portail, acteur, simulation, "xlsx")
    return Export(_name(simulation, "xlsx"), XLSX_TYPE, data)


def export_note(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The same as a Word note of one page, from the centre's template."""
    simulation = open_simulation(portail, acteur, parametres)
    titre = parametres.get("titre", "").strip()[:MAX_TITRE]
    with portail.db.read() as session:
        rendered = render_published(
            portail,
            session,
            simulation.cadre.centre_id,
            simulation.cadre.offer.code,
            "simulation",
            build_note(simulation, titre),
            nom=_name(simulation, "docx"),
        )
    _journal(portail, acteur, simulation, "docx")
    return Export(rendered.nom, DOCX_TYPE, rendered.data)


def open_simulation(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Simulation:
    """The simulation of these texts, for this person; Introuvable or Invalide."""
    p = read_parametres(parametres)
    return simulate(open_cadre(portail, acteur, p.centre, p.offre, p.collectivite), p)


def build_note(simulation: Simulation, titre: str = "") -> dict[str, object]:
    """What the template of the note sees. The hours (or the share) are compared with the offer's own way of paying."""
    retenue, p = simulation.retenue, simulation.parametres
    comparee = next((one for one in simulation.formules[1:] if one.code in ("part", "heures")), None)
    grille = simulation.grilles[retenue.code]
    return build_simulation(
        titre=titre,
        date_note=clock.today(simulation.cadre.fuseau),
        conclusion=simulation.conclusion,
        collectivite=simulation.cadre.collectivite_nom,
        effet=p.effet,
        debut=p.debut,
        terme=simulation.terme,
        retenue=_column(retenue),
        comparee=_column(comparee) if comparee else None,
        inflation=p.inflation,
        annees=[
            Ligne(
                annee=str(year.annee),
                tarif=tell_price(year, grille),
                montant=year.du,
                comparaison=comparee.annees[place].du if comparee else None,
            )
            for place, year in enumerate(retenue.annees)
        ],
        hypotheses=simulation.hypotheses,
        etapes=(
            *simulation.besoin,
            *retenue.premiere.etapes,
            *(simulation.seuil.etapes[1:] if simulation.seuil else ()),
        ),
        avertissements=simulation.avertissements,
    )


def _column(one: Formule) -> Colonne:
    return Colonne(
        titre=one.titre,
        quantite=one.quantite,
        tarif=one.tarif,
        annuel=one.annuel,
        premiere=one.premiere.du,
        total=one.total,
        constant=one.total_constant,
        temps=duree(one.minutes),
        de_l_offre=one.de_l_offre,
    )


def _notes(simulation: Simulation) -> tuple[str, ...]:
    about = f"{simulation.cadre.offer.titre}, {simulation.cadre.centre_nom}"
    if simulation.cadre.collectivite_nom:
        about = f"{simulation.cadre.collectivite_nom} – {about}"
    day = date_longue(clock.today(simulation.cadre.fuseau))
    return (about, f"Établi le {day}. {RESERVE}", *simulation.avertissements)


def _summary(simulation: Simulation) -> Feuille:
    """The ways of paying, one by line."""
    first = simulation.retenue.premiere.annee
    colonnes = (
        "Façon de payer", "Quantité", "Tarif", "Une année entière", f"Année {first}", "Toute la durée",
        f"Toute la durée, en euros {first}", "Temps par an", "Coût d’une heure",
    )  # fmt: skip
    lignes: list[tuple[Cell, ...]] = [
        (
            one.titre, one.quantite, one.tarif, one.annuel, one.premiere.du, one.total, one.total_constant, one.minutes,
            one.cout_horaire,
        )
        for one in simulation.formules
    ]  # fmt: skip
    formats = [(name, "euros") for name in colonnes[2:7]] + [(colonnes[7], "heures"), (colonnes[8], "euros")]
    return Feuille("Comparaison", colonnes, lignes, simulation.conclusion, _notes(simulation), formats)


def _years(simulation: Simulation) -> Feuille:
    colonnes: list[str] = ["Année"]
    formats: list[tuple[str, str]] = []
    for one in simulation.formules:
        names = [f"{one.titre} : {what}" for what in ("tarif", "montant", "temps")]
        colonnes += names
        formats += [(names[0], "euros"), (names[1], "euros"), (names[2], "heures")]
    lignes: list[tuple[Cell, ...]] = [
        (
            str(year.annee),
            *(
                cell
                for one in simulation.formules
                for cell in (one.annees[place].tarif.montant, one.annees[place].du, one.annees[place].minutes)
            ),
        )
        for place, year in enumerate(simulation.retenue.annees)
    ]
    total = ("Total", *(cell for one in simulation.formules for cell in (None, one.total, None)))
    return Feuille("Années", colonnes, [*lignes, total], "Coût de chaque année", (), formats)


def _instalments(simulation: Simulation) -> Feuille:
    colonnes = ("Échéance", "Jusqu’au", *(one.titre for one in simulation.formules))
    lignes: list[tuple[Cell, ...]] = [
        (one.libelle, one.au, *(each.echeances[place].montant for each in simulation.formules))
        for place, one in enumerate(simulation.retenue.echeances)
    ]
    titre = f"Échéancier {simulation.retenue.premiere.annee}"
    return Feuille("Échéancier", colonnes, lignes, titre, (), [(name, "euros") for name in colonnes[2:]])


def _curve(simulation: Simulation) -> list[Feuille]:
    if simulation.seuil is None:
        return []
    colonnes = ("Heures par an", "À l’heure", "Part d’un temps plein")
    lignes: list[tuple[Cell, ...]] = [(one.minutes, one.heures, one.part) for one in simulation.courbe]
    formats = [("Heures par an", "heures"), ("À l’heure", "euros"), ("Part d’un temps plein", "euros")]
    titre = f"La part devient moins chère dès {duree(simulation.seuil.minutes_des)} par an"
    return [Feuille("Point d’équilibre", colonnes, lignes, titre, (), formats)]


def _steps(simulation: Simulation) -> Feuille:
    """Hypotheses and steps, in words."""
    lignes: list[tuple[Cell, ...]] = [("Hypothèse", one) for one in simulation.hypotheses]
    lignes += [("Besoin", one) for one in simulation.besoin]
    for formule in simulation.formules:
        steps = dict.fromkeys((*formule.etapes, *(step for year in formule.annees for step in year.etapes)))
        lignes += [(formule.titre, one) for one in steps]
    if simulation.seuil is not None:
        lignes += [("Point d’équilibre", one) for one in simulation.seuil.etapes]
    return Feuille("Calcul", ("Sujet", "Étape"), lignes, "Hypothèses et détail du calcul")


def _export_comparison(portail: Portail, acteur: Acteur, ids: str) -> Export:
    try:
        wanted = [UUID(one) for one in ids.split(",") if one]
    except ValueError:
        raise Introuvable() from None
    compared = compare_scenarios(portail, acteur, wanted)
    data = write_xlsx([_compared_sheet(compared), _compared_years(compared)])
    first = compared[0].row
    with portail.db.write() as session:
        record(
            session, acteur, "simulation.exporter", centre_id=first.centre_id, objet="scenario", objet_id=first.id,
            format="xlsx", nombre=len(compared),
        )  # fmt: skip
    return Export("scenarios-compares.xlsx", XLSX_TYPE, data)


def _compared_sheet(compared: list[Compared]) -> Feuille:
    colonnes = (
        "Scénario", "Offre", "Façon de payer", "Quantité", "Prise d’effet", "Une année entière", "Première année",
        "Toute la durée", "Temps par an", *(label for label, _ in HYPOTHESES), "Remarque",
    )  # fmt: skip
    lignes: list[tuple[Cell, ...]] = []
    for one in compared:
        if one.simulation is None:
            lignes.append((one.row.nom, *(None,) * (len(colonnes) - 2), one.message))
            continue
        kept = compared_formule(one.simulation)
        lignes.append(
            (
                one.row.nom,
                one.simulation.cadre.offer.titre,
                kept.titre,
                kept.quantite,
                one.simulation.parametres.effet,
                kept.annuel,
                kept.premiere.du,
                kept.total,
                kept.minutes,
                *(read(one.simulation) for _, read in HYPOTHESES),
                " ".join(one.simulation.avertissements),
            )
        )
    formats = [(name, "euros") for name in colonnes[5:8]] + [(colonnes[8], "heures")]
    computed = [(one.row.nom, one.simulation) for one in compared if one.simulation is not None]
    notes = (RESERVE, *(f"Hypothèses différentes. {one}." for one in tell_differences(computed)))
    return Feuille("Scénarios", colonnes, lignes, "Scénarios comparés", notes, formats)


def _compared_years(compared: list[Compared]) -> Feuille:
    computed = [(one.row.nom, compared_formule(one.simulation)) for one in compared if one.simulation is not None]
    years = sorted({year.annee for _, kept in computed for year in kept.annees})
    names = [f"{place}. {nom}" for place, (nom, _) in enumerate(computed, start=1)]
    lignes: list[tuple[Cell, ...]] = []
    for annee in years:
        due = ({year.annee: year.du for year in kept.annees} for _, kept in computed)
        lignes.append((str(annee), *(one.get(annee) for one in due)))
    return Feuille("Années", ("Année", *names), lignes, "Coût de chaque année", (), [(name, "euros") for name in names])


def _name(simulation: Simulation, extension: str) -> str:
    return f"simulation-{simulation.cadre.offer.code}-{simulation.parametres.effet.isoformat()}.{extension}"


def _journal(portail: Portail, acteur: Acteur, simulation: Simulation, forme: str) -> None:
    with portail.db.write() as session:
        record(
            session,
            acteur,
            "simulation.exporter",
            centre_id=simulation.cadre.centre_id,
            objet="centre" if simulation.cadre.collectivite_id is None else "collectivite",
            objet_id=simulation.cadre.collectivite_id or simulation.cadre.centre_id,
            offre=simulation.cadre.offer.code,
            format=forme,
        )
