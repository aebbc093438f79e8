"""What the portal keeps about a person, as a ZIP they can read: a page in French, and the same as JSON.

Which tables and columns: those that the register declares (services.comptes.registre_donnees), so that both always agree.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from markupsafe import Markup, escape
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Refus
from domain.formatting import date_courte, nombre
from domain.roles import Role
from models import Base, Dossier, Utilisateur, utc_now
from services.comptes import accounts, rights
from services.comptes.donnees_personnelles import Mention, list_mentions, require_administrator
from services.comptes.registre_donnees import Donnees, load_registre
from services.core import clock
from services.core.access import Acteur, visible_dossiers
from services.core.journal_labels import action_label
from services.core.portail import Portail, record
from services.exports import Export

MAX_ROWS = 50_000


def export_own(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/mes-donnees.zip`: everything about the person who asks."""
    del parametres
    with portail.action(acteur, "donnees.exporter", objet="utilisateur", objet_id=acteur.utilisateur_id) as session:
        user = session.get_one(Utilisateur, acteur.utilisateur_id)
        seen = visible_dossiers(acteur).with_only_columns(Dossier.id)
        mentions = list_mentions(session, user.courriel, seen, acteur.centre_ids)
        return _export(session, acteur, user, mentions, next(iter(acteur.centre_ids), None))


def export_person(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/donnees-personnelles.zip?id=…`: everything about somebody, for an administrator who answers for the whole of
    their account, past roles included: what somebody wrote for another centre is not this one's to read."""
    try:
        ident = UUID(parametres.get("id", ""))
    except ValueError:
        raise Introuvable() from None
    with portail.action(acteur, "donnees.exporter", objet="utilisateur", objet_id=ident) as session:
        centre_ids = require_administrator(acteur)
        user = session.scalars(accounts.visible_users(acteur).where(Utilisateur.id == ident)).one_or_none()
        if user is None:
            raise Introuvable()
        if not rights.answers_for(session, acteur, user.id, clock.today(), ever=True):
            raise Refus(
                "Cette personne a ou a eu aussi des rôles dont vous ne répondez pas : elle télécharge ses données depuis « Mon compte »."
            )
        dossiers = select(Dossier.id).where(Dossier.centre_id.in_(centre_ids))
        mentions = list_mentions(session, user.courriel, dossiers, centre_ids)
        return _export(session, acteur, user, mentions, min(centre_ids))


def _export(
    session: Session, acteur: Acteur, user: Utilisateur, mentions: Sequence[Mention], centre_id: UUID | None
) -> Export:
    data = collect(session, user.id)
    data["mentions"] = [{"ou": one.ou, "champ": one.champ} for one in mentions]
    record(
        session, acteur, "donnees.exporter", centre_id=centre_id, objet="utilisateur", objet_id=user.id,
        rubriques=len(data["rubriques"]),
    )  # fmt: skip
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("donnees.json", json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr("index.html", _page(data))
    return Export(f"donnees-personnelles-{clock.today().isoformat()}.zip", "application/zip", stream.getvalue())


def collect(session: Session, utilisateur_id: UUID) -> dict[str, Any]:
    """Everything that the register says is this person's, whole; how often their account is named elsewhere, counted."""
    rubriques, actions = [], []
    for one in load_registre():
        table = Base.metadata.tables[one.table]
        if one.de and one.colonnes:
            rows = _rows(session, table, one, utilisateur_id)
            if rows:
                rubriques.append({"titre": one.titre, "finalite": one.finalite, "lignes": rows})
        for column, what in one.liens.items():
            if column != one.de:
                count = session.scalar(select(func.count()).where(table.c[column] == utilisateur_id)) or 0
                if count:
                    actions.append({"table": one.titre or one.table, "ce_que_dit_le_lien": what, "nombre": count})
    return {"fait_le": utc_now().isoformat(timespec="seconds"), "rubriques": rubriques, "actions": actions}


def _rows(session: Session, table: Table, one: Donnees, utilisateur_id: UUID) -> list[dict[str, Any]]:
    query = select(*(table.c[name] for name in one.colonnes)).where(table.c[str(one.de)] == utilisateur_id)
    found = []
    for row in session.execute(query.order_by(*table.primary_key.columns).limit(MAX_ROWS)).mappings():
        line = {label: _plain(row[name]) for name, label in one.colonnes.items()}
        if one.table == "role_attribue":
            line[one.colonnes["role"]] = Role(row["role"]).label
        if one.table == "audit_event":
            line["Action"] = action_label(row["action"])
        found.append(line)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, Decimal)) else value


def _page(data: Mapping[str, Any]) -> str:
    made = datetime.fromisoformat(data["fait_le"])
    parts = [
        Markup(
            "<h1>Vos données personnelles</h1><p>Export du {}. Les mêmes données sont dans « donnees.json ».</p>"
        ).format(date_courte(clock.local_time(made).date()))
    ]
    for one in data["rubriques"]:
        parts.append(
            Markup("<h2>{} ({})</h2><p>{}.</p>").format(one["titre"], nombre(len(one["lignes"])), one["finalite"])
        )
        parts.append(_table(list(one["lignes"][0]), [list(line.values()) for line in one["lignes"]]))
    if data["mentions"]:
        parts.append(Markup("<h2>Où votre adresse est écrite</h2>"))
        parts.append(_table(["Où", "Champ"], [[one["ou"], one["champ"]] for one in data["mentions"]]))
    if data["actions"]:
        parts.append(Markup("<h2>Ce que votre compte a fait</h2>"))
        rows = [[one["table"], one["ce_que_dit_le_lien"], nombre(one["nombre"])] for one in data["actions"]]
        parts.append(_table(["Rubrique", "Votre compte", "Nombre"], rows))
    return str(
        Markup(
            '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8"><title>Données personnelles</title><style>'
            "body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}"
            "table{{border-collapse:collapse}}th,td{{border:1px solid #bbb;padding:.3rem .5rem;text-align:left}}"
            "</style></head><body>{}</body></html>\n"
        ).format(Markup("").join(parts))
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Markup:
    ths = Markup("").join(Markup('<th scope="col">{}</th>').format(head) for head in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup("<td>{}</td>").format(_shown(cell)) for cell in row))
        for row in rows
    )
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(ths, body)


def _shown(value: Any) -> Markup:
    """A value as a person reads it: days and instants in French, structures as JSON."""
    if value is None:
        return Markup("–")
    if isinstance(value, (dict, list)):
        return escape(json.dumps(value, ensure_ascii=False))
    if isinstance(value, str) and value[4:5] == "-":
        try:
            if len(value) == 10:
                return escape(date_courte(date.fromisoformat(value)))
            return escape(clock.local_time(datetime.fromisoformat(value)).strftime("%d/%m/%Y %H:%M"))
        except ValueError:
            return escape(value)
    return escape(str(value))
