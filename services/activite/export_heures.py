"""The hours recorded, as a table: for the assistant their own, for the responsable those of the centre. Never for a
collectivité: a line tells more than the counts that it may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from documents.tables.tableur import CSV_TYPE, XLSX_TYPE, Cell, Feuille, write_csv, write_xlsx
from domain.activite import DIMENSIONS, nomenclature
from domain.errors import Introuvable, Invalide
from domain.formatting import date_courte, duree
from domain.releve import write_minutes
from domain.roles import Role
from models import Centre, Collectivite, Convention, Intervention, Utilisateur
from services.activite.lecture_heures import COLONNES, read_day
from services.activite.semaine import find_assistants
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.exports import Export

MAX_LIGNES = 100_000
ORDRE = ("categorie", "origine", "lieu", "forme", "nature")
COLUMNS = (
    COLONNES["jour"][0],
    COLONNES["siren"][0],
    "Collectivité",
    COLONNES["convention"][0],
    COLONNES["minutes"][0],
    "Minutes",
    *(COLONNES[name][0] for name in ORDRE),
    COLONNES["assistant"][0],
    "Nom de l’assistant",
)
"""Those of an import, and a few to read: what was exported can be imported elsewhere."""


@dataclass(frozen=True)
class Filtre:
    """Which hours: of one assistant or of all, of one convention or of all, between two days (included)."""

    assistant_id: UUID | None = None
    convention_id: UUID | None = None
    du: date | None = None
    au: date | None = None


def export_heures(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/heures?centre=…&format=csv|xlsx&assistant=…&convention=…&du=…&au=…`."""
    centre_id = _id(parametres.get("centre"))
    filtre = Filtre(
        _id(parametres.get("assistant")),
        _id(parametres.get("convention")),
        _day(parametres, "du"),
        _day(parametres, "au"),
    )
    with portail.action(acteur, "heures.exporter", centre_id=centre_id) as session:
        if centre_id not in acteur.centres_with(Role.ASSISTANT, Role.RESPONSABLE) or centre_id is None:
            raise Introuvable()
        allowed = dict(find_assistants(session, acteur, centre_id))
        if filtre.assistant_id is None and Role.RESPONSABLE not in acteur.roles_for(centre_id=centre_id):
            filtre = Filtre(acteur.utilisateur_id, filtre.convention_id, filtre.du, filtre.au)
        if filtre.assistant_id is not None and filtre.assistant_id not in allowed:
            raise Introuvable()
        rows = read_rows(session, centre_id, filtre)
        record(session, acteur, "heures.exporter", centre_id=centre_id, nombre=len(rows))
    return make_file(rows, filtre, parametres.get("format", "csv"))


def export_for_operator(portail: Portail, code: str, filtre: Filtre, file_format: str) -> Export:
    """The same on the command line, for the centre of this code."""
    with portail.db.read() as session:
        centre_id = find_centre(session, code)
        rows = read_rows(session, centre_id, filtre)
    return make_file(rows, filtre, file_format)


def find_centre(session: Session, code: str) -> UUID:
    """The centre of this code; Invalide when there is none."""
    found = session.scalar(select(Centre.id).where(Centre.code == code))
    if found is None:
        raise Invalide(f"Aucun centre n’a le code « {code} ».")
    return found


def _id(text: str | None) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise Introuvable() from error


def _day(parametres: Mapping[str, str], name: str) -> date | None:
    text = parametres.get(name)
    if not text:
        return None
    found = read_day(text)
    if found is None:
        raise Invalide(f"« {text[:20]} » n’est pas une date.", champ=name)
    return found


def read_rows(session: Session, centre_id: UUID, filtre: Filtre) -> list[list[Cell]]:
    """The lines of a table of hours, oldest first. Invalide past 100,000: a spreadsheet would not open them."""
    query = (
        select(Intervention, Convention.numero, Collectivite.siren, Collectivite.nom, Utilisateur)
        .join(Convention, Convention.id == Intervention.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .join(Utilisateur, Utilisateur.id == Intervention.assistant_id)
        .where(Intervention.centre_id == centre_id)
    )
    if filtre.assistant_id is not None:
        query = query.where(Intervention.assistant_id == filtre.assistant_id)
    if filtre.convention_id is not None:
        query = query.where(Intervention.convention_id == filtre.convention_id)
    if filtre.du is not None:
        query = query.where(Intervention.jour >= filtre.du)
    if filtre.au is not None:
        query = query.where(Intervention.jour <= filtre.au)
    if (session.scalar(select(func.count()).select_from(query.subquery())) or 0) > MAX_LIGNES:
        raise Invalide(f"Plus de {MAX_LIGNES} lignes : choisissez une période plus courte.")
    lists = nomenclature()
    labels = {name: lists.labels(name) for name in DIMENSIONS}
    query = query.order_by(Intervention.jour, Collectivite.nom, Intervention.saisie_le, Intervention.id)
    return [
        [
            one.jour,
            siren,
            nom,
            numero,
            write_minutes(one.minutes),
            one.minutes,
            *(labels[name].get(getattr(one, name), getattr(one, name)) for name in ORDRE),
            person.courriel,
            person.nom_complet,
        ]
        for one, numero, siren, nom, person in session.execute(query)
    ]


def make_file(rows: Sequence[Sequence[Cell]], filtre: Filtre, file_format: str) -> Export:
    """The table as CSV or XLSX."""
    period = "-".join(day.isoformat() for day in (filtre.du, filtre.au) if day)
    name = f"heures{'-' + period if period else ''}"
    if file_format == "csv":
        return Export(f"{name}.csv", CSV_TYPE, write_csv(COLUMNS, rows))
    if file_format != "xlsx":
        raise Invalide("Choisissez le format : csv ou xlsx.", champ="format")
    total = duree(sum(_minutes(rows)))
    notes = [f"{len(rows)} lignes, {total}."]
    if filtre.du or filtre.au:
        limits = [("du", filtre.du), ("au", filtre.au)]
        notes.insert(0, "Période : " + " ".join(f"{word} {date_courte(day)}" for word, day in limits if day) + ".")
    sheets = [
        Feuille("Heures", COLUMNS, rows, formats=[("Minutes", "nombre")]),
        Feuille("Résumé", ("Information",), [[note] for note in notes]),
    ]
    return Export(f"{name}.xlsx", XLSX_TYPE, write_xlsx(sheets))


def _minutes(rows: Sequence[Sequence[Cell]]) -> Iterable[int]:
    place = COLUMNS.index("Minutes")
    return (value for row in rows if isinstance(value := row[place], int))


def modele(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/modele-heures`: an empty workbook with the columns of an import, what each one takes, and the lists."""
    del portail
    if not acteur.centres_with(Role.ASSISTANT, Role.RESPONSABLE):
        raise Introuvable()
    titles = [title for title, _ in COLONNES.values()]
    if parametres.get("format") == "csv":
        return Export("modele-heures.csv", CSV_TYPE, write_csv(titles, []))
    lists = nomenclature()
    accepted = [
        [COLONNES[name][0], value.court, value.libelle, value.code] for name in ORDRE for value in lists.values(name)
    ]
    sheets = [
        Feuille("Heures", titles, []),
        Feuille("Colonnes", ("Colonne", "Ce qu’elle contient"), list(COLONNES.values())),
        Feuille("Listes", ("Colonne", "Libellé court", "Libellé", "Code"), accepted),
    ]
    return Export("modele-heures.xlsx", XLSX_TYPE, write_xlsx(sheets))
