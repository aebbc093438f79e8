"""What a run of AppTest builds anew each time and that cannot change while the tests run, built once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test


@pytest.fixture(scope="session", autouse=True)
def _built_once() -> Iterator[None]:
    """Each AppTest reads the description of every installed package, in search of components: that is most of what opening
    a page costs. Each of its runs compiles the shell and the page again."""
    scripts = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        patch.setattr(app_test, "ScriptCache", lambda: scripts)
        yield
