"""Saved simulations: kept under a name, shared by their address with colleagues of the same side, compared.

A scenario of a collectivité is seen by that collectivité only, one of a centre by that centre only: what either side weighs
before it decides is its own affair. Only parameters are kept: amounts are computed when it is read, with the tariffs in
force then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from domain.errors import Conflit, Introuvable, Invalide, PortailError
from domain.text import clean_text
from models import Centre, Collectivite, Scenario, Utilisateur, new_id, utc_now
from services.core.access import Acteur
from services.core.locks import WHOLE, locked
from services.core.portail import Portail, once, record
from services.pilotage.cadres import CENTRE_ROLES, COLLECTIVITE_ROLES, find_cadre
from services.pilotage.parametres import Parametres, read_parametres, to_texts
from services.pilotage.simulations import Simulation, simulate

MAX_NAME = 120
MAX_SCENARIOS = 100
"""Scenarios kept by one side: enough to compare, few enough to find one's way."""
COMPARED = range(2, 5)
"""How many scenarios are compared at once."""


@dataclass(frozen=True)
class ScenarioRow:
    """A saved scenario. `texts` are its parameters as `read_parametres` reads them; `version` is given back on changing it."""

    id: UUID
    nom: str
    centre_id: UUID
    centre_nom: str
    collectivite_id: UUID | None
    collectivite_nom: str | None
    texts: dict[str, str]
    auteur: str
    modifie_le: datetime
    version: int


@dataclass(frozen=True)
class Compared:
    """One scenario of a comparison: its results, or why it can no longer be computed."""

    row: ScenarioRow
    simulation: Simulation | None
    message: str = ""


def visible_scenarios(acteur: Acteur) -> Select[Scenario]:
    """Scenarios of the person's centres, and those of the person's collectivités."""
    conditions: list[ColumnElement[bool]] = []
    centres = acteur.centres_with(*CENTRE_ROLES)
    mine = acteur.collectivites_with(*COLLECTIVITE_ROLES)
    if centres:
        conditions.append(and_(Scenario.collectivite_id.is_(None), Scenario.centre_id.in_(centres)))
    if mine:
        conditions.append(Scenario.collectivite_id.in_(mine))
    return select(Scenario).where(or_(*conditions) if conditions else false())


def list_scenarios(portail: Portail, acteur: Acteur) -> list[ScenarioRow]:
    """All that the person may open, the newest first."""
    with portail.db.read() as session:
        query = visible_scenarios(acteur).order_by(Scenario.modifie_le.desc(), Scenario.id)
        return _rows(session, list(session.scalars(query)))


def open_scenario(portail: Portail, acteur: Acteur, scenario_id: UUID) -> ScenarioRow:
    """One scenario by its id; Introuvable, journalled, for anyone of another side."""
    with portail.view(acteur, "scenario.ouvrir", objet="scenario", objet_id=scenario_id) as session:
        return _rows(session, [_get(session, acteur, scenario_id)])[0]


def save_scenario(portail: Portail, acteur: Acteur, nom: str, parametres: Parametres, operation_id: str) -> UUID | None:
    """Keep a simulation under a name; gives its id. None for the second of two clicks."""
    with portail.action(acteur, "scenario.creer") as session:
        p = parametres
        cadre = find_cadre(session, acteur, p.centre, p.offre, p.collectivite)
        simulate(cadre, p)
        if not once(session, operation_id):
            return None
        scenario = Scenario(
            id=new_id(),
            centre_id=cadre.centre_id,
            collectivite_id=cadre.collectivite_id,
            nom=_check_name(session, nom, cadre.centre_id, cadre.collectivite_id),
            parametres=to_texts(p),
            cree_par=acteur.utilisateur_id,
        )
        return _add(session, acteur, scenario, "scenario.creer")


