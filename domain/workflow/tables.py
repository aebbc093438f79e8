"""The default workflow of an offer as two tables: action, from, to, roles, condition (conception.md, *Dossier and convention*).

The tables are data: an offer's bundle may carry its own. Conditions are named here and checked by the services, which
know the dossier; nothing in this module touches a database.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from domain.roles import Role

G, S, D = Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION
I, R, SC = Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE  # noqa: E741


class Transition(BaseModel):
    """One line of the table: `action` is allowed from any state of `de` to a holder of one of `roles`, and leads to `vers`.

    `condition` names a rule that the service checks (see services); `motif` says that a reason must be given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: str
    libelle: str
    de: tuple[str, ...]
    vers: str
    roles: tuple[Role, ...]
    condition: str | None = None
    motif: bool = False


class Workflow(BaseModel):
    """States with their French labels (one for each side) and the table of transitions of one kind of object."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    etats: dict[str, str]
    etats_collectivite: dict[str, str] = {}
    transitions: tuple[Transition, ...]

    def label(self, etat: str, *, collectivite: bool = False) -> str:
        """French label of a state, as the centre or (`collectivite=True`) as the collectivité reads it."""
        if collectivite and etat in self.etats_collectivite:
            return self.etats_collectivite[etat]
        return self.etats[etat]

    def transition(self, action: str) -> Transition:
        """The line of `action`; KeyError when the table has none."""
        for line in self.transitions:
            if line.action == action:
                return line
        raise KeyError(action)

    def actions(self, etat: str, roles: Iterable[Role]) -> tuple[Transition, ...]:
        """The lines that a holder of `roles` may use from `etat`, in table order. Conditions are not looked at."""
        held = set(roles)
        return tuple(line for line in self.transitions if etat in line.de and held.intersection(line.roles))


def senders(table: Workflow) -> frozenset[Role]:
    """Roles that may do something with a draft: who begins a request of this circuit, and fills it in."""
    return frozenset(role for line in table.transitions if "brouillon" in line.de for role in line.roles)


def _line(
    action: str,
    libelle: str,
    de: tuple[str, ...],
    vers: str,
    roles: tuple[Role, ...],
    condition: str | None = None,
    motif: bool = False,
) -> Transition:
    return Transition(action=action, libelle=libelle, de=de, vers=vers, roles=roles, condition=condition, motif=motif)


DOSSIER = Workflow(
    etats={
        "brouillon": "Brouillon",
        "depose": "Déposé",
        "en_instruction": "En instruction",
        "a_corriger": "À corriger",
        "accepte": "Accepté",
        "emis": "Convention émise",
        "retire": "Retiré",
        "refuse": "Refusé",
    },
    etats_collectivite={
        "brouillon": "À compléter",
        "depose": "Déposé, en attente du centre",
        "en_instruction": "En cours d’examen par le centre",
        "a_corriger": "Corrections demandées",
        "accepte": "Accepté, convention en préparation",
    },
    transitions=(
        _line("deposer", "Déposer le dossier", ("brouillon",), "depose", (G, S), "complet"),
        _line("prendre_en_charge", "Prendre en charge", ("depose",), "en_instruction", (I,)),
        _line(
            "demander_corrections",
            "Demander les corrections",
            ("en_instruction",),
            "a_corriger",
            (I,),
            "corrections_ouvertes",
        ),
        _line(
            "redeposer",
            "Déposer les corrections",
            ("a_corriger",),
            "en_instruction",
            (G, S),
            "corrections_traitees",
        ),
        _line(
            "retirer",
            "Retirer la demande",
            ("brouillon", "depose", "en_instruction", "a_corriger"),
            "retire",
            (G, S),
            motif=True,
        ),
        _line("refuser", "Refuser le dossier", ("en_instruction",), "refuse", (I,), motif=True),
        _line("accepter", "Accepter le dossier", ("en_instruction",), "accepte", (I,), "deliberation_complete"),
        _line("emettre", "Émettre la convention", ("accepte",), "emis", (I,), "emission_possible"),
    ),
)

ACTIONS_DU_CALENDRIER = (
    "denoncer",
    "lever_denonciation",
    "mettre_en_demeure",
    "lever_mise_en_demeure",
    "resilier",
    "echoir",
    "remplacer",
)
"""Lines of the convention's table that have a screen or a date of their own: they are no plain buttons of its page."""

LIBELLES_AVENANT = {
    "deposer": "Déposer la demande",
    "refuser": "Refuser la demande",
    "accepter": "Accepter la demande",
    "emettre": "Émettre l’avenant",
    "deposer_signature": "Déposer l’avenant signé",
    "signer_centre": "Déposer l’avenant contresigné",
    "annuler": "Annuler l’avenant",
    "emis": "Avenant émis",
}
"""What the actions and states of an adhesion, or of a convention, are called when an avenant goes through them."""


