"""The terms of an offer: how it is billed, how long it runs, how it ends, what is reported each year."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field as PydanticField
from pydantic import field_validator, model_validator

from domain.forms.types.base import Definition
from domain.roles import Role
from domain.tarification import HEURES_ANNUELLES, Periodicite, Prorata


class ServiceDegrade(Definition):
    """The optional service by the hour when the assistant is away (articles 8.4 and 8.5)."""

    tarif: str = "heure"


class Facturation(Definition):
    """How the service is billed. `champ` is the field that holds the quantity: a share of a post (percent), minutes a year,
    half-days, agents… according to `mode`. `cotisation` is included in the contribution: 0 €, traced; `devis` has its
    amount in `champ`.

    `periodicite`: how often a statement is made. `unite_minutes` and `minimum_minutes`: what an intervention is billed by
    (1 and 0: to the minute, B19); `etat_des_lieux_compris`: its hours are traced at 0 € (M25), those done before the
    convention too when a field, `champ_etat_des_lieux`, holds their minutes; `deplacements_factures`: journeys out of the
    included zone are claimed (8.6). `resiliation_annee_entiere`: when the collectivité's breach ends the convention (9.2 to
    9.4), the annual amount of that year stays due in whole (8.2 al. 1), for a share of a post or by agent; by default nothing is
    due after the last day."""

    mode: Literal["quotite", "horaire", "demi_journee", "forfait", "par_agent", "cotisation", "devis"] = "quotite"
    tarif: str = "temps_complet"
    champ: str = "besoin.quotite"
    prorata: Prorata = Prorata.JOURS
    periodicite: Periodicite = Periodicite.TRIMESTRE
    heures_annuelles: int = HEURES_ANNUELLES
    unite_minutes: Annotated[int, PydanticField(ge=1, le=480)] = 1
    minimum_minutes: Annotated[int, PydanticField(ge=0, le=480)] = 0
    etat_des_lieux_compris: bool = True
    champ_etat_des_lieux: str | None = None
    deplacements_factures: bool = False
    resiliation_annee_entiere: bool = False
    service_degrade: ServiceDegrade | None = None
    tva: Literal["hors_champ", "taux_normal"] = "hors_champ"

    @property
    def codes_tarifs(self) -> list[str]:
        """Codes of the tariffs that the offer needs: its own unless the amount comes from elsewhere (a quote, the
        contribution), then that of the service dégradé."""
        own = [] if self.mode in ("cotisation", "devis") else [self.tarif]
        return [*own, *([self.service_degrade.tarif] if self.service_degrade else [])]


class Duree(Definition):
    """How long a convention runs: to 31 December, then `reconductions` calendar years. The fields that hold its dates."""

    reconductions: Annotated[int, PydanticField(ge=0, le=20)] = 4
    mode: Literal["tacite", "expresse", "aucune"] = "tacite"
    champ_effet: str = "besoin.date_effet"
    champ_debut: str = "besoin.date_debut_prestations"

    @property
    def nombre(self) -> int:
        """How many renewals there may be: none where the offer has none, whatever number stands beside."""
        return 0 if self.mode == "aucune" else self.reconductions


class Denonciation(Definition):
    """Notice, what dates the letter (B13), and the default delay of a formal notice (B16). `mode`: `date`, by a day of each year,
    the last that still counts, for its 31 December; `preavis`, on any day, `preavis_mois` months ahead."""

    mode: Literal["date", "preavis"] = "date"
    preavis_mois: Annotated[int, PydanticField(ge=1, le=24)] = 3
    dernier_mois: Annotated[int, PydanticField(ge=1, le=12)] = 9
    dernier_jour: Annotated[int, PydanticField(ge=1, le=31)] = 29
    reference: Literal["envoi", "presentation", "reception"] = "envoi"
    mise_en_demeure_jours: Annotated[int, PydanticField(ge=1, le=365)] = 30

    @model_validator(mode="after")
    def _check_day(self) -> Denonciation:
        try:
            date(2023, self.dernier_mois, self.dernier_jour)
        except ValueError:
            raise ValueError("le dernier jour de dénonciation n’existe pas chaque année") from None
        return self


class SectionBilan(Definition):
    """One part of the annual report that the assistant writes. `taille`: longest text, in characters."""

    id: Annotated[str, PydanticField(pattern=r"^[a-z][a-z0-9_]*$")]
    titre: str
    aide: str = ""
    facultative: bool = False
    taille: Annotated[int, PydanticField(ge=100, le=20_000)] = 4000


class BilanAnnuel(Definition):
    """The annual report (A25, M24): what is written in it, beside the figures."""

    sections: tuple[SectionBilan, ...] = ()

    @field_validator("sections")
    @classmethod
    def _check_ids(cls, value: tuple[SectionBilan, ...]) -> tuple[SectionBilan, ...]:
        ids = [section.id for section in value]
        if len(set(ids)) != len(ids):
            raise ValueError("deux sections du bilan ont le même « id »")
        return value


Echeance = Literal[
    "debut", "denonciation", "reconduction", "terme", "fin", "mise_en_demeure", "facturation", "bilan", "vote_tarif"
]

ECHEANCES: dict[Echeance, str] = {
    "denonciation": "Dernier jour pour dénoncer",
    "reconduction": "Reconduction",
    "terme": "Terme",
    "fin": "Fin décidée",
    "mise_en_demeure": "Mise en demeure",
    "debut": "Début des prestations",
    "bilan": "Bilan annuel",
    "facturation": "Facturation",
    "vote_tarif": "Vote du tarif",
}
"""Kinds of deadlines with their French names, those that matter most first."""
CENTRE_SEUL: frozenset[Echeance] = frozenset({"vote_tarif"})
"""Deadlines of what the centre does for itself: a collectivité neither sees them nor is reminded of them."""


class RappelPrevu(Definition):
    """A reminder: so many days before a deadline, to the holders of these roles on either side. Its text is the mail
    `rappel_<echeance>`."""

    echeance: Echeance
    jours_avant: tuple[Annotated[int, PydanticField(ge=0, le=365)], ...]
    roles: tuple[Role, ...]


class TexteCourriel(Definition):
    """The text of a mail as the offer words it; its tags are those of the model (domain.courriels)."""

    objet: str
    corps: str
