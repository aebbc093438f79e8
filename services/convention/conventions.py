"""Conventions: issuing one from an accepted dossier, and opening one with everything its page shows."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from documents.contexts.montants import CHAMP_AFFILIE, CHAMP_EFFECTIF
from documents.pdf.conversion import docx_to_pdf, pdf_available
from documents.pdf.signed import inspect_pdf
from documents.uploads import DOCX_TYPE
from domain.errors import Introuvable, Invalide, PdfIndisponible, Refus
from domain.forms.answers import build_tree, get_path
from domain.offer import ADHESION
from domain.roles import Role
from domain.workflow.tables import ACTIONS_DU_CALENDRIER
from models import Acte, Convention, Piece
from services.adhesion.dossier_state import DossierState, last_depot, load_state
from services.adhesion.dossier_views import ActionRow, Avertissement, CentreRow, CollectiviteRow
from services.adhesion.editique import (
    PDF_TYPE,
    Ingredients,
    Rendered,
    delivered_beside,
    load_ingredients,
    render_document,
)
from services.adhesion.workflow import ALREADY, check_line, find_line, list_blocages, summarize
from services.convention.convention_history import read_history, read_signatures
from services.convention.convention_views import (
    ConventionView,
    displayed_state,
    file_name,
)
from services.convention.convention_warnings import (
    acte_table,
    cite_deliberation,
    cited_answers,
    current_piece,
    examine_stored,
    expected_signatory,
    issued_usage,
    list_convention_warnings,
    list_parent_blocages,
    nature_of,
    pending,
)
from services.convention.registre import pieces_of, state_label
from services.convention.signatures import ATTACHERS, list_line_blocages
from services.core.access import Acteur, get_acte, get_dossier, only_assists, roles_on
from services.core.clock import today
from services.core.files import store
from services.core.numerotation import format_numero, next_rang
from services.core.portail import Portail, record
from services.courriels.notifications import notify_convention
from services.vie.texte import latest_text

logger = logging.getLogger("portail")

# Issuing ---------------------------------------------------------------------------------------------------------------


def issue_convention(portail: Portail, acteur: Acteur, dossier_id: UUID) -> UUID:
    """Issue the convention of an accepted dossier: number, render, seal and store it, in one transaction; its id.

    It is made from the last deposit, never from the draft. The PDF follows once everything is committed, when LibreOffice
    is there. Refus says which condition is missing; Conflit that it was issued already.
    """
    with portail.action(acteur, "dossier.emettre", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        state = load_state(session, dossier)
        if dossier.nature != ADHESION:
            raise Refus("Cette demande mène à un avenant, pas à une convention.")
        line = find_line(state.offer.workflow_dossier, "emettre")
        check_line(state.offer.workflow_dossier, line, dossier.etat, roles_on(acteur, dossier), ALREADY.get("emettre"))
        blocages = list_blocages(session, state, line)
        depot = last_depot(session, dossier)
        if blocages or depot is None:
            raise Refus(summarize(f"« {line.libelle} » n’est pas encore possible.", blocages or ["Aucun dépôt."]))
        rang = next_rang(session, dossier.centre_id, "convention", state.today.year)
        made_of = load_ingredients(portail, session, dossier)
        rendered = render_document(
            made_of,
            state.offer.convention.id,
            build_tree(depot.reponses),
            today=state.today,
            numero=format_numero(state.today.year, rang),
            strict=True,
        )
        convention = _insert(session, acteur, state, rang, rendered, depot.numero)
        _store_issued(session, portail, acteur, convention, made_of, rendered)
        dossier.etat = line.vers
        session.flush()
        notify_convention(session, convention, "emettre")
        _record_issue(session, acteur, convention)
    try_pdf(portail, acteur, convention.id)
    return convention.id


def _insert(
    session: Session, acteur: Acteur, state: DossierState, rang: int, rendered: Rendered, depot: int
) -> Convention:
    """The convention's row: what is searched, counted or billed is a column."""
    terms, amounts = rendered.context["convention"], rendered.context["montants"]
    convention = Convention(
        centre_id=state.dossier.centre_id,
        collectivite_id=state.dossier.collectivite_id,
        dossier_id=state.dossier.id,
        numero=terms["numero"],
        annee=state.today.year,
        rang=rang,
        remplace_id=state.dossier.convention_id,
        date_effet=_needed(terms["date_effet"]),
        date_debut_prestations=terms["date_debut_prestations"] or terms["date_effet"],
        terme=terms["terme"],
        quotite=_decimal(amounts["quotite"]),
        minutes_prevues=amounts["horaire"]["minutes_prevues"] if amounts["horaire"] else None,
        effectif=get_path(rendered.context, CHAMP_EFFECTIF),
        affiliee=get_path(rendered.context, CHAMP_AFFILIE),
        montant_annuel=_decimal(amounts["annuel"]),
        montant_premiere_annee=_decimal(amounts["premiere_annee"]["du"]),
        sha256=rendered.sha256,
        manifeste={**rendered.manifest, "depot": depot},
        emise_par=acteur.utilisateur_id,
    )
    session.add(convention)
    session.flush()
    return convention


