"""Puts a centre's logo where its templates hold a picture named `logo-centre`."""

from __future__ import annotations

from docx.image.image import Image
from lxml import etree

from documents.opc import WordPackage, r, relation_type, w
from domain.errors import Invalide

NAME = "logo-centre"
MAX_WIDTH = 1_404_000
"""Widest logo, in English Metric Units: 3.9 cm, the column that the templates keep for it."""
UNREADABLE = "Cette image ne peut pas servir de logo dans les documents Word. Enregistrez-la au format PNG et déposez-la à nouveau."

WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def place_logo(docx: bytes, image: bytes) -> bytes:
    """`docx` with `image` (PNG or JPEG) in place of every picture named `logo-centre`: as tall as the picture it replaces,
    less when it would be wider than 3.9 cm, never distorted. Unchanged when the document holds no such picture."""
    picture = _read_picture(image)
    suffix, content_type = f".{picture.ext}", picture.content_type
    ratio = picture.px_width / picture.px_height
    package = WordPackage(docx)
    stored: str | None = None
    for part in [name for name in package.names if package.type_of(name).endswith("+xml")]:
        for drawing in _drawings(package.tree(part)):
            if stored is None:
                stored = package.add_part("word/media/logo", suffix, content_type, image)
            _replace(drawing, package.relate(part, relation_type("image"), stored), ratio)
        if stored:
            _forget_unused_images(package, part)
    return package.to_bytes() if stored else docx


def check_logo(image: bytes) -> None:
    """Raises `Invalide` when `place_logo` could not use this image: asked when the logo is deposited, so that the documents
    of everybody do not stop later. Some JPEG files, which every viewer shows, are in this case."""
    _read_picture(image)


def _read_picture(image: bytes) -> Image:
    try:
        picture = Image.from_blob(image)
        readable = bool(picture.ext) and picture.px_width > 0 and picture.px_height > 0
    except Exception as error:  # the reader of python-docx raises whatever a damaged file makes it stumble on
        raise Invalide(UNREADABLE) from error
    if not readable:
        raise Invalide(UNREADABLE)
    return picture


def _drawings(root: etree._Element) -> list[etree._Element]:
    found = root.iter(f"{WP}docPr")
    return [
        item.getparent()
        for item in found
        if item.get("name") == NAME and item.getparent().getparent().tag == w("drawing")
    ]


def _forget_unused_images(package: WordPackage, part: str) -> None:
    used = {value for item in package.tree(part).iter() for value in item.attrib.values()}
    package.relations[part] = [item for item in package.relations[part] if item.kind != "image" or item.id in used]


def _replace(drawing: etree._Element, relation_id: str, ratio: float) -> None:
    extent = drawing.find(f"{WP}extent")
    height = int(extent.get("cy"))
    width = round(height * ratio)
    if width > MAX_WIDTH:
        width, height = MAX_WIDTH, round(MAX_WIDTH / ratio)
    for size in (extent, *drawing.iter(f"{A}ext")):
        if size.get("cx") is not None:
            size.set("cx", str(width))
            size.set("cy", str(height))
    for blip in drawing.iter(f"{A}blip"):
        blip.set(r("embed"), relation_id)
