"""Letters that tell collectivités of the tariffs voted for a year (article 8.1, A52, E9): prepared by the batch, then sent by
mail or printed, once for each convention and tariff.

A letter is made of what the convention owes for that year, by the engine of every year, at the tariffs known until then and
at the new ones. A tariff that is corrected afterwards is another tariff: it gets a letter of its own, and the letter that had
not left is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import Session, joinedload

from documents.contexts.courrier import build_courrier, build_tarif
from documents.contexts.lettres import build_convention
from documents.uploads import DOCX_TYPE
from domain.errors import Conflit
from domain.formatting import duree, pourcentage
from domain.offer import Offer
from domain.tarifs import Tarif as TarifVote
from models import Avenant, Centre, Convention, CourrierTarif, Piece, Tarif, utc_now
from services.activite.regles import RUNNING_STATES
from services.adhesion.editique import Ingredients, Rendered
from services.centre.offres import get_offer
from services.centre.tarif_views import MANAGERS, require_centre, tarif_label
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur, require
from services.core.files import store_all
from services.core.journal import Ligne, record_lines
from services.core.locks import lock_row
from services.core.portail import Portail
from services.courriels.notifications import notify_tarif
from services.facturation.exercices import BY_THE_HOUR, Contexte, compute_year, find_tarif, load_contexte
from services.facturation.gabarits import find_document, load_published, render_with
from services.facturation.scellement import find_debiteur
from services.vie.texte import text_in_force

CHUNK = 25
"""Letters made in one transaction: others record in between."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Annonce:
    """What one convention has to be told for a year: the tariffs (row's id, vote, the one before) that no letter told yet, and
    the euros due for that year before and after (None: unchanged, or nothing to compare with)."""

    convention: Convention
    offer: Offer
    tarifs: tuple[tuple[UUID, TarifVote, TarifVote | None], ...]
    quantite: str | None
    avant: Decimal | None
    apres: Decimal | None


def prepare_letters(
    portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, *, progress: Progress | None = None
) -> int:
    """Make the letters that are missing for `annee`; how many. Run twice, or by two people at once, it makes each once.
    DocumentAbsent when the offer has no template for them."""
    done = 0
    while True:
        with portail.action(acteur, "courrier.preparer", objet="centre", objet_id=centre_id) as session:
            _take(session, acteur, centre_id)
            _withdraw_replaced(session, centre_id)
            made, waiting = _list(session, centre_id, annee, CHUNK)
            if made:
                _make(portail, session, acteur, made, annee)
        done += len(made)
        if progress and made:
            progress(done, done + waiting - len(made))
        if len(made) == waiting:
            return done


def send_by_mail(portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, vues: Collection[UUID]) -> int:
    """Tell by mail the people of the collectivités whose letter is ready and that can open it; how many letters left. The others
    wait to be printed. `vues`: the files of the letters that the person saw ready; Conflit when others are ready now."""
    with portail.action(acteur, "courrier.envoyer", objet="centre", objet_id=centre_id) as session:
        _take(session, acteur, centre_id)
        letters = _seen(ready_letters(session, centre_id, annee), vues)
        sent = [one for one in letters if notify_tarif(session, one[0].convention, annee)]
        _mark(session, acteur, sent, "courriel")
        return len(sent)


def mark_printed(portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, vues: Collection[UUID]) -> int:
    """Record that the letters that are ready were printed and posted; how many. `vues`: the files of the letters that the person
    saw ready; Conflit when others are ready now: one prepared since then was not printed."""
    with portail.action(acteur, "courrier.envoyer", objet="centre", objet_id=centre_id) as session:
        _take(session, acteur, centre_id)
        letters = _seen(ready_letters(session, centre_id, annee), vues)
        _mark(session, acteur, letters, "impression")
        return len(letters)


