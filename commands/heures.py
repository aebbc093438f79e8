"""Commands about the recorded hours: their rollup, files in and out."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import click

from commands.french import Command, Group
from commands.shared import FILE, open_installed, print_json, read_bytes, write_bytes
from domain.errors import Invalide
from services.core import journal

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("heures", cls=Group)
def heures() -> None:
    """Heures enregistrées : import, export, cumuls."""


@heures.group("cumuls", cls=Group)
def cumuls() -> None:
    """Cumuls des heures, que lisent les tableaux de bord."""


@cumuls.command("verifier", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def check_rollup(as_json: bool) -> None:
    """Compare les cumuls aux heures enregistrées. Code de retour 1 s’ils diffèrent."""
    from services.activite.cumuls import compare

    with open_installed() as portail, portail.db.read() as session:
        found = compare(session)
    if as_json:
        print_json({"intacts": not found, "differences": [vars(one) for one in found]})
    for one in () if as_json else found:
        click.echo(
            f"{one.annee}-{one.mois:02d}  convention {one.convention_id}  {one.dimension} {one.valeur} : "
            f"{one.minutes} min et {one.nombre} interventions cumulées, {one.minutes_recomptees} et {one.nombre_recompte}"
            " enregistrées"
        )
    if found:
        raise Invalide(
            f"Des cumuls ({len(found)}) ne correspondent pas aux heures. Lancez « portail heures cumuls reconstruire »."
        )
    if not as_json:
        click.echo("Les cumuls correspondent aux heures enregistrées.")


@cumuls.command("reconstruire", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def rebuild_rollup(as_json: bool) -> None:
    """Refait les cumuls à partir des heures enregistrées ; personne n’en enregistre pendant ce temps."""
    from services.activite.cumuls import rebuild

    with open_installed() as portail, portail.db.write() as session:
        rows = rebuild(session)
        journal.record(session, "cumul.reconstruire", nombre=rows)
    if as_json:
        print_json({"lignes": rows})
    else:
        click.echo(f"Cumuls reconstruits : {rows} ligne(s).")


@heures.command("importer", cls=Command)
@click.argument("fichier", type=FILE, metavar="FICHIER")
@click.option("--centre", required=True, metavar="CODE", help="Centre dont ce sont les heures.")
@click.option("--essai", is_flag=True, help="Vérifie le fichier sans rien enregistrer.")
@click.option(
    "--malgre-doublons", is_flag=True, help="Enregistre aussi les lignes identiques à des heures déjà enregistrées."
)
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def import_file(fichier: Path, centre: str, essai: bool, malgre_doublons: bool, as_json: bool) -> None:
    """Importe un fichier d’heures CSV ou XLSX : toutes ses lignes, ou aucune.

    Chaque ligne porte l’adresse électronique de l’assistant. Les colonnes sont celles du modèle, à télécharger sur la
    page des heures.
    """
    from documents.tables.lecture import MAX_OCTETS
    from services.activite.export_heures import find_centre
    from services.activite.imports import import_hours, preview_import

    data = read_bytes(fichier, MAX_OCTETS)
    with open_installed() as portail:
        with portail.db.read() as session:
            centre_id = find_centre(session, centre)
        seen = preview_import(portail, None, centre_id, data)
        faults = seen.erreurs or (() if malgre_doublons else seen.identiques)
        if faults:
            if as_json:
                print_json({"enregistrees": 0, "erreurs": [vars(one) for one in faults]})
            listed = "\n".join(str(one) for one in faults)
            raise Invalide(f"Rien n’a été enregistré.\n{listed}")
        if not essai:
            import_hours(portail, None, centre_id, data, uuid4().hex, malgre_identiques=malgre_doublons)
    result = {"lignes": seen.lignes, "minutes": seen.minutes, "identiques": len(seen.identiques)}
    if as_json:
        print_json({**result, "enregistrees": 0 if essai else seen.lignes, "erreurs": []})
    else:
        verb = "Fichier correct, rien n’est enregistré" if essai else "Heures importées"
        click.echo(f"{verb} : {seen.lignes} ligne(s), {seen.minutes} minutes, {seen.periode}.")
        if seen.identiques:
            click.echo(f"Lignes identiques à des heures déjà enregistrées : {len(seen.identiques)}.")


@heures.command("exporter", cls=Command)
@click.option("--centre", required=True, metavar="CODE", help="Centre dont ce sont les heures.")
@click.option("--sortie", required=True, type=FILE, metavar="FICHIER", help="Fichier à écrire, .csv ou .xlsx.")
@click.option("--du", type=DAY, metavar="AAAA-MM-JJ", help="Premier jour.")
@click.option("--au", type=DAY, metavar="AAAA-MM-JJ", help="Dernier jour, compris.")
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def export_file(centre: str, sortie: Path, du: datetime | None, au: datetime | None, as_json: bool) -> None:
    """Écrit les heures enregistrées dans un fichier, que « importer » sait relire."""
    from services.activite.export_heures import Filtre, export_for_operator

    with open_installed() as portail:
        made = export_for_operator(
            portail, centre, Filtre(du=_day(du), au=_day(au)), sortie.suffix.removeprefix(".").lower()
        )
    write_bytes(sortie, made.data)
    if as_json:
        print_json({"fichier": str(sortie), "octets": len(made.data)})
    else:
        click.echo(f"Heures écrites dans {sortie}.")


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
