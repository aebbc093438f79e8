"""What a template of an offer may say: the variables that its data have, with their labels and examples."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from documents.engine.variables import Variable, list_variables
from domain.text import fold
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.gabarits import Materiaux, document_of, load_materials, load_version

__all__ = ["Variable", "read_variables", "search"]

CACHE_SIZE = 16

_cache: OrderedDict[str, list[Variable]] = OrderedDict()
_lock = Lock()


def read_variables(portail: Portail, acteur: Acteur, version_id: UUID, nom: str) -> list[Variable]:
    """The variables that the template `nom` of this version may use, in the order of the data."""
    with portail.view(acteur, "gabarit.consulter", objet="offre_version", objet_id=version_id) as session:
        version = load_version(session, acteur, version_id)
        found = load_materials(portail, session, version)
        key = _key(found, f"{version.id} {version.version}", nom)
    with _lock:
        if key in _cache:
            return _cache[key]
    variables = _listed(found, nom)
    with _lock:
        _cache[key] = variables
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return variables


def _key(found: Materiaux, mark: str, nom: str) -> str:
    """Everything that the examples are made of: the version, and the centre as it is now, whose words and tariffs change."""
    made_of = found.made_of
    return repr((mark, document_of(made_of.offer, nom).contexte, made_of.centre, made_of.tarifs))


def _listed(found: Materiaux, nom: str) -> list[Variable]:
    made_of = found.made_of
    contexte = document_of(made_of.offer, nom).contexte
    return list_variables(made_of.offer, made_of.centre, contexte, made_of.tarifs)


def search(variables: list[Variable], asked: str) -> list[Variable]:
    """Those whose label, group, name or example holds every word asked for, accents and case aside."""
    words = fold(asked).split()
    return [
        one
        for one in variables
        if all(word in fold(f"{one.libelle} {one.groupe} {one.chemin} {one.exemple}") for word in words)
    ]
