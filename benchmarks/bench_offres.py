"""The form engine, publication, and the renderer feature by feature.

Targets: 200 fields with 50 conditions evaluated in at most 5 ms; a template of 20 pages with 6 annexes published in less than
2 s, its check in a process of its own included; every feature equal to docxtpl's, part by part (C14N). Run with
`python -m benchmarks.bench_offres`.
"""

from __future__ import annotations

import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from docx import Document
from sqlalchemy import select

from benchmarks.features import FEATURES, REFUSED, by_docxtpl, differences, save
from documents.engine.compiled import CompiledTemplate
from documents.engine.lint import lint_template
from domain.forms.evaluation import evaluate
from domain.forms.fields import sample_value
from domain.forms.formset import FormSet, parse_form
from domain.roles import Role
from models import OffreVersion, RoleAttribue, Utilisateur
from services.core import files
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.core.settings import Settings
from services.offres.publication import publish_draft
from services.offres.versions import open_draft, save_draft
from services.operation.installation import install

FIELDS, CONDITIONS, ANNEXES, PAGES, LINES = 200, 50, 6, 20, 40
ROUNDS, PUBLICATIONS = 200, 5
CENTRE, OFFRE = "cig-petite-couronne", "service-social-travail"
TODAY = date(2026, 1, 15)
KINDS = ("text", "integer", "yes_no", "date", "percentage")
TAGS = (
    "{{ collectivite.designation }}",
    "{{ representant.nom_complet }}",
    "{{ montants.annuel|euros }}",
    "{{ convention.date_effet|date_longue }}",
    "{% if besoin.quotite > 50 %}plus{% else %}moins{% endif %} de la moitié",
)


