"""Travel claims: mileage by dated scales, with the distance already travelled in the year (article 8.6, B20, G16)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field as PydanticField
from pydantic import model_validator

from domain.definitions import read_yaml_file, validate_definition
from domain.errors import Invalide
from domain.formatting import date_longue, euros, nombre
from domain.forms.types.base import Definition
from domain.tarification.rounding import Montant, round_line

BAREMES_PATH = Path(__file__).parents[2] / "data" / "baremes_kilometriques.yaml"
METROPOLE = "metropole"
PUISSANCE_MAX = 99
KM_MAX = 200_000
"""More kilometres than a vehicle makes in a year."""


class Tranche(Definition):
    """Euros per kilometre up to `jusqu_a` kilometres in the year (no limit when it is not said)."""

    jusqu_a: Annotated[int, PydanticField(gt=0)] | None = None
    taux: Annotated[Decimal, PydanticField(gt=0)]


class Categorie(Definition):
    """The rates of vehicles of at most `puissance_max` fiscal horsepower (all the others when it is not said)."""

    puissance_max: Annotated[int, PydanticField(gt=0)] | None = None
    libelle: str
    tranches: tuple[Tranche, ...]

    @model_validator(mode="after")
    def _check_order(self) -> Categorie:
        limits = [one.jusqu_a for one in self.tranches]
        known = [one for one in limits if one is not None]
        if not limits or limits[-1] is not None or len(known) != len(limits) - 1 or known != sorted(set(known)):
            raise ValueError("les tranches vont en montant, et seule la dernière est sans limite")
        return self


class Bareme(Definition):
    """The mileage rates of one zone from the day `effet` on, and the text they come from."""

    effet: date
    zone: str
    source: str
    categories: tuple[Categorie, ...]

    @model_validator(mode="after")
    def _check_order(self) -> Bareme:
        limits = [one.puissance_max for one in self.categories]
        known = [one for one in limits if one is not None]
        if not limits or limits[-1] is not None or len(known) != len(limits) - 1 or known != sorted(set(known)):
            raise ValueError("les puissances vont en montant, et seule la dernière catégorie est sans limite")
        return self

    def categorie(self, puissance: int) -> Categorie:
        """The rates of a vehicle of `puissance` fiscal horsepower; Invalide for a number that no vehicle has."""
        if not 1 <= puissance <= PUISSANCE_MAX:
            raise Invalide(f"La puissance fiscale est comprise entre 1 et {PUISSANCE_MAX} CV.", "puissance")
        return next(one for one in self.categories if one.puissance_max is None or puissance <= one.puissance_max)


class _Baremes(Definition):
    baremes: tuple[Bareme, ...]


@lru_cache(maxsize=4)
def load_baremes(path: Path = BAREMES_PATH) -> tuple[Bareme, ...]:
    """The scales of a file; DefinitionError with the line and the reason."""
    return validate_definition(_Baremes, read_yaml_file(path)).baremes


def choose_bareme(baremes: Sequence[Bareme], jour: date, zone: str = METROPOLE) -> Bareme:
    """The scale of `zone` in force on `jour`; Invalide when none is recorded (no rate is ever assumed)."""
    known = [one for one in baremes if one.zone == zone]
    if not known:
        raise Invalide(
            "Aucun barème kilométrique n’est enregistré pour cette zone : saisissez le montant réel.", "zone"
        )
    in_force = [one for one in known if one.effet <= jour]
    if not in_force:
        first = min(one.effet for one in known)
        raise Invalide(f"Aucun barème kilométrique n’est enregistré avant le {date_longue(first)}.", "jour")
    return max(in_force, key=lambda one: one.effet)


def bill_deplacement(km: Decimal, puissance: int, deja: Decimal, bareme: Bareme) -> Montant:
    """What `km` kilometres are paid back, when the same vehicle already made `deja` in the year: each kilometre at the rate
    of its bracket, rounded once. Invalide for a negative or impossible distance."""
    for value, champ in ((km, "km"), (deja, "deja")):
        if not value.is_finite() or not 0 <= value <= KM_MAX:
            raise Invalide(f"La distance est un nombre de kilomètres, de 0 à {nombre(KM_MAX)}.", champ)
    exact, low, parts = Fraction(0), Fraction(0), []
    start, end = Fraction(deja), Fraction(deja) + Fraction(km)
    for tranche in bareme.categorie(puissance).tranches:
        high = end if tranche.jusqu_a is None else Fraction(tranche.jusqu_a)
        inside = min(end, high) - max(start, low)
        if inside > 0:
            exact += inside * Fraction(tranche.taux)
            parts.append(f"{_plain(inside)} × {euros(tranche.taux)}")
        low = high
    valeur = round_line(exact)
    step = f"{' + '.join(parts) or _plain(Fraction(0))} = {euros(valeur)}"
    before = (f"Déjà parcourus dans l’année\u00a0: {_plain(start)}",) if start else ()
    return Montant(valeur, exact, (*before, step))


def _plain(km: Fraction) -> str:
    """Kilometres without useless zeros; what was given in decimals is exact in decimals."""
    value = Decimal(km.numerator) / Decimal(km.denominator)
    return f"{nombre(value.to_integral_value() if km.denominator == 1 else value.normalize())}\u00a0km"
