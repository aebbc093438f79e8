"""The tariff engine: what each way of billing costs, exactly, with its steps in French (domaine.md §2.7 and §7).

Pure: no database, no clock, no float. Amounts are Decimal euros, durations whole minutes, dates inclusive; everything is
computed on fractions and rounded half up once, on the line that is billed. What cannot be priced is an `Invalide` whose
`champ` names the value to correct.
"""

from domain.tarification.annee import Annee, Part, Tranche, compute_annee
from domain.tarification.deplacements import (
    Bareme,
    bill_deplacement,
    choose_bareme,
    load_baremes,
)
from domain.tarification.echeancier import (
    Echeance,
    Periodicite,
    compute_echeancier,
    instalment,
    period_bounds,
    period_index,
    period_label,
)
from domain.tarification.projection import (
    AnneeProjetee,
    TarifProjete,
    project_annees,
    project_heures,
    project_tarif,
)
from domain.tarification.prorata import Prorata, compute_base, merge_periods
from domain.tarification.quotite import check_quotite, compute_annuel
from domain.tarification.rounding import (
    Montant,
    check_annee_calculee,
    check_minutes,
    check_montant,
    round_cent,
    round_half_up,
)
from domain.tarification.seuil import Seuil, compute_seuil
from domain.tarification.temps import (
    HEURES_ANNUELLES,
    AnneeHoraire,
    Heures,
    bill_minutes,
    billable_minutes,
    compute_annee_horaire,
    compute_heures,
    tell_duree,
)
from domain.tarification.unites import UNITES, AnneeUnites, bill_units, compute_annee_unites

__all__ = [
    "HEURES_ANNUELLES",
    "UNITES",
    "Annee",
    "AnneeHoraire",
    "AnneeProjetee",
    "AnneeUnites",
    "Bareme",
    "Echeance",
    "Heures",
    "Montant",
    "Part",
    "Periodicite",
    "Prorata",
    "Seuil",
    "TarifProjete",
    "Tranche",
    "bill_deplacement",
    "bill_minutes",
    "bill_units",
    "billable_minutes",
    "check_annee_calculee",
    "check_minutes",
    "check_montant",
    "check_quotite",
    "choose_bareme",
    "compute_annee",
    "compute_annee_horaire",
    "compute_annee_unites",
    "compute_annuel",
    "compute_base",
    "compute_echeancier",
    "compute_heures",
    "compute_seuil",
    "instalment",
    "load_baremes",
    "merge_periods",
    "period_bounds",
    "period_index",
    "period_label",
    "project_annees",
    "project_heures",
    "project_tarif",
    "round_cent",
    "round_half_up",
    "tell_duree",
]
