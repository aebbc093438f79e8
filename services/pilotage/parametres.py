"""What is simulated: the parameters, as they stand in the address, in a saved scenario, and typed on the page.

All three are texts by name. `read_parametres` makes typed values of them, or tells every bad one at its field; `to_texts` is
the way back, in one form only (ISO dates, decimal point), so that two equal simulations have one address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

from domain.errors import Invalide
from domain.formatting import date_courte, nombre, pourcentage
from domain.forms.fields import Field, FieldError, parse_value, typed_value
from domain.tarification import Prorata

Value = TypeVar("Value")
MAX_ENTRIES = 12
"""Changes of share, absences or assumed votes in one simulation: more is a mistake, or an attack on the page."""
MAX_TEXT = 600


class Mode(StrEnum):
    """How the need is told."""

    QUOTITE = "quotite"
    HEURES = "heures"
    AGENTS = "agents"

    @property
    def label(self) -> str:
        """French name."""
        return {"quotite": "Une part d’un temps plein", "heures": "Des heures par an", "agents": "Un nombre d’agents"}[
            self.value
        ]


FIELDS: dict[str, Field] = {
    field.id: field
    for field in (
        Field(
            id="quotite",
            type="percentage",
            label="Part d’un temps plein",
            min=Decimal("0.01"),
            example="47,70",
            help="En pour cent, deux décimales au plus. Un jour par semaine correspond à 20 %.",
        ),
        Field(
            id="heures",
            type="duration",
            label="Heures par an",
            min=Decimal(1),
            max=Decimal(600_000),
            example="540 h 27",
            help="Temps d’intervention d’une année entière, par exemple 540 h 27.",
        ),
        Field(
            id="agents",
            type="integer",
            label="Nombre d’agents",
            min=Decimal(1),
            max=Decimal(100_000),
            example="650",
        ),
        Field(
            id="ratio",
            type="integer",
            label="Agents suivis par un temps plein",
            min=Decimal(1),
            max=Decimal(100_000),
        ),
        Field(id="effet", type="date", label="Prise d’effet", min=date(2015, 1, 1), max=date(2100, 12, 31)),
        Field(id="debut", type="date", label="Début des prestations", min=date(2015, 1, 1), max=date(2105, 12, 31)),
        Field(id="tarif", type="money", label="Tarif d’un temps plein", min=Decimal("0.01"), max=Decimal(1_000_000)),
        Field(id="taux", type="money", label="Tarif d’une heure", min=Decimal("0.01"), max=Decimal(10_000)),
        Field(
            id="hausse",
            type="decimal",
            label="Révision du tarif (% par an)",
            decimals=2,
            min=Decimal(-20),
            max=Decimal(50),
            unit="%",
        ),
        Field(
            id="inflation",
            type="decimal",
            label="Inflation (% par an)",
            decimals=2,
            min=Decimal(-20),
            max=Decimal(50),
            unit="%",
        ),
    )
}
"""What one types, field by field: the same rules as in the dossier's forms."""

_QUOTITE, _JOUR = FIELDS["quotite"], Field(id="jour", type="date", label="Date", min=date(2015, 1, 1))
_ANNEE = Field(id="annee", type="integer", label="Année", min=Decimal(2015), max=Decimal(2110))
NEEDS = {Mode.QUOTITE: "quotite", Mode.HEURES: "heures", Mode.AGENTS: "agents"}
"""The field that each mode cannot do without."""
LISTS = {"avenants": "Changements de part", "absences": "Périodes sans assistant", "votes": "Tarifs supposés"}


class ParametresInvalides(Invalide):
    """Bad values, each with its message, by field. `manquants`: those that are only missing."""

    def __init__(self, erreurs: Mapping[str, str], manquants: frozenset[str] = frozenset()) -> None:
        champ, message = next(iter(erreurs.items()))
        super().__init__(message, champ)
        self.erreurs = dict(erreurs)
        self.manquants = manquants


@dataclass(frozen=True)
class Parametres:
    """One simulation, for an offer of a centre. Amounts in euros, durations in minutes, rates in percent, dates inclusive.

    `tarif` and `taux`: amounts typed in place of those voted. `votes`: assumed full-time tariffs by year; `hausse`: what the
    tariff rises by each year after the last one known; `inflation`: what the total is brought back to constant euros with.
    `quotite` and `minutes` may both be given: the one that `mode` does not name is what to compare with."""

    centre: str
    offre: str
    mode: Mode
    effet: date
    debut: date
    quotite: Decimal | None = None
    minutes: int | None = None
    agents: int | None = None
    ratio: int | None = None
    prorata: Prorata | None = None
    affiliee: bool | None = None
    tarif: Decimal | None = None
    taux: Decimal | None = None
    hausse: Decimal = Decimal(0)
    inflation: Decimal = Decimal(0)
    votes: tuple[tuple[int, Decimal], ...] = ()
    avenants: tuple[tuple[Decimal, date], ...] = ()
    absences: tuple[tuple[date, date], ...] = ()
    collectivite: UUID | None = None