def made_forms() -> FormSet:
    """Ten forms of twenty fields: a quarter of the fields shows according to others, by comparisons joined with « and »."""
    forms = []
    for number in range(10):
        fields = []
        for rank in range(FIELDS // 10):
            kind = KINDS[rank % len(KINDS)]
            condition = ""
            if rank % 4 == 3:
                before = f"f{number}.c{rank - 1}" if KINDS[(rank - 1) % len(KINDS)] == "yes_no" else f"f{number}.c2"
                condition = f", visible_if: '{before} and f{number}.c1 >= 1 and f0.c6 < 900'"
            fields.append(
                f"      - {{id: f{number}.c{rank}, type: {kind}, label: Question {rank}, required: true{condition}}}"
            )
        lines = "\n".join(fields)
        forms.append(
            parse_form(f"id: f{number}\ntitle: Étape\nsections:\n  - id: s\n    title: Partie\n    fields:\n{lines}\n")
        )
    return FormSet(forms)


def measure_forms() -> float:
    """Milliseconds of one evaluation, every field answered, median."""
    formset = made_forms()
    conditions = sum(len(found) for found in formset.visible_if.values())
    assert (len(formset.fields), conditions) == (FIELDS, CONDITIONS), (len(formset.fields), conditions)
    answers = {key: sample_value(one) for key, one in formset.fields.items()}
    answers |= {key: True for key, one in formset.fields.items() if one.type == "yes_no"}
    return median_ms(lambda: evaluate(formset, answers, TODAY), ROUNDS)


def median_ms(function: Callable[[], object], times: int) -> float:
    """CPU of one call, in milliseconds."""
    function()
    gc.collect()
    found = []
    for _ in range(times):
        start = time.process_time()
        function()
        found.append((time.process_time() - start) * 1000)
    return statistics.median(found)


def long_template(pages: int) -> bytes:
    """A Word file of that many pages, a tag in every second line; never twice the same, so that no check is remembered."""
    document = Document()
    document.sections[0].footer.paragraphs[0].text = "{{ convention.numero }}"
    document.add_paragraph(f"Modèle {uuid4()}")
    for page in range(pages):
        for line in range(LINES):
            tag = TAGS[line % len(TAGS)] if line % 2 else "sans balise"
            document.add_paragraph(f"Article {page}.{line} : {tag}")
        document.add_paragraph().paragraph_format.page_break_before = True
    return save(document)


def administrator(portail: Portail, version: OffreVersion) -> Acteur:
    with portail.db.write() as session:
        person = Utilisateur(courriel="admin@example.org", prenom="Alix", nom="Modèle")
        session.add(person)
        session.flush()
        role = Role.ADMINISTRATEUR.value
        session.add(RoleAttribue(utilisateur_id=person.id, role=role, centre_id=version.centre_id, du=date(2020, 1, 1)))
        session.flush()
        return load_acteur(session, person, TODAY)


def cpu_seconds() -> float:
    """CPU of this process and of those that it waited for."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def measure_publication() -> tuple[float, float, float]:
    """Seconds of a publication, the draft being ready: median, worst, and median of the CPU, which a busy machine moves less."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"PORTAIL_DATA": folder, "PORTAIL_CENTRES": CENTRE})
        portail = Portail(settings)
        install(portail)
        with portail.db.read() as session:
            version = session.scalars(select(OffreVersion).where(OffreVersion.code == OFFRE)).one()
        acteur = administrator(portail, version)
        found, used = [], []
        for _ in range(PUBLICATIONS):
            draft_id, number = prepare(portail, acteur, version.centre_id)
            start, before = time.perf_counter(), cpu_seconds()
            publish_draft(portail, acteur, draft_id, number)
            found.append(time.perf_counter() - start)
            used.append(cpu_seconds() - before)
        portail.db.dispose()
    return statistics.median(found), max(found), statistics.median(used)


def prepare(portail: Portail, acteur: Acteur, centre_id: UUID) -> tuple[UUID, int]:
    """A draft whose convention is a template of 20 pages with 6 annexes, all of them new."""
    draft = open_draft(portail, acteur, centre_id, OFFRE)
    content: dict[str, Any] = draft.contenu
    names = {f"a{rank}": f"annexe-{rank}.docx" for rank in range(ANNEXES)}
    content["annexes"] = [{"id": ident, "titre": f"Annexe {ident}", "template": name} for ident, name in names.items()]
    for document in content["documents"]:
        if document["convention"]:
            document["parts"] = [{"template": "convention.docx"}, *({"annexe": ident} for ident in names)]
    with portail.db.write() as session:
        kept = {
            name: files.store(session, portail.files, long_template(PAGES if name == "convention.docx" else 2)).sha256
            for name in ("convention.docx", *names.values())
        }
    saved = save_draft(portail, acteur, draft.id, draft.version, content, {**draft.gabarits, **kept})
    assert not saved.faults, saved.faults
    return saved.id, saved.version


def compare_features() -> tuple[int, float, float]:
    """Features equal to docxtpl's; milliseconds of all of them, docxtpl's and ours (compiled once, checked)."""
    equal, reference, ours = 0, 0.0, 0.0
    for feature in FEATURES:
        template, context = feature.template(), feature.context
        compiled = CompiledTemplate(template)
        equal += not differences(compiled.render(context), by_docxtpl(template, context))
        reference += median_ms(lambda t=template, c=context: by_docxtpl(t, c), 5)  # type: ignore[misc]
        ours += median_ms(lambda t=compiled, c=context: t.render(c), 20)  # type: ignore[misc]
    return equal, reference, ours


def main() -> None:
    refused = sum(bool(lint_template(_document(tag), FEATURES[0].context)) for _, tag, _ in REFUSED)
    forms = measure_forms()
    median, worst, used = measure_publication()
    equal, reference, ours = compare_features()
    print(f"{'measure':<58} {'found':>14} {'target':>10}")
    print(f"{f'form engine, {FIELDS} fields, {CONDITIONS} conditions, ms':<58} {forms:>14.2f} {'≤ 5':>10}")
    publication = f"publication, {PAGES} pages and {ANNEXES} annexes, s (worst of {PUBLICATIONS})"
    print(f"{publication:<58} {f'{median:.2f} ({worst:.2f})':>14} {'< 2':>10}")
    print(f"{'the same, CPU of all processes, s':<58} {used:>14.2f} {'':>10}")
    print(f"{'features equal to docxtpl (C14N)':<58} {f'{equal}/{len(FEATURES)}':>14} {len(FEATURES):>10}")
    print(f"{'features refused, with the reason':<58} {f'{refused}/{len(REFUSED)}':>14} {len(REFUSED):>10}")
    print(f"{'all features, times faster than docxtpl (CPU)':<58} {reference / ours:>14.1f} {'':>10}")


def _document(text: str) -> bytes:
    document = Document()
    document.add_paragraph(text)
    return save(document)


if __name__ == "__main__":
    main()
