"""Whether the templates of an offer can be published: each one checked against the data that its document has, in a limited
process, then tried on three dossiers."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from uuid import UUID

from documents.contexts.echantillons import sample_for
from documents.engine.check import check_templates, encode_value
from documents.engine.essais import PROFILS, trial_contexts
from documents.engine.lint import TemplateError
from documents.engine.trial import Trial, try_document
from documents.word.compose import Part
from domain.definitions import Fault
from domain.offer import Document
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.gabarits import Materiaux, document_of, is_composed_in, load_materials, load_version

CACHE_SIZE = 64

_checked: OrderedDict[tuple[str, str], list[TemplateError]] = OrderedDict()
_lock = Lock()


def check_gabarits(portail: Portail, acteur: Acteur, version_id: UUID) -> tuple[Fault, ...]:
    """What keeps the templates of a draft from being published: one fault per mistake, its place being the template and the
    paragraph. Costs a process of its own, outside any transaction; what was checked once is not checked again."""
    with portail.view(acteur, "gabarit.consulter", objet="offre_version", objet_id=version_id) as session:
        found = load_materials(portail, session, load_version(session, acteur, version_id))
    return check_materials(found)


def check_materials(found: Materiaux) -> tuple[Fault, ...]:
    """As `check_gabarits`, for materials already loaded."""
    offer = found.made_of.offer
    names = [name for name in offer.templates() if name in found.gabarits]
    errors = _check_all(found, [(name, found.gabarits[name]) for name in names])
    return tuple(
        Fault(
            f"gabarit « {name} »" + (f", paragraphe « {error.paragraphe} »" if error.paragraphe else ""), error.message
        )
        for name, several in zip(names, errors, strict=True)
        for error in several
    )


def check_one(found: Materiaux, nom: str, data: bytes) -> list[TemplateError]:
    """What must be corrected in a template that somebody proposes: its own mistakes, else those of the three dossiers."""
    own = found.made_of.offer
    document = document_of(own, nom)
    schema = sample_for(own, found.made_of.centre, document.contexte, found.made_of.tarifs)
    errors = check_templates([(data, "")], {"": schema})[0]
    if errors:
        return errors
    trials = try_dossiers(found, document, {nom: data})
    messages = {trial.message: profil for profil, trial in reversed(trials.items()) if trial.message}
    return [TemplateError(f"{PROFILS[profil]} : {message}", "") for message, profil in messages.items()]


def try_dossiers(found: Materiaux, document: Document, proposed: Mapping[str, bytes]) -> dict[str, Trial]:
    """The document made for each of the three dossiers, with the templates of the version but those `proposed`, by name."""
    made_of = found.made_of
    fichiers = {key: {"nom": one.nom, "sha256": one.sha256} for key, one in made_of.annexes.items()}
    contexts = trial_contexts(made_of.offer, made_of.centre, document.contexte, made_of.tarifs, fichiers, found.today)
    logo = made_of.read(made_of.logo) if made_of.logo else None
    return try_document(gather_parts(found, document, proposed), contexts, logo=logo)


def gather_parts(found: Materiaux, document: Document, proposed: Mapping[str, bytes]) -> list[Part]:
    """The files that the document is composed of, in order, as documents of dossiers are (services.adhesion.editique)."""
    made_of = found.made_of
    parts: list[Part] = []
    for part in document.parts:
        name = part.template or made_of.offer.annexe(str(part.annexe)).template
        if name in proposed:
            parts.append(Part(proposed[name], nom=name))
        elif name in found.gabarits:
            parts.append(Part(made_of.read(found.gabarits[name]), nom=name))
        own = made_of.annexes.get(part.annexe or "")
        if own is not None and is_composed_in(own):
            parts.append(Part(made_of.read(own.sha256), static=True, nom=own.nom))
    return parts


def _check_all(found: Materiaux, templates: Sequence[tuple[str, str]]) -> list[list[TemplateError]]:
    """The mistakes of each template (name, SHA-256)."""
    made_of = found.made_of
    contextes = {name: document_of(made_of.offer, name).contexte for name, _ in templates}
    schemas = {
        contexte: sample_for(made_of.offer, made_of.centre, contexte, made_of.tarifs)
        for contexte in dict.fromkeys(contextes.values())
    }
    digests = {contexte: _digest(schema) for contexte, schema in schemas.items()}
    keys = [(sha256, digests[contextes[name]]) for name, sha256 in templates]
    with _lock:
        missing = [index for index, key in enumerate(keys) if key not in _checked]
        known = {key: _checked[key] for key in keys if key in _checked}
    wanted = [(made_of.read(templates[index][1]), str(contextes[templates[index][0]])) for index in missing]
    made = check_templates(wanted, {str(key): schema for key, schema in schemas.items()})
    known |= {keys[index]: errors for index, errors in zip(missing, made, strict=True)}
    with _lock:
        _checked.update(known)
        while len(_checked) > CACHE_SIZE:
            _checked.popitem(last=False)
    return [known[key] for key in keys]


def _digest(schema: Mapping[str, object]) -> str:
    text = json.dumps(schema, default=encode_value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
