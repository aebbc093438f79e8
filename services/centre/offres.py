"""Centres, offers and tariffs: loaded from the files once, then read from the database as immutable published versions."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from domain import offer as definitions
from domain.errors import Introuvable, Invalide
from domain.offer import ADHESION, Offer, load_offer
from domain.tarifs import ActeVote, load_tarifs
from domain.tarifs import Tarif as TarifVote
from domain.text import suggestion
from domain.workflow.tables import Workflow
from models import Centre, OffreVersion, Tarif, utc_now
from services.core import files, journal
from services.core.portail import Portail
from services.core.settings import ROOT

CACHE_SIZE = 64

_cache: OrderedDict[UUID, Offer] = OrderedDict()
_cache_lock = Lock()


def load_offres(
    portail: Portail, *, forms: Path = ROOT / "forms", templates: Path = ROOT / "doc_templates"
) -> list[str]:
    """Bring centres, tariffs and offers from the files into the database, each only when the database has none of it:
    what was edited through the web stays. Only the centres of the setting `centres`, when it names some. Gives one French
    sentence per thing loaded; DefinitionError or Invalide says which file is wrong, and then nothing is loaded."""
    done: list[str] = []
    with portail.db.write() as session:
        for folder in _served_folders(forms, portail.settings.centres):
            centre = _load_centre(session, folder, done)
            _load_tarifs(session, centre, folder, done)
            for offer_folder in definitions.list_offer_folders(folder):
                gabarits = templates / folder.name / offer_folder.name
                _load_offre(session, portail, centre, offer_folder, gabarits, done)
    return done


def _tell_unknown_tarifs(session: Session, centre: Centre, offer: Offer, done: list[str]) -> None:
    """Codes that no tariff of the centre has: recorded later, or mistyped, and then nothing would ever be priced."""
    known = set(session.scalars(select(Tarif.code).where(Tarif.centre_id == centre.id)))
    for code in dict.fromkeys(offer.facturation.codes_tarifs):
        if code not in known:
            done.append(
                f"Attention : l’offre « {offer.titre} » emploie le tarif « {code} », que le centre n’a pas"
                f"{suggestion(code, known)}. Rien n’est chiffré tant qu’il manque."
            )


def _served_folders(forms: Path, wanted: tuple[str, ...]) -> list[Path]:
    """The folders of the centres that the installation serves."""
    folders = {folder.name: folder for folder in definitions.list_centre_folders(forms)}
    unknown = [code for code in wanted if code not in folders]
    if unknown:
        raise Invalide(f"PORTAIL_CENTRES : « {unknown[0]} » n’est pas un dossier de forms/ ({', '.join(folders)}).")
    return [folders[code] for code in wanted] if wanted else list(folders.values())


def _load_centre(session: Session, folder: Path, done: list[str]) -> Centre:
    found = session.scalars(select(Centre).where(Centre.code == folder.name)).one_or_none()
    if found is not None:
        return found
    loaded = definitions.load_centre(folder)
    centre = Centre(code=loaded.code, nom=loaded.nom, fuseau=loaded.fuseau, parametres=loaded.model_dump(mode="json"))
    session.add(centre)
    session.flush()
    done.append(f"Centre chargé : {loaded.nom}.")
    return centre


def _load_tarifs(session: Session, centre: Centre, folder: Path, done: list[str]) -> None:
    path = folder / "tarifs.yaml"
    known = session.scalar(select(func.count()).select_from(Tarif).where(Tarif.centre_id == centre.id))
    if known or not path.exists():
        return
    loaded = load_tarifs(path)
    for tarif in loaded:
        session.add(
            Tarif(
                centre_id=centre.id,
                code=tarif.code,
                annee=tarif.annee,
                montant=tarif.montant,
                public=tarif.public,
                effectif_min=tarif.effectif_min,
                deliberation_numero=tarif.deliberation.numero if tarif.deliberation else None,
                deliberation_date=tarif.deliberation.date if tarif.deliberation else None,
                deliberation_organe=tarif.deliberation.organe if tarif.deliberation else None,
            )
        )
    session.flush()
    done.append(f"Tarifs chargés : {len(loaded)} pour {centre.nom}.")


def _load_offre(
    session: Session, portail: Portail, centre: Centre, folder: Path, gabarits: Path, done: list[str]
) -> None:
    query = select(OffreVersion.id).where(OffreVersion.centre_id == centre.id, OffreVersion.code == folder.name)
    if session.scalar(query.limit(1)):
        return
    offer = load_offer(folder)
    missing = [name for name in offer.templates() if not (gabarits / name).is_file()]
    if missing:
        raise Invalide(f"Le gabarit « {missing[0]} » de l’offre « {offer.titre} » manque dans doc_templates/.")
    paths = sorted(gabarits.glob("*.docx"))
    hashes = {path.name: files.store(session, portail.files, path.read_bytes()).sha256 for path in paths}
    version = OffreVersion(
        centre_id=centre.id,
        code=offer.code,
        titre=offer.titre,
        numero=1,
        etat="publiee",
        contenu=offer.model_dump(mode="json"),
        gabarits=hashes,
        sources=read_sources(folder, gabarits),
        publiee_le=utc_now(),
    )
    session.add(version)
    session.flush()
    journal.record(session, "offre.publier", centre_id=centre.id, objet="offre_version", objet_id=version.id)
    done.append(f"Offre publiée : {offer.titre} ({centre.nom}).")
    _tell_unknown_tarifs(session, centre, offer, done)


def read_sources(forms: Path, templates: Path) -> dict[str, str]:
    """Texts of the YAML files of an offer's two folders, by path: what `OffreVersion.sources` keeps."""
    folders = {"forms": forms, "doc_templates": templates}
    return {
        f"{name}/{path.name}": path.read_bytes().decode("utf-8")
        for name, folder in folders.items()
        for path in sorted(folder.glob("*.yaml"))
    }