def update_scenario(
    portail: Portail, acteur: Acteur, scenario_id: UUID, parametres: Parametres, version_vue: int
) -> None:
    """Replace the parameters of a scenario; Conflit when a colleague changed it since it was read."""
    with portail.action(acteur, "scenario.modifier", objet="scenario", objet_id=scenario_id) as session:
        scenario = _get(session, acteur, scenario_id, version_vue)
        p = parametres
        cadre = find_cadre(session, acteur, p.centre, p.offre, p.collectivite)
        if (cadre.centre_id, cadre.collectivite_id) != (scenario.centre_id, scenario.collectivite_id):
            raise Invalide(
                "Ce scénario est celui d’un autre centre ou d’une autre collectivité : enregistrez-en un nouveau."
            )
        simulate(cadre, p)
        scenario.parametres = to_texts(p)
        _finish(session, acteur, scenario, "scenario.modifier")


def rename_scenario(portail: Portail, acteur: Acteur, scenario_id: UUID, nom: str, version_vue: int) -> None:
    """Give a scenario another name."""
    with portail.action(acteur, "scenario.renommer", objet="scenario", objet_id=scenario_id) as session:
        scenario = _get(session, acteur, scenario_id, version_vue)
        scenario.nom = _check_name(session, nom, scenario.centre_id, scenario.collectivite_id, scenario.id)
        _finish(session, acteur, scenario, "scenario.renommer")


def duplicate_scenario(portail: Portail, acteur: Acteur, scenario_id: UUID, operation_id: str) -> UUID | None:
    """A copy, under another name; gives its id. None for the second of two clicks."""
    with portail.action(acteur, "scenario.dupliquer", objet="scenario", objet_id=scenario_id) as session:
        source = _get(session, acteur, scenario_id)
        if not once(session, operation_id):
            return None
        copy = Scenario(
            id=new_id(),
            centre_id=source.centre_id,
            collectivite_id=source.collectivite_id,
            nom=_free_name(session, source),
            parametres=dict(source.parametres),
            cree_par=acteur.utilisateur_id,
        )
        return _add(session, acteur, copy, "scenario.dupliquer")


def delete_scenario(portail: Portail, acteur: Acteur, scenario_id: UUID, version_vue: int) -> None:
    """Remove a scenario for everyone; Conflit when a colleague changed it since it was read."""
    with portail.action(acteur, "scenario.supprimer", objet="scenario", objet_id=scenario_id) as session:
        scenario = _get(session, acteur, scenario_id, version_vue)
        session.delete(scenario)
        session.flush()
        record(
            session, acteur, "scenario.supprimer", centre_id=scenario.centre_id, objet="scenario", objet_id=scenario_id
        )