def read_parametres(texts: Mapping[str, str]) -> Parametres:
    """The parameters that `texts` holds; ParametresInvalides with every message, by field."""
    reader = _Reader(texts)
    mode = reader.choice("mode", Mode, Mode.QUOTITE)
    effet, debut = reader.value("effet"), reader.value("debut")
    values = {name: reader.value(name) for name in FIELDS if name not in ("effet", "debut")}
    reader.need(NEEDS[mode], values[NEEDS[mode]])
    reader.need("effet", effet)
    debut = debut or effet
    if effet and debut and debut < effet:
        reader.refuse("debut", "Les prestations ne peuvent pas débuter avant la prise d’effet.")
    found = {name: reader.entries(name, read) for name, read in _ENTRIES.items()}
    prorata = reader.choice("prorata", Prorata, None)
    affiliee = reader.choice("affiliee", _Affiliee, None)
    collectivite = reader.uuid("collectivite")
    _check_lists(reader, found, debut)
    if reader.erreurs:
        raise ParametresInvalides(reader.erreurs, frozenset(reader.manquants))
    return Parametres(
        centre=texts.get("centre", "").strip(),
        offre=texts.get("offre", "").strip(),
        mode=mode,
        effet=effet,
        debut=debut,
        # A number of agents gives both; left over from another mode, they would come back unseen.
        quotite=None if mode is Mode.AGENTS else values["quotite"],
        minutes=None if mode is Mode.AGENTS else values["heures"],
        agents=values["agents"],
        ratio=values["ratio"],
        prorata=prorata,
        affiliee=None if affiliee is None else affiliee is _Affiliee.OUI,
        tarif=values["tarif"],
        taux=values["taux"],
        hausse=values["hausse"] or Decimal(0),
        inflation=values["inflation"] or Decimal(0),
        votes=tuple(sorted(found["votes"])),
        avenants=tuple(sorted(found["avenants"], key=lambda one: one[1])),
        absences=tuple(sorted(found["absences"])),
        collectivite=collectivite,
    )


def to_texts(parametres: Parametres) -> dict[str, str]:
    """The texts that `read_parametres` reads back as `parametres`; nothing that is absent or usual."""
    p = parametres
    given = {
        "centre": p.centre,
        "offre": p.offre,
        "collectivite": p.collectivite,
        "mode": p.mode.value,
        "quotite": p.quotite,
        "heures": None if p.minutes is None else f"{p.minutes // 60}:{p.minutes % 60:02d}",
        "agents": p.agents,
        "ratio": p.ratio,
        "effet": p.effet.isoformat(),
        "debut": p.debut.isoformat() if p.debut != p.effet else None,
        "prorata": p.prorata.value if p.prorata else None,
        "affiliee": None if p.affiliee is None else (_Affiliee.OUI if p.affiliee else _Affiliee.NON).value,
        "tarif": p.tarif,
        "taux": p.taux,
        "hausse": p.hausse or None,
        "inflation": p.inflation or None,
        "votes": "; ".join(f"{annee} : {montant}" for annee, montant in p.votes),
        "avenants": "; ".join(f"{quotite} au {jour.isoformat()}" for quotite, jour in p.avenants),
        "absences": "; ".join(f"{du.isoformat()} au {au.isoformat()}" for du, au in p.absences),
    }
    return {name: str(value) for name, value in given.items() if value not in (None, "")}


def as_typed(texts: Mapping[str, str]) -> dict[str, str]:
    """The same texts as a person writes them: decimal comma, 14/12/2026, 540 h 27."""
    shown = dict(texts)
    for name, text in texts.items():
        field = FIELDS.get(name)
        try:
            if field is not None and text.strip():
                shown[name] = _write(field, text)
            elif name in _ENTRIES and text.strip():
                shown[name] = " ; ".join(_WRITE[name](one) for one in _read_all(name, text))
        except FieldError:
            continue  # what is wrong stays as it was typed: the page says why beside it
    return shown


def _write(field: Field, text: str) -> str:
    parsed = parse_value(field, text)
    if parsed is None:
        return ""
    value = typed_value(field, parsed)
    if isinstance(value, date):
        return date_courte(value)
    if field.type == "duration":
        return f"{value // 60} h {value % 60:02d}" if value % 60 else f"{value // 60} h"
    return nombre(value).replace("\u202f", " ")


class _Affiliee(StrEnum):
    OUI = "oui"
    NON = "non"


Choice = TypeVar("Choice", bound=StrEnum)


