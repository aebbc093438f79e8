"""Avenants: issuing one from an accepted request, numbered after its convention, made from the text before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from documents.contexts.avenant import build_avenant
from documents.uploads import DOCX_TYPE
from documents.word.seal import seal
from domain.errors import Introuvable, Refus
from domain.forms.answers import Answers, build_tree, build_typed_tree
from domain.forms.evaluation import kept_answers
from domain.offer import ADHESION, Offer
from models import Avenant, Convention, Dossier, Piece
from services.adhesion import editique
from services.adhesion.dossier_state import DossierState, last_depot, load_state
from services.adhesion.editique import (
    WATERMARK,
    Ingredients,
    Rendered,
    compiled_master,
    journal_rendered,
    load_ingredients,
    template_hashes,
)
from services.adhesion.workflow import check_line, find_line, list_blocages, summarize
from services.centre.offres import get_offer
from services.convention.convention_views import file_name
from services.convention.conventions import try_pdf
from services.core.access import Acteur, get_convention, get_dossier, roles_on, visible_dossiers
from services.core.files import store
from services.core.numerotation import next_rang
from services.core.portail import Portail, record
from services.courriels.notifications import notify_convention
from services.facturation.exercices import Contexte, compute_year, load_avenants, load_contexte
from services.vie.controles import list_changes, list_request_faults
from services.vie.fil import describe_changes
from services.vie.texte import ACTE_AUTORISANT, list_layers, overlay

PRICED = (
    "id",
    "dossier_id",
    "date_effet",
    "date_debut_prestations",
    "terme",
    "fin",
    "quotite",
    "minutes_prevues",
    "affiliee",
    "effectif",
)
"""Columns of a convention that its amounts are made of."""


@dataclass(frozen=True)
class Texte:
    """An avenant about to be made: its request, the text before and after, what it changes, its first day."""

    state: DossierState
    convention: Convention
    offer: Offer
    effet: date
    avant: Answers
    apres: Answers
    change: Mapping[str, tuple[Any, Any]]
    contexte: Contexte
    signes: tuple[Avenant, ...]

    def changed(self, champ: str) -> Any:
        """The new value of a field that the avenant changes; None for one that it leaves alone."""
        return self.change[champ][1] if champ in self.change else None


def issue_avenant(portail: Portail, acteur: Acteur, dossier_id: UUID) -> UUID:
    """Issue the avenant of an accepted request: number, render, seal and store it, in one transaction; its id. As for a
    convention, it is made from the last deposit. Refus says which condition is missing; Conflit that it was issued."""
    with portail.action(acteur, "dossier.emettre", objet="dossier", objet_id=dossier_id) as session:
        # The convention first, as everybody takes it: what it says must not move meanwhile. The dossier itself is read once
        # its row is held: what another click has just done to it must show.
        about = visible_dossiers(acteur).where(Dossier.id == dossier_id).with_only_columns(Dossier.convention_id)
        convention_id = session.scalar(about)
        if convention_id is None:
            raise Introuvable()
        convention = get_convention(session, acteur, convention_id, lock=True)
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        if dossier.nature == ADHESION:
            raise Refus("Ce dossier mène à une convention, pas à un avenant.")
        state = load_state(session, dossier)
        line = find_line(state.offer.workflow_dossier, "emettre")
        check_line(
            state.offer.workflow_dossier, line, dossier.etat, roles_on(acteur, dossier), "Cet avenant a déjà été émis."
        )
        blocages = list_blocages(session, state, line)
        depot = last_depot(session, dossier)
        if blocages or depot is None:
            raise Refus(summarize(f"« {line.libelle} » n’est pas encore possible.", blocages or ["Aucun dépôt."]))
        texte = load_texte(session, state, convention, depot.reponses)
        rang = next_rang(session, dossier.centre_id, "avenant", state.today.year)
        numero = f"{convention.numero}-A{_order(session, convention)}"
        made_of = load_ingredients(portail, session, dossier)
        rendered = render_avenant(made_of, texte, numero=numero)
        avenant = _insert(session, acteur, texte, rang, numero, rendered, depot.numero)
        _store(session, portail, acteur, avenant, rendered)
        dossier.etat = line.vers
        session.flush()
        notify_convention(session, avenant, "emettre")
        _record(session, acteur, avenant)
    try_pdf(portail, acteur, avenant.id)
    return avenant.id


def _order(session: Session, convention: Convention) -> int:
    """Its rank among the avenants of its convention, cancelled ones included: a number is never used again."""
    known = select(func.count()).select_from(Avenant).where(Avenant.parent_id == convention.id)
    return (session.scalar(known) or 0) + 1


def load_texte(session: Session, state: DossierState, convention: Convention, reponses: Mapping[str, Any]) -> Texte:
    """The text before and after a request, from these answers of it."""
    offer = get_offer(session, state.dossier.offre_version_id)
    demande = offer.demande(state.dossier.nature)
    given = reponses.get(demande.champ_effet or "")
    effet = date.fromisoformat(given) if given else max(state.today, convention.date_effet)
    avant = overlay(list_layers(session, convention), effet)
    change = list_changes(session, state, avant)
    acte = {champ: valeur for champ, valeur in reponses.items() if champ.startswith(ACTE_AUTORISANT)}
    apres = {**avant, **{champ: new for champ, (_, new) in change.items()}, **acte}
    return Texte(
        state, convention, offer, effet, avant, apres, change,
        load_contexte(session, convention.centre_id, [convention]),
        tuple(load_avenants(session, [convention.id]).get(convention.id, [])),
    )  # fmt: skip


# The document -------------------------------------------------------------------------------------------------------------


def render_avenant(made_of: Ingredients, texte: Texte, *, numero: str | None, projet: bool = False) -> Rendered:
    """The Word file. A *projet* is watermarked and has no number."""
    document = made_of.offer.convention
    changes = [asdict(one) for one in describe_changes(texte.state.forms, texte.change)]
    context = build_avenant(
        texte.offer,
        made_of.centre,
        made_of.tarifs,
        avant=build_tree(texte.avant),
        apres=build_tree(texte.apres),
        demande=_own_tree(texte),
        convention=texte.convention.numero,
        avenant={
            "numero": None if projet else numero,
            "projet": projet,
            "date_effet": texte.effet,
            "precedents": [{"numero": one.numero, "date_effet": one.date_effet} for one in texte.signes],
            "modifications": changes,
            "deliberation": _deliberation(texte),
            "montants": _montants(texte),
        },
        today=texte.state.today,
    )
    data = compiled_master(made_of, document, WATERMARK if projet else None).render(context)
    version = f"{made_of.offer.centre}/{made_of.offer.code} v{made_of.version}"
    manifest = {
        **seal(data, context, {}, version),
        "gabarits": template_hashes(made_of, document),
        "document": document.id,
        "numero": numero,
        "annexes": [],
        "logo": made_of.logo,
        "modifications": changes,
    }
    name = ("projet", "avenant", texte.convention.numero) if projet else ("avenant", numero or "")
    return Rendered(
        nom=file_name(*name, context["collectivite"]["nom"], extension="docx"),
        data=data,
        sha256=manifest["sha256"],
        manifest=manifest,
        avertissements=tuple(context["avertissements"]),
        context=context,
    )


def _own_tree(texte: Texte) -> dict[str, Any]:
    own = [field for field in texte.state.forms.fields.values() if field.id not in texte.offer.formset.fields]
    return build_typed_tree(own, kept_answers(texte.state.evaluation))


def _deliberation(texte: Texte) -> dict[str, Any] | None:
    """The act that allows the collectivité to sign; None where the request asks for none."""
    shown = texte.state.evaluation.fields.get(f"{ACTE_AUTORISANT}numero")
    if shown is None or not shown.visible:
        return None
    found = {part: texte.state.value(f"{ACTE_AUTORISANT}{part}") for part in ("numero", "date", "organe")}
    return {**found, "date": date.fromisoformat(found["date"]) if found["date"] else None}


def _montants(texte: Texte) -> dict[str, Any] | None:
    """What the year of effect comes to with its two parts, and a whole year before and after (F4); None when the avenant
    changes nothing of what is due, or while there is no tariff."""
    billing, duree = texte.offer.facturation, texte.offer.duree
    if not texte.change.keys() & {billing.champ, duree.champ_effet, duree.champ_debut}:
        return None
    due = compute_year(texte.convention, texte.offer, texte.contexte, texte.effet.year)
    if due.tarif is None:
        return None
    old, new = (_whole_year(texte, after=after) for after in (False, True))
    year = _year_of_effect(texte)
    return {
        "annee": texte.effet.year, "du": year.du, "etapes": list(year.etapes), "avant": old, "apres": new,
        "tarif": {"annee": due.tarif.annee, "montant": due.tarif.montant},
    }  # fmt: skip


def open_amounts(portail: Portail, acteur: Acteur, dossier_id: UUID) -> dict[str, Any] | None:
    """The amounts that the *projet* of an avenant prints, from the answers as they are now; None while they are not known, when
    nothing of what is due changes, and for anything but an avenant."""
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        if dossier.nature == ADHESION or dossier.convention_id is None:
            return None
        state = load_state(session, dossier)
        champ = get_offer(session, dossier.offre_version_id).demande(dossier.nature).champ_effet
        if not any(one.convention for one in state.offer.documents) or champ is None or state.value(champ) is None:
            return None
        # A day out of the convention's life, or a share left empty, has no price.
        if list_request_faults(session, state) or state.offer.facturation.champ in {
            one.field_id for one in state.evaluation.blocking("deposer")
        }:
            return None
        convention = session.get_one(Convention, dossier.convention_id)
        return _montants(load_texte(session, state, convention, kept_answers(state.evaluation)))


def _quantities(texte: Texte, text: Answers) -> dict[str, Any]:
    """The columns of an act that hold the quantity of this text, by the offer's way of billing."""
    billing = texte.offer.facturation
    given = text.get(billing.champ)
    return {
        "quotite": Decimal(str(given)) if billing.mode == "quotite" and given is not None else None,
        "minutes_prevues": int(given) if billing.mode == "horaire" and given is not None else None,
    }


