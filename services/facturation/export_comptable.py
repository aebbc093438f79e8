"""Statements as files made on request: one as a spreadsheet, a list, and the lines a *titre de recettes* is made from.

What is exported of an issued statement is what was sealed: the debtor is the one that its Word file names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from documents.tables.tableur import CSV_TYPE, XLSX_TYPE, Cell, Feuille, write_csv, write_xlsx
from domain.decompte import PREPARERS
from domain.errors import Introuvable, Invalide
from domain.formatting import date_courte
from domain.roles import Role
from models import Convention, Decompte, LigneDecompte
from services.centre.offres import get_offer
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur, require
from services.core.portail import Portail, record
from services.exports import Export
from services.facturation.consultation import MOST_EXPORTED, TRIS, list_all
from services.facturation.decompte_views import DecompteFilter, DecompteRow
from services.facturation.visibles import get_decompte, visible_decomptes

TITRE_COLUMNS = (
    "Exercice",
    "Décompte",
    "Date du décompte",
    "Annule le décompte",
    "Débiteur",
    "SIREN",
    "SIRET",
    "Adresse",
    "Complément",
    "Code postal et ville",
    "Objet",
    "Convention",
    "Période du",
    "Période au",
    "Ligne",
    "Nature",
    "Désignation",
    "Quantité",
    "Unité",
    "Prix unitaire",
    "Montant",
    "Code TVA",
    "Taux de TVA",
    "Délibération du tarif",
    "Total du décompte",
    "État",
    "Payé le",
    "Empreinte SHA-256",
)
UNITES = {"minute": "heure", "pourcent": "% d’un temps plein", "km": "km", "unite": "unité"}
TVA = {"hors_champ": ("HC", None), "taux_normal": ("TN", Decimal("20.00"))}
"""Code and rate of each regime of an offer: out of the scope of the tax, or its normal rate."""


def export_titres(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """CSV of the lines of issued statements, counter-statements included, for the accountant. Filters: `exercice`,
    `trimestre`, `du` and `au` (days of issue). Nothing is marked: it can be made again."""
    du, au = _day(parametres, "du"), _day(parametres, "au")
    place = min(acteur.centre_ids, key=str, default=None)
    with portail.view(acteur, "decompte.exporter_titres", objet="centre", objet_id=place, centre_id=place) as session:
        require(
            _centre_roles(acteur),
            *PREPARERS,
            message="Cet export est réservé au responsable et aux instructeurs du centre.",
        )
        query = (
            visible_decomptes(acteur)
            .where(Decompte.centre_id.in_(acteur.centres_with(*PREPARERS)), Decompte.numero.is_not(None))
            .options(joinedload(Decompte.convention).joinedload(Convention.dossier), joinedload(Decompte.lignes))
            .order_by(Decompte.centre_id, Decompte.annee, Decompte.rang)
        )
        if exercice := _number(parametres, "exercice"):
            query = query.where(Decompte.exercice == exercice)
        found = [
            one
            for one in session.scalars(query).unique()
            if _in_quarter(one, _number(parametres, "trimestre")) and _issued_between(one, du, au)
        ]
        rows = [row for one in found for row in _titre_rows(session, one)]
    _journal(portail, acteur, "decompte.exporter_titres", found)
    return Export(
        file_name("titres", clock.today().isoformat(), extension="csv"), CSV_TYPE, write_csv(TITRE_COLUMNS, rows)
    )


def _centre_roles(acteur: Acteur) -> frozenset[Role]:
    return frozenset(role for held in acteur.par_centre.values() for role in held)


def _number(parametres: Mapping[str, str], name: str) -> int | None:
    given = parametres.get(name, "")
    if not given:
        return None
    if not (given.isascii() and given.isdigit() and len(given) <= 4):
        raise Invalide(f"« {name} » est un nombre entier.", champ=name)
    return int(given)


def _day(parametres: Mapping[str, str], name: str) -> date | None:
    given = parametres.get(name, "")
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise Invalide(f"« {name} » est une date, par exemple 2026-01-31.", champ=name) from None


def _in_quarter(decompte: Decompte, trimestre: int | None) -> bool:
    return trimestre is None or (decompte.au.month - 1) // 3 + 1 == trimestre


def _issued_on(decompte: Decompte) -> date | None:
    if decompte.emis_le is None:
        return None
    return clock.local_time(decompte.emis_le, decompte.convention.centre.fuseau).date()


def _issued_between(decompte: Decompte, du: date | None, au: date | None) -> bool:
    jour = _issued_on(decompte)
    return jour is not None and (du is None or jour >= du) and (au is None or jour <= au)


def _titre_rows(session: Session, decompte: Decompte) -> Iterable[Sequence[Cell]]:
    convention = decompte.convention
    offer = get_offer(session, convention.dossier.offre_version_id)
    debiteur = decompte.manifeste.get("debiteur") or {}
    adresse = [str(line) for line in debiteur.get("adresse", [])]
    code, taux = TVA[offer.facturation.tva]
    annule = decompte.manifeste.get("annule") or {}
    for ligne in decompte.lignes:
        yield (
            decompte.exercice,
            decompte.numero,
            _issued_on(decompte),
            annule.get("numero"),
            debiteur.get("nom"),
            debiteur.get("siren"),
            debiteur.get("siret"),
            adresse[0] if adresse else None,
            adresse[1] if len(adresse) > 2 else None,
            adresse[-1] if len(adresse) > 1 else None,
            f"{offer.titre}, {decompte.manifeste.get('periode')}",
            convention.numero,
            decompte.du,
            decompte.au,
            ligne.ordre,
            ligne.nature,
            ligne.libelle,
            _quantity(ligne),
            UNITES.get(ligne.unite, ligne.unite),
            ligne.prix.quantize(Decimal("0.01")) if ligne.prix is not None else None,
            ligne.montant,
            code,
            taux,
            _vote(decompte, ligne),
            decompte.total,
            decompte.etat,
            decompte.paye_le,
            decompte.sha256,
        )


def _quantity(ligne: LigneDecompte) -> Decimal:
    """Hours in decimals (four, for reading: the amount was computed from minutes), the rest as it is."""
    if ligne.unite == "minute":
        return (ligne.quantite / 60).quantize(Decimal("0.0001"))
    return ligne.quantite


def _vote(decompte: Decompte, ligne: LigneDecompte) -> str | None:
    """The délibération that voted the price of a line, as the statement keeps it."""
    for tarif in decompte.manifeste.get("tarifs") or ():
        acte = tarif["deliberation"]
        if acte and ligne.prix is not None and Decimal(tarif["montant"]) == ligne.prix:
            return f"{acte['numero']} du {date_courte(date.fromisoformat(acte['date']))}"
    return None


# Spreadsheets -----------------------------------------------------------------------------------------------------------


def export_decompte(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """XLSX of one statement (`id`): its lines, and how each was computed."""
    try:
        decompte_id = UUID(parametres.get("id", ""))
    except ValueError:
        raise Introuvable() from None
    with portail.view(acteur, "decompte.exporter", objet="decompte", objet_id=decompte_id) as session:
        decompte = get_decompte(session, acteur, decompte_id)
        sheets = _sheets(decompte)
        nom = file_name(
            "decompte", decompte.numero or "brouillon", decompte.convention.collectivite.nom, extension="xlsx"
        )
    _journal(portail, acteur, "decompte.exporter", [decompte])
    return Export(nom, XLSX_TYPE, write_xlsx(sheets))


def _sheets(decompte: Decompte) -> list[Feuille]:
    title = f"Décompte n° {decompte.numero}" if decompte.numero else "Décompte, brouillon"
    who = f"{decompte.convention.collectivite.nom}, convention n° {decompte.convention.numero}"
    notes = (who, str(decompte.manifeste.get("periode") or decompte.exercice))
    lines = [
        (one.libelle, _quantity(one), UNITES.get(one.unite, one.unite), one.prix, one.montant)
        for one in decompte.lignes
    ]
    steps = [(one.libelle, str(step)) for one in decompte.lignes for step in one.etapes]
    return [
        Feuille(
            "Décompte",
            ("Désignation", "Quantité", "Unité", "Prix", "Montant"),
            [*lines, ("Total", None, None, None, decompte.total)],
            titre=title,
            notes=notes,
            formats=(("Prix", "euros"), ("Montant", "euros")),
        ),
        Feuille("Calcul", ("Ligne", "Étape"), steps, titre=title, notes=notes),
    ]


LIST_COLUMNS = (
    "Numéro",
    "Collectivité",
    "Convention",
    "Période",
    "Exercice",
    "Du",
    "Au",
    "État",
    "Total",
    "Émis le",
    "Payé le",
)


def export_liste(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """XLSX of the list that the person sees with the same filters (`texte`, `etat`, `exercice`, `trimestre`)."""
    asked = read_filter(parametres)
    rows = list_all(portail, acteur, asked, au_plus=MOST_EXPORTED)
    sheet = Feuille(
        "Décomptes",
        LIST_COLUMNS,
        [_list_row(row) for row in rows],
        titre="Décomptes",
        formats=(("Total", "euros"),),
    )
    with portail.db.write() as session:
        for centre_id in sorted(_centres_of(session, rows), key=str):
            record(session, acteur, "decompte.exporter_liste", centre_id=centre_id, nombre=len(rows))
    return Export(file_name("decomptes", clock.today().isoformat(), extension="xlsx"), XLSX_TYPE, write_xlsx([sheet]))


def read_filter(parametres: Mapping[str, str]) -> DecompteFilter:
    """The filter that an address asks for."""
    etat = parametres.get("etat", "")
    return DecompteFilter(
        texte=parametres.get("texte", "")[:200],
        etats=(etat,) if etat else (),
        exercice=_number(parametres, "exercice"),
        trimestre=_number(parametres, "trimestre"),
        tri=TRIS[1],
    )


def _list_row(row: DecompteRow) -> Sequence[Cell]:
    return (
        row.numero,
        row.collectivite,
        row.convention,
        row.periode,
        row.exercice,
        row.du,
        row.au,
        row.etat_libelle,
        row.total,
        row.emis_le,
        row.paye_le,
    )


def _centres_of(session: Session, rows: Sequence[DecompteRow]) -> set[UUID]:
    ids = [row.id for row in rows]
    found: set[UUID] = set()
    for start in range(0, len(ids), 500):
        query = select(Decompte.centre_id).where(Decompte.id.in_(ids[start : start + 500])).distinct()
        found.update(session.scalars(query))
    return found


def _journal(portail: Portail, acteur: Acteur, action: str, found: Sequence[Decompte]) -> None:
    """One line for each centre whose statements left the portal."""
    with portail.db.write() as session:
        for centre_id in sorted({one.centre_id for one in found}, key=str):
            mine = [one for one in found if one.centre_id == centre_id]
            single = mine[0].id if len(mine) == 1 else None
            record(
                session,
                acteur,
                action,
                centre_id=centre_id,
                objet="decompte" if single else None,
                objet_id=single,
                nombre=len(mine),
            )