class _Reader:
    """Reads values one by one and keeps what is wrong with each, by field."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.erreurs: dict[str, str] = {}
        self.manquants: set[str] = set()

    def refuse(self, name: str, message: str) -> None:
        """The first message about a field is kept."""
        self.erreurs.setdefault(name, message)

    def text(self, name: str) -> str:
        text = self.texts.get(name, "").strip()
        if len(text) > MAX_TEXT:
            self.refuse(name, "Ce texte est beaucoup trop long.")
            return ""
        return text

    def value(self, name: str) -> Any:
        """The typed value of a field of FIELDS, None when blank or refused."""
        field = FIELDS[name]
        try:
            parsed = parse_value(field, self.text(name))
        except FieldError as error:
            self.refuse(name, error.message)
            return None
        return typed_value(field, parsed) if parsed is not None else None

    def need(self, name: str, value: object) -> None:
        if value is None and name not in self.erreurs:
            self.manquants.add(name)
            self.refuse(name, f"Indiquez : {FIELDS[name].label.lower()}.")

    def choice(self, name: str, kind: type[Choice], default: Choice | None) -> Any:
        text = self.text(name)
        if not text:
            return default
        try:
            return kind(text)
        except ValueError:
            self.refuse(name, "Choisissez une valeur de la liste.")
            return default

    def uuid(self, name: str) -> UUID | None:
        text = self.text(name)
        try:
            return UUID(text) if text else None
        except ValueError:
            self.refuse(name, "Choisissez une collectivité de la liste.")
            return None

    def entries(self, name: str, read: Callable[[str], Value]) -> list[Value]:
        """A list typed in one field: entries separated by semicolons or line breaks."""
        found = []
        parts = [part.strip() for part in re.split(r"[;\n]", self.text(name)) if part.strip()]
        if len(parts) > MAX_ENTRIES:
            self.refuse(name, f"{MAX_ENTRIES} lignes au plus.")
        for part in parts[:MAX_ENTRIES]:
            try:
                found.append(read(part))
            except FieldError as error:
                self.refuse(name, f"«\u00a0{part[:60]}\u00a0» : {error.message}")
        return found


def _read_part(text: str) -> tuple[Decimal, date]:
    """« 60 % au 01/09/2026 », « 60@2026-09-01 »."""
    found = re.fullmatch(r"(.+?)\s*(?:@|\bau\b|à partir du|\bdu\b)\s*(.+)", text)
    if not found:
        raise FieldError("écrivez la part puis la date, par exemple 60 % au 01/09/2026.")
    return _read(_QUOTITE, found[1]), _read(_JOUR, found[2])


def _read_absence(text: str) -> tuple[date, date]:
    """« du 01/02/2026 au 17/03/2026 », both days included."""
    found = re.fullmatch(r"(?:du\s+)?(.+?)\s*(?:\bau\b|\bà\b|:)\s*(.+)", text)
    if not found:
        raise FieldError("écrivez le premier et le dernier jour, par exemple du 01/02/2026 au 17/03/2026.")
    du, au = _read(_JOUR, found[1]), _read(_JOUR, found[2])
    if au < du:
        raise FieldError("le dernier jour précède le premier.")
    return du, au


def _read_vote(text: str) -> tuple[int, Decimal]:
    """« 2027 : 69 340,00 »."""
    found = re.fullmatch(r"(\d{4})\s*[:=]\s*(.+)", text)
    if not found:
        raise FieldError("écrivez l’année puis le montant, par exemple 2027 : 69 340.")
    return _read(_ANNEE, found[1]), _read(FIELDS["tarif"], found[2])


def _read(field: Field, text: str) -> Any:
    """The typed value of one part of an entry; FieldError when it is refused."""
    value = parse_value(field, text.strip())
    if value is None:
        raise FieldError(f"indiquez : {field.label.lower()}.")
    return typed_value(field, value)


_ENTRIES: dict[str, Callable[[str], tuple[Any, Any]]] = {
    "votes": _read_vote,
    "avenants": _read_part,
    "absences": _read_absence,
}
_WRITE: dict[str, Callable[[tuple[Any, Any]], str]] = {
    "votes": lambda one: f"{one[0]} : {nombre(one[1], 2)}".replace("\u202f", " "),
    "avenants": lambda one: f"{pourcentage(one[0])} au {date_courte(one[1])}".replace("\u00a0", " "),
    "absences": lambda one: f"du {date_courte(one[0])} au {date_courte(one[1])}",
}


def _read_all(name: str, text: str) -> list[tuple[Any, Any]]:
    return [_ENTRIES[name](part.strip()) for part in re.split(r"[;\n]", text) if part.strip()]


def _check_lists(reader: _Reader, found: Mapping[str, list[tuple[Any, Any]]], debut: date | None) -> None:
    """What each list must be as a whole: no change before the services begin, none twice, no day twice."""
    days = [jour for _, jour in found["avenants"]]
    if debut and any(jour <= debut for jour in days):
        reader.refuse("avenants", "Un changement de part vient après le début des prestations.")
    if len(set(days)) != len(days):
        reader.refuse("avenants", "Deux changements de part ont la même date.")
    spans = sorted(found["absences"])
    if any(later[0] <= earlier[1] for earlier, later in pairwise(spans)):
        reader.refuse("absences", "Deux périodes se recouvrent : un jour ne se déduit qu’une fois.")
    years = [annee for annee, _ in found["votes"]]
    if len(set(years)) != len(years):
        reader.refuse("votes", "Un seul tarif par année.")
