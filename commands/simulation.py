"""`portail simuler`: what a share of a post or hours cost, with the tariffs of the files; no database is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from commands.french import Command
from commands.shared import print_json
from domain.calendar import compute_terme
from domain.errors import Invalide
from domain.formatting import date_longue, duree, euros
from domain.offer import Facturation, Offer
from domain.tarification import (
    Annee,
    Echeance,
    Montant,
    Part,
    Prorata,
    bill_minutes,
    check_annee_calculee,
    compute_annee,
    compute_echeancier,
    compute_heures,
    merge_periods,
)
from domain.tarifs import Tarif, choose_tarif, warn_other_year, warn_unknown
from services.core import clock, donnees

TEMPS_COMPLET, HEURE = "temps_complet", "heure"
EFFECTIF_MAX = 1_000_000
SHARE_ONLY = ("effet", "debut", "prorata", "avenant", "absence")


class Valeur(click.ParamType[Any]):
    """An option whose text `read` understands; what it cannot read is a wrong usage, with `attendu` as the reason."""

    def __init__(self, name: str, read: Callable[[str], Any], attendu: str) -> None:
        self.name, self._read, self._attendu = name, read, attendu

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value.strip())
        except (ValueError, InvalidOperation):
            self.fail(f"« {value[:60]} » n’est pas {self._attendu}.", param, ctx)


NUMBER = re.compile(
    r"([+-]?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?(?:e[+-]?\d{1,3})?|nan|[+-]?inf(?:inity)?)\s*[€%]?",
    re.ASCII | re.IGNORECASE,
)
"""Stricter than Decimal, which reads `4_7` as 47; what is a number but no price nor share is refused with its reason."""


def _read_number(text: str) -> Decimal:
    """A number typed with a point or a comma, thousands apart or not."""
    found = NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return Decimal(re.sub(r"[ \u00a0\u202f]", "", found[1]).replace(",", "."))


def _read_day(text: str) -> date:
    """A day as AAAA-MM-JJ or JJ/MM/AAAA; the other ways of ISO 8601 (weeks, no hyphens) are more likely a slip."""
    if found := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text, re.ASCII):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(text)
    return date.fromisoformat(text)


def _read_whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,20}", text, re.ASCII):
        raise ValueError(text)
    return int(text)


def _read_count(text: str) -> int:
    count = _read_whole(text)
    if not 0 <= count <= EFFECTIF_MAX:
        raise ValueError(text)
    return count


def _read_avenant(text: str) -> Part:
    share, day = text.split("@")
    return Part(_read_number(share), _read_day(day.strip()))


def _read_absence(text: str) -> tuple[date, date]:
    first, last = text.split(":")
    return _read_day(first.strip()), _read_day(last.strip())


def _read_minutes(text: str) -> list[int]:
    return [_read_whole(one.strip()) for one in text.split(",")]


ANNEE = Valeur("année", _read_whole, "une année (AAAA)")
EFFECTIF = Valeur("effectif", _read_count, "un nombre d’agents")
NOMBRE = Valeur("nombre", _read_number, "un nombre")
JOUR = Valeur("date", _read_day, "une date (AAAA-MM-JJ)")
AVENANT = Valeur("avenant", _read_avenant, "un avenant (quotité@date, par exemple 60@2026-09-01)")
ABSENCE = Valeur("absence", _read_absence, "une absence (premier jour:dernier jour)")
MINUTES = Valeur("minutes", _read_minutes, "une liste de minutes entières, séparées par des virgules")


@dataclass(frozen=True)
class Demande:
    """The options of one run, as they were typed."""

    centre: str
    offre: str | None
    annee: int | None
    tarif: Decimal | None
    affiliee: bool | None
    effectif: int | None
    effet: date | None = None
    debut: date | None = None
    prorata: Prorata | None = None
    avenant: tuple[Part, ...] = ()
    absence: tuple[tuple[date, date], ...] = ()


@click.command("simuler", cls=Command)
@click.option("--centre", required=True, metavar="CODE", help="Centre dont les tarifs sont employés.")
@click.option("--offre", metavar="CODE", help="Offre du centre, quand il en a plusieurs.")
@click.option("--quotite", type=NOMBRE, metavar="Q", help="Part d'un temps plein, en pourcentage : 47,70.")
@click.option("--effet", type=JOUR, metavar="DATE", help="Prise d'effet de la convention (AAAA-MM-JJ).")
@click.option("--debut", type=JOUR, metavar="DATE", help="Début des prestations, s'il suit la prise d'effet.")
@click.option("--annee", type=ANNEE, metavar="ANNEE", help="Année à calculer.")
@click.option(
    "--prorata",
    type=click.Choice([one.value for one in Prorata]),
    help="Façon de compter une année incomplète ; à défaut, celle de l'offre.",
)
@click.option("--tarif", type=NOMBRE, metavar="MONTANT", help="Tarif à employer, au lieu de celui du centre.")
@click.option(
    "--avenant", type=AVENANT, multiple=True, metavar="Q@DATE", help="Nouvelle quotité à une date ; répétable."
)
@click.option(
    "--absence",
    type=ABSENCE,
    multiple=True,
    metavar="DATE:DATE",
    help="Période sans assistant du fait du centre, jours compris ; répétable.",
)
@click.option(
    "--minutes", type=MINUTES, metavar="M[,M…]", help="Service à l'heure : minutes à facturer, une ligne chacune."
)
@click.option("--affiliee/--non-affiliee", default=None, help="Collectivité affiliée ou non, si le tarif en dépend.")
@click.option("--effectif", type=EFFECTIF, metavar="N", help="Nombre d'agents, si le tarif en dépend.")
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON sur la sortie standard.")
def simuler(quotite: Decimal | None, minutes: list[int] | None, as_json: bool, **options: Any) -> None:
    """Calcule ce que coûte le service : une part de temps plein, ou des heures.

    Part de temps plein, pour une année : --quotite, --effet et --annee. À l'heure : --minutes. Chaque ligne est arrondie
    une fois, au centime le plus proche.
    """
    if (quotite is None) == (minutes is None):
        raise click.UsageError(
            "Indiquez --quotite (part d'un temps plein) ou --minutes (service à l'heure), l'un des deux."
        )
    if options["prorata"]:
        options["prorata"] = Prorata(options["prorata"])
    demande = Demande(**options)
    if minutes is not None:
        found = simulate_minutes(demande, minutes)
    else:
        assert quotite is not None
        found = simulate_share(demande, quotite)
    if as_json:
        print_json({name: value for name, value in found.items() if name != "texte"})
        return
    for warning in found["avertissements"]:
        click.echo(f"Attention : {warning}", err=True)
    click.echo("\n".join(found["texte"]))


def simulate_share(demande: Demande, quotite: Decimal) -> dict[str, Any]:
    """What one year of a share of a post costs; Invalide says which value is refused."""
    if demande.effet is None or demande.annee is None:
        missing = [name for name in ("effet", "annee") if getattr(demande, name) is None]
        raise click.UsageError(f"Avec --quotite, indiquez aussi {' et '.join(f'--{name}' for name in missing)}.")
    _check_years(demande)
    offer, tarifs = _find(demande, "quotite")
    billing, annee = offer.facturation, demande.annee
    terme = compute_terme(demande.effet, offer.duree.nombre)
    debut = demande.debut or demande.effet
    _check_dates(demande, debut, terme)
    code = billing.tarif if billing.mode == "quotite" else TEMPS_COMPLET
    _require_price(demande, offer, tarifs, code, "par part d’un temps plein")
    tarif, warnings = _choose(demande, tarifs, code, annee)
    year = compute_annee(
        tarif,
        [Part(quotite, demande.effet), *demande.avenant],
        annee,
        debut=debut,
        fin=terme,
        absences=demande.absence,
        methode=demande.prorata or billing.prorata,
        heures_annuelles=billing.heures_annuelles,
    )
    heures = compute_heures(year.quotite, billing.heures_annuelles)
    first = max(debut, date(annee, 1, 1)) if debut.year <= annee else date(annee, 1, 1)
    quarters = compute_echeancier(year.du, first)
    return {
        "annuel": year.annuel,
        "du": year.du,
        "echeancier": [one.montant for one in quarters],
        "heures": heures.minutes,
        "heures_dues": year.minutes,
        "tarif": tarif,
        "terme": terme,
        "etapes": [*year.etapes, *heures.etapes],
        "avertissements": [*warnings, *_useless(demande, debut, terme)],
        "texte": _tell_share(year, quarters, heures.etapes),
    }


def _check_years(demande: Demande) -> None:
    """Invalide at the first year that cannot be priced."""
    days = [("effet", demande.effet), ("debut", demande.debut), *(("avenant", one.du) for one in demande.avenant)]
    days += [("absence", day) for one in demande.absence for day in one]
    for name, year in [("annee", demande.annee), *((name, day.year if day else None) for name, day in days)]:
        if year is not None:
            check_annee_calculee(year, name)


def _check_dates(demande: Demande, debut: date, terme: date) -> None:
    effet, annee = demande.effet, demande.annee
    assert effet is not None and annee is not None
    if debut < effet:
        raise Invalide("Les prestations ne peuvent pas débuter avant la prise d’effet de la convention.", "debut")
    if not effet.year <= annee <= terme.year:
        raise Invalide(
            f"La convention va du {date_longue(effet)} au {date_longue(terme)} : {annee} n’en fait pas partie.", "annee"
        )
    for part in demande.avenant:
        if not effet < part.du <= terme:
            raise Invalide(
                f"L’avenant du {date_longue(part.du)} n’est pas entre la prise d’effet et le terme de la convention"
                f" ({date_longue(terme)}).",
                "avenant",
            )


def _useless(demande: Demande, debut: date, terme: date) -> list[str]:
    """Absences that change nothing because no day of them is billed that year."""
    annee = demande.annee or debut.year
    billed = (max(debut, date(annee, 1, 1)), min(terme, date(annee, 12, 31)))
    return [
        f"L’absence du {date_longue(du)} au {date_longue(au)} ne compte aucun jour facturé en {annee} : elle ne change rien."
        for du, au in demande.absence
        if not merge_periods([(du, au)], billed)
    ]


def _tell_share(year: Annee, quarters: Sequence[Echeance], hours: Sequence[str]) -> list[str]:
    return [
        *year.etapes,
        *hours,
        "",
        f"Dû pour {year.annee}\u00a0: {euros(year.du)}",
        *(f"  {one.libelle}\u00a0: {euros(one.montant)}" for one in quarters),
    ]


def simulate_minutes(demande: Demande, minutes: Sequence[int]) -> dict[str, Any]:
    """What each duration costs by the hour, rounded on its line, and their total."""
    given = [name for name in SHARE_ONLY if getattr(demande, name)]
    if given:
        raise click.UsageError(f"{' et '.join(f'--{name}' for name in given)} : seulement avec --quotite.")
    _check_years(demande)
    offer, tarifs = _find(demande, "horaire")
    billing = offer.facturation
    _require_price(demande, offer, tarifs, _hourly_code(billing), "à l’heure")
    taux, warnings = _choose(demande, tarifs, _hourly_code(billing), demande.annee or clock.today().year)
    if billing.mode == "horaire" and (billing.unite_minutes > 1 or billing.minimum_minutes):
        warnings.append(
            f"Le centre facture chaque intervention par {billing.unite_minutes} min, avec un minimum de"
            f" {billing.minimum_minutes} min : les lignes sont calculées ici à la minute."
        )
    lines: list[Montant] = [bill_minutes(one, taux) for one in minutes]
    total = sum((line.valeur for line in lines), Decimal("0.00"))
    steps = [step for line in lines for step in line.etapes]
    return {
        "lignes": [line.valeur for line in lines],
        "total": total,
        "minutes": sum(minutes),
        "tarif": taux,
        "etapes": steps,
        "avertissements": warnings,
        "texte": [*steps, "", f"Total\u00a0: {duree(sum(minutes))}, {euros(total)}"],
    }


def _hourly_code(billing: Facturation) -> str:
    if billing.mode == "horaire":
        return billing.tarif
    return billing.service_degrade.tarif if billing.service_degrade else HEURE


def _find(demande: Demande, mode: str) -> tuple[Offer, tuple[Tarif, ...]]:
    """The offer asked for; else the centre's first one billed this way, else its first one. And the centre's tariffs."""
    centre, tarifs = donnees.find_centre(demande.centre)
    offers = donnees.list_offers(centre.code)
    if demande.offre is not None or not offers:
        return donnees.find_offer(centre.code, demande.offre), tarifs
    return next((one for one in offers if one.facturation.mode == mode), offers[0]), tarifs


def _require_price(demande: Demande, offer: Offer, tarifs: Sequence[Tarif], code: str, how: str) -> None:
    """Invalide when the offer is billed another way and the centre has no such tariff: recording one is not the remedy."""
    known = {one.code for one in tarifs} | set(offer.facturation.codes_tarifs)
    if demande.tarif is None and code not in known:
        hours = " ; pour des heures, employez --minutes" if offer.facturation.mode == "horaire" else ""
        raise Invalide(
            f"L’offre « {offer.titre} » n’est pas facturée {how} : indiquez un prix avec --tarif{hours}.", "tarif"
        )


def _choose(demande: Demande, tarifs: Sequence[Tarif], code: str, annee: int) -> tuple[Decimal, list[str]]:
    """The price in euros, and what deserves a person's eye about it."""
    if demande.tarif is not None:
        return demande.tarif, []
    chosen = choose_tarif(tarifs, code, annee, affiliee=demande.affiliee, effectif=demande.effectif)
    warnings = (
        warn_other_year(annee, [chosen]),
        warn_unknown(tarifs, [chosen], annee, affiliee=demande.affiliee, effectif=demande.effectif),
    )
    return chosen.montant, [one for one in warnings if one]
