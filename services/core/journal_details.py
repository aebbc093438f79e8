"""What the details of a line of the journal are called on the screen: the journal itself keeps codes, which never change."""

from __future__ import annotations

import re
from datetime import date

from domain.formatting import date_courte

KEY_LABELS = {
    "annee": "année",
    "apres": "après",
    "conservees": "conservées",
    "crees": "créés",
    "de": "avant",
    "decision": "décision",
    "demeure": "mise en demeure",
    "denonciation": "dénonciation",
    "depot": "dépôt",
    "donnees": "empreinte des données",
    "du_centre": "du centre",
    "echeance": "échéance",
    "effectif_min": "à partir de combien d’agents",
    "eliminees": "éliminées",
    "en_attente": "en attente",
    "etat": "état",
    "minutes_max": "minutes au plus",
    "modele": "modèle",
    "numero": "numéro",
    "contre_numero": "numéro du contre-décompte",
    "periode": "période",
    "piece": "pièce",
    "quotite": "part d’un temps plein",
    "recalcules": "recalculés",
    "recevabilite": "recevable",
    "reconductions_retirees": "reconductions retirées",
    "reference": "référence",
    "role": "rôle",
    "sha256": "empreinte",
    "signes": "nombre de signes",
    "vers": "après",
}
"""Keys whose French name is not the key itself."""

VALUE_LABELS = {
    "a_corriger": "à corriger",
    "a_signer": "à signer",
    "accepte": "accepté",
    "actions_collectives": "actions collectives",
    "annulee": "annulée",
    "collectivite": "collectivité",
    "denoncee": "dénoncée",
    "depose": "déposé",
    "emis": "émis",
    "en_demeure": "en demeure",
    "en_instruction": "en instruction",
    "en_vigueur": "en vigueur",
    "enregistre": "enregistré",
    "paye": "payé",
    "referent": "référent",
    "refuse": "refusé",
    "remplacee": "remplacée",
    "resiliee": "résiliée",
    "retire": "retiré",
    "signee_collectivite": "signée par la collectivité",
    "temps_complet": "temps complet",
    "themes": "thèmes",
    "verifie": "vérifié",
}
"""Codes of states and kinds, as people read them."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def key_label(key: str) -> str:
    """Name of a detail."""
    return KEY_LABELS.get(key, key.replace("_", " "))


def value_label(value: str) -> str:
    """A code or a date as people read it; anything else as it is."""
    if _DAY.fullmatch(value):
        try:
            return date_courte(date.fromisoformat(value))
        except ValueError:
            return value
    return VALUE_LABELS.get(value, value)
