"""What the figures of a dashboard say, in one French sentence: the title of a chart, of a sheet, of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.formatting import MONTHS, date_longue, duree, euros, nombre, pourcentage
from services.pilotage.capacite import LigneAssistant, LigneCapacite
from services.pilotage.couts import LigneCout, Montants
from services.pilotage.filtres import Choix, Filtres
from services.pilotage.tableaux import AXES, LigneAxe, LigneCollectivite, LigneMois, Totaux

TOUTES = "Les collectivités"


def tell_consumption(totaux: Totaux, filtres: Filtres, choix: Choix) -> str:
    """« Choisy-le-Roi a consommé 62 % de ses heures au 30 juin 2026 »."""
    if filtres.assistant_id:
        return f"{duree(totaux.minutes)} de service ordinaire enregistrées, {filtres.periode}"
    if not totaux.dues or filtres.arrete is None:
        return f"{duree(totaux.minutes)} consommées pour {duree(totaux.dues or 0)} dues, {filtres.periode}"
    share = percent(totaux.arretees, totaux.dues)
    until = date_longue(min(filtres.arrete, filtres.dernier))
    if choix.collectivite:
        return f"{choix.collectivite} a consommé {share} de ses heures au {until}"
    return f"{TOUTES} ont consommé {share} de leurs heures au {until}"


def tell_finished(filtres: Filtres) -> str:
    """What hours that stop at the last finished month are called, beside those recorded since: « Consommé à fin octobre »."""
    if filtres.arrete is None:
        return "Consommé, mois terminés"
    if filtres.arrete >= filtres.dernier:
        return "Consommé"
    return f"Consommé à fin {MONTHS[filtres.arrete.month]}"


def tell_recorded(filtres: Filtres) -> str:
    """What hours recorded up to now are called."""
    over = filtres.arrete is not None and filtres.arrete >= filtres.dernier
    return "Consommé" if over else "Consommé à ce jour"


def tell_forecast(totaux: Totaux) -> str:
    """The forecast against what is due by those that have one; what the others are due is said, as it is left out."""
    share = percent(totaux.prevision or 0, totaux.dues_prevues or 0)
    if not share:
        return ""
    left = (totaux.dues or 0) - (totaux.dues_prevues or 0)
    if left <= 0:
        return f"{share} des heures dues"
    return f"{share} des {duree(totaux.dues_prevues or 0)} dues, hors {duree(left)} sans prévision"


def tell_collectivites(totaux: Totaux) -> str:
    """Who is heading over or under what is due."""
    over, under = totaux.depassements, totaux.sous_utilisations
    if not over and not under:
        return "Aucune alerte : les heures prévues restent proches des heures dues"
    told = [
        text
        for count, text in (
            (over, f"{over} collectivité{_s(over)} en dépassement prévu"),
            (
                under,
                f"{under} en sous-utilisation prévue"
                if over
                else f"{under} collectivité{_s(under)} en sous-utilisation prévue",
            ),
        )
        if count
    ]
    return " et ".join(told)


def tell_shown(lignes: Sequence[LigneCollectivite]) -> str:
    """Among the collectivités drawn, the furthest ahead in its hours and the furthest behind."""
    known = sorted((one for one in lignes if one.dues), key=lambda one: one.taux or Decimal(0))
    if not known:
        return "Aucune heure n’est due par ces collectivités"
    last, first = known[0], known[-1]
    ahead = f"{first.nom} en est à {percent(first.arretees, first.dues or 0)} de ses heures dues"
    if last is first:
        return ahead
    return f"{ahead}, {last.nom} à {percent(last.arretees, last.dues or 0)}"


def tell_months(mois: Sequence[LigneMois], filtres: Filtres) -> str:
    """The busiest month."""
    busiest = max(mois, key=lambda one: one.ordinaires, default=None)
    if busiest is None or not busiest.ordinaires:
        return f"Aucune heure enregistrée, {filtres.periode}"
    return f"{MONTHS[busiest.mois].capitalize()} est le mois le plus chargé : {duree(busiest.ordinaires)}"


def tell_axe(lignes: Sequence[LigneAxe], axe: str) -> str:
    """The value that takes the most time, and its share."""
    total = sum(one.minutes for one in lignes)
    if not total:
        return f"{AXES[axe]} : aucune heure enregistrée"
    first = max(lignes, key=lambda one: one.minutes)
    return f"{AXES[axe]} : « {first.libelle} » fait {percent(first.minutes, total)} du temps"


def tell_costs(montants: Montants, filtres: Filtres, choix: Choix) -> str:
    """How much of what is committed is invoiced."""
    if not montants.engage:
        return f"Rien n’est engagé en {filtres.annee}"
    who = f"{choix.collectivite} : " if choix.collectivite else ""
    share = pourcentage(montants.taux or Decimal(0), 0)
    return f"{who}{share} des {euros(montants.engage)} engagés en {filtres.annee} sont facturés"


def tell_years(annees: Sequence[LigneCout], filtres: Filtres, choix: Choix) -> str:
    """How the year compares with the one before."""
    who = f"{choix.collectivite} : " if choix.collectivite else ""
    by_year = {int(one.code): one.montants.engage for one in annees}
    now, before = by_year.get(filtres.annee), by_year.get(filtres.annee - 1)
    if not now:
        return f"{who}rien n’est engagé en {filtres.annee}" if who else f"Rien n’est engagé en {filtres.annee}"
    if not before:
        return f"{who}{euros(now)} engagés en {filtres.annee}"
    change = (now - before) * 100 / before
    if round(change) == 0:
        return f"{who}{euros(now)} engagés en {filtres.annee}, autant qu’en {filtres.annee - 1}"
    way = "de plus" if change > 0 else "de moins"
    return (
        f"{who}{euros(now)} engagés en {filtres.annee}, {pourcentage(abs(change), 0)} {way} qu’en {filtres.annee - 1}"
    )


def tell_offers(offres: Sequence[LigneCout], filtres: Filtres) -> str:
    """The offer that commits the most."""
    if not offres:
        return f"Aucune offre en {filtres.annee}"
    first = max(offres, key=lambda one: one.montants.engage)
    total = sum((one.montants.engage for one in offres), Decimal(0))
    share = pourcentage(first.montants.engage * 100 / total, 0) if total else pourcentage(0, 0)
    return f"« {first.libelle} » fait {share} de ce qui est engagé en {filtres.annee}"


def tell_capacity(mois: Sequence[LigneCapacite], filtres: Filtres) -> str:
    """Whether the posts promised fit in the posts held, on the last day of the month where it is the tightest."""
    if not any(one.promis or one.tenus for one in mois):
        return f"Aucun poste ni aucune convention, {filtres.periode}"
    tightest = min(mois, key=lambda one: (one.marge, one.jour))
    when = date_longue(tightest.jour)
    if tightest.marge < 0:
        return (
            f"Il manque {etp(-tightest.marge)} au {when} : {etp(tightest.promis)} promis, {etp(tightest.tenus)} tenus"
        )
    return f"Les postes suffisent : il reste au moins {etp(tightest.marge)} ({when})"


def etp(value: Decimal) -> str:
    """Full-time posts: "1,55 ETP"."""
    return f"{nombre(value, 2)}\u00a0ETP"


def percent(part: int, whole: int) -> str:
    """A whole percent, rounded half up: "62 %"."""
    return pourcentage(Decimal(part) * 100 / whole, 0) if whole else ""


def _s(count: int) -> str:
    return "s" if count > 1 else ""


def tell_gaps(count: int, jour: date) -> str:
    """How many conventions are not assigned what they were promised."""
    if not count:
        return f"Chaque convention a les affectations promises au {date_longue(jour)}"
    if count == 1:
        return f"Une convention n’a pas les affectations promises au {date_longue(jour)}"
    return f"{count} conventions n’ont pas les affectations promises au {date_longue(jour)}"


def tell_assistants(lignes: Sequence[LigneAssistant], jour: date) -> str:
    """How much of the assistants' posts is still free."""
    left = sum((one.marge for one in lignes), Decimal(0))
    if left < 0:
        return f"Les assistants sont affectés au-delà de leurs postes de {etp(-left)} au {date_longue(jour)}"
    return f"Il reste {etp(left)} à affecter parmi les postes occupés au {date_longue(jour)}"
