"""A word written across every page, the way Word itself does it: a text shape anchored in each header."""

from __future__ import annotations

from lxml import etree

from documents.word.opc import WordPackage, w

V = "urn:schemas-microsoft-com:vml"
OFFICE = "urn:schemas-microsoft-com:office:office"
W10 = "urn:schemas-microsoft-com:office:word"

RUN = """<w:r xmlns:w="{w}" xmlns:v="{v}" xmlns:o="{o}" xmlns:w10="{w10}"><w:rPr><w:noProof/></w:rPr><w:pict>
<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" path="m@7,l@8,m@5,21600l@6,21600e">
<v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/>
<v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/>
<v:f eqn="if @0 @4 21600"/><v:f eqn="mid @5 @6"/><v:f eqn="mid @8 @5"/><v:f eqn="mid @7 @8"/><v:f eqn="mid @6 @7"/>
<v:f eqn="sum @6 0 @5"/></v:formulas>
<v:path textpathok="t" o:connecttype="custom" o:connectlocs="@9,0;@10,10800;@11,21600;@12,10800"
 o:connectangles="270,180,90,0"/><v:textpath on="t" fitshape="t"/>
<v:handles><v:h position="#0,bottomRight" xrange="6629,14971"/></v:handles>
<o:lock v:ext="edit" text="t" shapetype="t"/></v:shapetype>
<v:shape id="PowerPlusWaterMarkObject{number}" o:spid="_x0000_s{spid}" type="#_x0000_t136" alt="" style="{style}"
 o:allowincell="f" fillcolor="#d0d0d0" stroked="f"><v:fill opacity=".5"/>
<v:textpath style="font-family:&quot;Liberation Sans&quot;,Arial;font-size:1pt"/>
<w10:wrap anchorx="margin" anchory="margin"/></v:shape></w:pict></w:r>"""
STYLE = (
    "position:absolute;margin-left:0;margin-top:0;width:{width}pt;height:{height}pt;rotation:315;z-index:-251658752;"
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:center;mso-position-vertical-relative:margin"
)
LETTER_WIDTH, LETTER_HEIGHT = 62, 110  # points: six letters cross an A4 page in either direction


def add_watermark(package: WordPackage, text: str) -> None:
    """Writes `text` across the pages of every header of the document; every section must have its headers."""
    headers = dict.fromkeys(item.target for item in package.relations[package.main] if item.kind == "header")
    for number, name in enumerate(headers, start=1):
        header = package.tree(name)
        paragraph = next((p for p in header.iterchildren(w("p")) if "{" not in "".join(p.itertext())), None)
        if paragraph is None:  # a tag could take its paragraph away, and the shape with it
            paragraph = etree.SubElement(header, w("p"))
        properties = paragraph.find(w("pPr"))
        paragraph.insert(0 if properties is None else 1, _run(text, number))


def _run(text: str, number: int) -> etree._Element:
    style = STYLE.format(width=LETTER_WIDTH * max(4, len(text)), height=LETTER_HEIGHT)
    source = RUN.format(w=w("")[1:-1], v=V, o=OFFICE, w10=W10, number=number, spid=2048 + number, style=style)
    run = etree.fromstring(source, etree.XMLParser(remove_blank_text=True))
    for element in run.iter():
        element.tail = None
    path = run.find(f".//{{{V}}}shape/{{{V}}}textpath")
    if path is not None:
        path.set("string", text)
    return run
