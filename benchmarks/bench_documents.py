"""CPU per convention with its annexes, against the two usual ways of making one, and memory over a thousand.

Ratios are what counts: all ways run in turn, in the same process, on the same templates and data, so that a busy machine
slows them alike. Targets: 15 times faster than docxtpl on the composed master with the strict check of the result, 30 times
without. Run with `python -m benchmarks.bench_documents`.
"""

from __future__ import annotations

import gc
import io
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docx import Document
from docxcompose.composer import Composer
from docxtpl import DocxTemplate

from documents.contexts.adhesion import sample_context
from documents.engine.compiled import CompiledTemplate
from documents.engine.environment import word_environment
from documents.word.compose import Part, compose
from domain.offer import load_centre, load_offer
from domain.tarifs import load_tarifs

ROOT = Path(__file__).parents[1]
CENTRE, OFFRE = "cig-petite-couronne", "service-social-travail"
PARTS = ("convention", "annexe-missions", "annexe-deontologie", "annexe-fiche", "annexe-tarifs")
ROUNDS = 9
IN_A_ROW = 1_000
TARGETS = {"compiled, checked": 15, "compiled": 30}


def load() -> tuple[dict[str, bytes], dict[str, Any]]:
    """The real templates of the first offer, and a complete sample of its data."""
    folder = ROOT / "doc_templates" / CENTRE / OFFRE
    templates = {name: (folder / f"{name}.docx").read_bytes() for name in PARTS}
    forms = ROOT / "forms" / CENTRE
    context = sample_context(load_offer(forms / OFFRE), load_centre(forms), load_tarifs(forms / "tarifs.yaml"))
    return templates, context


def with_docxtpl(docx: bytes, context: dict[str, Any]) -> bytes:
    template = DocxTemplate(io.BytesIO(docx))
    template.render(context, word_environment(), autoescape=True)
    output = io.BytesIO()
    template.save(output)
    return output.getvalue()


def with_docxcompose(templates: dict[str, bytes], context: dict[str, Any]) -> bytes:
    """Each document rendered by docxtpl, then appended to the first: what most projects do."""
    rendered = [with_docxtpl(docx, context) for docx in templates.values()]
    first = Document(io.BytesIO(rendered[0]))
    composer = Composer(first)
    for docx in rendered[1:]:
        first.add_page_break()
        composer.append(Document(io.BytesIO(docx)))
    output = io.BytesIO()
    composer.save(output)
    return output.getvalue()


def cpu_milliseconds(function: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - start) * 1000 / times


def measure(ways: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Median CPU in milliseconds of each way, taken in turns."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for function, _ in ways.values():
        function()
    for _ in range(ROUNDS):
        for name, (function, times) in ways.items():
            gc.collect()
            found[name].append(cpu_milliseconds(function, times))
    return {name: statistics.median(values) for name, values in found.items()}


def peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1_000_000 if sys.platform == "darwin" else 1_000)


def main() -> None:
    templates, context = load()
    start = time.process_time()
    master = compose([Part(docx, nom=name) for name, docx in templates.items()])
    composed = time.process_time()
    compiled = CompiledTemplate(master)
    ready = time.process_time()
    compiled.render(context)
    before = peak_megabytes()
    for _ in range(IN_A_ROW):
        compiled.render(context)
    after = peak_megabytes()
    times = measure(
        {
            "docxtpl, then docxcompose": (lambda: with_docxcompose(templates, context), 1),
            "docxtpl on the composed master": (lambda: with_docxtpl(master, context), 1),
            "compiled, checked": (lambda: compiled.render(context), 20),
            "compiled": (lambda: compiled.render(context, check=False), 20),
        }
    )
    reference = times["docxtpl on the composed master"]
    print(f"Convention with {len(PARTS) - 1} annexes, median CPU of {ROUNDS} rounds\n")
    print(f"{'way':<32} {'ms/document':>12} {'ratio':>8} {'target':>8}")
    for name, value in times.items():
        target = f"≥ {TARGETS[name]}" if name in TARGETS else ""
        print(f"{name:<32} {value:>12.2f} {reference / value:>8.1f} {target:>8}")
    print(
        f"\nOnce per published offer: compose {(composed - start) * 1000:.0f} ms, compile {(ready - composed) * 1000:.0f} ms"
    )
    print(f"Peak memory: {before:.0f} MB after one document, {after:.0f} MB after {IN_A_ROW} in a row (checked)")


if __name__ == "__main__":
    main()
