"""A browser's name out of its User-Agent, for the list of one's sessions: enough to recognise a computer, no more."""

from __future__ import annotations

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def describe_agent(agent: str | None) -> str:
    """« Firefox sur Windows »; « Navigateur inconnu » when it says nothing known."""
    given = agent or ""
    browser = next((name for sign, name in BROWSERS if sign in given), None)
    system = next((name for sign, name in SYSTEMS if sign in given), None)
    if browser and system:
        return f"{browser} sur {system}"
    return browser or system or "Navigateur inconnu"
