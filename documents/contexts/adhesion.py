"""The tree that templates see: answers of the forms, the centre, the offer, and what is derived from them.

Plain data only (dicts, lists, text, Decimal, date, bool, None). Every field of the offer's forms is there, None when it is
unanswered, which prints as a dotted blank: a name that is not there at all is a template's mistake, not a gap to fill.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from documents.contexts.montants import build_montants
from domain.calendar import compute_terme
from domain.errors import Invalide
from domain.formatting import MONTHS, insecables
from domain.forms.answers import build_typed_tree, flatten_tree, get_path
from domain.forms.evaluation import Evaluation, evaluate, kept_answers
from domain.forms.fields import sample_value
from domain.grammar import a, de
from domain.offer import Centre, Denonciation, Offer
from domain.tarifs import Tarif

UNKNOWN_YEAR = "……………"
NOT_ANSWERS = frozenset({"centre", "offre", "numero"})
"""First names of a data file that are not answers to a form."""


class ReponsesIncorrectes(Invalide):
    """Answers that no document can be made from; `erreurs` lists the French messages."""

    def __init__(self, erreurs: list[str]) -> None:
        super().__init__(
            "Ces réponses ne permettent pas d’établir le document :\n" + "\n".join(f"– {e}" for e in erreurs)
        )
        self.erreurs = erreurs


def build_context(
    offer: Offer,
    centre: Centre,
    answers_tree: Mapping[str, Any],
    tarifs: Iterable[Tarif],
    *,
    numero: str | None = None,
    projet: bool = False,
    annexes_fichiers: Mapping[str, Mapping[str, str]] | None = None,
    annexes_exclues: Iterable[str] = (),
    strict: bool | None = None,
    today: date,
) -> dict[str, Any]:
    """The context of the offer's documents.

    `answers_tree` is the JSON tree of answers (format of the data files); hidden and unknown fields are left out.
    `annexes_fichiers` gives `{nom, sha256}` of the files that stand for annexes. With `strict` (the default, except for a
    *projet*), answers that are refused or contradict each other raise `ReponsesIncorrectes`; otherwise they are left
    blank and told in `avertissements`. Missing answers never raise: whether they block is the workflow's business.
    """
    formset = offer.formset
    given = {name: value for name, value in answers_tree.items() if name not in NOT_ANSWERS}
    answers, unknown = flatten_tree(formset.fields.values(), given)
    evaluation = evaluate(formset, answers, today)
    warnings = [f"« {path} » n’est pas un champ du formulaire : cette donnée n’est pas reprise." for path in unknown]
    faults = _faults(evaluation)
    if faults and (not projet if strict is None else strict):
        raise ReponsesIncorrectes(faults)
    tree = build_typed_tree(formset.fields.values(), kept_answers(evaluation))
    _derive_persons(tree, offer)
    _derive_collectivite(tree, offer)
    convention = _build_convention(offer, tree, numero, projet)
    montants, more = build_montants(offer, tree, list(tarifs))
    annexes = _build_annexes(offer, annexes_fichiers or {}, {*annexes_exclues, *offer.left_out(evaluation.tree)})
    return {
        **tree,
        "centre": build_centre(centre, offer),
        "offre": build_offre(offer),
        "convention": convention,
        "montants": montants,
        "annexes": annexes,
        "annexes_liste": list(annexes.values()),
        "avertissements": [*warnings, *faults, *more],
    }


def sample_context(offer: Offer, centre: Centre, tarifs: Sequence[Tarif] = ()) -> dict[str, Any]:
    """A context with every field answered by an invented value, to check templates and list their variables with."""
    formset = offer.formset
    answers = {field_id: sample_value(field) for field_id, field in formset.fields.items()}
    tree = build_typed_tree(formset.fields.values(), answers)
    for path in (offer.duree.champ_effet, offer.duree.champ_debut):
        _put_existing(tree, path, date(2026, 1, 1))
    _derive_persons(tree, offer)
    _derive_collectivite(tree, offer)
    known = list(tarifs) or _sample_tarifs(offer)
    annexes = _build_annexes(offer, {}, frozenset())
    for annexe in offer.annexes:
        if annexe.source == "piece_centre":
            annexes[annexe.id]["fichier"] = {"nom": "exemple.pdf", "sha256": "0" * 64}
    return {
        **tree,
        "centre": build_centre(centre, offer),
        "offre": build_offre(offer),
        "convention": _build_convention(offer, tree, "2026-0001", False),
        "montants": build_montants(offer, tree, known)[0],
        "annexes": annexes,
        "annexes_liste": list(annexes.values()),
        "avertissements": [],
    }


def _sample_tarifs(offer: Offer) -> list[Tarif]:
    return [Tarif(code=code, annee=2026, montant=Decimal("1000.00")) for code in offer.facturation.codes_tarifs]


def _faults(evaluation: Evaluation) -> list[str]:
    """Messages of the answers that are refused or contradict each other, with the field's label when it is not said."""
    found = []
    for one in evaluation.missing:
        if one.reason == "invalide":
            found.append(f"{one.label} : {one.message}")
        elif one.reason == "incoherent":
            found.append(one.message)
    return found