def as_avenant(table: Workflow) -> Workflow:
    """The table that an avenant goes through, from that of an adhesion or of a convention: the same states, actions, roles and
    conditions, in its own words, without what the calendar does to a convention."""
    lines = tuple(
        line.model_copy(update={"libelle": LIBELLES_AVENANT.get(line.action, line.libelle)})
        for line in table.transitions
        if line.action not in ACTIONS_DU_CALENDRIER
    )
    etats = {code: LIBELLES_AVENANT.get(code, label) for code, label in table.etats.items()}
    theirs = {code: label.replace("convention", "avenant") for code, label in table.etats_collectivite.items()}
    return Workflow(etats=etats, etats_collectivite=theirs, transitions=lines)


AVENANT = as_avenant(DOSSIER)
"""An avenant is reviewed like an adhesion."""

IMMEDIAT = Workflow(
    etats={"brouillon": "Brouillon", "enregistre": "Enregistrée", "retire": "Retirée"},
    etats_collectivite={"brouillon": "À compléter"},
    transitions=(
        _line("deposer", "Envoyer", ("brouillon",), "enregistre", (G, S, D, I), "complet"),
        _line("retirer", "Retirer la demande", ("brouillon",), "retire", (G, S, D, I), motif=True),
    ),
)
"""A request that takes effect when it is sent: the centre is told, nobody has to agree."""

ACCORD = Workflow(
    etats={
        "brouillon": "Brouillon",
        "depose": "Envoyée",
        "enregistre": "Acceptée",
        "refuse": "Refusée",
        "retire": "Retirée",
    },
    etats_collectivite={"brouillon": "À compléter", "depose": "Envoyée, en attente du centre"},
    transitions=(
        _line("deposer", "Envoyer", ("brouillon",), "depose", (G, S, D, I), "complet"),
        _line("valider", "Accepter la demande", ("depose",), "enregistre", (I, R)),
        _line("refuser", "Refuser la demande", ("depose",), "refuse", (I, R), motif=True),
        _line("retirer", "Retirer la demande", ("brouillon", "depose"), "retire", (G, S, D), motif=True),
    ),
)
"""A request that takes effect once the centre agrees."""

ENREGISTRE = "enregistre"
"""State of a request that is part of the text in force."""

CREER_DOSSIER = (G, I)
"""Roles that may create a dossier (action `creer`, from nothing to `brouillon`)."""

CONVENTION = Workflow(
    etats={
        "a_signer": "À signer par la collectivité",
        "signee_collectivite": "À signer par le centre",
        "en_vigueur": "En vigueur",
        "annulee": "Annulée",
        "denoncee": "Dénoncée",
        "en_demeure": "En demeure",
        "resiliee": "Résiliée",
        "echue": "Échue",
        "remplacee": "Remplacée",
    },
    etats_collectivite={
        "a_signer": "À signer",
        "signee_collectivite": "Signée, en attente du centre",
    },
    transitions=(
        _line(
            "deposer_signature",
            "Déposer la convention signée",
            ("a_signer",),
            "signee_collectivite",
            (G, S),
            "pdf_signe",
        ),
        _line(
            "rejeter_signature",
            "Rejeter le document signé",
            ("signee_collectivite",),
            "a_signer",
            (I, SC),
            motif=True,
        ),
        _line(
            "signer_centre",
            "Déposer la convention contresignée",
            ("signee_collectivite",),
            "en_vigueur",
            (SC,),
            "pdf_signe",
        ),
        _line(
            "annuler",
            "Annuler la convention",
            ("a_signer", "signee_collectivite"),
            "annulee",
            (I, R),
            motif=True,
        ),
        _line("denoncer", "Confirmer la dénonciation", ("en_vigueur", "en_demeure"), "denoncee", (I, R)),
        _line(
            "lever_denonciation",
            "Lever la dénonciation",
            ("denoncee",),
            "en_vigueur",
            (R,),
            motif=True,
        ),
        _line("mettre_en_demeure", "Mettre en demeure", ("en_vigueur", "denoncee"), "en_demeure", (R,)),
        _line(
            "lever_mise_en_demeure",
            "Clore la mise en demeure",
            ("en_demeure",),
            "en_vigueur",
            (R,),
            motif=True,
        ),
        _line("resilier", "Constater la résiliation", ("en_demeure",), "resiliee", (R,), motif=True),
        _line("echoir", "Constater la fin", ("en_vigueur", "denoncee", "en_demeure"), "echue", (R,)),
        _line(
            "remplacer", "Remplacer par une nouvelle convention", ("en_vigueur", "denoncee", "echue"), "remplacee", (R,)
        ),
    ),
)
