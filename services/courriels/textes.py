"""The texts of an offer's mails as its administrators see and change them: those of the draft, else those in force."""

from __future__ import annotations

from dataclasses import dataclass

from domain.courriels import Modele, Sujet, Texte, Variable, catalogue
from domain.errors import Introuvable, Refus, raise_faults
from domain.offer.mail_editing import text_of
from domain.roles import Role
from models import Centre
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.edition_formulaires import EditionView


@dataclass(frozen=True)
class TexteRow:
    """A mail in the list. `propre`: the offer words it its own way; `change`: the draft says something else than what is in
    force."""

    id: str
    libelle: str
    quand: str
    propre: bool
    change: bool


@dataclass(frozen=True)
class Groupe:
    """The mails about one thing. Those of a subject that no offer words are only read."""

    sujet: Sujet
    textes: tuple[TexteRow, ...]


@dataclass(frozen=True)
class TexteView:
    """One mail to edit: its text in the draft (else in force), the portal's own, and the tags it may hold."""

    modele: Modele
    objet: str
    corps: str
    propre: bool
    change: bool
    editable: bool
    balises: tuple[Variable, ...]


def list_textes(view: EditionView) -> list[Groupe]:
    """Every mail, by subject."""
    found = catalogue()
    return [
        Groupe(sujet, tuple(_row(view, one) for one in found.modeles if one.sujet == sujet.code))
        for sujet in found.sujets
        if any(one.sujet == sujet.code for one in found.modeles)
    ]


def _row(view: EditionView, modele: Modele) -> TexteRow:
    now, then = text_of(view.contenu, modele), text_of(view.publie, modele)
    return TexteRow(modele.id, modele.libelle, modele.quand, now[2], now[:2] != then[:2])


def find_texte(view: EditionView, modele_id: str) -> TexteView:
    """One mail; Introuvable when there is none of this name."""
    found = catalogue()
    try:
        modele = found.modele(modele_id)
    except KeyError:
        raise Introuvable("Ce courriel n’existe pas.") from None
    objet, corps, own = text_of(view.contenu, modele)
    return TexteView(
        modele=modele,
        objet=objet,
        corps=corps,
        propre=own,
        change=(objet, corps) != text_of(view.publie, modele)[:2],
        editable=found.editable(modele_id),
        balises=found.tags(modele_id),
    )


def preview_texte(portail: Portail, acteur: Acteur, view: EditionView, modele_id: str, objet: str, corps: str) -> Texte:
    """What a text becomes, with sample values and the names of this centre and offer. Invalide with what is wrong with it."""
    if view.centre_id not in acteur.centres_with(Role.ADMINISTRATEUR):
        raise Refus("Modifier une offre demande le rôle administrateur.")
    found = catalogue()
    faults = found.check(modele_id, objet, corps)
    raise_faults(faults)
    with portail.db.read() as session:
        centre = session.get_one(Centre, view.centre_id).nom
    values = found.samples(modele_id) | {
        "centre": centre,
        "service": view.titre,
        "adresse": portail.settings.adresse_publique,
        "page": f"{portail.settings.adresse_publique}/{(found.modele(modele_id).page or '').partition('?')[0]}",
    }
    return found.write(modele_id, objet, corps, values)
