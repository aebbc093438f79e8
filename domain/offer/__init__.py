"""An offer as data: one bundle of forms, steps, workflow, documents and parameters, stored whole and never changed.

`Offer` is what `forms/<centre>/<offre>/` holds, and what an offer version keeps as JSON. `Centre` is what
`forms/<centre>/centre.yaml` holds. Nothing here knows a particular centre.
"""

from domain.offer.bundle import Offer, OfferSettings
from domain.offer.centre import CODE, AdresseCentre, Centre, Conservation, DeliberationCentre, PersonneCentre
from domain.offer.files import (
    SETTINGS_FILE,
    build_offer,
    list_centre_folders,
    list_offer_folders,
    load_centre,
    load_offer,
    parse_offer,
    read_offer,
)
from domain.offer.journey import Annexe, Contexte, Document, Part, Party, Step
from domain.offer.requests import ADHESION, Circuit, TypeDemande
from domain.offer.terms import (
    CENTRE_SEUL,
    ECHEANCES,
    BilanAnnuel,
    Denonciation,
    Duree,
    Echeance,
    Facturation,
    RappelPrevu,
    SectionBilan,
    ServiceDegrade,
    TexteCourriel,
)

__all__ = [
    "ADHESION",
    "CENTRE_SEUL",
    "CODE",
    "ECHEANCES",
    "SETTINGS_FILE",
    "AdresseCentre",
    "Annexe",
    "BilanAnnuel",
    "Centre",
    "Circuit",
    "Conservation",
    "Contexte",
    "DeliberationCentre",
    "Denonciation",
    "Document",
    "Duree",
    "Echeance",
    "Facturation",
    "Offer",
    "OfferSettings",
    "Part",
    "Party",
    "PersonneCentre",
    "RappelPrevu",
    "SectionBilan",
    "ServiceDegrade",
    "Step",
    "TexteCourriel",
    "TypeDemande",
    "build_offer",
    "list_centre_folders",
    "list_offer_folders",
    "load_centre",
    "load_offer",
    "parse_offer",
    "read_offer",
]
