"""The annual report as a sealed Word file, and its publication.

Charts are drawn outside of any transaction (they take longer than a write may hold the database); the file is kept only if
nobody changed the report meanwhile. Images only: no chart in the file carries the figures behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from documents.bilan_charts import count_chart, month_chart
from documents.charts import png, untitled
from documents.contexts.bilan import PICTURE, build_bilan
from documents.contexts.decompte import build_collectivite
from documents.uploads import DOCX_TYPE
from documents.word.pictures import place_pictures
from documents.word.seal import seal
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import Bilan, Centre, Collectivite, Convention, Exercice, Piece, utc_now
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur
from services.core.files import store
from services.core.portail import Portail, record
from services.courriels.notifications import notify_convention
from services.exports import Export
from services.facturation.gabarits import render_published
from services.pilotage.bilans import PUBLISHED_ALREADY, get_bilan, list_blocages, offer_of, text_of
from services.pilotage.publication import Publication, months_of, published_tables

PICTURE_WIDTH = 780
"""Points across a chart: its text is then as small as that of the tables around it. The finding stands above it."""
CHANGED = "Le bilan a changé pendant la préparation du document : relisez-le, puis publiez-le à nouveau."


@dataclass(frozen=True)
class BilanWord:
    """The file made from a report: what it is called, its bytes, their seal."""

    nom: str
    data: bytes
    manifeste: dict[str, Any]

    @property
    def sha256(self) -> str:
        return str(self.manifeste["sha256"])


def publish_bilan(portail: Portail, acteur: Acteur, bilan_id: UUID, version: int) -> UUID:
    """Publish a report: Word file sealed and stored, state, mail to the collectivité; the file's id. `version` is the one that
    was read over: Conflit when the report changed since. Refus says what is missing."""
    with portail.view(acteur, "bilan.publier", objet="bilan", objet_id=bilan_id) as session:
        bilan, convention = _publishable(session, acteur, bilan_id, version, lock=False)
        word = make_word(portail, session, bilan, convention)
    with portail.action(acteur, "bilan.publier", objet="bilan", objet_id=bilan_id) as session:
        bilan, convention = _publishable(session, acteur, bilan_id, version, lock=True)
        stored = store(session, portail.files, word.data)
        piece = Piece(
            sha256=stored.sha256,
            usage="bilan",
            nom=word.nom,
            type_mime=DOCX_TYPE,
            taille=len(word.data),
            analyse={"manifeste": word.manifeste},
            champ=str(bilan.id),
            convention_id=convention.id,
            deposee_par=acteur.utilisateur_id,
        )
        session.add(piece)
        bilan.etat, bilan.sha256 = "publie", word.sha256
        bilan.publie_le, bilan.publie_par = utc_now(), acteur.utilisateur_id
        bilan.modifie_le = bilan.publie_le
        session.flush()
        notify_convention(session, convention, "publier_bilan")
        record(
            session, acteur, "bilan.publier", centre_id=bilan.centre_id, objet="bilan", objet_id=bilan.id,
            annee=bilan.annee, piece=piece.id, sha256=word.sha256,
        )  # fmt: skip
        return piece.id


def preview_bilan(portail: Portail, acteur: Acteur, bilan_id: UUID) -> BilanWord:
    """The report as it would be published now, for those who write it and read it over."""
    with portail.view(acteur, "bilan.apercu", objet="bilan", objet_id=bilan_id) as session:
        bilan, convention = get_bilan(session, acteur, bilan_id)
        if not bilan.chiffres:
            raise Invalide(f"L’aperçu sera possible quand tous les mois de {bilan.annee} seront clos.")
        word = make_word(portail, session, bilan, convention)
    with portail.action(acteur, "bilan.apercu", objet="bilan", objet_id=bilan_id) as session:
        record(
            session, acteur, "bilan.apercu", centre_id=bilan.centre_id, objet="bilan", objet_id=bilan_id,
            annee=bilan.annee,
        )  # fmt: skip
    return BilanWord(f"apercu-{word.nom}", word.data, word.manifeste)


def export_preview(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/bilan-apercu.docx?id=…`: the report as it would be published now."""
    try:
        bilan_id = UUID(parametres.get("id", ""))
    except ValueError:
        raise Introuvable() from None
    word = preview_bilan(portail, acteur, bilan_id)
    return Export(word.nom, DOCX_TYPE, word.data)


