"""A dossier's answers to read: by form and section, files as protected links, corrections and checks beside each answer."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from markupsafe import Markup

from domain.forms.evaluation import FieldState
from domain.forms.fields import Field, display_value
from domain.forms.formset import Form
from services.adhesion.dossier_views import CorrectionRow, DossierView
from services.core.piece_rows import PieceRow
from ui.html import bullet_list, day_and_time, file_link, lines, link, show

ETATS_CORRECTION = {
    "preparee": "Correction préparée, pas encore envoyée",
    "envoyee": "Correction demandée",
    "traitee": "Corrigé, à vérifier",
    "close": "Correction close",
}
MADE_HERE = {
    **dict.fromkeys(("convention", "convention_pdf", "avenant", "avenant_pdf"), "établi"),
    "annexe": "joint",
}
"""What the portal did, by usage, with the files that nobody deposited."""

AskLink = Callable[[str], str]
"""Address that opens the correction request of a field."""


def show_form(
    view: DossierView,
    form: Form,
    *,
    ask: AskLink | None = None,
    opened: str | None = None,
    correct: Callable[[Field], None] | None = None,
) -> None:
    """All visible answers of `form`. With `ask`, each has a link to ask for a correction; the field `opened` has
    `correct` (widgets) right after it."""
    buffer: list[Markup] = []
    for section in form.sections:
        if not view.evaluation.sections.get((form.id, section.id), True):
            continue
        states = [view.evaluation.fields[field.id] for field in section.fields]
        # The search in the national list is a way of filling the fields that follow it, not an answer to review.
        visible = [state for state in states if state.visible and state.field.type != "collectivite"]
        if not visible:
            continue
        buffer.append(Markup("<h4>{}</h4>").format(section.title))
        for state in visible:
            buffer.append(render_answer(view, state, ask))
            if correct is not None and state.field.id == opened:
                _flush(buffer)
                correct(state.field)
    _flush(buffer)


def _flush(buffer: list[Markup]) -> None:
    if buffer:
        show(Markup('<div class="p-reponses">{}</div>').format(Markup("").join(buffer)))
        buffer.clear()


def render_answer(view: DossierView, state: FieldState, ask: AskLink | None = None) -> Markup:
    """One label with its answer, its warnings and its corrections."""
    field = state.field
    request = Markup("")
    if ask is not None and field.id not in view.offer.formset.du_centre:
        request = Markup('<span class="p-demander">{}</span>').format(
            link("Demander une correction", ask(field.id), hidden=f": {field.label}", here=True)
        )
    return Markup('<dl id="champ-{}"><dt>{}</dt><dd>{}{}{}</dd></dl>').format(
        field.id, field.label, render_value(view, state), render_notes(view, field), request
    )


def render_value(view: DossierView, state: FieldState) -> Markup:
    """The answer as a person reads it; files are links; what is missing says so."""
    field = state.field
    answer = view.answers.get(field.id)
    raw = answer.valeur if answer else None
    if state.value is None and raw is not None:
        return Markup('<span class="p-valeur">{}</span>').format(lines(str(raw)[:2000]))
    if state.value is None:
        missing = "Non renseigné (obligatoire)" if state.required else "Non renseigné"
        if not view.cote_centre and field.id in view.offer.formset.du_centre:
            missing = "Pas encore renseigné par le centre"
        return Markup('<span class="p-vide">{}</span>').format(missing)
    if field.type == "file":
        return render_file(view, state.value)
    return Markup('<span class="p-valeur">{}</span>').format(lines(display_value(field, state.value)))


def render_file(view: DossierView, value: dict[str, object]) -> Markup:
    """An uploaded file as a link, with what its check noticed."""
    piece = find_piece(view.pieces, value.get("piece"))
    if piece is None:
        return Markup('<span class="p-valeur">{}</span>').format(str(value.get("nom", "")))
    return render_piece(piece, view.centre.fuseau)


def find_piece(pieces: tuple[PieceRow, ...], ident: object) -> PieceRow | None:
    """The file with this id, among those the person may open."""
    try:
        wanted = UUID(str(ident))
    except ValueError:
        return None
    return next((piece for piece in pieces if piece.id == wanted), None)


def render_piece(piece: PieceRow, fuseau: str, label: str | None = None) -> Markup:
    """A file: link, size, pages, date, warnings."""
    pages = f", {piece.pages} page{'s' if piece.pages > 1 else ''}" if piece.pages else ""
    made = MADE_HERE.get(piece.usage, "déposé")
    about = Markup('<span class="p-discret">{} le {}{}</span>').format(
        made, day_and_time(piece.deposee_le, fuseau), pages
    )
    notes = bullet_list(piece.avertissements, "p-notes p-alerte") if piece.avertissements else Markup("")
    return Markup('<span class="p-valeur">{}<br>{}{}</span>').format(
        file_link(piece.id, label or piece.nom, piece.taille), about, notes
    )


def render_notes(view: DossierView, field: Field) -> Markup:
    """Problems, warnings and corrections of a field."""
    notes = [Markup("<strong>À corriger :</strong> {}").format(m) for m in view.evaluation.problems.get(field.id, ())]
    notes += [Markup("<strong>Attention :</strong> {}").format(m) for m in view.evaluation.alerts.get(field.id, ())]
    notes += [render_correction(row) for row in view.corrections if row.champ == field.id and row.etat != "close"]
    return bullet_list(notes, "p-notes") if notes else Markup("")


def render_correction(row: CorrectionRow) -> Markup:
    """« Correction demandée – Incomplet : … »."""
    text = Markup(" : {}").format(lines(row.texte)) if row.texte else Markup("")
    return Markup("<strong>{}</strong> – {}{}").format(ETATS_CORRECTION[row.etat], row.motif_libelle, text)
