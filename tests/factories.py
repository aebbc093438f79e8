"""What tests start from: a centre with its real offer, collectivités, people with roles, dossiers in each state.

Dossiers reach their state through the services, as people do. Ids of the centre and of its offer version are constant, so
that the offer is read once for the whole test run.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import bcrypt
import pikepdf
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from documents.pdf.signed import PdfReport
from documents.uploads import UploadKind
from domain.forms.answers import flatten_tree
from domain.offer import Centre as CentreDefinition
from domain.offer import Offer, load_centre, load_offer
from domain.roles import ROLES_CENTRE, Role
from domain.tarifs import Tarif as TarifVote
from domain.tarifs import load_tarifs
from models import AuditEvent, Centre, Collectivite, OffreVersion, RoleAttribue, Tarif, Utilisateur, utc_now
from services.adhesion import answers, corrections, dossiers, pieces, workflow
from services.centre.offres import load_offres
from services.core import clock, files
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.core.settings import ROOT
from tests import bases

FORMS = ROOT / "forms"
TEMPLATES = ROOT / "doc_templates"
EXAMPLE = Path(__file__).parent / "cases" / "adhesion-cig.json"
CENTRE, OFFRE = "cig-petite-couronne", "service-social-travail"
NAMESPACE = UUID("6f2f0c1e-9d6b-4c53-9a86-2f6d9a1f7f10")

SOME_PASSWORD = bcrypt.hashpw(b"personne", bcrypt.gensalt(4)).decode()
"""A password that nobody knows."""
ETATS = ("brouillon", "depose", "en_instruction", "a_corriger", "accepte", "retire", "refuse")
"""States of a dossier that `make_dossier` reaches (issuing belongs to the conventions)."""


@lru_cache(maxsize=1)
def cig_offer() -> Offer:
    """The real offer of the CIG, read once."""
    return load_offer(FORMS / CENTRE / OFFRE)


@lru_cache(maxsize=1)
def _stored_offer() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


@lru_cache(maxsize=1)
def _cig_files() -> tuple[CentreDefinition, list[TarifVote]]:
    return load_centre(FORMS / CENTRE), load_tarifs(FORMS / CENTRE / "tarifs.yaml")


@lru_cache(maxsize=1)
def blank_pdf(pages: int = 1) -> bytes:
    """A small, valid PDF."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page(page_size=(595, 842))
    stream = io.BytesIO()
    document.save(stream, deterministic_id=True)
    return stream.getvalue()


@lru_cache(maxsize=1)
def example_answers() -> dict[str, Any]:
    """Every answer of the example, flat, its délibération's file apart."""
    flat, _ = flatten_tree(cig_offer().formset.fields.values(), json.loads(EXAMPLE.read_text(encoding="utf-8")))
    return flat


def make_centre(portail: Portail, *, code: str = CENTRE, nom: str | None = None, gabarits: bool = False) -> UUID:
    """A centre with the CIG's tariffs and offer, published. `gabarits` stores the Word templates too."""
    loaded, tarifs = _cig_files()
    centre = Centre(
        id=uuid5(NAMESPACE, code),
        code=code,
        nom=nom or loaded.nom,
        fuseau=loaded.fuseau,
        parametres={**loaded.model_dump(mode="json"), "code": code},
    )
    with portail.db.write() as session:
        session.add(centre)
        session.flush()
        for tarif in tarifs:
            acte = tarif.deliberation
            session.add(
                Tarif(
                    centre_id=centre.id,
                    code=tarif.code,
                    annee=tarif.annee,
                    montant=tarif.montant,
                    deliberation_numero=acte.numero if acte else None,
                    deliberation_date=acte.date if acte else None,
                )
            )
        hashes = {}
        if gabarits:
            for name in cig_offer().templates():
                data = (TEMPLATES / CENTRE / OFFRE / name).read_bytes()
                hashes[name] = files.store(session, portail.files, data).sha256
        session.add(
            OffreVersion(
                id=version_id(code),
                centre_id=centre.id,
                code=OFFRE,
                titre=cig_offer().titre,
                numero=1,
                etat="publiee",
                contenu=_stored_offer(),
                gabarits=hashes,
                publiee_le=utc_now(),
            )
        )
    return centre.id


def version_id(code: str = CENTRE) -> UUID:
    """Id of the offer version that `make_centre` publishes."""
    return uuid5(NAMESPACE, f"{code}/{OFFRE}/1")


def make_collectivite(
    portail: Portail, nom: str = "Choisy-le-Roi", siren: str = "219400223", *, type_: str = "commune"
) -> UUID:
    """A collectivité of the portal."""
    collectivite = Collectivite(nom=nom, siren=siren, type=type_, code_insee="94022", departement="94")
    with portail.db.write() as session:
        session.add(collectivite)
    return collectivite.id


