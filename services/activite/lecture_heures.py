"""A table of hours, understood: columns, dates, collectivités, assistants, labels of the lists. Every fault has its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from domain.activite import DIMENSION_LABELS, DIMENSIONS, nomenclature
from domain.errors import Invalide
from domain.releve import read_minutes
from domain.roles import Role
from domain.text import fold, suggestion
from models import Affectation, Collectivite, Convention, RoleAttribue, Utilisateur
from services.activite.grille import DEFAUTS
from services.activite.regles import RECORDING_STATES, first_day, last_day
from services.activite.verification import ErreurLigne, Ligne
from services.core.access import Acteur

COLONNES: dict[str, tuple[str, str]] = {
    "jour": ("Date", "Obligatoire. 16/11/2026 ou 2026-11-16."),
    "siren": ("SIREN", "SIREN de la collectivité, 9 chiffres. Obligatoire sans numéro de convention."),
    "convention": ("Convention", "Numéro de la convention, par exemple 2026-0001. Obligatoire sans SIREN."),
    "minutes": ("Durée", "Obligatoire. 1h30, 1:30, 1,5 (heures) ou 90 (minutes)."),
    "categorie": ("Catégorie", "Obligatoire. Libellé ou code de la liste."),
    "origine": ("Origine", "Obligatoire. Libellé ou code de la liste."),
    "lieu": ("Lieu", "Obligatoire. Libellé ou code de la liste."),
    "forme": ("Forme", "Libellé ou code de la liste. Vide : individuelle."),
    "nature": ("Nature", "Libellé ou code de la liste. Vide : service ordinaire."),
    "assistant": ("Assistant", "Adresse électronique de l’assistant. Vide : l’assistant choisi sur la page."),
}
"""Columns of a file of hours by id: title, and what to write."""

USUAL_WHEN_EMPTY = ("forme", "nature")
INFORMATIVE = ("collectivite", "nom de l assistant", "minutes", "libelle de la collectivite")
"""Columns of the portal's own export that an import leaves aside."""
ALIASES = {
    "jour": "jour",
    "date": "jour",
    "origine de la saisine": "origine",
    "numero de convention": "convention",
    "courriel": "assistant",
    "courriel de l assistant": "assistant",
}

_FRENCH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T]00:00(?::00)?)?")


@dataclass
class Fichier:
    """The lines of a file by assistant, numbered as in the file (its heading is line 1), and what was not understood."""

    par_assistant: dict[UUID, list[Ligne]] = field(default_factory=dict)
    erreurs: list[ErreurLigne] = field(default_factory=list)
    lignes: int = 0


def read_lines(
    session: Session, acteur: Acteur | None, centre_id: UUID, table: Sequence[Sequence[str]], usual: UUID | None
) -> Fichier:
    """Understand a table. `usual` is the assistant of the lines that name none. Invalide when a column is missing or is
    none of a file of hours: a column of names would bring people in."""
    if not table:
        raise Invalide("Ce fichier est vide.", champ="fichier")
    columns = _read_heading(table[0])
    reader = _Reader(session, acteur, centre_id, usual)
    found = Fichier()
    for rang, row in enumerate(table[1:], start=2):
        cells = {name: row[place] for name, place in columns.items() if place < len(row) and row[place]}
        if not cells:
            continue
        found.lignes += 1
        reader.read(rang, cells, found)
    return found


def _read_heading(heading: Sequence[str]) -> dict[str, int]:
    known = {fold(title): name for name, (title, _) in COLONNES.items()} | ALIASES
    columns: dict[str, int] = {}
    for place, title in enumerate(heading):
        name = known.get(fold(title))
        if name is None and fold(title) in INFORMATIVE:
            continue
        if name is None:
            titles = [one for one, _ in COLONNES.values()]
            raise Invalide(
                f"La colonne {place + 1}, « {title[:40]} », n’est pas celle d’un fichier d’heures{suggestion(title, titles)}."
                " Retirez-la : ni nom, ni texte libre n’entre dans les heures.",
                champ="fichier",
            )
        if name in columns:
            raise Invalide(f"La colonne « {title[:40]} » est présente deux fois.", champ="fichier")
        columns[name] = place
    missing = [COLONNES[name][0] for name in ("jour", "minutes", "categorie", "origine", "lieu") if name not in columns]
    if not {"siren", "convention"} & set(columns):
        missing.append("SIREN ou Convention")
    if missing:
        raise Invalide(
            f"Colonnes manquantes : {', '.join(missing)}. La première ligne du fichier porte les titres.",
            champ="fichier",
        )
    return columns


def read_day(text: str) -> date | None:
    """A day written « 16/11/2026 » or « 2026-11-16 »; None when it is none of the calendar."""
    written = text.strip()
    french, iso = _FRENCH.fullmatch(written), _ISO.fullmatch(written)
    parts = french.groups()[::-1] if french else iso.groups() if iso else None
    try:
        return date(*(int(part) for part in parts)) if parts else None
    except ValueError:
        return None


