"""What each screen of the dashboard shows: permission, filters, then totals, in one read of the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from services.core.access import Acteur
from services.core.paging import Page
from services.core.portail import Portail
from services.pilotage import capacite, couts, tableaux
from services.pilotage.capacite import EcartConvention, LigneAssistant, LigneCapacite
from services.pilotage.couts import LigneCout, Montants
from services.pilotage.filtres import READERS, Choix, Filtres, read_choix, read_filtres
from services.pilotage.tableaux import AXES, LigneAxe, LigneCollectivite, LigneMois, Recherche, Totaux

HEURES, COUTS, CAPACITE = "heures", "couts", "capacite"
VUES = {HEURES: "Heures", COUTS: "Coûts", CAPACITE: "Capacité"}
DEFAULT_AXE = "categorie"


@dataclass(frozen=True)
class Vue:
    """What every screen has: the filters as they were understood, and what they offer."""

    filtres: Filtres
    choix: Choix


@dataclass(frozen=True)
class VueHeures(Vue):
    """Hours: the collectivités asked for, those in alert (the first ones), the totals, the months, the split by `axe`."""

    collectivites: Page[LigneCollectivite]
    alertes: tuple[LigneCollectivite, ...]
    totaux: Totaux
    mois: tuple[LigneMois, ...]
    axe: str
    valeurs: tuple[LigneAxe, ...]


@dataclass(frozen=True)
class VueCouts(Vue):
    """Costs: the collectivités asked for, their total, the years and the offers."""

    collectivites: Page[LigneCout]
    total: Montants
    annees: tuple[LigneCout, ...]
    offres: tuple[LigneCout, ...]


@dataclass(frozen=True)
class VueCapacite(Vue):
    """Capacity: the months, then the conventions that lack an assignment and the assistants, on `jour`."""

    mois: tuple[LigneCapacite, ...]
    jour: date
    ecarts: Page[EcartConvention]
    assistants: tuple[LigneAssistant, ...]


def list_vues(acteur: Acteur) -> dict[str, str]:
    """The screens that this person opens: an assistant has their hours only."""
    return VUES if acteur.centres_with(*READERS) else {HEURES: VUES[HEURES]}


@contextmanager
def _open(
    portail: Portail, acteur: Acteur, params: Mapping[str, str], *, propres: bool = False
) -> Iterator[tuple[Session, Filtres]]:
    with portail.view(acteur, "tableau.consulter", objet="page", objet_id="tableau_de_bord") as session:
        yield session, read_filtres(session, acteur, params, propres=propres)


def open_heures(portail: Portail, acteur: Acteur, params: Mapping[str, str], recherche: Recherche) -> VueHeures:
    """The screen of hours. Introuvable when the person has none to see."""
    with _open(portail, acteur, params, propres=True) as (session, filtres):
        axe = params.get("par") or DEFAULT_AXE
        axe = axe if axe in AXES else DEFAULT_AXE
        found = tableaux.hours_by_collectivite(session, filtres, recherche)
        return VueHeures(
            filtres,
            read_choix(session, acteur, filtres, assistants=True),
            found.page,
            found.alertes,
            found.totaux,
            tableaux.hours_by_month(session, filtres),
            axe,
            tableaux.hours_by_axe(session, filtres, axe),
        )


def open_couts(portail: Portail, acteur: Acteur, params: Mapping[str, str], recherche: Recherche) -> VueCouts:
    """The screen of costs."""
    with _open(portail, acteur, params) as (session, filtres):
        choix = read_choix(session, acteur, filtres)
        page, total = couts.costs_by_collectivite(session, filtres, recherche)
        return VueCouts(
            filtres,
            choix,
            page,
            total,
            couts.costs_by_year(session, filtres),
            couts.costs_by_offer(session, filtres, choix.offres),
        )


def open_capacite(portail: Portail, acteur: Acteur, params: Mapping[str, str], recherche: Recherche) -> VueCapacite:
    """The screen of capacity: gaps are those of today in the current year, of its last day in another one."""
    with _open(portail, acteur, params) as (session, filtres):
        day = gap_day(filtres)
        return VueCapacite(
            filtres,
            read_choix(session, acteur, filtres),
            capacite.capacity_by_month(session, filtres),
            day,
            capacite.assignment_gaps(session, filtres, day, recherche),
            capacite.capacity_by_assistant(session, filtres, day),
        )


def gap_day(filtres: Filtres) -> date:
    """The day on which assignments are compared: today, brought back into the months shown."""
    return min(max(filtres.today, filtres.premier), filtres.dernier)
