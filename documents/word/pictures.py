"""Puts images where a document holds pictures of given names: the logo of a centre, the charts of an annual report.

The template holds any picture under the name that is awaited; only bytes come in, so that an image carries no data with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from docx.image.image import Image
from lxml import etree

from documents.word.opc import WordPackage, r, relation_type, w
from domain.errors import Invalide

WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
UNREADABLE = "Cette image ne peut pas être placée dans un document Word."

Keep = Literal["width", "height"]


def place_pictures(
    docx: bytes, images: Mapping[str, bytes], *, keep: Keep = "width", max_width: int | None = None
) -> bytes:
    """`docx` with each image (PNG or JPEG) in place of every picture of its name: as wide (or as tall) as the picture it
    replaces, narrower when it would pass `max_width` (English Metric Units), never distorted. Unchanged when the document
    holds none of these pictures."""
    pictures = {name: read_picture(image) for name, image in images.items()}
    package = WordPackage(docx)
    stored: dict[str, str] = {}
    for part in [name for name in package.names if package.type_of(name).endswith("+xml")]:
        for drawing, name in _drawings(package.tree(part), images):
            picture = pictures[name]
            if name not in stored:
                stem = f"word/media/{re.sub(r'[^a-z0-9-]', '', name)}"
                stored[name] = package.add_part(stem, f".{picture.ext}", picture.content_type, images[name])
            link = package.relate(part, relation_type("image"), stored[name])
            _replace(drawing, link, picture.px_width / picture.px_height, keep, max_width)
        if stored:
            _forget_unused_images(package, part)
    return package.to_bytes() if stored else docx


def read_picture(image: bytes) -> Image:
    """What the image is; Invalide when it cannot be read."""
    try:
        picture = Image.from_blob(image)
        readable = bool(picture.ext) and picture.px_width > 0 and picture.px_height > 0
    except Exception as error:  # the reader of python-docx raises whatever a damaged file makes it stumble on
        raise Invalide(UNREADABLE) from error
    if not readable:
        raise Invalide(UNREADABLE)
    return picture


def _drawings(root: etree._Element, names: Mapping[str, bytes]) -> list[tuple[etree._Element, str]]:
    return [
        (item.getparent(), item.get("name"))
        for item in root.iter(f"{WP}docPr")
        if item.get("name") in names and item.getparent().getparent().tag == w("drawing")
    ]


def _forget_unused_images(package: WordPackage, part: str) -> None:
    used = {value for item in package.tree(part).iter() for value in item.attrib.values()}
    package.relations[part] = [item for item in package.relations[part] if item.kind != "image" or item.id in used]


def _replace(drawing: etree._Element, relation_id: str, ratio: float, keep: Keep, max_width: int | None) -> None:
    extent = drawing.find(f"{WP}extent")
    width, height = int(extent.get("cx")), int(extent.get("cy"))
    if keep == "height":
        width = round(height * ratio)
    if max_width is not None and width > max_width:
        width = max_width
    if keep == "width" or width == max_width:
        height = round(width / ratio)
    for size in (extent, *drawing.iter(f"{A}ext")):
        if size.get("cx") is not None:
            size.set("cx", str(width))
            size.set("cy", str(height))
    for blip in drawing.iter(f"{A}blip"):
        blip.set(r("embed"), relation_id)
