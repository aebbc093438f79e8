"""The trees that the letters about the end of a convention see: answer to a notice or notice by the centre, formal notice, record
of a termination. Plain data only; `centre` and `offre` are added by whoever renders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from documents.contexts.adhesion import build_centre, build_offre
from documents.contexts.decompte import build_collectivite
from domain.offer import Centre, Offer
from domain.tarifs import Tarif


def build_lettre(
    *,
    jour: date,
    collectivite: Mapping[str, Any],
    convention: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    **sujet: Mapping[str, Any],
) -> dict[str, Any]:
    """The context of a letter of `jour` to a collectivité about a convention; `sujet` is what it is about (`denonciation`,
    `demeure`), `answers` those of the collectivité, by field id: they say who represents it."""
    return {
        "lettre": {"date": jour},
        "collectivite": dict(collectivite),
        "convention": dict(convention),
        "representant": _representant(answers or {}),
        **{name: dict(value) for name, value in sujet.items()},
    }


def _representant(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Who the letter is sent to: the person that the collectivité named, the quality alone without a name."""
    given = {part: answers.get(f"representant.{part}") for part in ("civilite", "prenom", "nom", "qualite")}
    names = [given["civilite"], given["prenom"], given["nom"]]
    return {
        **given,
        "nom_complet": " ".join(str(one) for one in names if one) if given["nom"] else None,
        "feminin": given["civilite"] == "Mme",
    }


def build_convention(
    *, numero: str, date_effet: date, terme: date, fin: date | None, signee_le: date | None
) -> dict[str, Any]:
    """The convention as letters cite it; `dernier_jour` is the last day in force as it is now decided."""
    return {
        "numero": numero,
        "date_effet": date_effet,
        "terme": terme,
        "fin": fin,
        "dernier_jour": fin or terme,
        "signee_le": signee_le,
    }


def build_denonciation(
    *,
    auteur: str,
    decision: str,
    date_envoi: date | None,
    date_presentation: date | None,
    date_reception: date | None,
    date_reference: date | None,
    recevabilite: str | None,
    dernier_jour: date | None,
    fin: date | None,
    motif: str,
    reponse: str,
) -> dict[str, Any]:
    """A notice. `auteur`: collectivite or centre; `decision`: confirmee (the convention ends on `fin`) or sans_suite;
    `dernier_jour`: the last day of notice of the year of the letter; `reponse`: what the centre adds, by lines."""
    return {
        "auteur": auteur,
        "decision": decision,
        "date_envoi": date_envoi,
        "date_presentation": date_presentation,
        "date_reception": date_reception,
        "date_reference": date_reference,
        "recevabilite": recevabilite,
        "tardive": recevabilite == "tardive",
        "dernier_jour": dernier_jour,
        "fin": fin,
        "motif": split_lines(motif),
        "reponse": split_lines(reponse),
    }


def build_demeure(
    *,
    article: str,
    manquements: str,
    delai_jours: int,
    date_envoi: date | None = None,
    date_presentation: date | None = None,
    echeance: date | None = None,
    reponse: str = "",
    reponse_le: date | None = None,
    motif: str = "",
) -> dict[str, Any]:
    """A formal notice and what became of it: what must be put right and the answer, by lines; `motif`: why the convention is
    terminated."""
    return {
        "article": article,
        "manquements": split_lines(manquements),
        "delai_jours": delai_jours,
        "date_envoi": date_envoi,
        "date_presentation": date_presentation,
        "echeance": echeance,
        "reponse": split_lines(reponse),
        "reponse_le": reponse_le,
        "motif": split_lines(motif),
    }


def split_lines(texte: str) -> list[str]:
    """The lines of a text that are not blank: a template prints one paragraph for each."""
    return [line.strip() for line in texte.splitlines() if line.strip()]


# Samples ----------------------------------------------------------------------------------------------------------------


def sample_parties() -> dict[str, Any]:
    """The invented convention, collectivité and representative that every sample letter is about."""
    return {
        "collectivite": build_collectivite(
            "Commune d’Exemple", "la commune d’Exemple", "123456782", ["1 rue de l’Exemple", "75000 Exemple"]
        ),
        "convention": build_convention(
            numero="2025-0001",
            date_effet=date(2026, 1, 1),
            terme=date(2030, 12, 31),
            fin=date(2026, 12, 31),
            signee_le=date(2025, 12, 15),
        ),
        "answers": {
            "representant.civilite": "Mme",
            "representant.prenom": "Camille",
            "representant.nom": "Exemple",
            "representant.qualite": "maire",
        },
    }


def _sample(offer: Offer, centre: Centre, **sujet: Mapping[str, Any]) -> dict[str, Any]:
    context = build_lettre(jour=date(2026, 10, 1), **sample_parties(), **sujet)
    return {**context, "centre": build_centre(centre, offer), "offre": build_offre(offer)}


def sample_denonciation(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented notice, with a name at every place that a template may read."""
    notice = build_denonciation(
        auteur="collectivite",
        decision="confirmee",
        date_envoi=date(2026, 9, 24),
        date_presentation=date(2026, 9, 26),
        date_reception=date(2026, 9, 28),
        date_reference=date(2026, 9, 24),
        recevabilite="oui",
        dernier_jour=date(2026, 9, 29),
        fin=date(2026, 12, 31),
        motif="Exemple",
        reponse="Exemple",
    )
    return _sample(offer, centre, denonciation=notice)


def sample_mise_en_demeure(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented formal notice that waits to be sent."""
    demeure = build_demeure(article="moyens", manquements="Exemple", delai_jours=30)
    return _sample(offer, centre, demeure=demeure)


def sample_resiliation(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """An invented termination."""
    demeure = build_demeure(
        article="moyens",
        manquements="Exemple",
        delai_jours=30,
        date_envoi=date(2026, 8, 28),
        date_presentation=date(2026, 9, 1),
        echeance=date(2026, 10, 1),
        reponse="Exemple",
        reponse_le=date(2026, 9, 20),
        motif="Exemple",
    )
    return _sample(offer, centre, demeure=demeure)
