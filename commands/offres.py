"""Commands for offers: out as a ZIP of their files, back as a draft, compared, published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from commands.french import Command, Group
from commands.shared import FILE, open_installed, print_json, read_bytes, write_bytes
from domain.formatting import nombre
from services.offres import exploitation
from services.offres.archive import MAX_ARCHIVE
from services.offres.diff import Change

ETATS = {"brouillon": "brouillon", "publiee": "en vigueur", "retiree": "remplacée"}
JSON_FLAG = click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """The two options that name an offer."""
    command = click.option("--offre", metavar="CODE", help="Offre du centre, quand il en a plusieurs.")(command)
    return click.option("--centre", required=True, metavar="CODE", help="Centre de l'offre.")(command)


@click.group("offre", cls=Group)
def offre() -> None:
    """Offres : exporter, importer, comparer et publier leurs versions."""


@offre.command("lister", cls=Command)
@click.option("--centre", required=True, metavar="CODE", help="Centre des offres.")
@JSON_FLAG
def list_versions(centre: str, as_json: bool) -> None:
    """Liste les versions des offres d'un centre."""
    with open_installed() as portail:
        found = exploitation.list_centre(portail, centre)
    if as_json:
        print_json({"versions": [vars(one) for one in found]})
        return
    for one in found:
        click.echo(f"{one.code}  version {one.numero}  [{ETATS[one.etat]}]  {one.titre}")


@offre.command("exporter", cls=Command)
@_which
@click.option("--version", "numero", type=int, metavar="N", help="Numéro de version. Sans lui : celle en vigueur.")
@click.option("--brouillon", is_flag=True, help="Exporte le brouillon.")
@click.option("-o", "--sortie", type=FILE, required=True, metavar="ARCHIVE.zip", help="Fichier à écrire.")
def export_offer(centre: str, offre: str | None, numero: int | None, brouillon: bool, sortie: Path) -> None:
    """Écrit une offre dans une archive ZIP : les mêmes dossiers forms/ et doc_templates/ que ceux du projet.

    Un fichier que personne n'a modifié par le web en sort à l'octet près, commentaires compris.
    """
    if brouillon and numero is not None:
        raise click.UsageError("--brouillon et --version ne vont pas ensemble.")
    with open_installed() as portail:
        data, found = exploitation.export_archive(portail, centre, offre, numero, brouillon=brouillon)
    write_bytes(sortie, data)
    click.echo(f"{sortie} écrit : {found.titre}, version {found.numero} ({ETATS[found.etat]}).")


@offre.command("importer", cls=Command)
@click.argument("archive", metavar="ARCHIVE.zip", type=FILE)
@click.option("--remplacer", is_flag=True, help="Remplace le brouillon de l'offre s'il y en a un.")
def import_offer(archive: Path, remplacer: bool) -> None:
    """Fait d'une archive ZIP le nouveau brouillon de son offre. Ce qui est en vigueur ne change pas.

    « portail offre comparer » montre ensuite ce qui change, « portail offre publier » le met en vigueur.
    """
    with open_installed() as portail:
        draft, changes = exploitation.import_archive(portail, read_bytes(archive, MAX_ARCHIVE), remplacer=remplacer)
    count = f"{nombre(len(changes))} différence{'s' if len(changes) > 1 else ''}" if changes else "aucune différence"
    click.echo(f"Brouillon de l’offre « {draft.code} » (version {draft.numero}) : {count} avec la version en vigueur.")


@offre.command("comparer", cls=Command)
@_which
@click.option("--de", "before", type=int, metavar="N", help="Version de départ. Sans elle : celle en vigueur.")
@click.option("--a", "after", type=int, metavar="N", help="Version d'arrivée. Sans elle : le brouillon.")
@JSON_FLAG
def compare(centre: str, offre: str | None, before: int | None, after: int | None, as_json: bool) -> None:
    """Dit en français ce qui change entre deux versions d'une offre."""
    with open_installed() as portail:
        changes = exploitation.compare(portail, centre, offre, before, after)
    if as_json:
        print_json({"differences": [vars(one) for one in changes]})
        return
    if not changes:
        click.echo("Aucune différence.")
    for one in changes:
        click.echo(_line(one))


def _line(change: Change) -> str:
    if not change.avant and not change.apres:
        return f"- {change.titre}"
    return f"- {change.titre}\n    avant : {change.avant or '(rien)'}\n    après : {change.apres or '(rien)'}"


@offre.command("publier", cls=Command)
@_which
def publish(centre: str, offre: str | None) -> None:
    """Met en vigueur le brouillon d'une offre, gabarits Word vérifiés. Les dossiers commencés gardent leur version."""
    with open_installed() as portail:
        found = exploitation.publish(portail, centre, offre)
    click.echo(f"{found.titre} : la version {found.numero} est en vigueur.")
