"""Commands about accounts, for whoever runs the server."""

from __future__ import annotations

import click

from commands.french import Group
from commands.shared import open_installed, print_json
from services.comptes.invitations import create_first_admin
from services.operation import exploitation

ETATS = {"actif": "actif", "invite": "invité", "desactive": "désactivé"}


@click.group("utilisateur", cls=Group)
def utilisateur() -> None:
    """Comptes des personnes."""


@utilisateur.command("creer-administrateur")
@click.option("--centre", required=True, metavar="CODE", help="Centre à administrer.")
@click.option("--courriel", required=True, metavar="ADRESSE", help="Adresse électronique, qui sert d'identifiant.")
@click.option("--prenom", required=True, metavar="PRÉNOM", help="Prénom de la personne.")
@click.option("--nom", required=True, metavar="NOM", help="Nom de la personne.")
def create_admin(centre: str, courriel: str, prenom: str, nom: str) -> None:
    """Crée un administrateur et affiche le lien, à usage unique, qui lui permet de choisir son mot de passe.

    Relancée pour la même adresse, la commande donne un nouveau lien.
    """
    with open_installed() as portail:
        click.echo(create_first_admin(portail, centre, courriel, prenom, nom))


@utilisateur.command("lister")
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def list_accounts(as_json: bool) -> None:
    """Liste les comptes, leurs rôles du jour et leur dernière connexion."""
    with open_installed() as portail:
        comptes = exploitation.list_comptes(portail)
    if as_json:
        print_json({"utilisateurs": [vars(one) for one in comptes]})
        return
    if not comptes:
        click.echo("Aucun compte. Lancez « portail utilisateur creer-administrateur ».")
    for one in comptes:
        roles = ", ".join(one.roles) or "aucun rôle"
        click.echo(f"{one.courriel}  {one.nom}  [{ETATS[one.etat]}]  {roles}")


@utilisateur.command("desactiver")
@click.argument("courriel", metavar="ADRESSE")
def deactivate(courriel: str) -> None:
    """Désactive un compte : ses sessions se ferment aussitôt."""
    with open_installed() as portail:
        exploitation.deactivate_compte(portail, courriel)
    click.echo(f"Compte {courriel} désactivé.")


@utilisateur.command("lien")
@click.argument("courriel", metavar="ADRESSE")
def make_link(courriel: str) -> None:
    """Donne un nouveau lien, à usage unique, pour choisir le mot de passe. Les liens précédents ne valent plus rien."""
    with open_installed() as portail:
        click.echo(exploitation.make_lien(portail, courriel))
