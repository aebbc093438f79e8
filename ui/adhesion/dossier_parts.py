"""The parts of a form's page that run again on their own, and which of them a change concerns.

A change saves one answer; what it moves elsewhere on the page (a condition, a check between fields, a step's state) is found
by comparing the dossier before and after. Only the parts that show something else run again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.forms.formset import Form, Section
from services.adhesion.dossier_views import DossierView
from ui.adhesion.dossier_form import list_steps, saved_text

STEPS, BAR, COST = "etapes", "barre", "cout"


def part_of(section: Section) -> str:
    """Name of the part that shows a section."""
    return f"section-{section.id}"


@dataclass
class Shared:
    """What the parts of one page share. `view` is the dossier as it was last read; `due` names the parts that have yet to
    show it: any other reads the dossier again."""

    form: Form
    panel: bool
    view: DossierView
    due: set[str] = field(default_factory=set)

    @property
    def parts(self) -> list[str]:
        """Names of all parts, in page order."""
        sections = [part_of(section) for section in self.form.sections]
        return [STEPS, *sections, *([COST] if self.panel else []), BAR]

    def take(self, part: str) -> DossierView | None:
        """The dossier, when it has just been read for this part. The part says when it has shown it (`shown`)."""
        return self.view if part in self.due else None

    def shown(self, part: str) -> None:
        """The part has run to its end: one that another change interrupted is still due."""
        self.due.discard(part)

    def receive(self, view: DossierView, champ: str) -> list[str]:
        """Keep the dossier as it is after `champ` was saved; the parts to run again: those that the change concerns, and
        those that an earlier change asked for and that this one overtakes."""
        parts = changed_parts(self.form, self.view, view, champ)
        if self.panel:
            parts.append(COST)
        self.view, self.due = view, self.due.union(parts)
        return [one for one in self.parts if one in self.due]


def changed_parts(form: Form, before: DossierView, after: DossierView, champ: str) -> list[str]:
    """Parts of the page that show something else in `after`; the section of `champ` always does."""
    parts = [
        part_of(section)
        for section in form.sections
        if any(one.id == champ for one in section.fields)
        or _shown(before, form, section) != _shown(after, form, section)
    ]
    if _steps(before) != _steps(after):
        parts.append(STEPS)
    if saved_text(before) != saved_text(after):
        parts.append(BAR)
    return parts


def _steps(view: DossierView) -> list[tuple[str, str]]:
    return [(one.name, one.state) for one in list_steps(view)]


def _shown(view: DossierView, form: Form, section: Section) -> list[object]:
    """Everything that a section shows of the dossier."""
    evaluation = view.evaluation
    found: list[object] = [evaluation.sections[form.id, section.id]]
    ids = {one.id for one in section.fields}
    for champ in ids:
        state, answer = evaluation.fields[champ], view.answers.get(champ)
        found.append(
            (state.visible, state.required, state.recommended, view.may_edit(champ), answer.version if answer else 0)
        )
        found.append((evaluation.problems.get(champ), evaluation.alerts.get(champ)))
    found.append([one for one in view.saisies if one.champ in ids])
    return found
