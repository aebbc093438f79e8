"""What the form renderer reads and calls: the whole contract between a form on the screen and whoever keeps its answers.

The renderer knows neither dossier nor database. A page gives it a `FormModel` (what to show now) and a `Saver` (where what
is typed goes): a dossier's page saves through the services, a preview keeps everything in the browser session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.forms.evaluation import Evaluation, FieldState
from domain.forms.fields import Field, Json
from domain.forms.formset import Form
from services.adhesion.dossier_views import Answer, CorrectionRow, SaisieRow, SaveResult
from services.core.clock import DEFAULT_ZONE
from services.core.piece_rows import PieceRow


@dataclass(frozen=True)
class Link:
    """A document offered beside a field: its name and its address."""

    label: str
    url: str


@dataclass(frozen=True)
class Found:
    """One collectivité of the national list: `detail` tells it apart from its namesakes."""

    siren: str
    nom: str
    detail: str


class Saver(Protocol):
    """Where answers go. Callbacks of widgets hold it, so it keeps ids only; it never raises what a person should read.

    `prefix` begins the key of every widget, so that two dossiers never share one.
    """

    prefix: str

    def save(self, champ: str, raw: Json, version_vue: int) -> SaveResult | None:
        """Keep what was typed in `champ`; None when that could not be done (the page then says why)."""

    def attach(self, champ: str, nom: str, data: bytes) -> str | None:
        """Store a file as the answer of `champ`; the French message when it is refused."""

    def remove(self, champ: str) -> str | None:
        """Take the file of `champ` away; the French message when that is refused."""

    def resolve(self, row: SaisieRow, *, keep: bool) -> None:
        """Settle a value left waiting: it becomes the answer (`keep`), or is dropped."""

    def search(self, texte: str) -> Sequence[Found]:
        """Collectivités of the national list that answer to `texte`, the likeliest first, a dozen at most."""

    def choose(self, champ: str, siren: str) -> None:
        """Answer `champ` with this collectivité, and fill the fields that it knows."""

    def settle(self) -> None:
        """Called last by every callback that may have changed an answer: may choose what runs again (st.rerun raises)."""


def _no_links(field: Field) -> Sequence[Link]:
    return ()


def _always(champ: str) -> bool:
    return True


@dataclass(frozen=True)
class FormModel:
    """Everything the renderer shows, read afresh at each run. `documents` gives the models that sit beside an upload;
    `deposited`: what could follow the deposit is now expected."""

    evaluation: Evaluation
    saver: Saver
    answers: Mapping[str, Answer] = field(default_factory=dict)
    saisies: Sequence[SaisieRow] = ()
    corrections: Sequence[CorrectionRow] = ()
    pieces: Sequence[PieceRow] = ()
    may_edit: Callable[[str], bool] = _always
    documents: Callable[[Field], Sequence[Link]] = _no_links
    fuseau: str = DEFAULT_ZONE
    deposited: bool = False

    def view(self, champ: str) -> FieldView:
        """The field `champ` as its widget needs it."""
        state = self.evaluation.fields[champ]
        answer = self.answers.get(champ)
        stored = answer.valeur if answer else None
        mine = next((s for s in self.saisies if s.champ == champ and s.mienne and s.motif == "invalide"), None)
        return FieldView(
            model=self,
            state=state,
            stored=stored,
            shown=stored if mine is None else mine.valeur,
            version=answer.version if answer else 0,
            refused=mine is not None,
        )


@dataclass(frozen=True)
class FieldView:
    """One field for its widget: `stored` is the answer kept (JSON), `shown` what the widget starts with (the answer, or what
    was typed and refused), `version` what to give back when saving."""

    model: FormModel
    state: FieldState
    stored: Json
    shown: Json
    version: int
    refused: bool

    @property
    def field(self) -> Field:
        return self.state.field

    @property
    def saver(self) -> Saver:
        return self.model.saver

    @property
    def disabled(self) -> bool:
        return not self.model.may_edit(self.field.id)

    @property
    def key(self) -> str:
        """Key of the field's widget, and beginning of those of its parts."""
        return f"{self.saver.prefix}{self.field.id}"

    def part(self, name: str) -> str:
        """Key of the widget of one part."""
        return f"{self.saver.prefix}{self.field.id}:{name}"


FieldRenderer = Callable[[FieldView], None]


def visible_fields(model: FormModel, form: Form) -> list[Field]:
    """Fields of `form` that show now, in order."""
    return [one for _, one in form.iter_fields() if model.evaluation.fields[one.id].visible]