def compare_scenarios(portail: Portail, acteur: Acteur, ids: Sequence[UUID]) -> list[Compared]:
    """Two to four scenarios computed now, in the order asked; Invalide otherwise, Introuvable for one of another side."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) not in COMPARED:
        raise Invalide(f"Choisissez de {COMPARED.start} à {COMPARED.stop - 1} scénarios à comparer.", "comparer")
    found = []
    for ident in wanted:
        with portail.view(acteur, "scenario.ouvrir", objet="scenario", objet_id=ident) as session:
            row = _rows(session, [_get(session, acteur, ident)])[0]
            found.append(_compute(session, acteur, row))
    return found


def _compute(session: Session, acteur: Acteur, row: ScenarioRow) -> Compared:
    try:
        p = read_parametres(row.texts)
        return Compared(row, simulate(find_cadre(session, acteur, p.centre, p.offre, p.collectivite), p))
    except PortailError as error:  # an offer withdrawn since, a rule that changed: the others are still compared
        return Compared(row, None, error.message)


def _get(session: Session, acteur: Acteur, scenario_id: UUID, version_vue: int | None = None) -> Scenario:
    """The scenario, its row locked when it is about to change; Introuvable, or Conflit."""
    query = visible_scenarios(acteur).where(Scenario.id == scenario_id)
    if version_vue is not None:
        query = locked(query, WHOLE, of=Scenario)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise Introuvable()
    if version_vue is not None and found.version != version_vue:
        raise Conflit(
            f"« {found.nom} » a été modifié entre-temps par une autre personne. Rouvrez-le avant de le changer, ou "
            "enregistrez votre simulation sous un autre nom."
        )
    return found


def _check_name(
    session: Session, nom: str, centre_id: UUID, collectivite_id: UUID | None, but: UUID | None = None
) -> str:
    name = clean_text(nom).strip()
    if not name:
        raise Invalide("Donnez un nom au scénario.", "nom")
    if len(name) > MAX_NAME:
        raise Invalide(f"Le nom compte {MAX_NAME} caractères au plus.", "nom")
    taken = _same_side(centre_id, collectivite_id).where(Scenario.nom == name)
    if session.scalar(taken.where(Scenario.id != but) if but else taken):
        raise Invalide("Un autre scénario porte déjà ce nom : choisissez-en un qui les distingue.", "nom")
    return name


def _free_name(session: Session, source: Scenario) -> str:
    """« Nom (copie) », « Nom (copie 2) »…"""
    taken = set(session.scalars(_same_side(source.centre_id, source.collectivite_id).with_only_columns(Scenario.nom)))
    for number in range(1, MAX_SCENARIOS + 2):
        suffix = " (copie)" if number == 1 else f" (copie {number})"
        name = source.nom[: MAX_NAME - len(suffix)] + suffix
        if name not in taken:
            return name
    raise Invalide("Trop de copies de ce scénario : renommez-en ou supprimez-en.", "nom")


def _same_side(centre_id: UUID, collectivite_id: UUID | None) -> Select[UUID]:
    owner = Scenario.collectivite_id == collectivite_id if collectivite_id else Scenario.collectivite_id.is_(None)
    return select(Scenario.id).where(Scenario.centre_id == centre_id, owner)


def _add(session: Session, acteur: Acteur, scenario: Scenario, action: str) -> UUID:
    held = _same_side(scenario.centre_id, scenario.collectivite_id).subquery()
    if (session.scalar(select(func.count()).select_from(held)) or 0) >= MAX_SCENARIOS:
        raise Invalide(f"{MAX_SCENARIOS} scénarios sont déjà enregistrés : supprimez ceux qui ne servent plus.", "nom")
    session.add(scenario)
    _finish(session, acteur, scenario, action)
    return scenario.id


def _finish(session: Session, acteur: Acteur, scenario: Scenario, action: str) -> None:
    scenario.modifie_le = utc_now()
    session.flush()
    record(session, acteur, action, centre_id=scenario.centre_id, objet="scenario", objet_id=scenario.id)


def _rows(session: Session, scenarios: Sequence[Scenario]) -> list[ScenarioRow]:
    """As screens read them."""
    people = {one.cree_par for one in scenarios if one.cree_par}
    names = {one.id: one.nom_complet for one in session.scalars(select(Utilisateur).where(Utilisateur.id.in_(people)))}
    wanted = {one.centre_id for one in scenarios}
    found = session.execute(select(Centre.id, Centre.nom).where(Centre.id.in_(wanted)))
    centres = {row.id: row.nom for row in found}
    theirs = {one.collectivite_id for one in scenarios if one.collectivite_id}
    held = session.execute(select(Collectivite.id, Collectivite.nom).where(Collectivite.id.in_(theirs)))
    owners = {row.id: row.nom for row in held}
    return [
        ScenarioRow(
            id=one.id,
            nom=one.nom,
            centre_id=one.centre_id,
            centre_nom=centres[one.centre_id],
            collectivite_id=one.collectivite_id,
            collectivite_nom=owners.get(one.collectivite_id) if one.collectivite_id else None,
            texts={key: str(value) for key, value in one.parametres.items()},
            auteur=names.get(one.cree_par, "Compte supprimé") if one.cree_par else "",
            modifie_le=one.modifie_le,
            version=one.version,
        )
        for one in scenarios
    ]
