"""CPU of issuing a thousand statements as Word, through the service: computed again, numbered, sealed, stored, journalled.

Target: 10 s of CPU for 1,000. Beside it, what rendering alone costs. Run with `python -m benchmarks.bench_decomptes`.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.roles import Role
from models import Centre, Cloture, Collectivite, Convention, Decompte, Dossier, Tarif, Utilisateur
from services.centre.offres import current_version, load_offres
from services.core import clock, journal
from services.core.access import Acteur
from services.core.portail import Portail
from services.core.settings import Settings, database_url
from services.facturation import exercices, lots, preparation, scellement
from services.facturation.gabarits import load_published, render_with

COUNT = 1_000
YEAR = 2025
TARGET = 10.0


def make_portail(folder: Path) -> tuple[Portail, Acteur, UUID]:
    """A portal with a thousand conventions in force, and its responsable."""
    portail = Portail(
        Settings(
            data=folder,
            database_url=database_url(None, folder),
            fichiers_url=str(folder / "fichiers"),
            adresse_publique="http://localhost:8501",
            production=False,
            demonstration=False,
        )
    )
    portail.db.migrate()
    with portail.db.write() as session:
        journal.create_head(session)
    load_offres(portail)
    with portail.db.write() as session:
        centre = session.scalars(select(Centre).where(Centre.code == "cig-petite-couronne")).one()
        version = current_version(session, centre.id, "service-social-travail")
        person = Utilisateur(courriel="responsable@example.org", prenom="Camille", nom="Exemple")
        session.add(person)
        for code, amount in (("temps_complet", "67980.00"), ("heure", "57.00")):
            session.add(Tarif(centre_id=centre.id, code=code, annee=YEAR, montant=Decimal(amount)))
        session.add(Cloture(centre_id=centre.id, annee=YEAR, mois=12))
        for rank in range(1, COUNT + 1):
            _add_convention(session, centre.id, version.id, rank)
        exercices.refresh_centre(session, centre.id)
        roles = frozenset({Role.RESPONSABLE})
        return portail, Acteur(person.id, "Camille Exemple", person.courriel, {centre.id: roles}), centre.id


def _add_convention(session: object, centre_id: UUID, version_id: UUID, rank: int) -> None:
    body = Collectivite(id=uuid4(), nom=f"Exemple-sur-Seine {rank}", siren=f"{rank:09d}", type="commune")
    dossier = Dossier(
        id=uuid4(),
        reference=f"D-{rank:05d}",
        etat="emis",
        centre_id=centre_id,
        collectivite_id=body.id,
        offre_version_id=version_id,
    )
    convention = Convention(
        id=uuid4(),
        centre_id=centre_id,
        collectivite_id=body.id,
        dossier_id=dossier.id,
        numero=f"{YEAR}-{rank:04d}",
        annee=YEAR,
        rang=rank,
        etat="en_vigueur",
        date_effet=date(YEAR, 1, 1),
        date_debut_prestations=date(YEAR, 1, 1),
        terme=date(YEAR + 4, 12, 31),
        quotite=Decimal(10 + rank % 60),
        sha256="0" * 64,
        manifeste={},
    )
    for row in (body, dossier, convention):
        session.add(row)  # type: ignore[attr-defined]
        session.flush()  # type: ignore[attr-defined]


def cpu(function: Callable[[], object]) -> float:
    """Seconds of CPU."""
    gc.collect()
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> None:
    """Prepare, check and issue, then render alone."""
    with tempfile.TemporaryDirectory() as folder:
        portail, acteur, centre_id = make_portail(Path(folder))
        prepared = cpu(lambda: preparation.prepare_trimestre(portail, acteur, centre_id, YEAR, 1))
        with portail.db.read() as session:
            ids = list(session.scalars(select(Decompte.id)))
        checked = cpu(lambda: lots.check_all(portail, acteur, ids))
        issued = cpu(lambda: lots.issue_all(portail, acteur, ids))
        with portail.db.read() as session:
            rows = session.scalars(select(Decompte).where(Decompte.numero.is_not(None))).all()
            made_of = load_published(portail, session, centre_id, "service-social-travail")
            contexts = [scellement.build_context(one, one.manifeste["debiteur"], clock.today()) for one in rows]
        rendered = cpu(lambda: [render_with(made_of, "decompte", one) for one in contexts])
        portail.db.dispose()
    print(f"{len(rows)} statements, seconds of CPU (target for issuing: {TARGET:.0f} s)")
    for name, seconds in (("prepare", prepared), ("check", checked), ("issue", issued), ("render alone", rendered)):
        print(f"  {name:<14} {seconds:6.2f} s   {seconds * 1000 / max(1, len(rows)):6.2f} ms each")


if __name__ == "__main__":
    main()
