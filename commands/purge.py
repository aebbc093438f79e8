"""Purge by the centre's delays, for operators: shown first, done only when asked for."""

from __future__ import annotations

import click

from commands.french import Command
from commands.shared import open_installed, print_json

TITLES = {"compte": "Comptes", "brouillon": "Brouillons", "demande": "Demandes d’adhésion"}


@click.command("purger", cls=Command)
@click.option("--centre", metavar="CODE", help="Un seul centre (par défaut : tous).")
@click.option("--appliquer", "apply_it", is_flag=True, help="Retire vraiment ; sinon, montre seulement.")
@click.option("--json", "as_json", is_flag=True, help="Résultat en JSON.")
def purger(centre: str | None, apply_it: bool, as_json: bool) -> None:
    """Montre ce que les durées de conservation du centre disent de ne plus garder, et le retire avec --appliquer.

    Comptes sans rôle et inutilisés, brouillons abandonnés, demandes d'adhésion traitées depuis longtemps. Rien n'est jamais
    retiré sans que vous le demandiez.
    """
    # Imported here: it brings the examination of files, which the other commands do without.
    from services.archives import purge

    with open_installed() as portail:
        plans = purge.preview_all(portail, centre)
        done = [purge.apply_all(portail, plan) if apply_it else {} for plan in plans]
    if as_json:
        print_json(
            [
                {
                    "centre": plan.centre,
                    "elements": [
                        {
                            "genre": one.genre,
                            "id": str(one.id),
                            "libelle": one.libelle,
                            "depuis": one.depuis.isoformat(),
                        }
                        for one in plan.elements
                    ],
                    "conserves": [
                        {"genre": one.genre, "libelle": one.libelle, "raisons": list(one.raisons)}
                        for one in plan.gardes
                    ],
                    "retires": {TITLES[genre]: count for genre, count in counts.items()},
                }
                for plan, counts in zip(plans, done, strict=True)
            ]
        )
        return
    for plan, counts in zip(plans, done, strict=True):
        click.echo(f"{plan.centre} (comptes {plan.comptes_mois} mois, brouillons {plan.brouillons_mois} mois)")
        for one in plan.elements:
            click.echo(f"  {TITLES[one.genre]} : {one.libelle}, sans changement depuis le {one.depuis:%d/%m/%Y}")
        for one in plan.gardes:
            click.echo(f"  Conservé : {one.libelle}. {one.raisons[0]}")
        if apply_it:
            click.echo("  Retirés : " + ", ".join(f"{TITLES[genre]} {count}" for genre, count in counts.items()))
        elif not plan.elements:
            click.echo("  Rien à retirer.")
    if not apply_it and any(plan.elements for plan in plans):
        click.echo("Rien n’a été retiré : ajoutez --appliquer.")