def _needed(day: date | None) -> date:
    if day is None:
        raise Refus("La date de prise d’effet manque : la convention ne peut pas être émise.")
    return day


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _store_issued(
    session: Session,
    portail: Portail,
    acteur: Acteur,
    convention: Acte,
    made_of: Ingredients,
    rendered: Rendered,
) -> None:
    """The Word file, and beside it the centre's annexes that are PDF: their bytes are those of the day of issue."""
    stored = store(session, portail.files, rendered.data)
    pieces = [
        Piece(sha256=stored.sha256, usage="convention", nom=rendered.nom, type_mime=DOCX_TYPE, taille=stored.taille)
    ]
    for annexe, own in delivered_beside(made_of, made_of.offer.convention):
        if annexe not in rendered.context["annexes"]:
            continue  # an optional one that the answers leave out
        kept = store(session, portail.files, made_of.read(own.sha256))
        nom = file_name("convention", convention.numero, "annexe", annexe, extension="pdf")
        pieces.append(
            Piece(
                sha256=kept.sha256, usage="annexe", nom=nom, type_mime=own.type_mime, taille=kept.taille, champ=annexe
            )
        )
    for piece in pieces:
        piece.convention_id, piece.deposee_par = convention.id, acteur.utilisateur_id
        session.add(piece)
        session.flush()


def _record_issue(session: Session, acteur: Acteur, convention: Acte) -> None:
    common = {"centre_id": convention.centre_id, "sha256": convention.sha256}
    record(
        session,
        acteur,
        "dossier.emettre",
        objet="dossier",
        objet_id=convention.dossier_id,
        convention=convention.id,
        **common,
    )
    record(
        session,
        acteur,
        "convention.emettre",
        objet="convention",
        objet_id=convention.id,
        numero=convention.numero,
        donnees=convention.manifeste["donnees"],
        **common,
    )


# PDF -------------------------------------------------------------------------------------------------------------------


def produce_pdf(portail: Portail, acteur: Acteur, convention_id: UUID) -> None:
    """Make and keep the PDF of the issued document, when there is none yet. PdfIndisponible without LibreOffice."""
    nature = nature_of(portail, convention_id)
    action = f"{nature}.produire_pdf"
    with portail.view(acteur, action, objet=nature, objet_id=convention_id) as session:
        convention = _get_readable(session, acteur, convention_id)
        usage = issued_usage(convention, pdf=True)
        issued = current_piece(session, convention, issued_usage(convention))
        if issued is None or current_piece(session, convention, usage) is not None:
            return
    # LibreOffice takes seconds: never inside the transaction.
    data = docx_to_pdf(portail.files.read(issued.sha256))
    pages = inspect_pdf(data, max_size=len(data)).pages
    with portail.action(acteur, action, objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id, lock=True)
        if current_piece(session, convention, usage) is not None:
            return
        piece = Piece(
            sha256=store(session, portail.files, data).sha256,
            usage=usage,
            nom=f"{issued.nom.removesuffix('.docx')}.pdf",
            type_mime=PDF_TYPE,
            taille=len(data),
            pages=pages,
            convention_id=convention.id,
            deposee_par=acteur.utilisateur_id,
        )
        session.add(piece)
        session.flush()
        record(
            session,
            acteur,
            action,
            centre_id=convention.centre_id,
            objet=nature,
            objet_id=convention.id,
            sha256=piece.sha256,
        )


def _get_readable(session: Session, acteur: Acteur, acte_id: UUID) -> Acte:
    """The act, for somebody who reads its files; Introuvable for an assistant, who reads none."""
    acte = get_acte(session, acteur, acte_id)
    if only_assists(acteur, acte):
        raise Introuvable()
    return acte


def try_pdf(portail: Portail, acteur: Acteur, convention_id: UUID) -> None:
    """The PDF just after the issue. The convention stands without it: a failure is logged, and the page offers to retry."""
    try:
        produce_pdf(portail, acteur, convention_id)
    except (PdfIndisponible, Invalide, OSError) as error:
        logger.warning("no PDF for convention %s: %s", convention_id, error)


