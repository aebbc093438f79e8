"""Commands for the file store."""

from __future__ import annotations

import click

from commands.french import Command, Group
from commands.shared import open_installed
from services.operation import installation


@click.group("fichiers", cls=Group)
def fichiers() -> None:
    """Magasin de fichiers."""


@fichiers.command("purger", cls=Command)
@click.option("--orphelins", is_flag=True, help="Retire aussi les fichiers que la base ne connaît pas.")
def purge(orphelins: bool) -> None:
    """Retire les fichiers dont plus rien ne se sert, et compte ceux que la base ne connaît pas.

    Après une restauration, ces derniers peuvent avoir été déposés depuis la sauvegarde : ils ne sont retirés que si
    vous le demandez avec --orphelins.
    """
    # Imported here: it brings the examination of PDF files, which the other commands do without.
    from services.adhesion import pieces

    with open_installed() as portail:
        removed = pieces.purge_files(portail, orphelins=orphelins)
        left = len(pieces.list_orphelins(portail))
    click.echo(f"Fichiers retirés : {removed}.")
    click.echo(f"Fichiers inconnus de la base, laissés en place : {left}.")


@fichiers.command("rattacher", cls=Command)
def attach() -> None:
    """Rattache le magasin de fichiers à cette base, après une restauration par exemple.

    L'installation qui s'en servait auparavant ne démarrera plus avec lui.
    """
    with open_installed() as portail:
        installation.take_store(portail)
    click.echo("Le magasin de fichiers est rattaché à cette base.")
