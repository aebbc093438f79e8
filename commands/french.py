"""click in French: its own words, and groups and commands that turn our errors into exit codes.

click looks its texts up through a function that each of its modules imported as `_` (and `ngettext`); it ships no
translation. Giving these modules our dictionary is less fragile than a compiled catalogue that depends on the locale.
"""

from __future__ import annotations

import logging
import re
from types import ModuleType
from typing import Any, NoReturn
from uuid import uuid4

import click
from click import core, decorators, exceptions, formatting, parser, termui, types, utils
from sqlalchemy.exc import DBAPIError

from domain.errors import PortailError

logger = logging.getLogger("portail")
REFUSED = 1
"""Exit code of a refusal; 0 means done, 2 (click's own) a wrong usage."""

FRENCH = {
    "Aborted!": "Interrompu.",
    "Argument {name!r} takes {nargs} values.": "L’argument {name!r} prend {nargs} valeurs.",
    "Choose from:\n\t{choices}": "Au choix :\n\t{choices}",
    "Commands": "Commandes\u00a0",
    "Could not open file {filename!r}: {message}": "Le fichier {filename!r} ne peut pas être ouvert : {message}",
    "(Did you mean one of: {possibilities}?)": "(Vouliez-vous dire l’un de ceux-ci : {possibilities} ?)",
    "Did you mean {possibility}?": "Vouliez-vous dire {possibility} ?",
    "Do you want to continue?": "Voulez-vous continuer ?",
    "Error: The two entered values do not match.": "Erreur : les deux saisies diffèrent.",
    "Error: invalid input": "Erreur : saisie incorrecte",
    "Error: {message}": "Erreur : {message}",
    "Got unexpected extra argument ({args})": "Argument en trop : {args}",
    "Got unexpected extra arguments ({args})": "Arguments en trop : {args}",
    "Invalid value for {param_hint}: {message}": "Valeur incorrecte pour {param_hint} : {message}",
    "Invalid value: {message}": "Valeur incorrecte : {message}",
    "Missing argument": "Il manque l’argument",
    "Missing command.": "Il manque la commande.",
    "Missing option": "Il manque l’option",
    "Missing parameter": "Il manque le paramètre",
    "Missing parameter: {param_name}": "Il manque le paramètre {param_name}",
    "Missing {param_type}": "Il manque : {param_type}",
    "Name '{name}' defined twice": "Le nom « {name} » est donné deux fois",
    "No such command {name!r}.": "La commande {name!r} n’existe pas.",
    "No such option {name!r}.": "L’option {name!r} n’existe pas.",
    "Option {name!r} does not take a value.": "L’option {name!r} ne prend pas de valeur.",
    "Option {name!r} requires an argument.": "L’option {name!r} demande une valeur.",
    "Option {name!r} requires {nargs} arguments.": "L’option {name!r} demande {nargs} valeurs.",
    "Options": "Options\u00a0",
    "Positional arguments": "Arguments\u00a0",
    "Repeat for confirmation": "Répétez pour confirmer",
    "Show the version and exit.": "Affiche la version.",
    "Show this message and exit.": "Affiche cette aide.",
    "Takes {nargs} values but 1 was given.": "{nargs} valeurs attendues, une donnée.",
    "Takes {nargs} values but {len} were given.": "{nargs} valeurs attendues, {len} données.",
    "Try '{command} {option}' for help.": "Aide : {command} {option}",
    "Usage:": "Usage\u00a0:",
    "default: {default}": "par défaut : {default}",
    "env var: {var}": "variable d’environnement : {var}",
    "required": "obligatoire",
    "{value!r} does not match the format {format}.": "{value!r} n’a pas la forme {format}.",
    "{value!r} does not match the formats {formats}.": "{value!r} n’a aucune des formes {formats}.",
    "{value!r} is not a valid {number_type}.": "{value!r} n’est pas un nombre correct.",
    "{value!r} is not one of {choices}.": "{value!r} n’est pas l’une des valeurs {choices}.",
    "{value!r} is not {choice}.": "{value!r} n’est pas {choice}.",
    "{value} is not in the range {range}.": "{value} est hors de l’intervalle {range}.",
}
MODULES: tuple[ModuleType, ...] = (core, decorators, exceptions, formatting, parser, termui, types, utils)


def translate(message: str) -> str:
    """The French text of one of click's messages; itself when it is not ours to translate."""
    return FRENCH.get(message, message)


def translate_plural(singular: str, plural: str, count: int) -> str:
    return translate(singular if count == 1 else plural)


def speak_french() -> None:
    """Give click our words, for the whole process. Calling it again changes nothing."""
    for module in MODULES:
        for name, function in (("_", translate), ("ngettext", translate_plural)):
            if hasattr(module, name):
                setattr(module, name, function)


class Command(click.Command):
    """A command whose refusals go to stderr with exit code 1."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[OPTIONS]")
        super().__init__(*args, **kwargs)

    def get_short_help_str(self, limit: int = 45) -> str:
        return first_sentence(self.help)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PortailError as error:
            fail(error.message)
        except DBAPIError as error:
            fail(_log(error, "La base de données ne répond pas ou n’est pas à jour. Lancez « portail init »."))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            fail(_log(error, "Erreur inattendue."))


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("subcommand_metavar", "COMMANDE [ARGUMENTS]…")
        super().__init__(*args, **kwargs)

    def get_short_help_str(self, limit: int = 45) -> str:
        return first_sentence(self.help)


def first_sentence(help_text: str | None) -> str:
    """What a command does, in the list of commands: click cuts it after a few words, whatever the width."""
    paragraph = " ".join((help_text or "").strip().split("\n\n")[0].split())
    return re.split(r"(?<=\.)\s", paragraph, maxsplit=1)[0]


def _log(error: Exception, message: str) -> str:
    reference = uuid4().hex[:8]
    logger.error("référence %s", reference, exc_info=error)
    return f"{message} (Référence {reference} dans le journal technique.)"


def fail(message: str) -> NoReturn:
    """Say why on stderr and leave with code 1."""
    click.echo(f"Refusé : {message}".encode(errors="replace").decode(), err=True)
    raise click.exceptions.Exit(REFUSED)
