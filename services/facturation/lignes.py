"""What a statement is made of: its lines, computed from the convention, the tariffs and what was recorded.

One reading for many conventions (services.facturation.releve), one computation for each (`compute_decompte`): preparing a
quarter, recomputing a draft and issuing it go through the same two functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from domain.activite import ETAT_DES_LIEUX, ORDINAIRE, SERVICE_DEGRADE
from domain.formatting import MONTHS, date_longue, duree, euros, nombre, pourcentage
from domain.offer import Facturation, Offer
from domain.tarification import (
    UNITES,
    bill_minutes,
    instalment,
    period_index,
)
from domain.tarifs import NAMES, Tarif, warn_other_year
from models import Convention
from services.activite.regles import month_label
from services.facturation.exercices import (
    BY_SHARE,
    BY_THE_HOUR,
    COMMITTED_STATES,
    AnneeDue,
    compute_year,
    find_tarif,
    first_day,
    last_day,
)
from services.facturation.releve import HEURES, PART, Deja, Periode, Releve

DEPLACEMENT = "deplacement"
"""Nature of the lines of journeys."""


@dataclass(frozen=True)
class LigneCalculee:
    """One line: `quantite` of `unite` at `prix` euros makes `montant` euros, rounded on the line; `etapes` says how."""

    nature: str
    libelle: str
    quantite: Decimal
    unite: str
    prix: Decimal | None
    montant: Decimal
    etapes: tuple[str, ...]


@dataclass(frozen=True)
class Calcul:
    """A statement as it would be now. `avertissement`: code and text of what a person must lift before it is issued;
    `blocages`: what must change first; `tarifs`: those that its prices are."""

    periode: Periode
    lignes: tuple[LigneCalculee, ...]
    avertissement: tuple[str, str] | None
    blocages: tuple[str, ...]
    methode: str
    tarifs: tuple[Tarif, ...] = ()

    @property
    def total(self) -> Decimal:
        """Sum of the rounded lines."""
        return sum((ligne.montant for ligne in self.lignes), Decimal("0.00"))

    @property
    def vide(self) -> bool:
        """Nothing to invoice: no statement (G5, third quarter)."""
        return all(ligne.montant == 0 for ligne in self.lignes)


# Computing --------------------------------------------------------------------------------------------------------------


def compute_decompte(
    convention: Convention, offer: Offer, releve: Releve, periode: Periode, *, sauf: UUID | None = None
) -> Calcul:
    """The statement of a convention for a period, from what is recorded now. `sauf`: the statement that is computed again
    (its own lines do not count as already invoiced)."""
    billing = offer.facturation
    due = compute_year(convention, offer, releve.contexte, periode.exercice)
    used: list[Tarif] = []
    missing: list[str] = []
    counted = _counted(convention, releve, periode, sauf)
    lignes = [*_part_lines(convention, billing, releve, periode, due, counted)]
    if lignes and billing.mode != "cotisation":
        _note_tarif(due.tarif, billing.tarif, used, missing)
    lignes += _hour_lines(convention, billing, releve, periode.exercice, periode.mois, used, missing)
    lignes += _settling_lines(convention, billing, releve, periode, counted, used, missing)
    lignes += _traced_lines(convention, billing, releve, periode, counted)
    lignes += _travel_lines(convention, releve, periode)
    blocages = [
        f"Aucun tarif n’est enregistré ({NAMES.get(code, code)}) : le responsable doit d’abord le saisir."
        for code in dict.fromkeys(missing)
    ]
    blocages += _period_blocages(convention, billing, releve, periode, sauf)
    return Calcul(
        periode,
        tuple(lignes),
        _warning(periode.exercice, used),
        tuple(blocages),
        billing.prorata.label,
        tuple(used),
    )


def _note_tarif(tarif: Tarif | None, code: str, used: list[Tarif], missing: list[str]) -> None:
    if tarif is None:
        missing.append(code)
    elif tarif not in used:
        used.append(tarif)


def _warning(annee: int, used: Collection[Tarif]) -> tuple[str, str] | None:
    """A tariff of another year was taken (B03). The code changes with the amounts, so that lifting one lifts no other."""
    texte = warn_other_year(annee, used)
    if texte is None:
        return None
    others = sorted(f"{one.code}:{one.annee}:{one.montant:.2f}" for one in used if one.annee != annee)
    return f"tarif_autre_annee:{annee}:{','.join(others)}", texte


def _period_blocages(
    convention: Convention, billing: Facturation, releve: Releve, periode: Periode, sauf: UUID | None
) -> Iterator[str]:
    """A period that is not over, months still open to recording, earlier drafts: what would make the amount another one
    tomorrow. What is due is billed in arrears, at the end of the quarter (E14)."""
    if convention.etat not in COMMITTED_STATES:
        yield "La convention n’est pas en vigueur."
    end = min(periode.au, last_day(convention))
    if end >= releve.jour:
        yield (
            "La période n’est pas terminée : la facturation est à terme échu, ce décompte peut être vérifié et émis à partir "
            f"du {date_longue(end + timedelta(days=1))}."
        )
    if needs_closing(billing):
        first, last = first_day(convention), last_day(convention)
        open_months = [
            month_label(periode.exercice, mois)
            for mois in periode.mois
            if (releve.clos is None or (periode.exercice, mois) > releve.clos)
            and (first.year, first.month) <= (periode.exercice, mois) <= (last.year, last.month)
        ]
        if open_months:
            verb = "n’est pas clos" if len(open_months) == 1 else "ne sont pas clos"
            yield f"Des heures peuvent encore être saisies : {', '.join(open_months)} {verb}."
    for other in releve.deja.get(convention.id, ()):
        if not other.emis and other.decompte_id != sauf and other.au < periode.du:
            yield "Un décompte d’une période précédente est encore en brouillon : émettez-le ou supprimez-le d’abord."
            return


def needs_closing(billing: Facturation) -> bool:
    """Whether what is recorded counts in the statement, so that its months must be closed before it is issued."""
    return billing.mode == BY_THE_HOUR or billing.service_degrade is not None or billing.deplacements_factures


def _counted(convention: Convention, releve: Releve, periode: Periode, sauf: UUID | None) -> list[Deja]:
    """The other statements that this one comes after: those issued, and earlier drafts."""
    others = [one for one in releve.deja.get(convention.id, ()) if one.decompte_id != sauf]
    return [one for one in others if one.emis or one.au < periode.du]


def _part_lines(
    convention: Convention,
    billing: Facturation,
    releve: Releve,
    periode: Periode,
    due: AnneeDue,
    counted: Sequence[Deja],
) -> Iterator[LigneCalculee]:
    """The instalment of the annual amount: what should have been invoiced by the end of the period, less what was. A change
    during the year (absence, tariff, avenant, statement cancelled) is settled by the next statement, whichever it is."""
    if billing.mode == BY_THE_HOUR:
        return
    begin = max(first_day(convention), date(periode.exercice, 1, 1))
    end = min(last_day(convention), date(periode.exercice, 12, 31))
    already = sum((one.part for one in counted), Decimal("0.00"))
    if begin > end:
        share = -already
    else:
        reached = max([periode.index, *(period_index(one.au, periode.periodicite) for one in counted)])
        share = instalment(due.du, begin, periode.periodicite, reached, already, fin=_end_in_year(end))
    if share == 0 and not (billing.mode == "cotisation" and periode.du <= end and periode.au >= begin):
        return
    step = f"Part de l’année échue à la fin de la période\u00a0: {euros(share + already)}"
    if already:
        step += f", moins {euros(already)} déjà décomptés"
    step += f" = {euros(share)}" if already else f" sur {euros(due.du)}"
    late = _missed(periode, counted, begin) if begin <= end else ""
    label, quantite, unite = _part_words(convention, billing, due)
    yield LigneCalculee(
        PART,
        f"{label}, {periode.libelle}",
        quantite,
        unite,
        due.tarif.montant if due.tarif else None,
        share,
        (*due.etapes, step, *([late] if late else [])),
    )


def _missed(periode: Periode, counted: Sequence[Deja], begin: date) -> str:
    """The periods since the last statement that had none, which this one catches up; empty without any."""
    known = [period_index(one.au, periode.periodicite) for one in counted if one.au < periode.du]
    first = max([period_index(begin, periode.periodicite), *(rank + 1 for rank in known)])
    missed = [replace(periode, index=rank).libelle for rank in range(first, periode.index)]
    return f"Comprend ce qui n’avait pas de décompte\u00a0: {', '.join(missed)}" if missed else ""


def _end_in_year(end: date) -> date | None:
    return None if (end.month, end.day) == (12, 31) else end


def _part_words(convention: Convention, billing: Facturation, due: AnneeDue) -> tuple[str, Decimal, str]:
    """What the annual amount pays: label, quantity, unit."""
    if billing.mode == BY_SHARE:
        shares = due.quotites or (convention.quotite or Decimal(0),)
        told = " puis ".join(pourcentage(share) for share in shares)
        return f"Part d’un temps plein ({told})", shares[-1], "pourcent"
    if billing.mode == "cotisation":
        return "Service compris dans la cotisation", Decimal(1), "unite"
    return UNITES[billing.mode][1].capitalize(), due.quantite, "unite"


def _hour_lines(
    convention: Convention,
    billing: Facturation,
    releve: Releve,
    annee: int,
    months: Collection[int],
    used: list[Tarif],
    missing: list[str],
) -> Iterator[LigneCalculee]:
    """Hours by month and nature: those of the service by the hour, with its état des lieux at 0 € (M25), and the service
    dégradé. What a share of a post already pays makes no line."""
    recorded = releve.minutes.get(convention.id, {})
    for nature in (ORDINAIRE, ETAT_DES_LIEUX, SERVICE_DEGRADE):
        code = _rate_code(billing, nature)
        free = nature == ETAT_DES_LIEUX and billing.etat_des_lieux_compris and billing.mode == BY_THE_HOUR
        for mois in months:
            minutes = recorded.get((annee, mois, nature), 0)
            if not minutes or (code is None and not free):
                continue
            tarif = None
            if not free and code is not None:
                tarif = find_tarif(releve.contexte, convention, code, annee)
                _note_tarif(tarif, code, used, missing)
            yield _hour_line(nature, f"{MONTHS[mois]} {annee}", minutes, tarif, free)


SETTLED = {
    HEURES: ((HEURES, ETAT_DES_LIEUX), "des heures déjà décomptées"),
    SERVICE_DEGRADE: ((SERVICE_DEGRADE,), "du service dégradé déjà décompté"),
}
"""What is settled apart: the natures of lines (an état des lieux that is not included is due as ordinary hours are), words."""


def _settling_lines(
    convention: Convention,
    billing: Facturation,
    releve: Releve,
    periode: Periode,
    counted: Sequence[Deja],
    used: list[Tarif],
    missing: list[str],
) -> Iterator[LigneCalculee]:
    """What the hours that the other statements of the year billed come to now (a tariff voted late or corrected), less what
    they billed: settled in either direction by the next statement, as the instalments of a share are."""
    months = {mois for one in counted for mois in one.mois} - set(periode.mois)
    tarifs: list[Tarif] = []
    now = [*_hour_lines(convention, billing, releve, periode.exercice, sorted(months), tarifs, missing)]
    for kind, (natures, what) in SETTLED.items():
        worth = sum((one.montant for one in now if one.nature in natures), Decimal(0))
        billed = sum((one.degrade if kind == SERVICE_DEGRADE else one.heures for one in counted), Decimal(0))
        if worth == billed:
            continue
        used += [one for one in tarifs if one not in used]
        label = f"Régularisation {what} en {periode.exercice}"
        step = f"Ces heures, aux tarifs enregistrés\u00a0: {euros(worth)}, moins {euros(billed)} décomptés"
        montant = worth - billed
        yield LigneCalculee(kind, label, Decimal(1), "unite", None, montant, (f"{step} = {euros(montant)}",))


def _traced_lines(
    convention: Convention, billing: Facturation, releve: Releve, periode: Periode, counted: Sequence[Deja]
) -> Iterator[LigneCalculee]:
    """The état des lieux at 0 € (M25) that no statement tells yet: that of the periods before this one that had nothing to
    invoice, hence no statement, and the one that was made before the convention."""
    if not billing.etat_des_lieux_compris:
        return
    last = max((one.au for one in counted if one.au < periode.du), default=None)
    if billing.mode == BY_THE_HOUR:
        recorded = releve.minutes.get(convention.id, {})
        for mois in range(last.month + 1 if last else 1, periode.du.month):
            if minutes := recorded.get((periode.exercice, mois, ETAT_DES_LIEUX)):
                yield _hour_line(ETAT_DES_LIEUX, f"{MONTHS[mois]} {periode.exercice}", minutes, None, True)
    champ, first = billing.champ_etat_des_lieux, first_day(convention)
    if champ is None or first.year != periode.exercice or first > periode.au or (last and last >= first):
        return
    if minutes := releve.contexte.reponses.get(convention.dossier_id, {}).get(champ):
        yield _hour_line(ETAT_DES_LIEUX, "avant la convention", int(minutes), None, True)


def _rate_code(billing: Facturation, nature: str) -> str | None:
    """Which tariff hours of this nature are billed at; None where they are not."""
    if nature == SERVICE_DEGRADE and billing.service_degrade:
        return billing.service_degrade.tarif
    return billing.tarif if billing.mode == BY_THE_HOUR else None


LABELS = {
    ORDINAIRE: "Heures d’intervention",
    ETAT_DES_LIEUX: "État des lieux des besoins",
    SERVICE_DEGRADE: "Service dégradé",
}


def _hour_line(nature: str, when: str, minutes: int, tarif: Tarif | None, free: bool) -> LigneCalculee:
    kind = HEURES if nature == ORDINAIRE else nature
    label, quantite = f"{LABELS[nature]}, {when}", Decimal(minutes)
    if free:
        step = f"{label}\u00a0: {duree(minutes)}, compris dans la cotisation, {euros(0)}"
        return LigneCalculee(kind, label, quantite, "minute", Decimal("0.00"), Decimal("0.00"), (step,))
    if tarif is None:
        return LigneCalculee(kind, label, quantite, "minute", None, Decimal("0.00"), ())
    montant = bill_minutes(minutes, tarif.montant)
    steps = tuple(f"{label}\u00a0: {step}" for step in montant.etapes)
    return LigneCalculee(kind, label, quantite, "minute", tarif.montant, montant.valeur, steps)


def _travel_lines(convention: Convention, releve: Releve, periode: Periode) -> Iterator[LigneCalculee]:
    """What journeys out of the included zone claim, by month: a distance and a zone, no place (8.6, B20)."""
    for mois, (km, montant) in sorted(releve.trajets.get(convention.id, {}).items()):
        if mois not in periode.mois:
            continue
        label = f"Déplacements hors de la zone incluse, {MONTHS[mois]} {periode.exercice}"
        step = f"{label}\u00a0: {tell_quantite(km, 'km')} au barème kilométrique = {euros(montant)}"
        yield LigneCalculee(
            DEPLACEMENT, label, km, "km", None, montant, (f"{step} (chaque trajet est arrondi au centime)",)
        )


# Words ------------------------------------------------------------------------------------------------------------------


def tell_quantite(quantite: Decimal, unite: str) -> str:
    """The quantity of a line as people read it: « 12 h 30 », « 47,70 % », « 320 km »."""
    if unite == "minute":
        return duree(int(quantite))
    if unite == "pourcent":
        return pourcentage(quantite)
    plain = quantite.to_integral_value() if quantite == quantite.to_integral_value() else quantite.normalize()
    return f"{nombre(plain)}\u00a0km" if unite == "km" else nombre(plain)


def tell_prix(prix: Decimal | None, unite: str) -> str:
    """The unit price of a line, with what it is the price of."""
    if prix is None:
        return "barème" if unite == "km" else ""
    if prix == 0:
        return "compris"
    per = {"minute": " l’heure", "pourcent": " par an à temps plein"}.get(unite, "")
    return f"{euros(prix)}{per}"
