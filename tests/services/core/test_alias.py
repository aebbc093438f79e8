"""Aliases of tables belong to the call that makes them: one shared by threads that are the first to read it at once stays wrong,
silently or not, until the program stops."""

from __future__ import annotations

import ast

from services.core.settings import ROOT

READ_AT_IMPORT = {"services/adhesion/dossier_lists.py"}
"""Modules that share an alias and read each of its columns while they are imported."""


def test_no_alias_is_shared_by_threads() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("models", "services")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and "aliased(" in ast.unparse(node)
    }
    assert found == READ_AT_IMPORT