def ready_letters(session: Session, centre_id: UUID, annee: int) -> list[list[CourrierTarif]]:
    """The letters that are made and have not left, by collectivité: each is the rows of its tariffs, which share one file. One
    made for a convention that ends before the year stays where it is: nobody has to be told a price that they will not pay. One
    of whose tariffs was corrected is to be made again."""
    if not MINYEAR <= annee <= MAXYEAR:
        return []
    query = (
        select(CourrierTarif)
        .join(CourrierTarif.convention)
        .where(
            CourrierTarif.centre_id == centre_id,
            CourrierTarif.annee == annee,
            may_leave(centre_id, annee),
        )
        .options(
            joinedload(CourrierTarif.convention).options(
                joinedload(Convention.collectivite), joinedload(Convention.dossier)
            )
        )
    )
    found: dict[UUID | None, list[CourrierTarif]] = {}
    for row in session.scalars(query):
        found.setdefault(row.piece_id, []).append(row)
    return sorted(found.values(), key=lambda rows: (rows[0].convention.collectivite.nom, rows[0].convention.numero))


def may_leave(centre_id: UUID, annee: int) -> ColumnElement[bool]:
    """Which rows are those of `ready_letters`, in a query about letters of a year and their conventions."""
    return and_(
        CourrierTarif.envoye_le.is_(None),
        CourrierTarif.id.not_in(outdated_rows(centre_id)),
        Convention.etat.in_(RUNNING_STATES),
        Convention.dernier_jour >= date(annee, 1, 1),
    )


def outdated_rows(centre_id: UUID) -> Select[UUID]:
    """Ids of all the rows of the letters that had not left when one of their tariffs was corrected: the next preparation takes
    them away and makes these letters again."""
    corrected = (
        select(CourrierTarif.piece_id)
        .join(Tarif, Tarif.id == CourrierTarif.tarif_id)
        .where(CourrierTarif.centre_id == centre_id, CourrierTarif.envoye_le.is_(None), Tarif.remplace_le.is_not(None))
    )
    return select(CourrierTarif.id).where(CourrierTarif.piece_id.in_(corrected))


# What is to be told -----------------------------------------------------------------------------------------------------


def list_announcements(session: Session, centre_id: UUID, annee: int) -> list[Annonce]:
    """What the running conventions of a centre have not been told yet of the tariffs voted for `annee`, by collectivité."""
    return _list(session, centre_id, annee)[0]


def count_due(session: Session, centre_id: UUID, year: int) -> list[tuple[int, int]]:
    """Years, and how many letters of each have yet to leave: those to make for the years after `year`, whatever the tariff, and
    those made and not sent, of `year` itself too, where some may have to be made again."""
    known = select(Tarif.annee).where(Tarif.centre_id == centre_id, Tarif.annee >= year, Tarif.remplace_le.is_(None))
    again = set(session.scalars(select(CourrierTarif.annee).where(CourrierTarif.id.in_(outdated_rows(centre_id)))))
    found = []
    for annee in sorted(set(session.scalars(known))):
        made = len(ready_letters(session, centre_id, annee))
        to_make = _list(session, centre_id, annee, 0)[1] if annee > year or annee in again else 0
        if made + to_make:
            found.append((annee, made + to_make))
    return found


def _list(session: Session, centre_id: UUID, annee: int, most: int | None = None) -> tuple[list[Annonce], int]:
    """The first `most` of them (all by default), and how many there are: amounts take time, and are found for those alone."""
    rows = {
        (row.code, row.public, row.effectif_min): row
        for row in session.scalars(
            select(Tarif).where(Tarif.centre_id == centre_id, Tarif.annee == annee, Tarif.remplace_le.is_(None))
        )
    }
    if not rows:
        return [], 0
    conventions = _conventions(session, centre_id, annee)
    told = _told(session, centre_id, annee)
    now = load_contexte(session, centre_id, conventions if most != 0 else ())  # to count them, tariffs are enough
    before = replace(now, tarifs=[one for one in now.tarifs if one.annee < annee])
    waiting = []
    for convention in conventions:
        offer = get_offer(session, convention.dossier.offre_version_id)
        news = []
        for code in offer.facturation.codes_tarifs:
            vote = find_tarif(now, convention, code, annee)
            row = rows.get((vote.code, vote.public, vote.effectif_min)) if vote and vote.annee == annee else None
            if vote is None or row is None or (convention.id, row.id) in told or _knew(convention, row, annee):
                continue
            news.append((row.id, vote, find_tarif(before, convention, code, annee)))
        if news:
            waiting.append((convention, offer, tuple(news)))
    first = waiting if most is None else waiting[:most]
    return [_announce(convention, offer, news, now, before, annee) for convention, offer, news in first], len(waiting)


