"""What an invented clerk answers: what is known of the collectivité, then what data/demonstration.yaml says for the offer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from domain.offer import Offer

Described = Mapping[str, Any]


def build_answers(offer: Offer, common: Described, described: Described, place: Any, today: date) -> dict[str, Any]:
    """Answers of a collectivité by field id, in the order in which a clerk meets the fields.

    `common` are the answers that every collectivité of this offer gives, `described["reponses"]` those of this one; a value
    `{jours: -12}` is the day so many days from `today`. Check lists are ticked but for the boxes named by `sans`.
    `place` is the line of the national list. What the offer does not ask is left out."""
    fields = offer.formset.fields
    given = {
        **_collectivite(described, place),
        **{f"representant.{part}": value for part, value in described["representant"].items()},
        **_referent(described["personnes"][0]),
        **_dates(offer, described, today),
        **{field.id: _ticked(described, field.items) for field in fields.values() if field.type == "checklist"},
        "besoin.quotite": described.get("quotite"),
        **{champ: _value(value, today) for champ, value in (*common.items(), *described.get("reponses", {}).items())},
    }
    return {champ: given[champ] for champ in fields if given.get(champ) is not None}


def _collectivite(described: Described, place: Any) -> dict[str, Any]:
    adresse = {
        "voie": described["voie"],
        "code_postal": described.get("code_postal") or place.codes_postaux[0],
        "ville": described.get("ville", place.nom),
    }
    return {
        "collectivite.recherche": place.siren,
        "collectivite.type": place.type,
        "collectivite.nom": place.nom,
        "collectivite.siren": place.siren,
        "collectivite.code_insee": place.code_insee or None,
        "collectivite.adresse": adresse,
        "collectivite.effectif": described["effectif"],
        "locaux.adresse": adresse,
    }


def _referent(person: Described) -> dict[str, Any]:
    return {
        "referent.civilite": "Mme",
        "referent.prenom": person["prenom"],
        "referent.nom": person["nom"],
        "referent.courriel": person["courriel"],
    }


def _dates(offer: Offer, described: Described, today: date) -> dict[str, Any]:
    effet = described["effet"]
    if not isinstance(effet, date):
        effet = date(today.year + 1, 1, 1) if effet == "annee" else today.replace(day=1)
    return {
        offer.duree.champ_effet: effet.isoformat(),
        offer.duree.champ_debut: effet.isoformat(),
        "deliberation.numero": f"{today.year}-118",
        "deliberation.date": (today - timedelta(days=12)).isoformat(),
    }


def _ticked(described: Described, items: Any) -> dict[str, bool]:
    return {item.id: item.id not in described.get("sans", ()) for item in items}


def _value(value: Any, today: date) -> Any:
    if isinstance(value, Mapping) and set(value) == {"jours"}:
        return (today + timedelta(days=value["jours"])).isoformat()
    return value
