"""The register of personal data: what the portal keeps about people, column by column, why and until when.

`data/registre_donnees.yaml` declares it, table by table. A test compares it with the columns of the models, so that a column that
may hold a name, a text or a link to an account is never added without saying what becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml

from domain.forms.types.base import Definition
from domain.offer import Conservation
from services.core.settings import ROOT

SOURCE = ROOT / "data" / "registre_donnees.yaml"


class Donnees(Definition):
    """What one table holds about people.

    `colonnes`: personal data, with their French name. `liens`: columns that name an account, and what they say of the person.
    `secrets`: never shown nor exported. `neutres`: texts, codes and hashes that are about nobody. `de`: the column that says whose
    the row is: an export of their data gives it whole. `duree` may hold {archives}, {comptes}, {brouillons}: the centre's delays.
    `sort`: what becomes of it when the account is deleted or the archives eliminated.
    """

    table: str
    titre: str = ""
    personnes: str = ""
    finalite: str = ""
    duree: str = ""
    sort: str = ""
    de: str | None = None
    colonnes: dict[str, str] = {}
    liens: dict[str, str] = {}
    secrets: tuple[str, ...] = ()
    neutres: tuple[str, ...] = ()

    @property
    def declared(self) -> set[str]:
        """Every column that is declared."""
        return {*self.colonnes, *self.liens, *self.secrets, *self.neutres}


@dataclass(frozen=True)
class LigneRegistre:
    """One line of the register as it is read."""

    titre: str
    personnes: str
    donnees: str
    finalite: str
    duree: str
    sort: str


@cache
def load_registre() -> tuple[Donnees, ...]:
    """The declared list, in the order of the file."""
    return tuple(Donnees.model_validate(one) for one in yaml.safe_load(SOURCE.read_text(encoding="utf-8")))


def read_registre(conservation: Conservation) -> list[LigneRegistre]:
    """What is kept about people, with the delays of this centre."""
    delays = {
        "archives": f"{conservation.archives_annees} an{'s' if conservation.archives_annees > 1 else ''}",
        "comptes": f"{conservation.comptes_mois} mois",
        "brouillons": f"{conservation.brouillons_mois} mois",
    }
    return [
        LigneRegistre(
            titre=one.titre,
            personnes=one.personnes,
            donnees=", ".join(
                [*one.colonnes.values(), *(["empreinte secrète, jamais montrée"] if one.secrets else [])]
            ),
            finalite=one.finalite,
            duree=_sentence([one.duree.format(**delays)]),
            sort=one.sort,
        )
        for one in load_registre()
        if one.titre
    ]


def _sentence(parts: list[str]) -> str:
    """« Adresse électronique, prénom, nom »."""
    text = ", ".join(f"{part[:1].lower()}{part[1:]}" for part in parts)
    return f"{text[:1].upper()}{text[1:]}"
