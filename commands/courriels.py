"""Commands about mails that did not leave, for whoever runs the server."""

from __future__ import annotations

import click

from commands.french import Group
from commands.shared import open_installed, print_json
from services.courriels import mails

ETATS = {"a_envoyer": "en attente", "echec": "en échec", "incertain": "peut-être parti"}


@click.group("courriels", cls=Group)
def courriels() -> None:
    """Courriels qui ne sont pas partis."""


@courriels.command("lister")
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def list_mails(as_json: bool) -> None:
    """Liste les courriels en attente, en échec, ou dont l'envoi a été interrompu."""
    with open_installed() as portail:
        rows = mails.list_unsent(portail)
    if as_json:
        print_json({"courriels": [vars(one) for one in rows]})
        return
    if not rows:
        click.echo("Tous les courriels sont partis.")
    for one in rows:
        due = f", prochain essai {one.prochain:%d/%m/%Y %H:%M} UTC" if one.prochain else ""
        click.echo(f"{one.destinataire}  {one.modele}  [{ETATS[one.etat]}{due}]  {one.erreur or ''}".rstrip())


@courriels.command("relancer")
@click.option(
    "--incertains",
    is_flag=True,
    help="Renvoie aussi ceux dont l'envoi a été interrompu : ils peuvent arriver deux fois.",
)
def retry(incertains: bool) -> None:
    """Remet dans la file d'envoi les courriels en échec ou en attente d'un nouvel essai.

    Le portail en service les envoie dans la minute.
    """
    with open_installed() as portail:
        count = mails.retry(portail, incertains=incertains)
    click.echo(f"Courriels remis dans la file : {count}.")
