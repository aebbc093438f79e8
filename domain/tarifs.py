"""Tariffs voted by a centre: amounts by code and year, with the délibération that voted them.

A tariff may be for affiliated bodies only or for the others, and from a number of agents on (domaine.md §6.2). A vote takes
effect on the following 1 January (article 8.1, G9).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field as PydanticField
from pydantic import model_validator

from domain.definitions import read_yaml_file, validate_definition
from domain.errors import Invalide
from domain.formatting import date_longue, euros
from domain.forms.types.base import Definition
from domain.tarification.rounding import MONTANT_MAX

NAMES = {"temps_complet": "temps complet", "heure": "heure d’intervention", "demi_journee": "demi-journée"}
"""What the usual codes are called inside a sentence."""

Public = Literal["tous", "affilie", "non_affilie"]
PUBLICS: dict[str, str] = {
    "tous": "Toutes les collectivités",
    "affilie": "Collectivités affiliées",
    "non_affilie": "Collectivités non affiliées",
}
"""French name of those that a tariff is for."""


class ActeVote(Definition):
    """A délibération: its number, its date, and the body that voted it."""

    numero: str
    date: date
    organe: str | None = None


class Tarif(Definition):
    """An amount in euros per unit of `code` (`temps_complet`: a full-time year; `heure`: an hour), voted for `annee`, for
    `public`, from `effectif_min` agents on."""

    code: str
    annee: Annotated[int, PydanticField(ge=1990, le=2200)]
    montant: Annotated[Decimal, PydanticField(ge=0, le=MONTANT_MAX, decimal_places=2)]
    public: Public = "tous"
    effectif_min: Annotated[int, PydanticField(ge=0, le=1_000_000)] = 0
    libelle: str = ""
    deliberation: ActeVote | None = None

    @property
    def nom(self) -> str:
        """What the amount is the price of, inside a sentence."""
        return NAMES.get(self.code) or self.libelle or self.code

    def suits(self, affiliee: bool | None, effectif: int | None) -> bool:
        """Whether it is for a collectivité that is affiliated or not and has so many agents. What is not known (None) only
        suits a tariff that does not ask."""
        asked = None if self.public == "tous" else self.public == "affilie"
        return asked in (None, affiliee) and self.effectif_min <= (effectif or 0)


class _Tarifs(Definition):
    tarifs: tuple[Tarif, ...]

    @model_validator(mode="after")
    def _check_whole(self) -> _Tarifs:
        """One tariff for the same thing, and none for a year that its vote cannot reach."""
        seen = set()
        for tarif in self.tarifs:
            place = (tarif.code, tarif.annee, tarif.public, tarif.effectif_min)
            if place in seen:
                raise ValueError(
                    f"le tarif « {tarif.code} » de {tarif.annee} est donné deux fois pour les mêmes collectivités"
                )
            seen.add(place)
            if tarif.deliberation and tarif.annee < annee_effet(tarif.deliberation.date):
                raise ValueError(
                    f"le tarif « {tarif.code} » de {tarif.annee} est voté le {date_longue(tarif.deliberation.date)} :"
                    " un vote prend effet au 1er janvier suivant"
                )
        return self


class TarifAbsent(Invalide):
    """No tariff was ever voted for what must be priced."""


def load_tarifs(path: Path) -> list[Tarif]:
    """The tariffs of a `tarifs.yaml`; DefinitionError with the line and the reason."""
    return list(validate_definition(_Tarifs, read_yaml_file(path)).tarifs)


def choose_tarif(
    tarifs: Iterable[Tarif],
    code: str,
    annee: int,
    *,
    affiliee: bool | None = None,
    effectif: int | None = None,
) -> Tarif:
    """The tariff of `code` for `annee` and this collectivité; else the last one voted before (else the first after), which
    `warn_other_year` tells. Among those of that year, the one made for its affiliation comes before the one for all, then
    the highest band of agents that it reaches. What is not known (None) picks no tariff that asks for it: `warn_unknown`
    tells when an answer would change the price. TarifAbsent when there is none."""
    known = [tarif for tarif in tarifs if tarif.code == code]
    if not known:
        raise TarifAbsent("Aucun tarif n’a été enregistré pour cette prestation : le centre doit d’abord le saisir.")
    suited = [tarif for tarif in known if tarif.suits(affiliee, effectif)]
    if not suited:
        raise TarifAbsent(_tell_unsuited(known, affiliee, effectif))
    years = sorted({tarif.annee for tarif in suited})
    year = next((one for one in reversed(years) if one <= annee), years[0])
    return max(
        (tarif for tarif in suited if tarif.annee == year),
        key=lambda tarif: (tarif.public != "tous", tarif.effectif_min),
    )


def warn_unknown(
    tarifs: Sequence[Tarif], chosen: Iterable[Tarif], annee: int, *, affiliee: bool | None, effectif: int | None
) -> str | None:
    """For the centre: an answer that is not known and would change the price of one of the tariffs `chosen` for `annee`, in
    one sentence; None when none would. To be lifted by a person before anything is issued."""
    unsure = [one for one in chosen if list_unknown(tarifs, one.code, annee, affiliee=affiliee, effectif=effectif)]
    if not unsure:
        return None
    listed = " ; ".join(f"{one.nom} : {euros(one.montant)}" for one in unsure)
    return f"{_tell_unknown(tarifs, unsure, annee, affiliee, effectif)} : vérifiez le tarif retenu ({listed})."


def tell_unknown(
    tarifs: Sequence[Tarif], chosen: Iterable[Tarif], annee: int, *, affiliee: bool | None, effectif: int | None
) -> str | None:
    """The same for the collectivité."""
    unsure = [one for one in chosen if list_unknown(tarifs, one.code, annee, affiliee=affiliee, effectif=effectif)]
    if not unsure:
        return None
    return (
        f"{_tell_unknown(tarifs, unsure, annee, affiliee, effectif)} : le montant peut changer. "
        "Le centre vous le confirmera."
    )


def _tell_unknown(
    tarifs: Sequence[Tarif], unsure: Sequence[Tarif], annee: int, affiliee: bool | None, effectif: int | None
) -> str:
    names = {
        name for one in unsure for name in list_unknown(tarifs, one.code, annee, affiliee=affiliee, effectif=effectif)
    }
    what = [text for name, text in UNKNOWN.items() if name in names]
    told = (
        "qui ne sont pas indiqués" if len(what) > 1 else "qui n’est pas indiqué" + ("e" if "affiliee" in names else "")
    )
    return f"Le tarif dépend {' et '.join(what)}, {told}"


UNKNOWN = {"affiliee": "de l’affiliation de la collectivité au centre", "effectif": "de son nombre d’agents"}
"""Answers about the collectivité that choose among the tariffs of a year, after "dépend"."""


def list_unknown(
    tarifs: Sequence[Tarif], code: str, annee: int, *, affiliee: bool | None, effectif: int | None
) -> list[str]:
    """Which of `UNKNOWN` is not known (None) and would change the price of `code` for `annee`, whatever the other one is."""
    sizes = {0, *(one.effectif_min for one in tarifs if one.code == code)} if effectif is None else {effectif}
    answers = (None, True, False) if affiliee is None else (affiliee,)
    prices = {
        (answer, size): _price(tarifs, code, annee, affiliee=answer, effectif=size)
        for answer in answers
        for size in sizes
    }
    found = []
    if any(len({prices[answer, size] for answer in answers}) > 1 for size in sizes):
        found.append("affiliee")
    if any(len({prices[answer, size] for size in sizes}) > 1 for answer in answers):
        found.append("effectif")
    return found


def _price(
    tarifs: Sequence[Tarif], code: str, annee: int, *, affiliee: bool | None, effectif: int | None
) -> Decimal | None:
    try:
        return choose_tarif(tarifs, code, annee, affiliee=affiliee, effectif=effectif).montant
    except TarifAbsent:
        return None


def _tell_unsuited(known: Iterable[Tarif], affiliee: bool | None, effectif: int | None) -> str:
    """Why none of the tariffs is for this collectivité, and what to answer or to record."""
    missing = []
    if affiliee is None and any(tarif.public != "tous" for tarif in known):
        missing.append("si la collectivité est affiliée au centre")
    if effectif is None and any(tarif.effectif_min for tarif in known):
        missing.append("son nombre d’agents")
    if missing:
        return f"Le tarif de cette prestation dépend de la collectivité : indiquez {' et '.join(missing)}."
    return "Aucun tarif enregistré ne convient à cette collectivité : le centre doit d’abord le saisir."


def annee_effet(date_vote: date) -> int:
    """The first year that a tariff voted on `date_vote` may be for: it takes effect on the following 1 January, on running
    conventions too (article 8.1, A51; G9: voted on 15 January 2024, in effect on 1 January 2025)."""
    return date_vote.year + 1


def check_annee(annee: int, date_vote: date) -> None:
    """Invalide at `annee` when a tariff voted on `date_vote` cannot be for that year yet."""
    first = annee_effet(date_vote)
    if annee < first:
        raise Invalide(
            f"Un tarif voté le {date_longue(date_vote)} prend effet au 1er janvier {first} :"
            f" enregistrez-le pour {first} ou une année suivante.",
            champ="annee",
        )


def warn_other_year(annee: int, chosen: Iterable[Tarif]) -> str | None:
    """For the centre: those of the tariffs `chosen` that are not of `annee`, in one sentence; None when all are. To be
    lifted by a person before anything is issued (ambiguity B03)."""
    others = [tarif for tarif in chosen if tarif.annee != annee]
    if not others:
        return None
    years = sorted({tarif.annee for tarif in others})
    listed = " ; ".join(
        f"{tarif.nom} : {euros(tarif.montant)}" + (f", {tarif.annee}" if len(years) > 1 else "") for tarif in others
    )
    which = "que celui" if len(others) == 1 else "que ceux"
    verb = "s’applique" if len(others) == 1 else "s’appliquent"
    return (
        f"Aucun tarif {annee} n’est enregistré : vérifiez {which} de {' et '.join(map(str, years))} {verb} ({listed})."
    )


def tell_other_year(annee: int, chosen: Sequence[Tarif]) -> str | None:
    """The same for the collectivité, whom the centre answers: it has nothing to check."""
    others = [tarif for tarif in chosen if tarif.annee != annee]
    if not others:
        return None
    which = "" if others[0] is chosen[0] else f" ({others[0].nom})"
    return (
        f"Le tarif {annee}{which} n’est pas encore enregistré : le montant est calculé avec celui de {others[0].annee}. "
        "Le centre vous le confirmera."
    )
