"""Installing, checking and serving an installation: what operators do before anybody logs in."""

from __future__ import annotations

import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from sqlalchemy import func, select

from domain.errors import Invalide, Refus
from domain.roles import Role
from models import JournalHead, RoleAttribue, Utilisateur
from services.centre.offres import load_offres
from services.core import journal
from services.core.files import check_owner
from services.core.portail import Portail
from services.core.settings import ROOT, Settings, database_url
from services.facturation.exercices import rebuild

DEMO_MARK = "DEMONSTRATION"
"""Name of the file that marks the data folder of a demonstration."""


def install(portail: Portail) -> list[str]:
    """Create or migrate the database, start the journal, load the centres and offers that it does not have. Gives French
    messages saying what was done. Running it again changes nothing. Refus when the file store is another installation's."""
    new = portail.db.revision() is None
    migrated = not portail.db.is_current()
    portail.db.migrate()
    with portail.db.write() as session:
        journal.create_head(session)
        if migrated and not new:
            rebuild(session)  # costs of conventions that were in force before the portal kept them
    check_store(portail)
    messages = ["Base de données créée."] if new else ["Base de données mise à jour."] if migrated else []
    return [*messages, *load_offres(portail), "Installation prête."]


def make_private_folder(folder: Path) -> None:
    """The data folder, closed to other accounts of the machine when it is made here."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Invalide(f"Le dossier {folder} (PORTAIL_DATA) ne peut pas être créé : {error.strerror}.") from error


def check_production(portail: Portail) -> tuple[list[str], list[str]]:
    """What forbids serving a real installation, and what an operator should know: two lists of French sentences."""
    settings = portail.settings
    problems, advice = _check_settings(settings)
    if (settings.data / DEMO_MARK).exists():
        problems.append(f"{settings.data} contient la démonstration, dont les mots de passe sont publics.")
    if not portail.db.is_current():
        problems.append("La base de données n’est pas installée ou pas à jour : lancez « portail init ».")
    elif not _has_administrator(portail):
        advice.append("Aucun administrateur actif : lancez « portail utilisateur creer-administrateur ».")
    try:
        portail.files.ping()
        if portail.db.is_current():
            check_store(portail)
    except Refus as refus:
        problems.append(refus.message)
    except OSError as error:
        problems.append(f"Le magasin de fichiers {settings.fichiers_url} ne peut pas être écrit ({error}).")
    return problems, advice


def check_store(portail: Portail) -> None:
    """Refus when the file store belongs to another installation than the database."""
    with portail.db.read() as session:
        check_owner(session, portail.files)


def take_store(portail: Portail) -> None:
    """Make the file store this database's, whoever had it. Journalled."""
    with portail.db.write() as session:
        former = portail.files.owner()
        head = session.scalars(select(JournalHead.installation)).one()
        journal.record(session, "fichiers.rattacher", ancienne=former)
        portail.files.set_owner(head)


def _check_settings(settings: Settings) -> tuple[list[str], list[str]]:
    problems, advice = [], []
    address = urlsplit(settings.adresse_publique)
    if settings.demonstration:
        problems.append("PORTAIL_MODE vaut « demonstration » : retirez ce réglage.")
    if address.scheme != "https" or not address.hostname:
        problems.append(
            f"PORTAIL_ADRESSE vaut « {settings.adresse_publique} » : donnez l’adresse publique, en https://, sans quoi la"
            " session ne peut pas être protégée."
        )
    if not settings.proxys:
        advice.append(
            "PORTAIL_PROXYS n’est pas défini : derrière un serveur mandataire, tous les visiteurs auraient la même adresse."
        )
    if not settings.smtp_url:
        advice.append(
            "PORTAIL_SMTP n’est pas défini : aucun courriel ne part, les liens se lisent dans la page Utilisateurs."
        )
    elif settings.courriel_expediteur.endswith("@example.org"):
        problems.append("PORTAIL_EXPEDITEUR est l’adresse d’exemple : donnez l’adresse d’envoi des courriels.")
    return problems, advice


def _has_administrator(portail: Portail) -> bool:
    query = (
        select(func.count())
        .select_from(RoleAttribue)
        .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
        .where(RoleAttribue.role == Role.ADMINISTRATEUR, Utilisateur.actif, RoleAttribue.au.is_(None))
    )
    with portail.db.read() as session:
        return bool(session.scalar(query))


def demo_settings(port: int) -> Settings:
    """Settings of the demonstration: its own database and files, in the folder `demo` of the data folder."""
    settings = Settings.from_environment()
    data = settings.data / "demo"
    return replace(
        settings,
        data=data,
        database_url=database_url(None, data),
        fichiers_url=str(data / "fichiers"),
        adresse_publique=f"http://localhost:{port}",
        production=False,
        demonstration=True,
        smtp_url=None,
    )


def mark_demo(portail: Portail) -> None:
    """Leave in the data folder what says that its accounts have a published password: `check_production` refuses it."""
    (portail.settings.data / DEMO_MARK).touch()


def serve(settings: Settings, mode: str, *, port: int, ecoute: str) -> NoReturn:
    """Replace this process by the server, with the settings that were checked. Streamlit's cookie secret is kept in the data
    folder unless the environment gives one (several servers of one installation must share it)."""
    env = {**os.environ, "PORTAIL_MODE": mode, "PORTAIL_DATA": str(settings.data)}
    env |= {"DATABASE_URL": settings.database_url, "PORTAIL_FICHIERS": settings.fichiers_url}
    env |= {"PORTAIL_ADRESSE": settings.adresse_publique}
    env.setdefault("STREAMLIT_SERVER_COOKIE_SECRET", _cookie_secret(settings.data))
    options = {"server.port": port, "server.address": ecoute, "server.headless": "true"}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *flags], env)  # noqa: S606


def _cookie_secret(folder: Path) -> str:
    path = folder / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
