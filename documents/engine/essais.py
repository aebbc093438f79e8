"""Three invented dossiers that a template is tried on before it is published: a short one, a typical one, and one whose
texts are long and full of signs that would break a careless document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from documents.contexts.adhesion import build_context
from documents.contexts.echantillons import sample_for
from domain.forms.answers import build_tree
from domain.forms.fields import Field, FieldError, Json, parse_value, sample_value
from domain.offer import Centre, Contexte, Offer
from domain.tarifs import Tarif

COURT, COURANT, LONG = "court", "courant", "long"
PROFILS = {COURT: "Dossier court", COURANT: "Dossier courant", LONG: "Dossier long"}
EXPLICATIONS = {
    COURT: "Le strict nécessaire : ce qui n’est pas répondu laisse des pointillés.",
    COURANT: "Toutes les réponses, de longueur ordinaire.",
    LONG: "Des noms très longs, des signes qui ressemblent à des balises, des listes bien remplies.",
}
SHORT_NAME = "Ry"
LONG_NAME = "Syndicat intercommunal à vocations multiples de Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson, L’Haÿ-les-Roses & Œting"
HOSTILE = f'{LONG_NAME} <service> {{{{ 7 * 7 }}}} {{% if %}} « l’été » "O\'Neil" — n° 1/2'
LONG_TEXT = "\n".join([HOSTILE] * 6)
MANY = 12
"""Lines of the lists of the long dossier."""
WORDED = frozenset(
    [
        "nom",
        "designation",
        "designation_de",
        "designation_a",
        "libelle",
        "titre",
        "motif",
        "conclusion",
        "hypotheses",
        "etapes",
        "paragraphes",
        "constat",
        "adresse",
    ]
)
"""Names of the data, outside adhesions, that hold texts of any length."""
ABSENTS = frozenset({"annule", "motif", "comparee", "comparaison", "heures_autres", "heures_dues", "part", "siret"})
"""Names of the data, outside adhesions, that a real document may have no value for: the short dossier has none."""
FIXED = frozenset({"centre", "offre", "convention"})


def trial_contexts(
    offer: Offer,
    centre: Centre,
    contexte: Contexte,
    tarifs: Sequence[Tarif],
    annexes_fichiers: Mapping[str, Mapping[str, str]],
    today: date,
) -> dict[str, dict[str, Any]]:
    """The data of each of the three dossiers (`PROFILS`), as templates of this context see them. `annexes_fichiers`: name and
    hash of the centre's own files, by annex."""
    if contexte != "adhesion":
        sample = sample_for(offer, centre, contexte, tarifs)
        return {profil: _reshape(sample, profil) for profil in PROFILS}
    return {
        profil: build_context(
            offer,
            centre,
            build_tree(_answers(offer, profil, today)),
            tarifs,
            numero=f"{today.year}-0001",
            annexes_fichiers=annexes_fichiers,
            strict=False,
            today=today,
        )
        for profil in PROFILS
    }


def _answers(offer: Offer, profil: str, today: date) -> dict[str, Json]:
    """Answers by field; only to what must be answered in the short dossier."""
    found: dict[str, Json] = {}
    for field_id, field in offer.formset.fields.items():
        if field.retired or (profil == COURT and not (field.required or field.required_if)):
            continue
        found[field_id] = _answer(field, profil)
    dated = {offer.duree.champ_effet: date(today.year + 1, 1, 1), offer.duree.champ_debut: date(today.year + 1, 1, 1)}
    return found | {field_id: day.isoformat() for field_id, day in dated.items() if field_id in offer.formset.fields}


def _answer(field: Field, profil: str) -> Json:
    """The value of one field: a text as short or as long as the field takes, the ordinary sample for what is no free text."""
    sample = sample_value(field)
    if profil == COURANT or field.options or field.options_from:
        return sample
    wanted: list[Json] = []
    if isinstance(sample, str):
        longest = field.max_length or len(LONG_TEXT)
        wanted = [SHORT_NAME] if profil == COURT else [LONG_TEXT[:longest], HOSTILE[:longest], LONG_NAME[:longest]]
    elif profil == LONG and isinstance(sample, list) and sample:
        wanted = [sample * MANY]
    for value in wanted:
        try:
            return parse_value(field, value)
        except FieldError:
            continue  # an address, a telephone number…: its own sample is all it takes
    return sample


def _reshape(sample: Mapping[str, Any], profil: str) -> dict[str, Any]:
    """The sample of a statement, a report or a note, with names and lists of another size."""
    if profil == COURANT:
        return dict(sample)
    return {key: value if key in FIXED else _resized(value, key, profil) for key, value in sample.items()}


def _resized(value: Any, name: str, profil: str) -> Any:
    if profil == COURT and name in ABSENTS:
        return [] if isinstance(value, list | tuple) else None
    if isinstance(value, Mapping):
        return {key: _resized(inner, key, profil) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        lines = [_resized(inner, name, profil) for inner in value]
        return lines * MANY if profil == LONG else lines
    if isinstance(value, str) and name in WORDED:
        return HOSTILE if profil == LONG else SHORT_NAME
    return value
