"""What operators read is French: help, usage errors, click's own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result

from cli import main
from tests.cli.conftest import Run

ENGLISH = re.compile(
    r"\b(Usage|Error|Options|Commands|Show|Missing|Invalid|Try|No such|required|default|Aborted|command|argument)\b(?! ?:)"
    r"|\b(Error|Invalid value|Missing|Show this)\b"
)


def _paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name, sub in command.commands.items():
            yield from _paths(sub, (*path, name))


@pytest.mark.parametrize("path", list(_paths(main)), ids=" ".join)
def test_help_of_every_command_is_french(run: Run, path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage\u00a0: portail")
    assert "Affiche cette aide." in result.stdout
    assert "..." not in result.stdout, "a sentence cut short"
    without_places = re.sub(r"\[OPTIONS\]|Options\u00a0:|Usage\u00a0:", "", result.stdout)
    assert not ENGLISH.search(without_places.replace("l'argument", "")), result.stdout


def _wrong(run: Run, *args: object) -> Result:
    result = run(*args)
    assert result.exit_code == 2
    return result


def test_wrong_usage_is_said_in_french_with_code_2(run: Run) -> None:
    assert "La commande 'inconnue' n’existe pas." in _wrong(run, "inconnue").stderr
    assert "Il manque l’argument 'DONNEES.json'." in _wrong(run, "convention", "--sortie", "f.docx").stderr
    assert "Il manque l’option '--sortie'." in _wrong(run, "convention", "f.json").stderr
    assert "L’option '--nimporte' n’existe pas." in _wrong(run, "init", "--nimporte").stderr
    assert "Argument en trop : b" in _wrong(run, "sauvegarder", "a", "b").stderr
    assert "'abc' n’est pas un nombre correct." in _wrong(run, "servir", "--port", "abc").stderr
    assert "L’option '--sortie' demande une valeur." in _wrong(run, "convention", "f.json", "--sortie").stderr
    assert "Aide : portail" in _wrong(run, "sauvegarder").stderr


def test_no_text_of_click_is_left_to_translate() -> None:
    """Every text that click marks for translation and that our commands can meet is in the dictionary."""
    from commands.french import FRENCH

    folder = Path(click.__file__).parent
    marked: set[str] = set()
    for name in ("core", "decorators", "exceptions", "formatting", "parser"):
        source = (folder / f"{name}.py").read_text(encoding="utf-8")
        marked |= set(re.findall(r'\b_\(\s*"((?:[^"\\]|\\.)*)"\s*\)', source))
    unused = {"deprecated", "(dynamic)", "unknown error", "%(prog)s, version %(version)s", "Value must be an iterable."}
    unused |= {"Could not determine name for option with declarations {decls!r}"}
    unused |= {"Confirm the action without prompting.", "Invalid start character for option ({option})"}
    assert {text for text in marked if text not in FRENCH and "Deprecation" not in text} - unused == set()