def _announce(
    convention: Convention,
    offer: Offer,
    news: tuple[tuple[UUID, TarifVote, TarifVote | None], ...],
    now: Contexte,
    before: Contexte,
    annee: int,
) -> Annonce:
    """With the amounts, where the tariff that prices the convention itself is among the news."""
    avant = apres = None
    code = offer.facturation.tarif
    if any(vote.code == code for _, vote, _ in news):
        apres = compute_year(convention, offer, now, annee).du
        if find_tarif(before, convention, code, annee) is not None:
            avant = compute_year(convention, offer, before, annee).du
    quantite = _tell_quantity(convention, now.avenants.get(convention.id, ()), annee)
    return Annonce(convention, offer, news, quantite, avant, apres)


def _knew(convention: Convention, row: Tarif, annee: int) -> bool:
    """Whether the convention was issued with this tariff: one that takes effect that year, after the vote was recorded."""
    return convention.date_effet.year == annee and convention.emise_le >= row.enregistre_le


def _conventions(session: Session, centre_id: UUID, annee: int) -> Sequence[Convention]:
    query = (
        select(Convention)
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(RUNNING_STATES),
            Convention.dernier_jour >= date(annee, 1, 1),
            Convention.date_effet <= date(annee, 12, 31),
        )
        .options(joinedload(Convention.dossier), joinedload(Convention.collectivite))
    )
    return sorted(session.scalars(query), key=lambda one: (one.collectivite.nom, one.numero))


def _told(session: Session, centre_id: UUID, annee: int) -> set[tuple[UUID, UUID]]:
    query = select(CourrierTarif.convention_id, CourrierTarif.tarif_id).where(
        CourrierTarif.centre_id == centre_id,
        CourrierTarif.annee == annee,
        CourrierTarif.id.not_in(outdated_rows(centre_id)),
    )
    return {(row.convention_id, row.tarif_id) for row in session.execute(query)}


def _tell_quantity(convention: Convention, avenants: Sequence[Avenant], annee: int) -> str | None:
    """What the convention promises for the year, in words; None where an avenant changes it within the year, or where it is
    billed by the piece."""
    said = set()
    for jour in (date(annee, 1, 1), date(annee, 12, 31)):
        share, minutes = convention.quotite, convention.minutes_prevues
        for one in avenants:
            if one.date_effet <= jour:
                share, minutes = one.quotite or share, one.minutes_prevues or minutes
        said.add((share, minutes))
    if len(said) > 1:
        return None
    ((share, minutes),) = said
    if share is not None:
        return f"une part de {pourcentage(share)} d’un temps plein"
    return f"{duree(minutes)} d’intervention par an" if minutes is not None else None


# Making and sending -----------------------------------------------------------------------------------------------------


def _take(session: Session, acteur: Acteur, centre_id: UUID) -> None:
    """Check the right, and hold the centre: letters are made and sent by one person at a time."""
    require_centre(acteur, centre_id)
    require(acteur.roles_for(centre_id=centre_id), *MANAGERS)
    lock_row(session, Centre, centre_id)


def _seen(letters: list[list[CourrierTarif]], vues: Collection[UUID]) -> list[list[CourrierTarif]]:
    """These letters; Conflit unless they are those of `vues`."""
    if {rows[0].piece_id for rows in letters} - {None} != set(vues):
        raise Conflit(
            "Des lettres ont été préparées, envoyées ou remplacées depuis l’affichage de la page : rechargez-la, puis vérifiez "
            "les lettres à envoyer."
        )
    return letters


