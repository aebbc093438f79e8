"""Server CPU of the heaviest form page against the same native widgets written by hand; 30 clients at once; start-up.

Both servers run at the same time and are asked in turn, so that a busy machine slows them alike: the ratios count, not the
times. Targets: at most 1.5 times the hand-written page for a rerun, no error with 30 clients, at most 1.5 times a hello
page from the start of the server to the login page in Chromium. Run with `python -m benchmarks.bench_forms`.
"""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

from playwright.sync_api import sync_playwright
from sqlalchemy import select

from benchmarks.protocol import Answer, Client
from models import Collectivite, OffreVersion, Reponse, RoleAttribue, Utilisateur
from services.adhesion import answers, dossiers
from services.comptes import passwords, sessions
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.core.settings import Settings
from services.operation.installation import install

ROOT = Path(__file__).parents[1]
CLIENTS, CHANGES = 30, 10
ROUNDS, BATCH, STARTS = 9, 15, 3
SETTLE = 6
"""Seconds left to what the portal does once after its first pages (reading the national list)."""
OFFRE = "service-social-travail"
LABEL = "Téléphone du bureau"
MAIL, PASSWORD = "camille.exemple@example.org", "Un-mot-de-passe-2026"
LOCAUX = {
    "locaux.adresse": {
        "voie": "1 rue de l’Exemple",
        "complement": None,
        "code_postal": "94600",
        "ville": "Choisy-le-Roi",
    },
    "locaux.telephone": "01 23 45 67 80",
    "locaux.descriptif": "Bureau de 14 m² au rez-de-chaussée",
    "locaux.disponibilites": [
        {"jour": "lundi", "debut": "09:00", "fin": "12:30"},
        {"jour": "jeudi", "debut": "13:30", "fin": "17:00"},
    ],
    "locaux.equipements": {"confidentialite": True, "bureau": True, "fauteuil": True},
}
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def prepare(folder: Path) -> tuple[str, list[UUID]]:
    """An installation with one clerk, a session of theirs (its cookie) and one half-filled dossier for each client."""
    portail = Portail(Settings.from_environment({"PORTAIL_DATA": str(folder)}))
    install(portail)
    with portail.db.write() as session:
        town = Collectivite(siren="219400223", nom="Choisy-le-Roi", type="commune")
        person = Utilisateur(
            courriel=MAIL, prenom="Camille", nom="Exemple", password_hash=passwords.hash_password(PASSWORD)
        )
        session.add_all([town, person])
        session.flush()
        session.add(
            RoleAttribue(utilisateur_id=person.id, role="gestionnaire", collectivite_id=town.id, du=date(2020, 1, 1))
        )
        session.flush()
        acteur = load_acteur(session, person, date.today())  # noqa: DTZ011 - any day will do
        version = session.scalars(select(OffreVersion.id).where(OffreVersion.code == OFFRE)).first()
        town_id = town.id
    ids = [_make_dossier(portail, acteur, town_id, version) for _ in range(CLIENTS)]
    token, _ = sessions.exchange(portail, sessions.authenticate(portail, MAIL, PASSWORD, "127.0.0.1"), "bench")
    portail.db.dispose()
    return f"{sessions.cookie_name(portail)}={token}", ids


