"""A convention's circuit in words: where it stands, its files, its electronic signatures, who does what next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from domain.formatting import date_longue, euros
from domain.roles import Role
from services.convention.convention_views import A_VENIR, FINIE, ConventionView, SignatureRow
from services.core.clock import local_time
from services.core.piece_rows import PieceRow
from ui.html import badge, bullet_list, facts, link
from ui.montants import term_lines
from ui.reading import render_piece

USAGES = {
    "convention": "Convention émise (Word)",
    "convention_pdf": "Convention émise (PDF)",
    "avenant": "Avenant émis (Word)",
    "avenant_pdf": "Avenant émis (PDF)",
    "annexe": "Annexe jointe",
    "signee_collectivite": "Signée par la collectivité (PDF)",
    "signee_centre": "Signée par les deux parties (PDF)",
    "accuse_prefecture": "Accusé de réception de la préfecture",
}
SHORT_USAGES = {
    "convention": "Word",
    "convention_pdf": "PDF",
    "avenant": "Word",
    "avenant_pdf": "PDF",
    "annexe": "Annexe",
    "signee_collectivite": "PDF signé",
    "signee_centre": "PDF contresigné",
    "accuse_prefecture": "Accusé",
}
FINS = {
    "terme": "au terme",
    "denonciation": "après dénonciation",
    "resiliation": "par résiliation de plein droit",
    "remplacement": "remplacée par une nouvelle convention",
    "non_reconduite": "faute de reconduction",
}
ENDED = ("annulee", "denoncee", "en_demeure", "resiliee", "echue", "remplacee")
SIGNERS = frozenset({Role.GESTIONNAIRE, Role.SIGNATAIRE})


def newest_files(pieces: Iterable[PieceRow]) -> list[PieceRow]:
    """The newest file of each kind, every annex, in the order of the circuit."""
    newest: dict[str, PieceRow] = {}
    for piece in pieces:
        newest[f"{piece.usage}:{piece.champ if piece.usage == 'annexe' else ''}"] = piece
    order = list(USAGES)
    return sorted(newest.values(), key=lambda piece: order.index(piece.usage) if piece.usage in order else len(order))


def furthest_files(pieces: Iterable[PieceRow]) -> list[PieceRow]:
    """The Word file, and the PDF signed by most: what a register offers at a glance."""
    newest = {piece.usage: piece for piece in newest_files(pieces)}
    pdf = next(
        (newest[usage] for usage in ("signee_centre", "signee_collectivite", "convention_pdf") if usage in newest), None
    )
    return [piece for piece in (newest.get("convention"), pdf) if piece is not None]


def render_circuit(view: ConventionView) -> Markup:
    """The four steps, each with what happened or what is awaited. Words say it; colour only underlines."""
    signed_by_them = view.etat not in ("a_signer", "annulee") or view.collectivite_signee_le is not None
    signed_by_us = view.centre_signee_le is not None
    in_force = view.etat == "en_vigueur" and view.etat_affiche != FINIE
    e = "" if view.avenant else "e"
    steps = [
        (f"Émis{e}", True, f"le {date_longue(local_time(view.emise_le, view.centre.fuseau).date())}"),
        (
            f"Signé{e} par la collectivité",
            signed_by_them,
            _signed(view.collectivite_signee_le, view.collectivite_signataire),
        ),
        (f"Signé{e} par le centre", signed_by_us, _signed(view.centre_signee_le, view.centre_signataire)),
        _in_force(view),
    ]
    here = next((number for number, (_, done, _) in enumerate(steps) if not done), None)
    items = []
    for number, (titre, done, detail) in enumerate(steps):
        current = number == here and view.etat not in ENDED
        promised = done or (in_force and titre == "En vigueur")
        said = detail if promised else "Étape en cours" if current else "Étape à venir"
        classe = "p-fait" if done else "p-ici" if current else "p-attendu"
        mark = Markup(' aria-current="step"') if current else ""
        items.append(Markup('<li class="{}"{}><strong>{}{}</strong><span>{}</span></li>').format(
            classe, mark, Markup('<span class="p-masque">Fait : </span>✓ ') if done else "", titre, said
        ))  # fmt: skip
    if view.etat in ENDED or view.etat_affiche == FINIE:
        items = [*items[: here or len(items)], _ending(view)]
    elif not in_force and here is None:
        items.append(_ending(view))
    return Markup('<ol class="p-circuit">{}</ol>').format(Markup("").join(items))


def _signed(le: date | None, who: str | None) -> str:
    day_text = f"le {date_longue(le)}" if le else ""
    return " ".join(part for part in (day_text, f"par {who}" if who else "") if part)


def _in_force(view: ConventionView) -> tuple[str, bool, str]:
    """In force is done once it is so: until its effect date, a signed convention is still to come."""
    later = view.etat_affiche == A_VENIR
    label = f"à partir du {date_longue(view.date_effet)}" if later else f"depuis le {date_longue(view.date_effet)}"
    return ("En vigueur", view.etat_affiche == "en_vigueur" and not later, label)


def _ending(view: ConventionView) -> Markup:
    reason = Markup("<span>{}</span>").format(view.motif) if view.motif else ""
    return Markup('<li class="p-arret" aria-current="step"><strong>{}</strong>{}</li>').format(
        view.etat_libelle, reason
    )


def next_step(view: ConventionView) -> str:
    """What this person does now, or who is awaited."""
    the = "l’avenant" if view.avenant else "la convention"
    if view.etat == "a_signer":
        if view.roles & SIGNERS:
            return (
                f"Téléchargez {the}, faites-l{'e' if view.avenant else 'a'} signer par la personne habilitée, puis déposez ici le PDF"
                " du document"
                " signé, avec la date et le nom du signataire."
            )
        return f"La collectivité doit signer {the} et déposer le PDF signé. Vous n’avez rien à faire pour le moment."
    if view.etat == "signee_collectivite":
        pending = any(warning.levee is None for warning in view.avertissements)
        if Role.SIGNATAIRE_CENTRE in view.roles and pending and not view.peut_lever:
            return "Le document signé présente un point à vérifier. Vous pourrez contresigner ensuite."
        if Role.SIGNATAIRE_CENTRE in view.roles:
            return (
                "Téléchargez le document signé par la collectivité, contresignez-le, puis déposez ici le PDF signé par les"
                " deux parties."
            )
        if Role.INSTRUCTEUR in view.roles:
            return "Vérifiez le document signé. Le signataire du centre le contresigne ensuite."
        return "Le centre vérifie le document signé et le contresigne. Vous n’avez rien à faire pour le moment."
    if view.etat_affiche == A_VENIR:
        return f"Tout est signé. {the.capitalize()} prendra effet le {date_longue(view.date_effet)}."
    if view.etat_affiche == "en_vigueur" and view.assistant:
        return f"{the.capitalize()} est en vigueur."
    if view.etat_affiche == "en_vigueur":
        return f"Tout est signé : {the} est en vigueur. Ses fichiers se téléchargent sur cette page."
    if view.etat_affiche == "denoncee" and view.fin:
        return f"La convention est dénoncée : elle s’applique jusqu’au {date_longue(view.fin)} compris."
    if view.etat_affiche == "en_demeure":
        if view.assistant:
            return "La convention continue de s’appliquer."
        if view.cote_centre:
            return "Une mise en demeure est en cours : sa suite se donne ci-dessous."
        return "Le centre a envoyé une mise en demeure : lisez-la et répondez-y ci-dessous."
    over = f"{'Cet avenant' if view.avenant else 'Cette convention'} n’appelle plus d’action."
    return over if view.manifeste.get("elimination") or view.assistant else f"{over} Ses fichiers restent disponibles."


def render_terms(view: ConventionView, dossier: str) -> Markup:
    """Parties, dates and amounts. `dossier` is the address of the dossier's page."""
    first, budget = view.montant_premiere_annee, view.minutes_prevues is not None
    return facts(
        (
            ("État", badge(view.etat_libelle, view.etat)),
            ("Centre", view.centre.nom),
            ("Collectivité", view.collectivite.nom),
            ("Dossier", link(view.reference_dossier, dossier) if view.reference_dossier else None),
            ("Prise d’effet", date_longue(view.date_effet)),
            ("Début des prestations", date_longue(view.date_debut_prestations)),
            ("Terme", date_longue(view.terme)),
            (
                "Dernier jour",
                f"{date_longue(view.fin)}, {FINS[view.fin_motif]}" if view.fin and view.fin_motif else None,
            ),
            ("Délibération", view.deliberation),
            *term_lines(view.quotite, view.minutes_prevues),
            (
                "Coût prévisionnel par an, à l’émission" if budget else "Montant annuel à l’émission",
                _amount(view.montant_annuel),
            ),
            ("Coût prévisionnel la première année" if budget else "Dû la première année", _amount(first)),
            ("Empreinte du document émis (SHA-256)", view.sha256),
        )
    )


def _amount(montant: Decimal | None) -> str | None:
    return euros(montant) if montant is not None else None


def render_files(view: ConventionView) -> Markup:
    """Every file with a protected link, and the signatures found in it."""
    items = []
    for piece in newest_files(view.pieces):
        found = [render_signature(row) for row in view.signatures if row.piece_id == piece.id]
        label = USAGES.get(piece.usage, piece.nom)
        label = f"{label} : {piece.nom}" if piece.usage == "annexe" else label
        items.append(render_piece(piece, view.centre.fuseau, label) + (bullet_list(found) if found else Markup("")))
    return bullet_list(items, "p-fichiers")


def render_signature(row: SignatureRow) -> Markup:
    """« Signature électronique de … : le document est intact ». A certificate that leads to no known authority is told by
    the check of the file, among its warnings, not here again."""
    intact = "le document est intact" if row.intact else "le document a été modifié après la signature"
    trusted = ", autorité de certification reconnue" if row.fiable else ""
    when = f", le {row.le}" if row.le else ""
    return Markup("Signature électronique de <strong>{}</strong>{} : <strong>{}</strong>{}.").format(
        row.signataire, when, intact, trusted
    )