def get_offer(session: Session, version_id: UUID) -> Offer:
    """The bundle of an offer version. A published version never changes, so each process reads and checks it once; a draft is
    read anew each time, and is a DefinitionError when it is faulty."""
    with _cache_lock:
        found = _cache.get(version_id)
        if found is not None:
            _cache.move_to_end(version_id)
            return found
    found_row = session.execute(
        select(OffreVersion.contenu, OffreVersion.etat).where(OffreVersion.id == version_id)
    ).one_or_none()
    if found_row is None:
        raise Introuvable("Cette offre n’existe pas.")
    if found_row.etat == "brouillon":
        return definitions.read_offer(found_row.contenu)
    offer = Offer.model_validate(found_row.contenu)
    with _cache_lock:
        _cache[version_id] = offer
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
    return offer


def get_workflow(session: Session, version_id: UUID, nature: str = ADHESION) -> Workflow:
    """The workflow of the dossiers of this nature in an offer version."""
    return get_offer(session, version_id).variant(nature).workflow_dossier


def published_offers(session: Session, centre_id: UUID) -> list[OffreVersion]:
    """The newest published version of each offer of a centre, by title. Their long content is read only when asked for,
    within the session: `get_offer` mostly has it already."""
    query = (
        select(OffreVersion)
        .where(OffreVersion.centre_id == centre_id, OffreVersion.etat == "publiee")
        .order_by(OffreVersion.numero)
        .options(defer(OffreVersion.contenu))
    )
    newest = {version.code: version for version in session.scalars(query)}
    return sorted(newest.values(), key=lambda version: version.titre)


def current_version(session: Session, centre_id: UUID, code: str) -> OffreVersion:
    """The version that a new dossier of this offer begins with; Introuvable when none is published."""
    for version in published_offers(session, centre_id):
        if version.code == code:
            return version
    raise Introuvable("Cette offre n’est pas publiée.")


def list_tarifs(session: Session, centre_id: UUID) -> list[TarifVote]:
    """The tariffs in force of a centre (those that a correction replaced are history), by code and year."""
    query = (
        select(Tarif)
        .where(Tarif.centre_id == centre_id, Tarif.remplace_le.is_(None))
        .order_by(Tarif.code, Tarif.annee, Tarif.public, Tarif.effectif_min)
    )
    return [read_tarif(row) for row in session.scalars(query)]


def read_tarif(row: Tarif) -> TarifVote:
    """A recorded tariff, as the engine reads it."""
    voted = row.deliberation_numero and row.deliberation_date
    return TarifVote.model_validate(
        {
            "code": row.code,
            "annee": row.annee,
            "montant": row.montant,
            "public": row.public,
            "effectif_min": row.effectif_min,
            "deliberation": ActeVote(
                numero=row.deliberation_numero, date=row.deliberation_date, organe=row.deliberation_organe
            )
            if voted
            else None,
        }
    )