def _withdraw_replaced(session: Session, centre_id: UUID) -> None:
    """Take away the letters that had not left when one of their tariffs was corrected."""
    for row in session.scalars(select(CourrierTarif).where(CourrierTarif.id.in_(outdated_rows(centre_id)))).all():
        if row.piece_id:
            session.get_one(Piece, row.piece_id).retiree_le = utc_now()
        session.delete(row)
    session.flush()


def _make(portail: Portail, session: Session, acteur: Acteur, announced: Sequence[Annonce], annee: int) -> None:
    """Render, store and record these letters, in the caller's transaction."""
    centre_id = announced[0].convention.centre_id
    today = clock.today(session.get_one(Centre, centre_id).fuseau)
    made_of: dict[str, Ingredients] = {}
    rendered: list[Rendered] = []
    for one in announced:
        if one.offer.code not in made_of:
            made_of[one.offer.code] = load_published(portail, session, centre_id, one.offer.code)
            find_document(made_of[one.offer.code].offer, "courrier_tarif")
        answers = text_in_force(session, one.convention, today)
        nom = file_name("tarifs", str(annee), one.convention.numero, one.convention.collectivite.nom, extension="docx")
        context = _context(one, answers, annee, today)
        rendered.append(render_with(made_of[one.offer.code], "courrier_tarif", context, nom=nom))
    hashes = store_all(session, portail.files, [one.data for one in rendered])
    lines = []
    for one, document, sha256 in zip(announced, rendered, hashes, strict=True):
        _keep(session, acteur, one, document, sha256, annee)
        details = {"annee": annee, "tarifs": [str(row) for row, _, _ in one.tarifs], "sha256": sha256}
        lines.append(_line(acteur, "courrier.preparer", one.convention, details))
    session.flush()
    record_lines(session, lines)


def _context(one: Annonce, answers: Mapping[str, object], annee: int, today: date) -> dict[str, object]:
    convention = one.convention
    return build_courrier(
        jour=today,
        annee=annee,
        tarifs=[build_tarif(vote, tarif_label(vote.code), previous) for _, vote, previous in one.tarifs],
        quantite=one.quantite,
        previsionnel=one.offer.facturation.mode == BY_THE_HOUR,
        avant=one.avant,
        apres=one.apres,
        collectivite=find_debiteur(convention, one.offer, answers),
        convention=build_convention(
            numero=convention.numero,
            date_effet=convention.date_effet,
            terme=convention.terme,
            fin=convention.fin,
            signee_le=convention.centre_signee_le,
        ),
        answers=answers,
    )


def _keep(session: Session, acteur: Acteur, one: Annonce, document: Rendered, sha256: str, annee: int) -> None:
    piece = Piece(
        sha256=sha256,
        usage="courrier",
        nom=document.nom,
        type_mime=DOCX_TYPE,
        taille=len(document.data),
        champ=f"tarif:{annee}",
        convention_id=one.convention.id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    for tarif_id, vote, _ in one.tarifs:
        own = vote.code == one.offer.facturation.tarif
        session.add(
            CourrierTarif(
                centre_id=one.convention.centre_id,
                convention_id=one.convention.id,
                tarif_id=tarif_id,
                annee=annee,
                montant_avant=one.avant if own else None,
                montant_apres=one.apres if own else None,
                piece_id=piece.id,
                cree_par=acteur.utilisateur_id,
            )
        )


def _mark(session: Session, acteur: Acteur, letters: Iterable[Sequence[CourrierTarif]], mode: str) -> None:
    """Say that these letters left, how and when."""
    now, lines = utc_now(), []
    for rows in letters:
        for row in rows:
            row.mode, row.envoye_le = mode, now
        details = {"annee": rows[0].annee, "mode": mode}
        lines.append(_line(acteur, "courrier.envoyer", rows[0].convention, details))
    session.flush()
    if lines:
        record_lines(session, lines)


def _line(acteur: Acteur, action: str, convention: Convention, details: Mapping[str, object]) -> Ligne:
    return Ligne(action, acteur.utilisateur_id, convention.centre_id, "convention", convention.id, details)
