"""The life of a statement (*décompte*) as a table: action, from, to, roles (same form as an offer's workflow).

A statement is checked by one person and issued by the responsable. Once issued it is never edited: it is paid, or
cancelled by a counter-statement. Deleting a draft and recomputing it lead to no state.
"""

from __future__ import annotations

from domain.roles import Role
from domain.workflow.tables import Transition, Workflow

I, R = Role.INSTRUCTEUR, Role.RESPONSABLE  # noqa: E741

PREPARERS = (I, R)
"""Who makes, checks and reads the statements of a centre."""
ISSUERS = (R,)
"""Who issues them, cancels them and records that they were paid."""

DRAFTS = ("brouillon", "verifie")
ISSUED = ("emis", "paye", "annule")
LIVING = ("brouillon", "verifie", "emis", "paye")

ETATS = {
    "brouillon": "Brouillon",
    "verifie": "Vérifié",
    "emis": "Émis",
    "paye": "Payé",
    "annule": "Annulé",
}
ETATS_COLLECTIVITE = {"emis": "À payer", "paye": "Payé", "annule": "Annulé"}
CONTRE = "Contre-décompte"
"""What the state of a statement that cancels another is called, to everybody: there is nothing to pay."""


def _line(
    action: str, libelle: str, de: tuple[str, ...], vers: str, roles: tuple[Role, ...], motif: bool
) -> Transition:
    return Transition(action=action, libelle=libelle, de=de, vers=vers, roles=roles, motif=motif)


DECOMPTE = Workflow(
    etats=ETATS,
    etats_collectivite=ETATS_COLLECTIVITE,
    transitions=(
        _line("verifier", "Marquer comme vérifié", ("brouillon",), "verifie", PREPARERS, False),
        _line("emettre", "Émettre", ("verifie",), "emis", ISSUERS, False),
        _line("payer", "Enregistrer le paiement", ("emis",), "paye", ISSUERS, False),
        _line("recalculer", "Recalculer", DRAFTS, "brouillon", PREPARERS, False),
        _line("rouvrir", "Remettre en brouillon", ("verifie",), "brouillon", PREPARERS, False),
        _line("lever", "Lever l’avertissement", DRAFTS, "brouillon", PREPARERS, True),
        _line("supprimer", "Supprimer le brouillon", DRAFTS, "brouillon", PREPARERS, False),
        _line("annuler", "Annuler par un contre-décompte", ("emis", "paye"), "annule", ISSUERS, True),
    ),
)

UNITES = ("minute", "pourcent", "km", "unite")
"""What the quantity of a line counts."""