def _make_dossier(portail: Portail, acteur: Acteur, town_id: UUID, version: UUID | None) -> UUID:
    assert version is not None
    ident = dossiers.create_dossier(
        portail, acteur, collectivite_id=town_id, offre_version_id=version, operation_id=uuid4().hex
    )
    answers.save_answers(portail, acteur, ident, {champ: (raw, 0) for champ, raw in LOCAUX.items()})
    return ident


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serve(script: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A Streamlit server on a port of its own, with the project's settings; stopped at the end."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        script,
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
    ]
    environment = {**os.environ, "PORTAIL_DATA": str(folder)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process, port
    finally:
        process.terminate()
        process.wait(15)


def wait_until_up(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).read()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the server did not start")


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure_reruns(folder: Path, cookie: str, dossier_id: UUID) -> None:
    """CPU of one rerun: the whole page, and one field changed."""
    with serve("app.py", folder) as (ours, port), serve("benchmarks/native_form.py", folder) as (native, other):
        wait_until_up(ours, port)
        wait_until_up(native, other)
        page = Client(port, "dossier", f"id={dossier_id}&etape=locaux", cookie)
        hand = Client(other)
        first, second = await page.open(), await hand.open()
        print(f"elements  portal {_count(first)}   by hand {_count(second)}")
        for errors in (first.errors, second.errors):
            assert not errors, errors
        await _warm(page, hand)
        await asyncio.sleep(SETTLE)
        for name, change in (("a field changed, and saved", True), ("the whole page again", False)):
            samples = [await _round(ours, page, native, hand, change, number) for number in range(ROUNDS)]
            mine, theirs = (statistics.median(one) * 1000 for one in zip(*samples, strict=True))
            ratio = statistics.median(a / b for a, b in samples)
            print(
                f"{name:<30}{mine:8.1f} ms  by hand {theirs:6.1f} ms  ratio {ratio:5.2f}{'  (target 1.5)' if change else ''}"
            )
        await page.close()
        await hand.close()


def _count(answer: Answer) -> str:
    return f"{answer.elements.total()} ({answer.elements.total() - answer.elements['container']} without containers)"


async def _warm(*clients: Client) -> None:
    for number in range(10):
        for client in clients:
            await client.type(LABEL, f"01 23 45 67 {number:02d}")


async def _round(
    ours: subprocess.Popen[bytes],
    page: Client,
    native: subprocess.Popen[bytes],
    hand: Client,
    change: bool,
    number: int,
) -> tuple[float, float]:
    """CPU seconds per rerun of each, over a batch: the clock of a process only ticks every 10 ms."""
    spent = []
    for process, client in ((ours, page), (native, hand)):
        start = cpu_seconds(process)
        for step in range(BATCH):
            if change:
                await client.type(LABEL, f"01 23 4{number % 10} {step:02d} 0{step % 10}")
            else:
                await client.run()
        spent.append((cpu_seconds(process) - start) / BATCH)
    return spent[0], spent[1]


async def measure_clients(folder: Path, cookie: str, ids: list[UUID]) -> None:
    """30 clerks at once, each in a dossier of their own, each change saved."""
    with serve("app.py", folder) as (process, port):
        wait_until_up(process, port)

        async def clerk(number: int, ident: UUID) -> tuple[list[str], list[float]]:
            client = Client(port, "dossier", f"id={ident}&etape=locaux", cookie)
            errors, times = (await client.open()).errors, []
            for change in range(CHANGES):
                begun = time.perf_counter()
                errors += (await client.type(LABEL, f"01 40 {number:02d} {change:02d} 99")).errors
                times.append(time.perf_counter() - begun)
            await client.close()
            return errors, times

        begun = time.perf_counter()
        results = await asyncio.gather(*(clerk(number, ident) for number, ident in enumerate(ids)))
        elapsed = time.perf_counter() - begun
    errors = [error for found, _ in results for error in found]
    times = sorted(one for _, found in results for one in found)
    saved = _count_saved(folder, ids)
    print(
        f"{CLIENTS} clients × {CHANGES} changes: {len(errors)} errors, {saved} of {CLIENTS} last values saved, "
        f"{len(times) / elapsed:.0f} changes/s, median {statistics.median(times) * 1000:.0f} ms, "
        f"95th percentile {times[int(0.95 * len(times))] * 1000:.0f} ms"
    )
    for error in errors[:3]:
        print("  error:", error)


def _count_saved(folder: Path, ids: list[UUID]) -> int:
    """How many dossiers hold the last number that their client typed."""
    portail = Portail(Settings.from_environment({"PORTAIL_DATA": str(folder)}))
    wanted = {ident: f"01 40 {number:02d} {CHANGES - 1:02d} 99" for number, ident in enumerate(ids)}
    with portail.db.read() as session:
        query = select(Reponse).where(Reponse.champ == "locaux.telephone")
        found = {one.dossier_id: one.valeur for one in session.scalars(query)}
    portail.db.dispose()
    return sum(found.get(ident) == value for ident, value in wanted.items())


def measure_start(folder: Path) -> None:
    """From the command to the page in a browser that is already open."""
    seconds: dict[str, list[float]] = {"app.py": [], "benchmarks/hello_page.py": []}
    expected = {"app.py": "Se connecter", "benchmarks/hello_page.py": "Plus"}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=CHROMIUM
        )
        for _ in range(STARTS):
            for script, times in seconds.items():
                begun = time.perf_counter()
                with serve(script, folder) as (process, port):
                    wait_until_up(process, port)
                    page = browser.new_context(locale="fr-FR").new_page()
                    page.goto(f"http://127.0.0.1:{port}/")
                    page.get_by_role("button", name=expected[script]).wait_for(timeout=60_000)
                    times.append(time.perf_counter() - begun)
                    page.context.close()
        browser.close()
    login, hello = (statistics.median(seconds[script]) for script in seconds)
    print(f"start to login page {login:.2f} s, to a hello page {hello:.2f} s, ratio {login / hello:.2f}  (target 1.5)")


def main() -> None:
    """Print the three measures."""
    print("Forms: server CPU of the heaviest page (Locaux), many clients, start-up")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cookie, ids = prepare(folder)
        asyncio.run(measure_reruns(folder, cookie, ids[0]))
        asyncio.run(measure_clients(folder, cookie, ids))
        measure_start(folder)


if __name__ == "__main__":
    main()
