"""What every page must respect, measured on the page as it is: WCAG by axe-core, French only, nothing wider than the screen."""

from __future__ import annotations

import re
import time
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page, expect

from tests.e2e.gestes import PATIENCE, settle

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = """() => axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
  resultTypes: ['violations'],
}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id} : ${html.slice(0, 200)}`)))"""
"""Every rule of WCAG 2.1 A and AA, which RGAA asks; only what breaks one is detailed, which halves the work."""

ENGLISH = re.compile(
    r"\b(the|and|your|you|with|please|select|choose|open|clear|upload|drag|drop|here|press|enter|apply|submit"
    r"|search|show|hide|password|next|previous|loading|running|stop|connection|view|more|less|download|sidebar|remove"
    r"|results|limit|browse|home|toggle|click|expand|collapse|settings|streamlit|increment|decrement|help|skip"
    r"|main content|is|are|this|field|required|day|month|year|november|december|dismiss|page not found|error)\b"
    r"|^\W*(close|files?|options?)\W*$",  # French words too, within a sentence
    re.IGNORECASE,
)
SEEN_TEXTS = """() => {
  const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), parent = walker.currentNode.parentElement;
    if (text && !parent.closest('script, style, noscript, [translate="no"]')) texts.push(text);
  }
  for (const name of ['aria-label', 'placeholder', 'title', 'alt', 'aria-description', 'aria-roledescription', 'aria-valuetext'])
    for (const element of document.querySelectorAll(`[${name}]`)) texts.push(element.getAttribute(name));
  return texts;
}"""
WIDTHS = "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
LAYOUT_SECONDS = 3
"""Given to charts and tables to follow a screen that changes its width."""


def shown(page: Page) -> None:
    """Wait until the page has its title and nothing left to run."""
    expect(page.locator("h1").first).to_be_visible(timeout=PATIENCE)
    settle(page)


def list_violations(page: Page) -> list[str]:
    """What axe finds on the page as it is: address, rule and element."""
    shown(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return [f"{page.url} {one}" for one in page.evaluate(RULES)]


def english_in(page: Page) -> list[str]:
    """What looks English among the texts and labels of the page."""
    return sorted({text for text in page.evaluate(SEEN_TEXTS) if ENGLISH.search(text)})


def too_wide(page: Page, width: int) -> list[int]:
    """The widths that the page takes when they are more than a screen of `width` pixels, which it is given here."""
    if page.viewport_size != {"width": width, "height": 900}:
        page.set_viewport_size({"width": width, "height": 900})
    end = time.monotonic() + LAYOUT_SECONDS
    while True:
        taken: list[int] = page.evaluate(WIDTHS)
        if max(taken) <= width:
            return []
        if time.monotonic() > end:
            return taken
        page.wait_for_timeout(50)