class _Reader:
    """Reads lines one by one; people, conventions and labels are looked up once."""

    def __init__(self, session: Session, acteur: Acteur | None, centre_id: UUID, usual: UUID | None) -> None:
        self.usual = usual
        self.others = acteur is None or Role.RESPONSABLE in acteur.roles_for(centre_id=centre_id)
        self.people = _assistants(session, centre_id)
        own = None if self.others else usual
        self.by_number, self.by_siren = _conventions(session, centre_id, own)
        lists = nomenclature()
        self.codes = {
            name: {fold(text): one.code for one in lists.values(name) for text in (one.code, one.libelle, one.court)}
            for name in DIMENSIONS
        }

    def read(self, rang: int, cells: Mapping[str, str], found: Fichier) -> None:
        """Add one line to `found`, with what is not understood in it."""

        def wrong(champ: str, message: str) -> None:
            found.erreurs.append(ErreurLigne(rang, champ, message))

        day = read_day(cells.get("jour", ""))
        if day is None and cells.get("jour"):
            wrong("jour", f"« {cells['jour'][:20]} » n’est pas une date. Écrivez par exemple 16/11/2026.")
        convention_id, fault = self._convention(cells, day)
        if fault:
            wrong("convention_id", fault)
        codes: dict[str, str | None] = {}
        for name in DIMENSIONS:
            text = cells.get(name, "")
            codes[name] = self.codes[name].get(fold(text)) if text else None
            if not text and name in USUAL_WHEN_EMPTY:
                codes[name] = DEFAUTS[name]
            elif text and codes[name] is None:
                wrong(name, f"« {text[:30]} » n’est pas dans la liste « {DIMENSION_LABELS[name]} ».")
        who, fault = self._assistant(cells.get("assistant", ""))
        if who is None:
            wrong("assistant", fault)
            self._check_alone(cells, codes, day, wrong)
            return
        line = Ligne(day, convention_id, cells.get("minutes", ""), codes, rang=rang)
        found.par_assistant.setdefault(who, []).append(line)

    def _check_alone(
        self,
        cells: Mapping[str, str],
        codes: Mapping[str, str | None],
        day: date | None,
        wrong: Callable[[str, str], None],
    ) -> None:
        """What is wrong with a line whoever it is of: with no assistant it goes no further, and all is told at once."""
        try:
            read_minutes(cells.get("minutes", ""))
        except Invalide as error:
            wrong("minutes", error.message)
        if day is None and not cells.get("jour"):
            wrong("jour", "indiquez la date.")
        for name in DIMENSIONS:
            if codes[name] is None and not cells.get(name):
                wrong(name, "choisissez une valeur de la liste.")

    def _assistant(self, courriel: str) -> tuple[UUID | None, str]:
        if not courriel:
            return self.usual, "indiquez l’adresse électronique de l’assistant."
        who = self.people.get(courriel.strip().lower())
        if who is None or (not self.others and who != self.usual):
            return None, f"« {courriel[:60]} » n’est pas l’adresse d’un assistant dont vous enregistrez les heures."
        return who, ""

    def _convention(self, cells: Mapping[str, str], day: date | None) -> tuple[UUID | None, str]:
        number, siren = cells.get("convention", ""), re.sub(r"\s", "", cells.get("siren", ""))
        if number:
            one = self.by_number.get(fold(number))
            if one is None:
                return None, f"aucune convention en vigueur n° « {number[:20]} » pour cet assistant."
            if siren and one.collectivite.siren != siren:
                return None, f"la convention {number} n’est pas celle du SIREN {siren[:14]}."
            return one.id, ""
        if not siren:
            return None, "indiquez le SIREN de la collectivité ou le numéro de la convention."
        found = self.by_siren.get(siren, [])
        if len(found) > 1 and day is not None:
            found = [one for one in found if first_day(one) <= day <= last_day(one)] or found
        if not found:
            return None, f"aucune convention en vigueur pour le SIREN « {siren[:14]} » et cet assistant."
        if len(found) > 1:
            return None, f"plusieurs conventions pour le SIREN {siren} : indiquez le numéro."
        return found[0].id, ""


def _assistants(session: Session, centre_id: UUID) -> dict[str, UUID]:
    """Who is or was an assistant of the centre, by e-mail."""
    held = select(RoleAttribue.utilisateur_id).where(
        RoleAttribue.centre_id == centre_id, RoleAttribue.role == Role.ASSISTANT.value
    )
    assigned = select(Affectation.assistant_id).where(Affectation.centre_id == centre_id)
    query = select(Utilisateur.courriel, Utilisateur.id).where(Utilisateur.id.in_(held) | Utilisateur.id.in_(assigned))
    return {row.courriel: row.id for row in session.execute(query)}


def _conventions(
    session: Session, centre_id: UUID, assistant_id: UUID | None
) -> tuple[dict[str, Convention], dict[str, list[Convention]]]:
    """Conventions that take hours, by number and by SIREN; those assigned to `assistant_id` only, when given."""
    query = (
        select(Convention)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .where(Convention.centre_id == centre_id, Convention.etat.in_(RECORDING_STATES))
        .options(contains_eager(Convention.collectivite))
        .order_by(Convention.numero)
    )
    if assistant_id is not None:
        mine = select(Affectation.convention_id).where(Affectation.assistant_id == assistant_id)
        query = query.where(Convention.id.in_(mine))
    by_number: dict[str, Convention] = {}
    by_siren: dict[str, list[Convention]] = {}
    for one in session.scalars(query):
        by_number[fold(one.numero)] = one
        by_siren.setdefault(one.collectivite.siren, []).append(one)
    return by_number, by_siren
