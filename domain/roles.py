"""Roles of the portal (conception.md, *Who uses it*): codes, labels, and on which side each one is held."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A role held by a person, dated, for one collectivité or for one centre."""

    GESTIONNAIRE = "gestionnaire"
    SIGNATAIRE = "signataire"
    DIRECTION = "direction"
    INSTRUCTEUR = "instructeur"
    ASSISTANT = "assistant"
    RESPONSABLE = "responsable"
    SIGNATAIRE_CENTRE = "signataire_centre"
    ADMINISTRATEUR = "administrateur"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLES_COLLECTIVITE = frozenset({Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION})
ROLES_CENTRE = frozenset(Role) - ROLES_COLLECTIVITE

ROLE_LABELS: dict[Role, str] = {
    Role.GESTIONNAIRE: "Gestionnaire",
    Role.SIGNATAIRE: "Signataire",
    Role.DIRECTION: "Direction",
    Role.INSTRUCTEUR: "Instructeur",
    Role.ASSISTANT: "Assistant",
    Role.RESPONSABLE: "Responsable du service",
    Role.SIGNATAIRE_CENTRE: "Signataire du centre",
    Role.ADMINISTRATEUR: "Administrateur",
}

ROLE_HELP: dict[Role, str] = {
    Role.GESTIONNAIRE: "Remplit l’adhésion, dépose la délibération et la convention signée, invite des collègues.",
    Role.SIGNATAIRE: "Maire, président ou délégataire : relit, approuve et signe.",
    Role.DIRECTION: "Direction générale ou ressources humaines : télécharge les conventions, invite des collègues.",
    Role.INSTRUCTEUR: "Instruit les dossiers, demande des corrections, émet les documents.",
    Role.ASSISTANT: "Enregistre les heures d’intervention pour les collectivités qui lui sont affectées.",
    Role.RESPONSABLE: "Pilote le service : tarifs, coûts, échéances, conventions.",
    Role.SIGNATAIRE_CENTRE: "Président du centre ou délégataire : signe pour le centre.",
    Role.ADMINISTRATEUR: "Gère les comptes, les paramètres du centre et le journal.",
}
