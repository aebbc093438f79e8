"""Lines of hours as somebody gives them, and what is wrong with each one: every fault of every line is told at once.

Whoever records (the grid of a week, one intervention on a telephone, a file) gives `Ligne`s; what holds becomes `Valeurs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from domain.activite import DIMENSION_LABELS, DIMENSIONS, ETAT_DES_LIEUX, MAX_MINUTES, SERVICE_DEGRADE, nomenclature
from domain.errors import Conflit, Invalide
from domain.formatting import date_courte, duree
from domain.grammar import de
from domain.releve import Valeurs, read_minutes
from models import Affectation
from services.activite.regles import (
    assignment_end,
    closed_months,
    degrade_allowed,
    first_day,
    list_affectations,
    month_label,
)

CHAMPS = {
    "jour": "Date",
    "convention_id": "Collectivité",
    "minutes": "Durée",
    "assistant": "Assistant",
    **DIMENSION_LABELS,
}
"""French names of the fields of a line, by id."""


@dataclass(frozen=True)
class Ligne:
    """One line as given; nothing in it is believed. With `id`, it changes what is recorded, seen at `version` (or removes
    it with `retirer`). `rang` is the number that the person sees."""

    jour: date | None
    convention_id: UUID | None
    duree: object
    codes: Mapping[str, str | None]
    id: UUID | None = None
    version: int | None = None
    retirer: bool = False
    rang: int = 0


@dataclass(frozen=True)
class ErreurLigne:
    """What is wrong with one field (`champ`, empty for the line) of the line that the person sees as number `rang`."""

    rang: int
    champ: str
    message: str

    def __str__(self) -> str:
        where = f"Ligne {self.rang}"
        name = CHAMPS.get(self.champ)
        return f"{where}, {name} : {self.message}" if name else f"{where} : {self.message}"


class LignesRefusees(Invalide):
    """Nothing was recorded: `erreurs` says why, line by line."""

    def __init__(self, erreurs: Sequence[ErreurLigne]) -> None:
        self.erreurs = tuple(sorted(erreurs, key=lambda one: one.rang))
        several = len({one.rang for one in self.erreurs}) > 1
        listed = "\n".join(str(one) for one in self.erreurs)
        head = "Rien n’a été enregistré : corrigez les lignes signalées." if several else "Rien n’a été enregistré."
        super().__init__(f"{head}\n{listed}", champ=self.erreurs[0].champ if self.erreurs else None)


@dataclass(frozen=True)
class ConflitLigne:
    """The same line, changed by two people: what this one wants (`mienne`, None to remove it) and what is recorded now
    (`actuelle` at `version`, None when it was removed)."""

    rang: int
    id: UUID
    mienne: Valeurs | None
    actuelle: Valeurs | None
    version: int | None


class LignesEnConflit(Conflit):
    """Nothing was recorded: somebody else changed these lines in between. Both versions are in `conflits`."""

    def __init__(self, conflits: Sequence[ConflitLigne]) -> None:
        self.conflits = tuple(conflits)
        listed = "\n".join(_told(one) for one in self.conflits)
        super().__init__(
            "Rien n’a été enregistré : ces lignes ont été modifiées entre-temps. Choisissez pour chacune ce qui doit rester.\n"
            + listed
        )


def _told(conflit: ConflitLigne) -> str:
    mine, theirs = (describe(one) for one in (conflit.mienne, conflit.actuelle))
    return f"Ligne {conflit.rang} – votre saisie : {mine} ; enregistré : {theirs}."


def describe(valeurs: Valeurs | None) -> str:
    """A line in a few words, for messages: « 16/11/2026, 1 h 30, Accueil, … »; None is a line that is gone."""
    if valeurs is None:
        return "ligne retirée"
    lists = nomenclature()
    labels = (lists.labels(name, court=True).get(getattr(valeurs, name), "") for name in DIMENSIONS)
    return ", ".join([date_courte(valeurs.jour), duree(valeurs.minutes), *labels])


@dataclass
class Verificateur:
    """Checks lines of one assistant of one centre. Assignments and closed months are read once, for the days given."""

    session: Session
    centre_id: UUID
    assistant_id: UUID
    today: date
    du: date
    au: date
    _clos: frozenset[tuple[int, int]] = field(init=False)
    _affectations: dict[UUID, list[Affectation]] = field(init=False, default_factory=dict)
    _degrade: dict[tuple[UUID, date], bool] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._clos = closed_months(self.session, self.centre_id)
        for one in list_affectations(self.session, self.assistant_id, self.du, self.au):
            if one.centre_id == self.centre_id:
                self._affectations.setdefault(one.convention_id, []).append(one)

    def check(self, ligne: Ligne) -> tuple[Valeurs | None, list[ErreurLigne]]:
        """What the line says, or what is wrong with it."""
        faults: list[tuple[str, str]] = []
        minutes = 0
        try:
            minutes = read_minutes(ligne.duree)
        except Invalide as error:
            faults.append(("minutes", error.message))
        faults += self._check_codes(ligne)
        if ligne.convention_id is None:
            faults.append(("convention_id", "choisissez la collectivité."))
        if ligne.jour is None:
            faults.append(("jour", "indiquez la date."))
        else:
            faults += self._check_day(ligne.jour)
            if ligne.convention_id is not None:
                faults += self._check_place(ligne.jour, ligne.convention_id, ligne.codes.get("nature"))
        if faults or ligne.jour is None or ligne.convention_id is None:
            return None, [ErreurLigne(ligne.rang, champ, message) for champ, message in faults]
        codes = {name: str(ligne.codes[name]) for name in DIMENSIONS}
        return Valeurs(ligne.jour, ligne.convention_id, minutes, **codes), []

    def _check_codes(self, ligne: Ligne) -> Iterable[tuple[str, str]]:
        lists = nomenclature()
        for name in DIMENSIONS:
            if ligne.codes.get(name) not in lists.labels(name):
                yield name, "choisissez une valeur de la liste."

    def _check_day(self, jour: date) -> Iterable[tuple[str, str]]:
        if jour > self.today:
            yield "jour", f"le {date_courte(jour)} est à venir : les heures s’enregistrent une fois faites."
        if closed := self.closed(jour):
            yield "jour", closed

    def closed(self, jour: date) -> str | None:
        """Why nothing changes on this day any more, when its month is closed."""
        if (jour.year, jour.month) not in self._clos:
            return None
        return f"le mois {de(month_label(jour.year, jour.month))} est clos. Demandez au responsable du service de le rouvrir."

    def _check_place(self, jour: date, convention_id: UUID, nature: str | None) -> Iterable[tuple[str, str]]:
        assigned = self._affectations.get(convention_id)
        if not assigned:
            yield "convention_id", "aucune affectation à cette collectivité, ou sa convention n’est pas en vigueur."
            return
        convention = assigned[0].convention
        if jour < first_day(convention) or jour > convention.dernier_jour:
            yield (
                "jour",
                f"le {date_courte(jour)} est hors de la convention {convention.numero}, qui va du "
                f"{date_courte(first_day(convention))} au {date_courte(convention.dernier_jour)}.",
            )
        elif jour < convention.date_debut_prestations and nature != ETAT_DES_LIEUX:
            yield (
                "jour",
                f"les prestations commencent le {date_courte(convention.date_debut_prestations)} : avant, seul un état des "
                "lieux s’enregistre.",
            )
        elif not any(one.du <= jour <= assignment_end(one) for one in assigned):
            periods = ", ".join(f"du {date_courte(one.du)} au {date_courte(assignment_end(one))}" for one in assigned)
            yield "jour", f"le {date_courte(jour)} est hors de l’affectation à cette collectivité ({periods})."
        if nature == SERVICE_DEGRADE and not self._degrade_allowed(convention_id, jour):
            yield (
                "nature",
                f"aucune demande de service dégradé acceptée ne couvre le {date_courte(jour)} : la collectivité doit d’abord "
                "en faire la demande écrite.",
            )

    def _degrade_allowed(self, convention_id: UUID, jour: date) -> bool:
        key = (convention_id, jour)
        if key not in self._degrade:
            self._degrade[key] = degrade_allowed(self.session, convention_id, jour)
        return self._degrade[key]


def check_totals(already: Mapping[date, int], lines: Iterable[tuple[int, Valeurs]]) -> list[ErreurLigne]:
    """A day holds 24 hours: the last line of a day that holds more, `already` being recorded elsewhere, is at fault."""
    totals: dict[date, int] = dict(already)
    last: dict[date, int] = {}
    for rang, valeurs in lines:
        totals[valeurs.jour] = totals.get(valeurs.jour, 0) + valeurs.minutes
        last[valeurs.jour] = rang
    return [
        ErreurLigne(
            rang, "minutes", f"le total du {date_courte(jour)} atteint {duree(totals[jour])}, plus que 24 heures."
        )
        for jour, rang in last.items()
        if totals[jour] > MAX_MINUTES
    ]
