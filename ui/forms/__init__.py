"""Forms on the screen: `render_form(model, form)` shows one, `FormModel` says what, `Saver` receives what is typed."""

from ui.forms.layout import render_field, render_focus, render_form, render_heading, render_section
from ui.forms.model import FormModel, Found, Link, Saver
from ui.forms.state import ask_focus

__all__ = [
    "FormModel",
    "Found",
    "Link",
    "Saver",
    "ask_focus",
    "render_field",
    "render_focus",
    "render_form",
    "render_heading",
    "render_section",
]
