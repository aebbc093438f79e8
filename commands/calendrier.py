"""`portail echeances`: the dates of a convention, without a database; `portail quotidien`: what the calendar does by itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from commands.french import Command
from commands.shared import open_installed, print_json
from commands.simulation import JOUR
from domain.calendar import Delai, Notice, Periode, Preavis, classify_notice, compute_terme, list_periodes, rules_of
from domain.formatting import date_longue
from domain.tarification import check_annee_calculee
from services.core import donnees
from services.vie.quotidien import run_daily, tell_round

TELL = {"oui": "recevable", "tardive": "tardive", "sans_objet": "sans objet"}


@click.command("echeances", cls=Command)
@click.option("--centre", required=True, metavar="CODE", help="Centre dont les règles sont employées.")
@click.option("--offre", metavar="CODE", help="Offre du centre, quand il en a plusieurs.")
@click.option("--effet", type=JOUR, required=True, metavar="DATE", help="Prise d'effet de la convention (AAAA-MM-JJ).")
@click.option(
    "--denonciation",
    type=JOUR,
    metavar="DATE",
    help="Date de la lettre de dénonciation, celle que le centre retient (par défaut l'envoi).",
)
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON sur la sortie standard.")
def echeances(centre: str, offre: str | None, effet: date, denonciation: date | None, as_json: bool) -> None:
    """Dates d'une convention : terme, reconductions, derniers jours pour dénoncer ; effet d'une dénonciation."""
    check_annee_calculee(effet.year, "effet")
    code = donnees.find_centre(centre)[0].code
    rules = rules_of(donnees.find_offer(code, offre))
    terme = compute_terme(effet, rules.reconductions)
    periodes = list_periodes(effet, rules.reconductions, rules.delai)
    found: dict[str, Any] = {
        "terme": terme,
        "reconductions": [one.au.year for one in periodes if one.reconduction],
        **_notice_rule(rules.delai, periodes),
        "avertissements": [],
    }
    notice = None
    if denonciation is not None:
        notice = classify_notice(denonciation, effet=effet, terme=terme, delai=rules.delai)
        found["recevable"] = notice.recevabilite
        found |= {name: day for name in ("fin", "fin_proposee") if (day := getattr(notice, name)) is not None}
        found["avertissements"] = _warn(notice, terme)
    if as_json:
        print_json(found)
        return
    for warning in found["avertissements"]:
        click.echo(f"Attention : {warning}", err=True)
    click.echo(
        "\n".join([*_tell_dates(terme, periodes, rules.delai), *(_tell_notice(notice, terme) if notice else [])])
    )


def _warn(notice: Notice, terme: date) -> list[str]:
    """What deserves a person's eye about a notice."""
    found = []
    if notice.avant_effet:
        found.append("La dénonciation est antérieure à la prise d’effet de la convention.")
    if notice.recevabilite == "tardive":
        found.append("La dénonciation est tardive : une personne du centre doit confirmer la fin proposée.")
    if notice.sans_portee:
        found.append(
            f"La fin proposée est le terme de la convention ({date_longue(terme)}) : la lettre est sans portée."
        )
    return found


def _notice_rule(delai: Delai, periodes: list[Periode]) -> dict[str, Any]:
    """When notice may be given: on any day, or by a day of each year that another follows."""
    if isinstance(delai, Preavis):
        return {"preavis_mois": delai.mois}
    return {"dernier_jour_denonciation": {str(one.au.year): one.dernier_jour_denonciation for one in periodes[:-1]}}


def _tell_dates(terme: date, periodes: list[Periode], delai: Delai) -> list[str]:
    years = ", ".join(str(one.au.year) for one in periodes if one.reconduction) or "aucune"
    return [
        f"Terme : {date_longue(terme)}",
        f"Reconductions : {years}",
        *([f"Dénonciation : à tout moment, {delai.mois} mois à l'avance"] if isinstance(delai, Preavis) else ()),
        *(
            f"Fin au {date_longue(one.au)} : dénoncer au plus tard le {date_longue(one.dernier_jour_denonciation)}"
            for one in periodes[:-1]
            if one.dernier_jour_denonciation
        ),
    ]


def _tell_notice(notice: Notice, terme: date) -> list[str]:
    line = f"Dénonciation {TELL[notice.recevabilite]}"
    if notice.fin:
        return [f"{line} : fin le {date_longue(notice.fin)}"]
    if notice.fin_proposee:
        return [f"{line} : fin proposée le {date_longue(notice.fin_proposee)}"]
    return [f"{line} : la convention prend fin à son terme, le {date_longue(terme)}"]


@click.command("quotidien", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON sur la sortie standard.")
def quotidien(as_json: bool) -> None:
    """Fait ce que le calendrier demande : reconductions, fins de convention, rappels.

    À lancer chaque jour (cron) quand le portail n'est pas servi en permanence ; il le fait de lui-même sinon. Lancée deux
    fois le même jour, cette commande ne refait rien ; les jours manqués sont rattrapés.
    """
    with open_installed() as portail:
        done = run_daily(portail)
    if as_json:
        print_json(
            {"centres": {code: {_name(duty): count for duty, count in one.items()} for code, one in done.items()}}
        )
        return
    if not done:
        click.echo("Tout a déjà été fait aujourd'hui.")
    for code, counts in done.items():
        click.echo(f"{code} : {tell_round(counts)}")


def _name(duty: str) -> str:
    """The duty as JSON names it: its module and function, without the folders."""
    return duty.rsplit(".", 1)[-1].replace(":", ".")
