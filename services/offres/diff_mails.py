"""The mails of an offer, for the differences between two versions: a text it words its own way is compared with the portal's
when the other version leaves it to the portal."""

from __future__ import annotations

from typing import Any

from domain.courriels import catalogue

Content = dict[str, Any]


def fill_mails(before: Content, after: Content) -> tuple[Content, Content]:
    """Both contents, each mail that one of them words having a text in both."""
    old, new = before.get("courriels") or {}, after.get("courriels") or {}
    own: dict[str, Any] = {}
    for modele in catalogue().modeles:
        if modele.id in old or modele.id in new:
            own[modele.id] = {"objet": modele.objet, "corps": modele.corps}
    if not own:
        return before, after
    return {**before, "courriels": {**own, **old}}, {**after, "courriels": {**own, **new}}


def mail_label(modele_id: str) -> str:
    """What people call this mail."""
    return f"courriel « {catalogue().label(modele_id)} »"