def install_offres(portail: Portail) -> None:
    """Every centre and offer of the project, as « portail init » loads them; read once for a database that tests borrow."""
    bases.build_once(portail, "offres", lambda: load_offres(portail))


def make_user(
    portail: Portail,
    *roles: Role,
    centre: UUID | None = None,
    collectivite: UUID | None = None,
    prenom: str = "Camille",
    nom: str = "Exemple",
    du: date = date(2020, 1, 1),
    au: date | None = None,
) -> UUID:
    """A person who holds `roles`: those of a centre for `centre`, the others for `collectivite`."""
    with portail.db.write() as session:
        return _insert_user(session, roles, centre, collectivite, prenom, nom, du, au).id


def _insert_user(
    session: Session,
    roles: Iterable[Role],
    centre: UUID | None,
    collectivite: UUID | None,
    prenom: str,
    nom: str,
    du: date = date(2020, 1, 1),
    au: date | None = None,
) -> Utilisateur:
    person = Utilisateur(courriel=f"{uuid4().hex}@example.org", prenom=prenom, nom=nom)
    session.add(person)
    session.flush()
    for role in roles:
        place = {"centre_id": centre} if role in ROLES_CENTRE else {"collectivite_id": collectivite}
        session.add(RoleAttribue(utilisateur_id=person.id, role=role.value, du=du, au=au, **place))
    session.flush()
    return person


def acteur(portail: Portail, utilisateur_id: UUID) -> Acteur:
    """The person acting now, with the roles held today."""
    with portail.db.read() as session:
        return load_acteur(session, session.get_one(Utilisateur, utilisateur_id), clock.today())


def make_acteur(
    portail: Portail,
    *roles: Role,
    centre: UUID | None = None,
    collectivite: UUID | None = None,
    prenom: str = "Camille",
    nom: str = "Exemple",
) -> Acteur:
    """A new person, acting."""
    return acteur(portail, make_user(portail, *roles, centre=centre, collectivite=collectivite, prenom=prenom, nom=nom))


@dataclass(frozen=True)
class Monde:
    """A centre, its offer, a collectivité, and one person for each role of conception.md."""

    portail: Portail
    centre_id: UUID
    version_id: UUID
    collectivite_id: UUID
    gens: dict[Role, Acteur]

    def __getitem__(self, role: Role | str) -> Acteur:
        return self.gens[Role(role)]

    @property
    def gestionnaire(self) -> Acteur:
        return self.gens[Role.GESTIONNAIRE]

    @property
    def signataire(self) -> Acteur:
        return self.gens[Role.SIGNATAIRE]

    @property
    def direction(self) -> Acteur:
        return self.gens[Role.DIRECTION]

    @property
    def instructeur(self) -> Acteur:
        return self.gens[Role.INSTRUCTEUR]

    @property
    def responsable(self) -> Acteur:
        return self.gens[Role.RESPONSABLE]

    @property
    def signataire_centre(self) -> Acteur:
        return self.gens[Role.SIGNATAIRE_CENTRE]

    @property
    def administrateur(self) -> Acteur:
        return self.gens[Role.ADMINISTRATEUR]


def make_monde(portail: Portail, *, gabarits: bool = False) -> Monde:
    """A centre, a collectivité and one person per role. Built once for a database that tests borrow, then put back as it
    was (tests.bases); people and centre have the same ids each time."""
    key = ("monde", gabarits, clock.today())
    built = bases.build_once(portail, key, lambda: _build_monde(portail, gabarits))
    centre_id, collectivite_id, gens = built
    return Monde(portail, centre_id, version_id(), collectivite_id, dict(gens))


def _build_monde(portail: Portail, gabarits: bool) -> tuple[UUID, UUID, dict[Role, Acteur]]:
    centre_id = make_centre(portail, gabarits=gabarits)
    collectivite_id = make_collectivite(portail)
    gens: dict[Role, Acteur] = {}
    with portail.db.write() as session:
        for role in Role:
            prenom = role.label.split()[0]
            person = _insert_user(session, [role], centre_id, collectivite_id, prenom, "Modèle")
            gens[role] = load_acteur(session, person, clock.today())
    return centre_id, collectivite_id, gens


def open_accounts(portail: Portail) -> None:
    """Everybody has chosen a password: nobody's invitation is pending (tests.comptes gives passwords that are known)."""
    with portail.db.write() as session:
        session.execute(update(Utilisateur).values(password_hash=SOME_PASSWORD))


def make_stranger(portail: Portail, *roles: Role) -> Acteur:
    """Somebody of another collectivité, holding every role that a collectivité gives unless `roles` says which."""
    held = roles or (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)
    return make_acteur(
        portail, *held, collectivite=make_collectivite(portail, "Ivry-sur-Seine", "219400413"), nom="Ailleurs"
    )


