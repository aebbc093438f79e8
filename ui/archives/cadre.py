"""What every tab of the page *Archives* starts from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup

from domain.roles import Role
from ui import page


@dataclass(frozen=True)
class Cadre:
    """The centre looked at, the roles that the person holds there, and whether there are others to choose from."""

    centre_id: UUID
    roles: frozenset[Role]
    plusieurs: bool

    def url(self, onglet: str) -> str:
        """Address of a tab."""
        return page.url_of("archives", onglet=onglet, centre=self.centre_id if self.plusieurs else None)


def plain_table(
    legende: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | Markup]],
    *,
    nombres: Sequence[int] = (),
    courts: Sequence[int] = (),
) -> Markup:
    """A table of the portal; columns of `nombres` are aligned as figures, those of `courts` never break their lines. The first cell
    of each row is its heading."""
    css = [_css(index in nombres, index in courts) for index in range(len(heads))]
    ths = Markup("").join(
        Markup('<th scope="col"{}>{}</th>').format(c, head) for c, head in zip(css, heads, strict=True)
    )
    body = []
    for row in rows:
        cells = Markup("").join(
            Markup('<td data-titre="{}"{}><span>{}</span></td>').format(head, c, cell or "–")
            for head, c, cell in zip(heads[1:], css[1:], row[1:], strict=True)
        )
        first = Markup('<th scope="row" data-titre="{}"{}>{}</th>').format(heads[0], css[0], row[0])
        body.append(Markup("<tr>{}{}</tr>").format(first, cells))
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody>'
        "</table></div>"
    ).format(legende, ths, Markup("").join(body))


def _css(number: bool, short: bool) -> Markup:
    if number:
        return Markup(' class="p-nombre"')
    return Markup(' class="p-court"') if short else Markup("")
