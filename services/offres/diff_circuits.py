"""Circuits in the words of people, before two versions of an offer are compared: names of states, of conditions, of actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.offer.requests import CIRCUITS
from domain.workflow.rules import CONDITIONS, CONDITIONS_CONVENTION
from domain.workflow.tables import Workflow

TABLES = ("workflow_dossier", "workflow_convention")
_BASES: dict[str, Workflow] = {str(circuit): table for circuit, table in CIRCUITS.items()}
_CONDITIONS = CONDITIONS | CONDITIONS_CONVENTION


def name_states(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both contents, their circuits naming states and conditions in French. A state that was only renamed has its new name in
    the actions of both sides: these did not change. Contents may be faulty."""
    before, after = dict(before), dict(after)
    for key in TABLES:
        before[key], after[key] = _named(before.get(key), after.get(key))
    if isinstance(before.get("demandes"), list) and isinstance(after.get("demandes"), list):
        before["demandes"], after["demandes"] = _name_requests(before["demandes"], after["demandes"])
    return before, after


def _name_requests(before: list[Any], after: list[Any]) -> tuple[list[Any], list[Any]]:
    """The same for the circuits of requests: one that has none of its own has the portal's."""
    tables = [{row["nature"]: _own(row) for row in rows if _is_request(row)} for rows in (before, after)]
    custom = {row["nature"] for row in (*before, *after) if _is_request(row) and row.get("workflow")}

    def renamed(row: Any, side: int) -> Any:
        if not _is_request(row) or row["nature"] not in custom:
            return row
        mine = tables[side][row["nature"]]
        other = tables[1 - side].get(row["nature"], mine)
        pair = (mine, other) if side == 0 else (other, mine)
        return {**row, "workflow": _named(*pair)[side]}

    return [renamed(row, 0) for row in before], [renamed(row, 1) for row in after]


def _is_request(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("nature"), str)


def _own(row: Mapping[str, Any]) -> Any:
    base = _BASES.get(str(row.get("circuit")))
    return row.get("workflow") or (base.model_dump(mode="json") if base else None)


def _named(before: Any, after: Any) -> tuple[Any, Any]:
    states = {**_states(before), **_states(after)}
    known = {**_states(after), **_states(before)}
    return _worded(before, states, known), _worded(after, states, known)


def _states(table: Any) -> dict[str, str]:
    found = table.get("etats") if isinstance(table, Mapping) else None
    return {str(code): str(label) for code, label in found.items()} if isinstance(found, Mapping) else {}


def _worded(table: Any, states: Mapping[str, str], known: Mapping[str, str]) -> Any:
    """A circuit whose states go by the names that they had (`known`), and whose actions are worded."""
    if not isinstance(table, Mapping):
        return table
    found = dict(table)
    for key in ("etats", "etats_collectivite"):
        if isinstance(table.get(key), Mapping):
            found[key] = {f"« {known.get(str(code), code)} »": label for code, label in table[key].items()}
    if isinstance(table.get("transitions"), list):
        found["transitions"] = [_line(line, states) for line in table["transitions"]]
    return found


def _line(line: Any, states: Mapping[str, str]) -> Any:
    if not isinstance(line, Mapping):
        return line
    found = dict(line)
    if isinstance(line.get("de"), list):
        found["de"] = [states.get(str(one), one) for one in line["de"]]
    if line.get("vers") is not None:
        found["vers"] = states.get(str(line["vers"]), line["vers"])
    if line.get("condition") is not None:
        found["condition"] = _CONDITIONS.get(str(line["condition"]), line["condition"])
    return found