def _put_existing(tree: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    inside: Any = tree
    for key in parents:
        inside = inside[key]
    inside[last] = value


def _derive_persons(tree: dict[str, Any], offer: Offer) -> None:
    """`nom_complet` and `feminin` for everyone who has a civilité, and the representative's quality in the feminine."""
    for person in tree.values():
        if isinstance(person, dict) and {"civilite", "nom"} <= person.keys():
            parts = [person["civilite"], person.get("prenom"), person["nom"]]
            person["nom_complet"] = " ".join(str(part) for part in parts if part) if person["nom"] else None
            person["feminin"] = person["civilite"] == "Mme"
    representant = tree.get("representant")
    party = offer.party(get_path(tree, "collectivite.type"))
    if not isinstance(representant, dict) or party is None or not representant.get("feminin"):
        return
    if party.qualite_feminin and representant.get("qualite") == party.qualite:
        representant["qualite"] = party.qualite_feminin


def _derive_collectivite(tree: dict[str, Any], offer: Offer) -> None:
    """Words for the collectivité: kind, designation and short name, also after « de » and « à »."""
    collectivite = tree.get("collectivite")
    if not isinstance(collectivite, dict):
        return
    party, nom = offer.party(collectivite.get("type")), collectivite.get("nom")
    designation = party.designate(nom) if party and nom else nom
    collectivite["type_libelle"] = party.libelle if party else None
    appellation = collectivite.get("appellation") or (party.appellation if party else None)
    for key, name in (("designation", designation), ("appellation", appellation)):
        collectivite[key] = name
        collectivite[f"{key}_de"] = de(name) if name else None
        collectivite[f"{key}_a"] = a(name) if name else None


def build_centre(centre: Centre, offer: Offer) -> dict[str, Any]:
    """The centre as templates see it, with the offer's words among its own."""
    tree = centre.model_dump()
    tree["deliberations"] = [dict(one) for one in tree["deliberations"]]
    tree["departements"] = list(tree["departements"])
    tree["references"] = {code: insecables(text) for code, text in tree["references"].items()}
    tree["vocabulaire"] = {**tree["vocabulaire"], **offer.vocabulaire}
    return tree


def build_offre(offer: Offer) -> dict[str, Any]:
    """The offer's parameters, as plain data."""
    return {
        "code": offer.code,
        "titre": offer.titre,
        "nature": offer.nature,
        "facturation": offer.facturation.model_dump(mode="json"),
        "duree": offer.duree.model_dump(mode="json"),
        "denonciation": offer.denonciation.model_dump(mode="json"),
        "options": dict(offer.options),
    }


def _build_convention(offer: Offer, tree: Mapping[str, Any], numero: str | None, projet: bool) -> dict[str, Any]:
    effet: date | None = get_path(tree, offer.duree.champ_effet)
    count = offer.duree.nombre
    years: list[Any] = [UNKNOWN_YEAR] * count if effet is None else [effet.year + rang for rang in range(1, count + 1)]
    return {
        "numero": None if projet else numero,
        "projet": projet,
        "date_effet": effet,
        "date_debut_prestations": get_path(tree, offer.duree.champ_debut),
        "premiere_echeance": effet and date(effet.year, 12, 31),
        "annees_reconduites": years,
        "terme": effet and compute_terme(effet, count),
        "dernier_jour_denonciation": _last_notice_day(offer.denonciation),
    }


def _last_notice_day(given: Denonciation) -> dict[str, Any]:
    """The day of each year by which notice is given; without effect where it is given on any day (`offre.denonciation.mode`)."""
    day = "1er" if given.dernier_jour == 1 else given.dernier_jour
    text = insecables(f"{day} {MONTHS[given.dernier_mois]}")
    return {"jour": given.dernier_jour, "mois": given.dernier_mois, "texte": text}


def _build_annexes(
    offer: Offer, fichiers: Mapping[str, Mapping[str, str]], exclues: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Annexes by id, numbered in the order in which they come (B06); optional ones may be left out."""
    kept = [annexe for annexe in offer.annexes if not (annexe.facultative and annexe.id in exclues)]
    return {
        annexe.id: {
            "id": annexe.id,
            "numero": number,
            "titre": annexe.titre,
            "fichier": dict(fichiers[annexe.id]) if annexe.id in fichiers else None,
        }
        for number, annexe in enumerate(kept, start=1)
    }