def _like(texte: Texte, **columns: Any) -> Convention:
    """A convention that is not recorded, like this one but for these columns: to price what is not signed yet."""
    return Convention(**{name: getattr(texte.convention, name) for name in PRICED} | columns)


def _whole_year(texte: Texte, *, after: bool) -> Decimal:
    """What a whole year costs with the text before, or after, at the tariff of the year of effect."""
    annee, text = texte.effet.year, texte.apres if after else texte.avant
    first, last = date(annee, 1, 1), date(annee, 12, 31)
    alone = _like(
        texte, date_effet=first, date_debut_prestations=first, terme=last, fin=None, **_quantities(texte, text)
    )
    contexte = replace(texte.contexte, absences={}, avenants={}, reponses={alone.dossier_id: text})
    return compute_year(alone, texte.offer, contexte, annee).du


def _year_of_effect(texte: Texte) -> Any:
    """The year of effect as it will be billed once this avenant is signed after those already signed."""
    duree = texte.offer.duree
    moved = {"date_effet": texte.changed(duree.champ_effet), "date_debut_prestations": texte.changed(duree.champ_debut)}
    after = _like(texte, **{name: date.fromisoformat(day) for name, day in moved.items() if day})
    draft = Avenant(date_effet=texte.effet, rang=0, dossier_id=texte.state.dossier.id, **_own_quantity(texte))
    signed = [*texte.signes, draft]
    reponses = {**texte.contexte.reponses, texte.state.dossier.id: {key: new for key, (_, new) in texte.change.items()}}
    contexte = replace(
        texte.contexte, avenants={after.id: sorted(signed, key=lambda one: one.date_effet)}, reponses=reponses
    )
    return compute_year(after, texte.offer, contexte, texte.effet.year)


