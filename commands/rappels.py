"""`portail rappels`: the reminders of deadlines, without the rest of the daily round."""

from __future__ import annotations

import click

from commands.french import Command, Group
from commands.shared import open_installed, print_json
from services.vie.rappels import send_now


@click.group("rappels", cls=Group)
def rappels() -> None:
    """Rappels avant les échéances des conventions."""


@rappels.command("envoyer", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON sur la sortie standard.")
def envoyer(as_json: bool) -> None:
    """Met en file les rappels dus aujourd'hui, centre par centre.

    Le portail le fait de lui-même chaque jour, et la commande « portail quotidien » aussi. Lancée deux fois, cette commande
    ne rappelle rien deux fois ; les jours manqués sont rattrapés tant que l'échéance n'est pas passée.
    """
    with open_installed() as portail:
        done = send_now(portail)
    if as_json:
        print_json({"centres": done})
        return
    for code, count in done.items():
        click.echo(f"{code} : {count} rappel{'s' if count > 1 else ''} mis en file")
