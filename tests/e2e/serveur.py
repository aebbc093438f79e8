"""A portal served as in real life, for browser tests: its process, its people, its mail."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

import bcrypt
from aiosmtpd.controller import Controller
from sqlalchemy import select

from domain.roles import ROLES_CENTRE, Role
from models import Centre, Collectivite, OffreVersion, Tarif, Utilisateur
from services.centre import offres
from services.comptes import invitations, passwords, rights, sessions
from services.comptes.rights import Grant
from services.core import clock
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.core.settings import ROOT, Settings, database_url
from services.courriels import mails
from services.operation import installation
from tests.factories import Monde

CENTRE, OFFRE = "cig-petite-couronne", "service-social-travail"
MOT_DE_PASSE = "Une phrase pour les essais"
START_SECONDS = 60
LOG = "serveur.log"


class Mailbox:
    """A mail server on this machine that keeps what it receives."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        text = message_from_bytes(envelope.content, policy=policy.default).get_body().get_content()
        self.received.extend((recipient, text) for recipient in envelope.rcpt_tos)
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._controller.port}"

    @contextmanager
    def open(self) -> Iterator[Mailbox]:
        self._controller.start()
        try:
            yield self
        finally:
            self._controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Serveur:
    """A fresh installation and the process that serves it. `portail` is the same installation seen from the test."""

    url: str
    portail: Portail
    mailbox: Mailbox
    folder: Path
    code_centre: str = CENTRE
    code_offre: str = OFFRE

    @property
    def log(self) -> str:
        """What the server has written until now."""
        return (self.folder / LOG).read_text(errors="replace")

    @cached_property
    def centre(self) -> Centre:
        with self.portail.db.read() as session:
            return session.scalars(select(Centre).where(Centre.code == self.code_centre)).one()

    @cached_property
    def offre(self) -> OffreVersion:
        with self.portail.db.read() as session:
            return offres.current_version(session, self.centre.id, self.code_offre)

    def decisions(self) -> list[tuple[Any, ...]]:
        """What the centre has decided for everybody: versions of its offers, tariffs."""
        versions = select(OffreVersion.id, OffreVersion.etat, OffreVersion.version).order_by(OffreVersion.id)
        tarifs = select(Tarif.id, Tarif.montant, Tarif.remplace_le).order_by(Tarif.id)
        with self.portail.db.read() as session:
            return [tuple(row) for query in (versions, tarifs) for row in session.execute(query)]

    def make_collectivite(self, nom: str, siren: str) -> UUID:
        """A commune that the portal knows."""
        row = Collectivite(nom=nom, siren=siren, type="commune", departement="94")
        with self.portail.db.write() as session:
            session.add(row)
        return row.id

    def make_account(
        self, courriel: str, prenom: str, nom: str, *roles: Role, collectivite: UUID | None = None
    ) -> Acteur:
        """An active account, with the password that all share."""
        jour = clock.today(self.centre.fuseau)
        with self.portail.db.write() as session:
            user = invitations.ensure_account(session, invitations.check_identity(courriel, prenom, nom, None))
            user.password_hash = _shared_hash()
            for role in roles:
                place = {"centre_id": self.centre.id} if role in ROLES_CENTRE else {"collectivite_id": collectivite}
                rights.give(session, user.id, Grant(role, jour, **place), None)
        return self.acteur(courriel)

    def make_monde(self, nom: str, siren: str) -> Monde:
        """A collectivité, a person for each role, and the centre's: what tests/factories.py and tests/conventions.py want.
        Their addresses are `<role>.<siren>@example.org`."""
        collectivite = self.make_collectivite(nom, siren)
        gens = {
            role: self.make_account(
                f"{role}.{siren}@example.org", role.label.split()[0], nom, role, collectivite=collectivite
            )
            for role in Role
        }
        return Monde(self.portail, self.centre.id, self.offre.id, collectivite, gens)

    def acteur(self, courriel: str) -> Acteur:
        """The person acting now."""
        with self.portail.db.read() as session:
            user = session.scalars(select(Utilisateur).where(Utilisateur.courriel == courriel)).one()
            return load_acteur(session, user, clock.today(self.centre.fuseau))

    def open_session(self, courriel: str) -> str:
        """A session of this person: the value of its cookie. The password is looked at where it is typed, on the login form."""
        ticket = sessions.authenticate(self.portail, courriel, MOT_DE_PASSE, "127.0.0.1", verify=lambda *_: True)
        return sessions.exchange(self.portail, ticket, "tests")[0]

    def link_sent_to(self, courriel: str, page: str) -> str:
        """The newest link to `page` received at this address; the mails waiting are sent first."""
        found: list[str] = []
        end = time.monotonic() + 15
        while not found and time.monotonic() < end:
            mails.deliver(self.portail)
            texts = [text for recipient, text in self.mailbox.received if recipient == courriel]
            found = [link for text in texts for link in re.findall(rf"{re.escape(self.url)}/{page}\S+", text)]
            time.sleep(0 if found else 0.1)
        assert found, f"no link to {page} was sent to {courriel}"
        return found[-1]


@cache
def _shared_hash() -> str:
    """Hash of the password that all share, at the lowest cost: what a login costs is tested elsewhere."""
    return bcrypt.hashpw(passwords.prepare(MOT_DE_PASSE).encode(), bcrypt.gensalt(4)).decode()


@contextmanager
def serve(folder: Path, centre: str = CENTRE, offre: str = OFFRE) -> Iterator[Serveur]:
    """Install a portal of one centre in `folder` and serve it, without any demonstration data."""
    port = free_port()
    with Mailbox().open() as mailbox:
        settings = Settings(
            data=folder,
            database_url=database_url(None, folder),
            fichiers_url=str(folder / "fichiers"),
            adresse_publique=f"http://127.0.0.1:{port}",
            production=False,
            demonstration=False,
            smtp_url=mailbox.url,
            centres=(centre,),
        )
        portail = Portail(settings)
        installation.install(portail)
        with _process(settings, port):
            yield Serveur(settings.adresse_publique, portail, mailbox, folder, centre, offre)
        portail.db.dispose()


@contextmanager
def _process(settings: Settings, port: int) -> Iterator[None]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PORTAIL_", "DATABASE_URL"))}
    env = kept | {
        "PORTAIL_DATA": str(settings.data),
        "PORTAIL_ADRESSE": settings.adresse_publique,
        "PORTAIL_SMTP": settings.smtp_url or "",
    }
    options = ["--server.port", str(port), "--server.address", "127.0.0.1"]
    log = settings.data / LOG
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait(process, f"{settings.adresse_publique}/healthz", log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"the server stopped:\n{log.read_text(errors='replace')}"
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            assert time.monotonic() < end, f"no answer from the server:\n{log.read_text(errors='replace')}"
            time.sleep(0.1)