def _own_quantity(texte: Texte) -> dict[str, Any]:
    """The quantity that the avenant gives; None in both columns when it changes none."""
    champ = texte.offer.facturation.champ
    return _quantities(texte, {champ: texte.changed(champ)})


def render_projet(portail: Portail, acteur: Acteur, dossier_id: UUID) -> Rendered:
    """The *projet* of what a dossier leads to, from its answers as they are now: of a convention, or of an avenant. Refus for
    a request that nobody signs. Journalled."""
    with portail.view(acteur, "document.produire", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        adhesion = dossier.nature == ADHESION
        if not adhesion:
            state = load_state(session, dossier)
            if not any(one.convention for one in state.offer.documents):
                raise Refus("Cette demande ne mène à aucun document à signer.")
            convention = session.get_one(Convention, dossier.convention_id)
            texte = load_texte(session, state, convention, kept_answers(state.evaluation))
            rendered = render_avenant(load_ingredients(portail, session, dossier), texte, numero=None, projet=True)
    if adhesion:
        return editique.render_projet(portail, acteur, dossier_id)
    journal_rendered(portail, acteur, dossier, rendered)
    return rendered


# Its row ------------------------------------------------------------------------------------------------------------------


def _insert(
    session: Session, acteur: Acteur, texte: Texte, rang: int, numero: str, rendered: Rendered, depot: int
) -> Avenant:
    convention, amounts = texte.convention, rendered.context["avenant"]["montants"] or {}
    debut = texte.changed(texte.offer.duree.champ_debut)
    avenant = Avenant(
        centre_id=convention.centre_id,
        collectivite_id=convention.collectivite_id,
        dossier_id=texte.state.dossier.id,
        parent_id=convention.id,
        numero=numero,
        annee=texte.state.today.year,
        rang=rang,
        date_effet=texte.effet,
        date_debut_prestations=date.fromisoformat(debut) if debut else convention.date_debut_prestations,
        terme=convention.terme,
        montant_annuel=amounts.get("apres"),
        montant_premiere_annee=amounts.get("du"),
        sha256=rendered.sha256,
        manifeste={**rendered.manifest, "depot": depot},
        emise_par=acteur.utilisateur_id,
        **_own_quantity(texte),
    )
    session.add(avenant)
    session.flush()
    return avenant


def _store(session: Session, portail: Portail, acteur: Acteur, avenant: Avenant, rendered: Rendered) -> None:
    stored = store(session, portail.files, rendered.data)
    session.add(
        Piece(
            sha256=stored.sha256, usage="avenant", nom=rendered.nom, type_mime=DOCX_TYPE, taille=stored.taille,
            convention_id=avenant.id, deposee_par=acteur.utilisateur_id,
        )
    )  # fmt: skip
    session.flush()


def _record(session: Session, acteur: Acteur, avenant: Avenant) -> None:
    common = {"centre_id": avenant.centre_id, "sha256": avenant.sha256}
    record(
        session, acteur, "dossier.emettre", objet="dossier", objet_id=avenant.dossier_id, avenant=avenant.id, **common
    )  # fmt: skip
    record(
        session, acteur, "avenant.emettre", objet="avenant", objet_id=avenant.id, numero=avenant.numero,
        convention=avenant.parent_id, donnees=avenant.manifeste["donnees"], **common,
    )  # fmt: skip
