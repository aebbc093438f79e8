"""Commands of costs: compare the rollup of years with what it should be, and rebuild it."""

from __future__ import annotations

import click

from commands.french import Command, Group, fail
from commands.shared import open_installed, print_json
from services.core import journal
from services.facturation.exercices import compare, rebuild


@click.group("exercices", cls=Group)
def exercices() -> None:
    """Exercices des conventions : ce qui est dû et facturé chaque année."""


JSON_FLAG = click.option("--json", "as_json", is_flag=True, help="Résultat en JSON sur la sortie standard.")


@exercices.command("verifier", cls=Command)
@JSON_FLAG
def verify(as_json: bool) -> None:
    """Compare les montants gardés à ceux que donne le calcul. Le code de retour est 1 s'ils diffèrent."""
    with open_installed() as portail, portail.db.read() as session:
        found = compare(session)
    if as_json:
        print_json({"intacts": not found, "ecarts": [vars(one) for one in found]})
    for one in () if as_json else found:
        kept, wanted = one.garde or "absent", one.attendu or "absent"
        click.echo(f"Convention {one.convention}, {one.annee}, {one.champ} : {kept} gardé, {wanted} attendu")
    if found:
        plural = "s" if len(found) > 1 else ""
        fail(f"{len(found)} écart{plural} avec le calcul. Lancez « portail exercices reconstruire ».")
    if not as_json:
        click.echo("Les exercices correspondent au calcul.")


@exercices.command("reconstruire", cls=Command)
@JSON_FLAG
def rebuild_all(as_json: bool) -> None:
    """Recalcule les montants dus et facturés de toutes les conventions."""
    with open_installed() as portail, portail.db.write() as session:
        count = rebuild(session)
        journal.record(session, "exercice.reconstruire", nombre=count)
    if as_json:
        print_json({"conventions": count})
    else:
        click.echo(f"Exercices recalculés : {count} convention{'s' if count > 1 else ''}.")
