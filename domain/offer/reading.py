"""Reading the terms and the rows of an offer as JSON: what they are, what may be chosen, why one cannot be taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from domain.errors import Invalide
from domain.forms.condition_builder import describe_regle, read_regle
from domain.forms.editing import Contenu, iter_fields, option_readers, readable_fields
from domain.offer.settings import LISTES, Reglage

QUANTITES = ("integer", "decimal", "money", "percentage", "duration")


def read_setting(contenu: Mapping[str, Any], chemin: str) -> Any:
    """The value at `chemin`, None when something on the way is absent."""
    found: Any = contenu
    for key in chemin.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def list_rows(contenu: Contenu, liste: str) -> list[Contenu]:
    """The rows of a list, as they are stored."""
    return list(read_setting(contenu, LISTES[liste].chemin) or ())


def find_row(contenu: Contenu, liste: str, ident: str) -> Contenu:
    """One row; Invalide when it is gone."""
    found = next((row for row in list_rows(contenu, liste) if row[LISTES[liste].cle] == ident), None)
    if found is None:
        raise Invalide(f"Il n’y a plus {LISTES[liste].un} de ce nom dans le brouillon : rechargez la page.")
    return found


def choices_of(contenu: Contenu, reglage: Reglage) -> dict[str, str]:
    """What may be chosen for a setting, code and French name; empty when it is not chosen from a list."""
    if reglage.genre == "choix":
        return dict(reglage.choix)
    wanted = {"champ_date": ("date",), "champ_quantite": QUANTITES, "champ_minutes": ("integer", "duration")}
    if reglage.genre in wanted:
        fields = [
            one for _, _, one in iter_fields(contenu) if one["type"] in wanted[reglage.genre] and not one.get("retired")
        ]
        labels = Counter(one["label"] for one in fields)
        # The id only tells apart questions that are asked in the same words.
        return {
            str(one["id"]): f"{one['label']} ({one['id']})" if labels[one["label"]] > 1 else str(one["label"])
            for one in fields
        }
    if reglage.genre == "document":
        return {one["id"]: one["titre"] for one in contenu["documents"] if one["contexte"] == "avenant"}
    return {}


def template_names(contenu: Contenu) -> set[str]:
    """Names of every Word file that the offer names."""
    found = {
        part["template"] for document in contenu["documents"] for part in document["parts"] if part.get("template")
    }
    return found | {annexe["template"] for annexe in contenu["annexes"]}


def why_kept(contenu: Contenu, liste: str, ident: str, published: Collection[str] = ()) -> str:
    """Why a row cannot be taken away, in French; empty when it can."""
    row = find_row(contenu, liste, ident)
    if liste == "documents":
        return _why_document(contenu, row)
    if liste == "annexes":
        using = [one["titre"] for one in contenu["documents"] if any(p.get("annexe") == ident for p in one["parts"])]
        return f"elle fait partie de « {using[0]} », retirez-la d’abord de ses parties" if using else ""
    if liste == "parties":
        if len(contenu["parties"]) == 1:
            return "aucune collectivité ne pourrait plus adhérer"
        readers = [
            one
            for _, _, field in iter_fields(contenu)
            if field.get("options_from") == "parties"
            for one in option_readers(contenu, str(field["id"]), ident)
        ]
        return f"une condition le cite ({tell_condition(contenu, readers[0])})" if readers else ""
    if liste == "demandes":
        for form_id in own_forms(contenu, row):
            ids = {field["id"] for form, _, field in iter_fields(contenu) if form["id"] == form_id}
            if ids & set(published):
                return (
                    "ses questions ont été publiées et leurs réponses sont conservées, cochez « N’est plus proposée »"
                )
    return ""


def tell_condition(contenu: Contenu, source: str) -> str:
    """A condition in words when it can be said, as it is written otherwise."""
    fields = readable_fields(contenu)
    regle = read_regle(source, fields)
    return describe_regle(regle, fields) if regle and regle.comparaisons else source


def _why_document(contenu: Contenu, row: Contenu) -> str:
    if row["convention"]:
        return "c’est le document numéroté, scellé et signé"
    asking = [field["label"] for _, _, field in iter_fields(contenu) if field.get("template") == row["id"]]
    if asking:
        return f"la question « {asking[0]} » le propose"
    using = [one["titre"] for one in contenu["demandes"] if one.get("document") == row["id"]]
    if using:
        return f"la demande « {using[0]} » s’achève par lui"
    return "" if row["contexte"] == "adhesion" else "le portail en a besoin pour ce genre de document"


def own_forms(contenu: Contenu, demande: Contenu) -> list[str]:
    """Forms that only this request shows."""
    others = [step["form"] for step in contenu["steps"]]
    others += [step["form"] for one in contenu["demandes"] if one is not demande for step in one["steps"]]
    return list(dict.fromkeys(step["form"] for step in demande["steps"] if step["form"] and step["form"] not in others))
