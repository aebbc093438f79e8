"""Recording the tariffs that a centre has voted: each correction is a new version, the one it replaces is kept with the
moment it was replaced.

A vote takes effect on the following 1 January, on running conventions too (article 8.1): what is due for the years that the
tariff prices is computed again in the same transaction. What is issued keeps its amounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from documents.uploads import UploadKind, check_upload
from domain.errors import Invalide
from domain.forms.fields import Field, FieldError, parse_value
from domain.tarification.rounding import MONTANT_MAX
from domain.tarifs import PUBLICS, TarifAbsent, check_annee, choose_tarif
from domain.tarifs import Tarif as TarifVote
from domain.text import clean_text
from models import Centre, Convention, Dossier, Exercice, Piece, Tarif, utc_now
from services.adhesion.warnings import tarif_codes
from services.centre.offres import get_offer, list_tarifs
from services.centre.tarif_impact import RUNNING, Impact, compute_impact
from services.centre.tarif_views import MANAGERS, recordable_codes, require_centre, tarif_label
from services.core.access import Acteur, require
from services.core.files import store
from services.core.locks import lock_row
from services.core.portail import Portail, once, record
from services.facturation.exercices import refresh_centre

FIELDS = {
    field.id: field
    for field in (
        Field(id="annee", type="integer", label="Année", min=Decimal(2000), max=Decimal(2100)),
        Field(id="montant", type="money", label="Montant", min=Decimal(0), max=MONTANT_MAX),
        Field(
            id="effectif_min",
            type="integer",
            label="À partir de combien d’agents",
            min=Decimal(0),
            max=Decimal(1_000_000),
        ),
        Field(id="numero", type="text", label="Numéro de la délibération", max_length=60),
        Field(id="date", type="date", label="Date de la délibération"),
        Field(id="organe", type="text", label="Organe qui l’a votée", max_length=120),
    )
}
OPTIONAL = ("effectif_min", "organe")
FILE_KINDS = ("pdf", "docx")


@dataclass(frozen=True)
class Apercu:
    """What recording a tariff would change: `avant` is the amount that priced that year until now (None: none did),
    `annee_avant` the year it was voted for; `remplace` when it corrects the tariff of that very year; `conventions` in force
    that it prices from 1 January of `annee` on; `exercices_factures`: years of conventions, invoiced in whole or in part, that
    it prices otherwise (a correction, or a vote that is recorded late).
    `conventions_incertaines`: running ones that it may be for, if their affiliation or number of agents were known;
    `impact`: what those concerned owe for that year, None when it prices the year of none."""

    code: str
    libelle: str
    annee: int
    public: str
    effectif_min: int
    montant: Decimal
    avant: Decimal | None
    annee_avant: int | None
    remplace: bool
    conventions: int
    exercices_factures: int
    conventions_incertaines: int
    impact: Impact | None = None


@dataclass(frozen=True)
class _Saisie:
    """What was typed, checked."""

    code: str
    annee: int
    public: str
    effectif_min: int
    montant: Decimal
    numero: str
    date: date
    organe: str | None


def preview_tarif(
    portail: Portail, acteur: Acteur, centre_id: UUID, code: str, valeurs: Mapping[str, str], public: str = "tous"
) -> Apercu:
    """What `save_tarif` would change with the same values, which are refused in the same way; nothing is written."""
    with portail.view(acteur, "tarif.enregistrer", objet="centre", objet_id=centre_id) as session:
        _require_manager(acteur, centre_id)
        given = _read_all(session, centre_id, code, valeurs, public)
        current = _current(session, centre_id, given)
        before = _priced_until_now(session, centre_id, given)
        return Apercu(
            code=given.code,
            libelle=tarif_label(given.code),
            annee=given.annee,
            public=given.public,
            effectif_min=given.effectif_min,
            montant=given.montant,
            avant=before.montant if before else None,
            annee_avant=before.annee if before else None,
            remplace=current is not None,
            conventions=_count_conventions(session, centre_id, given),
            exercices_factures=_count_invoiced(session, centre_id, given),
            conventions_incertaines=_count_unsure(session, centre_id, given),
            impact=compute_impact(session, centre_id, *_among_others(session, centre_id, given)),
        )


def save_tarif(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    code: str,
    valeurs: Mapping[str, str],
    public: str = "tous",
    *,
    fichier: tuple[str, bytes] | None = None,
    operation_id: str | None = None,
) -> None:
    """Record the tariff of one year, or correct it. `valeurs` holds what was typed for each of `FIELDS`; `public` is one of
    `domain.tarifs.PUBLICS`; `fichier` is the name and bytes of the délibération (PDF or Word).

    A correction keeps the file when it cites the same délibération. Nothing that is already issued changes. Invalide with
    `champ` says which value is refused (`fichier` for the file).
    """
    with portail.view(acteur, "tarif.enregistrer", objet="centre", objet_id=centre_id) as session:
        _require_manager(acteur, centre_id)
        _read_all(session, centre_id, code, valeurs, public)
    # Looking into a file takes seconds: never while the database is held.
    checked = _check_file(fichier, portail.settings.taille_max_mo) if fichier else None
    with portail.action(acteur, "tarif.enregistrer", objet="centre", objet_id=centre_id) as session:
        _require_manager(acteur, centre_id)
        lock_row(session, Centre, centre_id)
        given = _read_all(session, centre_id, code, valeurs, public)
        if operation_id is not None and not once(session, operation_id):
            return
        before = _current(session, centre_id, given)
        if before is not None and fichier is None and _unchanged(before, given):
            raise Invalide("Ce tarif est déjà enregistré : rien n’est à changer.")
        piece_id = before.deliberation_piece_id if before and _same_act(before, given) else None
        if fichier and checked:
            piece_id = _keep_file(session, portail, acteur, centre_id, fichier, checked).id
        if before is not None:
            before.remplace_le = utc_now()
            session.flush()
        tarif = _insert(session, acteur, centre_id, given, piece_id)
        refresh_centre(session, centre_id)
        _record(session, acteur, tarif, before)


def _record(session: Session, acteur: Acteur, tarif: Tarif, before: Tarif | None) -> None:
    record(
        session,
        acteur,
        "tarif.enregistrer",
        centre_id=tarif.centre_id,
        objet="centre",
        objet_id=tarif.centre_id,
        tarif=tarif.id,
        code=tarif.code,
        annee=tarif.annee,
        public=tarif.public,
        effectif_min=tarif.effectif_min,
        montant=tarif.montant,
        avant=before.montant if before else None,
        piece=tarif.deliberation_piece_id,
    )


def _insert(session: Session, acteur: Acteur, centre_id: UUID, given: _Saisie, piece_id: UUID | None) -> Tarif:
    tarif = Tarif(
        centre_id=centre_id,
        code=given.code,
        annee=given.annee,
        public=given.public,
        effectif_min=given.effectif_min,
        montant=given.montant,
        deliberation_numero=given.numero,
        deliberation_date=given.date,
        deliberation_organe=given.organe,
        deliberation_piece_id=piece_id,
        enregistre_par=acteur.utilisateur_id,
    )
    session.add(tarif)
    session.flush()
    return tarif


def _check_file(fichier: tuple[str, bytes], limit: int) -> UploadKind:
    try:
        return check_upload(fichier[0], fichier[1], FILE_KINDS, limit * 1_000_000)
    except Invalide as error:
        raise Invalide(error.message, champ="fichier") from error


def _keep_file(
    session: Session, portail: Portail, acteur: Acteur, centre_id: UUID, fichier: tuple[str, bytes], checked: UploadKind
) -> Piece:
    """The file of the délibération, a piece of the centre."""
    nom, data = fichier
    piece = Piece(
        sha256=store(session, portail.files, data).sha256,
        usage="deliberation_tarif",
        nom=PurePath(clean_text(nom).replace("\\", "/")).name[-200:] or "deliberation",
        type_mime=checked.content_type,
        taille=len(data),
        pages=checked.report.pages if checked.report else None,
        centre_id=centre_id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    return piece


def _same_act(before: Tarif, given: _Saisie) -> bool:
    return (before.deliberation_numero, before.deliberation_date) == (given.numero, given.date)


def _unchanged(before: Tarif, given: _Saisie) -> bool:
    return _same_act(before, given) and (before.montant, before.deliberation_organe) == (given.montant, given.organe)


def _current(session: Session, centre_id: UUID, given: _Saisie) -> Tarif | None:
    """The tariff in force for the same year and the same collectivités."""
    query = select(Tarif).where(
        Tarif.centre_id == centre_id,
        Tarif.code == given.code,
        Tarif.annee == given.annee,
        Tarif.public == given.public,
        Tarif.effectif_min == given.effectif_min,
        Tarif.remplace_le.is_(None),
    )
    return session.scalars(query).one_or_none()


def _priced_until_now(session: Session, centre_id: UUID, given: _Saisie) -> TarifVote | None:
    """The tariff that priced, until now, that year for such a collectivité."""
    affiliee = None if given.public == "tous" else given.public == "affilie"
    known = [tarif for tarif in list_tarifs(session, centre_id) if tarif.annee <= given.annee]
    try:
        return choose_tarif(known, given.code, given.annee, affiliee=affiliee, effectif=given.effectif_min)
    except TarifAbsent:
        return None


def _count_conventions(session: Session, centre_id: UUID, given: _Saisie) -> int:
    """Running conventions that the tariff would price that year: their own affiliation and number of agents choose it."""
    query = (
        select(Dossier.offre_version_id, Convention.affiliee, Convention.effectif, func.count().label("nombre"))
        .join(Convention.dossier)
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(RUNNING),
            Convention.dernier_jour >= date(given.annee, 1, 1),
        )
        .group_by(Dossier.offre_version_id, Convention.affiliee, Convention.effectif)
    )
    tarif, others = _among_others(session, centre_id, given)
    return sum(
        row.nombre
        for row in session.execute(query)
        if given.code in tarif_codes(get_offer(session, row.offre_version_id))
        and tarif.suits(row.affiliee, row.effectif)
        and choose_tarif([*others, tarif], given.code, given.annee, affiliee=row.affiliee, effectif=row.effectif)
        is tarif
    )


def _among_others(session: Session, centre_id: UUID, given: _Saisie) -> tuple[TarifVote, list[TarifVote]]:
    """The tariff as it would be, and those of the centre without the one that it replaces."""
    tarif = TarifVote.model_validate(
        {name: getattr(given, name) for name in ("code", "annee", "public", "effectif_min", "montant")}
    )
    place = (tarif.code, tarif.annee, tarif.public, tarif.effectif_min)
    return tarif, [
        one for one in list_tarifs(session, centre_id) if (one.code, one.annee, one.public, one.effectif_min) != place
    ]


def _count_invoiced(session: Session, centre_id: UUID, given: _Saisie) -> int:
    """Years of conventions with an issued statement that the tariff would price, for another amount than until now."""
    query = (
        select(
            Dossier.offre_version_id,
            Convention.affiliee,
            Convention.effectif,
            Exercice.annee,
            func.count().label("nombre"),
        )
        .select_from(Exercice)
        .join(Convention, Convention.id == Exercice.convention_id)
        .join(Convention.dossier)
        .where(Exercice.centre_id == centre_id, Exercice.annee >= given.annee, Exercice.montant_facture != 0)
        .group_by(Dossier.offre_version_id, Convention.affiliee, Convention.effectif, Exercice.annee)
    )
    tarif, others = _among_others(session, centre_id, given)
    before = list_tarifs(session, centre_id)

    def changes(annee: int, affiliee: bool | None, effectif: int | None) -> bool:
        chosen = choose_tarif([*others, tarif], given.code, annee, affiliee=affiliee, effectif=effectif)
        try:
            until_now = choose_tarif(before, given.code, annee, affiliee=affiliee, effectif=effectif)
        except TarifAbsent:
            return True
        return chosen is tarif and until_now.montant != tarif.montant

    return sum(
        row.nombre
        for row in session.execute(query)
        if given.code in tarif_codes(get_offer(session, row.offre_version_id))
        and tarif.suits(row.affiliee, row.effectif)
        and changes(row.annee, row.affiliee, row.effectif)
    )


def _count_unsure(session: Session, centre_id: UUID, given: _Saisie) -> int:
    """Running conventions that the tariff may be for, if only their affiliation or their number of agents were known."""
    unknown = [Convention.affiliee.is_(None)] if given.public != "tous" else []
    unknown += [Convention.effectif.is_(None)] if given.effectif_min else []
    if not unknown:
        return 0
    query = (
        select(Dossier.offre_version_id, func.count().label("nombre"))
        .join(Convention, Convention.dossier_id == Dossier.id)
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(RUNNING),
            Convention.dernier_jour >= date(given.annee, 1, 1),
            or_(*unknown),
        )
        .group_by(Dossier.offre_version_id)
    )
    return sum(
        row.nombre
        for row in session.execute(query)
        if given.code in tarif_codes(get_offer(session, row.offre_version_id))
    )


def _read_all(session: Session, centre_id: UUID, code: str, valeurs: Mapping[str, str], public: str) -> _Saisie:
    """What was typed, checked; Invalide at the first value that is refused."""
    if code not in recordable_codes(session, centre_id):
        raise Invalide("Choisissez une prestation de la liste.", champ="code")
    if public not in PUBLICS:
        raise Invalide("Choisissez pour qui vaut ce tarif.", champ="public")
    given = {champ: _read(field, valeurs.get(champ, "")) for champ, field in FIELDS.items()}
    annee, voted = int(given["annee"] or 0), date.fromisoformat(given["date"] or "")
    check_annee(annee, voted)
    return _Saisie(
        code=code,
        annee=annee,
        public=public,
        effectif_min=int(given["effectif_min"] or 0),
        montant=Decimal(given["montant"] or ""),
        numero=given["numero"] or "",
        date=voted,
        organe=given["organe"],
    )


def _read(field: Field, typed: str) -> str | None:
    """The JSON value of what was typed, as text, None for an optional one left blank; Invalide with the field when it is
    missing or refused."""
    try:
        value = parse_value(field, typed)
    except FieldError as error:
        raise Invalide(error.message, champ=field.id) from error
    if value is None and field.id not in OPTIONAL:
        raise Invalide(f"Indiquez : {field.label.lower()}.", champ=field.id)
    return None if value is None else str(value)


def _require_manager(acteur: Acteur, centre_id: UUID) -> None:
    require_centre(acteur, centre_id)
    require(acteur.roles_for(centre_id=centre_id), *MANAGERS)