def make_other_centre(portail: Portail) -> Acteur:
    """Somebody of another centre, holding every role that a centre gives."""
    centre = make_centre(portail, code="autre-centre", nom="Autre centre de gestion")
    return make_acteur(portail, *ROLES_CENTRE, centre=centre, nom="Autre")


def make_dossier(portail: Portail, monde: Monde, etat: str = "brouillon", *, complet: bool = True) -> UUID:
    """A dossier in `etat`. A draft is filled in with the example unless `complet` is false."""
    dossier_id = dossiers.create_dossier(
        portail,
        monde.gestionnaire,
        collectivite_id=monde.collectivite_id,
        offre_version_id=monde.version_id,
        operation_id=uuid4().hex,
    )
    if complet or etat != "brouillon":
        fill_dossier(portail, monde.gestionnaire, dossier_id)
    _bring(portail, monde, dossier_id, etat)
    return dossier_id


def fill_dossier(portail: Portail, clerk: Acteur, dossier_id: UUID) -> None:
    """Give every answer of the example, and the délibération's file."""
    shown = dossiers.open_dossier(portail, clerk, dossier_id).answers
    values = {
        champ: (value, shown[champ].version if champ in shown else 0) for champ, value in example_answers().items()
    }
    results = answers.save_answers(portail, clerk, dossier_id, values)
    wrong = {champ: one for champ, one in results.items() if one.etat not in ("enregistre", "inchange")}
    assert not wrong, wrong
    attach_pdf(portail, clerk, dossier_id, "deliberation.fichier")


def attach_pdf(portail: Portail, clerk: Acteur, dossier_id: UUID, champ: str, data: bytes | None = None) -> str:
    """Attach a valid PDF to a file field, its check being taken for done; gives the piece's id."""
    content = blank_pdf() if data is None else data
    checked = UploadKind("pdf", "application/pdf", PdfReport(1, "", [], []))
    result = pieces.attach_checked(portail, clerk, dossier_id, champ, "deliberation.pdf", checked, content, uuid4().hex)
    return str(result.valeur["piece"])


PATHS: dict[str, tuple[tuple[Role, str], ...]] = {
    "brouillon": (),
    "depose": ((Role.GESTIONNAIRE, "deposer"),),
    "en_instruction": ((Role.GESTIONNAIRE, "deposer"), (Role.INSTRUCTEUR, "prendre_en_charge")),
    "a_corriger": (
        (Role.GESTIONNAIRE, "deposer"),
        (Role.INSTRUCTEUR, "prendre_en_charge"),
        (Role.INSTRUCTEUR, "demander_corrections"),
    ),
    "accepte": (
        (Role.GESTIONNAIRE, "deposer"),
        (Role.INSTRUCTEUR, "prendre_en_charge"),
        (Role.INSTRUCTEUR, "accepter"),
    ),
    "retire": ((Role.GESTIONNAIRE, "retirer"),),
    "refuse": (
        (Role.GESTIONNAIRE, "deposer"),
        (Role.INSTRUCTEUR, "prendre_en_charge"),
        (Role.INSTRUCTEUR, "refuser"),
    ),
}
"""How a dossier gets to each state: who does what."""


def _bring(portail: Portail, monde: Monde, dossier_id: UUID, etat: str) -> None:
    for role, action in PATHS[etat]:
        prepare(portail, monde, dossier_id, action)
        workflow.perform(portail, monde[role], dossier_id, action, motif="Motif de l’exemple.")


def prepare(portail: Portail, monde: Monde, dossier_id: UUID, action: str) -> None:
    """Do what an action wants first: a correction to send, corrections to handle, warnings to lift."""
    if action == "demander_corrections":
        corrections.request_correction(
            portail,
            monde.instructeur,
            dossier_id,
            "referent.telephone",
            motif="incorrect",
            texte="Numéro non attribué.",
        )
    elif action == "redeposer":
        for row in dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).corrections:
            if row.etat == "envoyee":
                corrections.answer_correction(portail, monde.gestionnaire, row.id, "Le numéro est bon.")
    elif action == "accepter":
        lift_warnings(portail, monde, dossier_id)


def lift_warnings(portail: Portail, monde: Monde, dossier_id: UUID) -> None:
    """Lift every warning of the dossier."""
    for row in dossiers.open_dossier(portail, monde.instructeur, dossier_id).avertissements:
        if row.levee is None:
            workflow.lift_warning(portail, monde.instructeur, dossier_id, row.code, "Tarif confirmé par le centre.")


def journal_actions(portail: Portail, objet_id: UUID | None = None) -> list[str]:
    """Actions that the journal holds, oldest first, about one thing or about all."""
    query = select(AuditEvent.action).order_by(AuditEvent.seq)
    if objet_id is not None:
        query = query.where(AuditEvent.objet_id == str(objet_id))
    with portail.db.read() as session:
        return list(session.scalars(query))