def _publishable(
    session: Session, acteur: Acteur, bilan_id: UUID, version: int, *, lock: bool
) -> tuple[Bilan, Convention]:
    bilan, convention = get_bilan(session, acteur, bilan_id, lock=lock)
    if bilan.centre_id not in acteur.centres_with(Role.RESPONSABLE):
        raise Refus("Seul le responsable du service publie un bilan.")
    if bilan.etat == "publie":
        raise Conflit(PUBLISHED_ALREADY)
    if bilan.version != version:
        raise Conflit(CHANGED)
    blocages = list_blocages(bilan, offer_of(session, convention).bilan.sections)
    if blocages:
        raise Refus(" ".join(["Ce bilan ne peut pas encore être publié.", *blocages]))
    return bilan, convention


def make_word(portail: Portail, session: Session, bilan: Bilan, convention: Convention) -> BilanWord:
    """The Word file of a report whose figures are frozen, charts as images."""
    published = published_tables(session, convention, bilan.annee)
    offer = offer_of(session, convention)
    context = _context(session, bilan, convention, published)
    nom = file_name("bilan", str(bilan.annee), convention.collectivite.nom, extension="docx")
    rendered = render_published(portail, session, convention.centre_id, offer.code, "bilan", context, nom=nom)
    data = place_pictures(rendered.data, draw_charts(published))
    sealed = seal(data, rendered.context, {}, str(rendered.manifest["version"]))
    kept = {key: rendered.manifest[key] for key in ("gabarits", "document", "logo")}
    return BilanWord(nom, data, {**sealed, **kept})


def draw_charts(published: Publication) -> dict[str, bytes]:
    """PNG by name of the picture that each one replaces."""
    charts = {f"{PICTURE}mois": month_chart(published.mois)}
    for table in published.tables:
        if not table.masquee:
            lignes = [(one.libelle, one.court, one.nombre) for one in table.lignes]
            charts[f"{PICTURE}{table.dimension}"] = count_chart(table.titre, lignes, published.nombre)
    return {name: png(untitled(chart), largeur=PICTURE_WIDTH) for name, chart in charts.items()}


def _context(session: Session, bilan: Bilan, convention: Convention, published: Publication) -> dict[str, Any]:
    months = months_of(convention, bilan.annee)
    centre = session.get_one(Centre, convention.centre_id)
    exercice = session.get(Exercice, (convention.id, bilan.annee))
    sections = offer_of(session, convention).bilan.sections
    return build_bilan(
        annee=bilan.annee,
        du=max(date(bilan.annee, months[0], 1), min(convention.date_effet, convention.date_debut_prestations)),
        au=min(date(bilan.annee, 12, 31), convention.dernier_jour),
        etabli_le=clock.today(centre.fuseau),
        nombre=published.nombre,
        minutes=published.minutes_tables,
        mois=published.mois,
        minutes_ordinaires=published.minutes_ordinaires,
        minutes_dues=exercice.minutes_dues if exercice else None,
        tables=[
            {
                "dimension": table.dimension,
                "titre": table.titre,
                "lignes": [vars(ligne) for ligne in table.lignes],
            }
            for table in published.tables
        ],
        sections=[(one.titre, texte) for one in sections if (texte := text_of(bilan.sections, one.id))],
        collectivite=_collectivite(session, convention),
        convention={
            "numero": convention.numero,
            "date_effet": convention.date_effet,
            "terme": convention.dernier_jour,
        },
        seuil=published.seuil,
    )


def _collectivite(session: Session, convention: Convention) -> dict[str, Any]:
    found: Collectivite = convention.collectivite
    party = offer_of(session, convention).party(found.type)
    designation = party.designate(found.nom) if party else found.nom
    return build_collectivite(found.nom, designation, found.siren, [])