# Opening ---------------------------------------------------------------------------------------------------------------


def open_convention(portail: Portail, acteur: Acteur, convention_id: UUID) -> ConventionView:
    """Everything the page of a convention, or of an avenant, shows to this person; Introuvable, journalled, when they may not see it."""
    nature = nature_of(portail, convention_id)
    with portail.view(acteur, "convention.ouvrir", objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id)
        day = today(convention.centre.fuseau)
        roles = roles_on(acteur, convention)
        centre_side = convention.centre_id in acteur.par_centre
        warnings = list_convention_warnings(session, convention)
        parent = session.get(Convention, convention.parent_id) if convention.parent_id else None
        answers = cited_answers(session, convention)
        text = latest_text(session, parent) | dict(answers) if parent else answers
        pieces = tuple(pieces_of(session, acteur, [convention])[convention.id])
        view = ConventionView(
            **_columns(convention),
            parent=(parent.id, parent.numero) if parent else None,
            etat_affiche=displayed_state(convention.etat, convention.date_effet, day, convention.dernier_jour),
            etat_libelle=state_label(session, acteur, convention, day),
            centre=_centre_row(convention),
            collectivite=_collectivite_row(convention),
            reference_dossier=convention.dossier.reference,
            deliberation=cite_deliberation(answers),
            signataire_propose=expected_signatory(text, convention),
            pieces=pieces,
            signatures=read_signatures(session, convention, {piece.id for piece in pieces}),
            actions=_actions(session, acteur, convention),
            avertissements=tuple(warnings) if centre_side else _told(warnings),
            historique=() if only_assists(acteur, convention) else read_history(session, convention),
            roles=roles,
            cote_centre=centre_side,
            peut_lever=Role.INSTRUCTEUR in roles and convention.etat == "signee_collectivite",
            peut_joindre_accuse=bool(roles.intersection(ATTACHERS)) and convention.etat != "annulee",
            pdf_manquant=not any(piece.usage == issued_usage(convention, pdf=True) for piece in pieces),
            pdf_possible=pdf_available(),
        )
        return replace(view, **_NOT_FOR_ASSISTANTS) if view.assistant else view


_NOT_FOR_ASSISTANTS: dict[str, Any] = {
    "reference_dossier": "",
    "deliberation": None,
    "signataire_propose": "",
    "collectivite_signataire": None,
    "centre_signataire": None,
    "montant_annuel": None,
    "montant_premiere_annee": None,
    "sha256": "",
    "avertissements": (),
    "pdf_manquant": False,
}
"""What the page leaves out for an assistant, who needs where and when they come, not what it costs nor who signed."""

_SHOWN = (
    "id",
    "nature",
    "numero",
    "etat",
    "motif",
    "dossier_id",
    "emise_le",
    "date_effet",
    "date_debut_prestations",
    "terme",
    "fin",
    "fin_motif",
    "quotite",
    "minutes_prevues",
    "montant_annuel",
    "montant_premiere_annee",
    "sha256",
    "manifeste",
    "collectivite_signee_le",
    "collectivite_signataire",
    "centre_signee_le",
    "centre_signataire",
)


def _columns(convention: Acte) -> dict[str, Any]:
    return {name: getattr(convention, name) for name in _SHOWN}


def _centre_row(convention: Acte) -> CentreRow:
    centre = convention.centre
    return CentreRow(centre.id, centre.code, centre.nom, centre.fuseau, dict(centre.parametres))


def _collectivite_row(convention: Acte) -> CollectiviteRow:
    one = convention.collectivite
    return CollectiviteRow(one.id, one.nom, one.siren, one.type)


def _told(warnings: list[Avertissement]) -> tuple[Avertissement, ...]:
    """The collectivité reads what is still open, never why the centre lifted the rest."""
    return tuple(one for one in warnings if one.levee is None)


def _actions(session: Session, acteur: Acteur, convention: Acte) -> tuple[ActionRow, ...]:
    workflow = acte_table(session, convention)
    rows = []
    for line in workflow.actions(convention.etat, roles_on(acteur, convention)):
        if line.action in ACTIONS_DU_CALENDRIER:
            continue
        blocages = list_line_blocages(line) + list_parent_blocages(session, convention, line.action)
        if line.action == "signer_centre":
            blocages += [
                f"À lever : {one}" for one in pending(session, convention, examine_stored(session, convention))
            ]
        rows.append(ActionRow(line.action, line.libelle, line.motif, tuple(blocages)))
    return tuple(rows)
