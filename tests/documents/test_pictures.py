"""Named pictures of a document, replaced by images: size, sharing, leftovers, and what is refused."""

from __future__ import annotations

import io
import zipfile

import docx
import pytest
from docx.shared import Cm

from documents.bilan_charts import count_chart, count_finding, month_chart, month_finding
from documents.charts import png
from documents.word.pictures import place_pictures
from domain.errors import Invalide
from tests.documents import samples

PNG = samples.png()
WIDE = png(month_chart([(1, 60), (2, 90)]), largeur=400, echelle=1)


def template(*names: str) -> bytes:
    """A document with a picture of ten centimetres by two for each name."""
    document = docx.Document()
    for name in names:
        shape = document.add_paragraph().add_run().add_picture(io.BytesIO(PNG), width=Cm(10), height=Cm(2))
        shape._inline.docPr.set("name", name)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def shapes(data: bytes) -> list[tuple[int, int]]:
    document = docx.Document(io.BytesIO(data))
    return [(shape.width, shape.height) for shape in document.inline_shapes]


def media(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [name for name in archive.namelist() if "/media/" in name]


def test_a_chart_takes_the_width_of_its_place_and_is_not_distorted() -> None:
    image = docx.image.image.Image.from_blob(WIDE)
    [(width, height)] = shapes(place_pictures(template("graphique-mois"), {"graphique-mois": WIDE}))
    assert width == Cm(10) and height == pytest.approx(Cm(10) * image.px_height / image.px_width, abs=2)


def test_each_name_gets_its_own_image_and_the_others_stay() -> None:
    before = template("a", "b", "a", "autre")
    after = place_pictures(before, {"a": WIDE, "b": PNG, "absente": WIDE})
    assert len(media(after)) == 3  # the placeholder, still used by the last one, and one image for each name
    assert shapes(after)[3] == (Cm(10), Cm(2))
    assert place_pictures(before, {"absente": WIDE}) == before


def test_the_placeholder_goes_when_nothing_shows_it_any_more() -> None:
    after = place_pictures(template("graphique-mois"), {"graphique-mois": WIDE})
    assert media(after) == ["word/media/graphique-mois1.png"]


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(Invalide):
        place_pictures(template("a"), {"a": b"GIF89a"})


def test_findings_are_sentences_with_visible_figures_only() -> None:
    assert (
        month_finding([(1, 60), (2, 90), (3, 0)])
        == "2\u00a0h\u00a030 sur la période ; mois le plus chargé\u00a0: février (1\u00a0h\u00a030)."
    )
    assert month_finding([(1, 60), (2, 60)]).endswith("mois les plus chargés\u00a0: janvier et février (1\u00a0h).")
    assert month_finding([(1, 60), (2, 60), (3, 60)]) == "3\u00a0h en 3 mois, sans mois nettement plus chargé."
    assert month_finding([(1, 0)]) == "Aucune heure n’a été enregistrée."
    lignes = [("L’agent", "Agent", None), ("Le médecin", "Médecin", 7), ("Un partenaire", "Partenaire", None)]
    assert count_finding("Origine", lignes, 12) == "Origine\u00a0: le médecin, 7 interventions sur 12."
    assert count_finding("", lignes[:1], 12) == "Effectifs trop faibles pour être publiés."
    said = count_chart("Origine", lignes, 12).to_dict()["description"]
    assert "masqué" in said and "7" in said
