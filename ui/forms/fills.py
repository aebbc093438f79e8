"""What choosing an answer changes elsewhere in the form, ready to be saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.forms.fields import Json
from domain.forms.fills import apply_fills, compute_fills
from domain.forms.formset import FormSet
from domain.referentiel import TYPE_LABELS, load_referentiel, search
from ui.forms.model import Found

LIMIT = 10


def changes_of_choice(formset: FormSet, answers: Mapping[str, Json], champ: str, value: Json) -> dict[str, Json]:
    """Raw values to save when `champ` becomes `value`, itself included. What a person typed elsewhere is left alone."""
    field = formset.fields[champ]
    return (
        apply_fills(formset, answers, champ, value) if field.fills and field.type != "collectivite" else {champ: value}
    )


def changes_of_collectivite(formset: FormSet, answers: Mapping[str, Json], champ: str, siren: str) -> dict[str, Json]:
    """As above, for a collectivité chosen in the national list: its own record replaces what was there, since that is what
    the click asks for; an address that already agrees keeps its street."""
    national = load_referentiel()
    given = compute_fills(formset, champ, siren, national)
    replaced = {target for target, value in given.items() if not _agrees(answers.get(target), value)}
    others = {key: value for key, value in answers.items() if key not in replaced}
    return apply_fills(formset, others, champ, siren, national)


def _agrees(held: Json, given: Json) -> bool:
    if isinstance(held, Mapping) and isinstance(given, Mapping):
        return all(held.get(key) == value for key, value in given.items())
    return bool(held == given)


def find_collectivites(texte: str, departements: Sequence[str] = ()) -> list[Found]:
    """The likeliest collectivités of the national list, those of `departements` first among equals."""
    return [
        Found(
            one.siren, one.nom, f"{TYPE_LABELS.get(one.type, one.type)}, {_place(one.codes_postaux, one.departement)}"
        )
        for one in search(texte, LIMIT, prefer=departements)
    ]


def _place(codes: Sequence[str], departement: str) -> str:
    return codes[0] if codes else f"département {departement}"
