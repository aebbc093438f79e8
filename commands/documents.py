"""Commands that make or check documents. They need no database: offers and templates are those of the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from commands.french import Command, Group, fail
from commands.shared import FILE, print_json, read_bytes, read_json, write_bytes
from documents.contexts.echantillons import sample_for
from documents.engine.check import check_template
from documents.engine.compiled import compile_template
from domain.offer import Contexte
from services.adhesion.editique import Rendered
from services.core import clock, donnees

MAX_TEMPLATE = 20_000_000

OUTPUT = click.option("--sortie", type=FILE, required=True, metavar="FICHIER.docx", help="Fichier Word à écrire.")
JSON_FLAG = click.option("--json", "as_json", is_flag=True, help="Résultat en JSON sur la sortie standard.")


@click.command("convention", cls=Command)
@click.argument("data_file", metavar="DONNEES.json", type=FILE)
@OUTPUT
@JSON_FLAG
def convention(data_file: Path, sortie: Path, as_json: bool) -> None:
    """Produit la convention et ses annexes à partir de DONNEES.json.

    Son numéro est « numero » dans les données. Sans lui, c'est un projet : filigrane, pas de numéro.
    """
    _produce(data_file, sortie, as_json, "convention")


@click.command("deliberation", cls=Command)
@click.argument("data_file", metavar="DONNEES.json", type=FILE)
@OUTPUT
@JSON_FLAG
def deliberation(data_file: Path, sortie: Path, as_json: bool) -> None:
    """Produit le modèle de délibération à partir de DONNEES.json. Le numéro et la date de l'acte sont inutiles."""
    _produce(data_file, sortie, as_json, "deliberation")


def _produce(data_file: Path, output: Path, as_json: bool, document: str) -> None:
    rendered = donnees.render_from_data(read_json(data_file), document, today=clock.today())
    write_bytes(output, rendered.data)
    if as_json:
        print_json(describe(rendered, output, document))
        return
    for warning in rendered.avertissements:
        click.echo(f"Attention : {warning}", err=True)
    click.echo(f"{output} écrit ({rendered.sha256}).")


def describe(rendered: Rendered, output: Path, document: str) -> dict[str, Any]:
    """What `--json` says of a document: seal, manifest, amounts, warnings."""
    found: dict[str, Any] = {"fichier": str(output), "sha256": rendered.sha256, "manifeste": rendered.manifest}
    if document == "convention":
        found["numero"] = rendered.manifest["numero"] or donnees.SANS_NUMERO
        found["terme"] = rendered.context["convention"]["terme"]
    return {**found, "montants": _amounts(rendered.context["montants"]), "avertissements": rendered.avertissements}


def _amounts(montants: dict[str, Any]) -> dict[str, Any]:
    """Amounts under the names of `portail simuler`; hours in minutes per year."""
    return {
        "tarif": montants["tarif"],
        "tarif_horaire": montants["tarif_horaire"],
        "quotite": montants["quotite"],
        "annuel": montants["annuel"],
        "du": montants["premiere_annee"]["du"],
        "premiere_annee": montants["premiere_annee"],
        "horaire": montants["horaire"],
        "unites": montants["unites"],
        "echeancier": montants["echeancier"],
        "heures": montants["heures"]["minutes"],
        "etapes": montants["etapes"],
    }


@click.group("gabarit", cls=Group)
def gabarit() -> None:
    """Gabarits Word."""


@gabarit.command("rendre")
@click.argument("template", metavar="GABARIT.docx", type=FILE)
@click.argument("data_file", metavar="DONNEES.json", type=FILE)
@OUTPUT
def render_template(template: Path, data_file: Path, sortie: Path) -> None:
    """Remplit un gabarit Word quelconque (syntaxe docxtpl) avec DONNEES.json."""
    compiled = compile_template(read_bytes(template, MAX_TEMPLATE))
    write_bytes(sortie, compiled.render(read_json(data_file)))
    click.echo(f"{sortie} écrit.")


@gabarit.command("verifier")
@click.argument("template", metavar="GABARIT.docx", type=FILE)
@click.option("--centre", required=True, metavar="CODE", help="Centre dont le gabarit emploie les données.")
@click.option("--offre", metavar="CODE", help="Offre du centre, quand il en a plusieurs.")
@click.option(
    "--contexte",
    type=click.Choice(get_args(Contexte)),
    help="Données que le gabarit emploie. Sans cette option : celles du document de l'offre qui porte ce nom de fichier.",
)
@JSON_FLAG
def check(template: Path, centre: str, offre: str | None, contexte: Contexte | None, as_json: bool) -> None:
    """Vérifie un gabarit : syntaxe, noms des champs, contenus interdits. Le code de retour est 1 s'il y a des erreurs."""
    found, tarifs = donnees.find_centre(centre)
    offer = donnees.find_offer(centre, offre)
    schema = sample_for(offer, found, contexte or offer.contexte_of(template.name), tarifs)
    errors = check_template(read_bytes(template, MAX_TEMPLATE), schema)
    if as_json:
        print_json({"erreurs": [{"message": one.message, "paragraphe": one.paragraphe} for one in errors]})
    if errors:
        lines = [f"- {one.message}" + (f" (« {one.paragraphe} »)" if one.paragraphe else "") for one in errors]
        count = f"{len(errors)} erreur{'s' if len(errors) > 1 else ''}"
        fail("\n".join([f"{template} comporte {count}.", *([] if as_json else lines)]))
    if not as_json:
        click.echo(f"{template} : aucune erreur.")
