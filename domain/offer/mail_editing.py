"""Wording the mails of an offer its own way, as data: what the page of mails does to a draft. Pure operations, as those of
`domain.forms.editing`: refused with the field and the reason, nothing they are given is touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.courriels import Modele, catalogue
from domain.errors import Invalide, raise_faults
from domain.text import drop_controls

Contenu = dict[str, Any]


def text_of(contenu: Mapping[str, Any], modele: Modele) -> tuple[str, str, bool]:
    """Subject and body of a mail as this offer words it, and whether they are its own."""
    own = (contenu.get("courriels") or {}).get(modele.id)
    if own is None:
        return modele.objet, modele.corps, False
    return str(own["objet"]), str(own["corps"]), True


def set_text(contenu: Contenu, modele_id: str, objet: str, corps: str) -> Contenu:
    """The offer with this text for one of its mails; with the portal's own words, the offer has none of its own. Invalide with
    the fields at fault, or for a mail that no offer words."""
    modele = _editable(modele_id)
    cleaned = (" ".join(drop_controls(objet).split()), "\n".join(_lines(corps)).strip("\n"))
    if cleaned == (modele.objet, modele.corps):
        return reset_text(contenu, modele_id)
    raise_faults(catalogue().check(modele_id, *cleaned))
    texts = {**(contenu.get("courriels") or {}), modele_id: {"objet": cleaned[0], "corps": cleaned[1]}}
    return {**contenu, "courriels": texts}


def reset_text(contenu: Contenu, modele_id: str) -> Contenu:
    """The offer with the portal's own words for this mail."""
    _editable(modele_id)
    texts = contenu.get("courriels") or {}
    if modele_id not in texts:
        return contenu
    return {**contenu, "courriels": {key: value for key, value in texts.items() if key != modele_id}}


def _lines(corps: str) -> list[str]:
    return [line.rstrip() for line in drop_controls(corps.replace("\r\n", "\n").replace("\r", "\n")).split("\n")]


def _editable(modele_id: str) -> Modele:
    try:
        if catalogue().editable(modele_id):
            return catalogue().modele(modele_id)
    except KeyError:
        raise Invalide("Ce courriel n’existe pas.") from None
    raise Invalide("Ce courriel n’est propre à aucune offre : son texte est le même pour toute l’installation.")
