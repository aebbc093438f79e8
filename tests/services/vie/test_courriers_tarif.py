"""Letters about the tariffs voted for a year: what they say, once each, sent or printed, corrected, refused."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import docx
import pytest
from sqlalchemy import func, select, update

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import AuditEvent, Avenant, Convention, Courriel, CourrierTarif, Dossier, Piece, Utilisateur
from services import exports
from services.adhesion.pieces import open_piece
from services.centre.tarifs import save_tarif
from services.core import clock
from services.core.portail import Portail
from services.vie.courrier_views import A_PREPARER, ENVOYE, PRET, open_letters
from services.vie.courriers_tarif import count_due, mark_printed, prepare_letters, send_by_mail
from tests.activite import assign
from tests.conventions import make_convention
from tests.decomptes import set_convention
from tests.factories import SOME_PASSWORD, Monde, make_collectivite, make_monde, make_other_centre, open_accounts

VOTE_DAY = date(2023, 11, 25)
MANAGERS = (Role.RESPONSABLE, Role.ADMINISTRATEUR)


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Iterator[Monde]:
    """A centre whose templates are stored, in November 2023."""
    with clock.pretend(VOTE_DAY):
        found = make_monde(make_portail("sqlite"), gabarits=True)
        open_accounts(found.portail)
        yield found


def vote(monde: Monde, montant: str = "69 340,00", code: str = "temps_complet", annee: int = 2024) -> None:
    """Record a tariff as the page does."""
    typed = {"annee": str(annee), "montant": montant, "numero": "2023-51", "date": "20/11/2023"}
    save_tarif(monde.portail, monde.responsable, monde.centre_id, code, typed)


def prepare(monde: Monde, annee: int = 2024, role: Role = Role.RESPONSABLE) -> int:
    return prepare_letters(monde.portail, monde.gens[role], monde.centre_id, annee)


def letters(monde: Monde) -> list[CourrierTarif]:
    with monde.portail.db.read() as session:
        return list(session.scalars(select(CourrierTarif).order_by(CourrierTarif.cree_le)))


def ready(monde: Monde) -> frozenset[UUID]:
    """The letters that somebody sees ready now."""
    return open_letters(monde.portail, monde.responsable, monde.centre_id, 2024).pretes


def text_of(monde: Monde, piece_id: UUID | None) -> str:
    with monde.portail.db.read() as session:
        data = monde.portail.files.read(session.get_one(Piece, piece_id).sha256)
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)


def count(monde: Monde, table: Any, *where: Any) -> int:
    with monde.portail.db.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_the_letter_tells_the_tariff_and_what_it_changes(monde: Monde) -> None:
    """G9: 69 340 € makes 33 075,18 € of 32 426,46 €; article 8.1, without an avenant."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    assert prepare(monde) == 1
    (row,) = letters(monde)
    assert (row.convention_id, row.annee, row.mode) == (convention_id, 2024, None)
    assert (row.montant_avant, row.montant_apres) == (Decimal("32426.46"), Decimal("33075.18"))
    text = " ".join(text_of(monde, row.piece_id).split())
    for said in (
        "La commune de Choisy-le-Roi",
        "Objet : tarifs 2024",
        "à compter du 1er janvier 2024",
        "69\u202f340,00\u00a0€, au lieu de 67\u202f980,00\u00a0€",
        "+2,00\u00a0%",
        "délibération n°\u00a02023‑51 du 20 novembre 2023",
        "une part de 47,70\u00a0% d’un temps plein, le montant dû pour l’année 2024 est de 33\u202f075,18\u00a0€",
        "au lieu de 32\u202f426,46\u00a0€",
        "article 8.1",
        "sans avenant ni nouvelle convention",
    ):
        assert " ".join(said.split()) in text, said
    assert "None" not in text and "{" not in text


def test_once_whatever_is_clicked_twice(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    assert (prepare(monde), prepare(monde)) == (1, 0)
    assert send_by_mail(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 1
    assert send_by_mail(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 0
    assert mark_printed(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 0
    (row,) = letters(monde)
    assert row.mode == "courriel" and row.envoye_le is not None
    assert count(monde, Courriel, Courriel.modele == "courrier_tarif") == 3, "gestionnaire, direction, signataire"
    assert count(monde, AuditEvent, AuditEvent.action == "courrier.preparer") == 1
    assert count(monde, AuditEvent, AuditEvent.action == "courrier.envoyer") == 1


def test_a_corrected_tariff_is_told_again(monde: Monde) -> None:
    """A letter that had not left is withdrawn; one that had is kept, and another is made."""
    gone, waiting = (make_convention(monde.portail, monde, "en_vigueur") for _ in range(2))
    vote(monde)
    prepare(monde)
    with monde.portail.db.write() as session:
        sent = session.scalars(select(CourrierTarif).where(CourrierTarif.convention_id == gone)).one()
        sent.mode, sent.envoye_le = "impression", sent.cree_le
        withdrawn = session.scalars(select(CourrierTarif).where(CourrierTarif.convention_id == waiting)).one().piece_id
    vote(monde, "70 000,00")
    view = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
    assert (view.count(A_PREPARER), view.count(ENVOYE)) == (2, 1)
    assert view.count(PRET) == 0, "what was made for the former tariff is not to be sent any more"
    assert prepare(monde) == 2
    with monde.portail.db.read() as session:
        assert session.get_one(Piece, withdrawn).retiree_le is not None
    assert sorted(row.montant_apres or 0 for row in letters(monde) if not row.envoye_le) == [Decimal("33390.00")] * 2
    assert [row.montant_apres for row in letters(monde) if row.envoye_le] == [Decimal("33075.18")]


def test_both_tariffs_of_an_offer_in_one_letter(monde: Monde) -> None:
    """The share of a post and the hour of service dégradé (8.5); what is voted later has a letter of its own."""
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    vote(monde, "58,00", "heure")
    assert prepare(monde) == 1
    rows = letters(monde)
    assert len(rows) == 2 and len({row.piece_id for row in rows}) == 1
    assert "58,00" in text_of(monde, rows[0].piece_id)
    vote(monde, "59,00", "heure")
    assert prepare(monde) == 1, "unsent: withdrawn with the tariff that was corrected, and made again whole"
    texts = [text_of(monde, piece) for piece in {row.piece_id for row in letters(monde)}]
    assert len(texts) == 1 and "59,00" in texts[0] and "69" in texts[0]


@pytest.mark.parametrize("jour", [VOTE_DAY, date(2024, 1, 15)])
def test_a_letter_of_two_tariffs_waits_once_when_one_is_corrected(monde: Monde, jour: date) -> None:
    """It tells a price that is no longer the one: it is to be made again, whole, and is not ready meanwhile."""
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    vote(monde, "58,00", "heure")
    prepare(monde)
    former = ready(monde)
    with clock.pretend(jour):
        vote(monde, "59,00", "heure")
        view = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
        assert [(one.etat, one.apres) for one in view.lignes] == [(A_PREPARER, Decimal("33075.18"))]
        with monde.portail.db.read() as session:
            assert count_due(session, monde.centre_id, jour.year) == [(2024, 1)], "as many on the home page"
        for leave in (send_by_mail, mark_printed):
            with pytest.raises(Conflit):
                leave(monde.portail, monde.responsable, monde.centre_id, 2024, former)
        assert prepare(monde) == 1
        view = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
        assert [one.etat for one in view.lignes] == [PRET]


def test_a_letter_of_a_convention_that_ended_since_holds_no_other(monde: Monde) -> None:
    """It stays where it is; it is not shown as ready, and those that are ready leave."""
    ended, _ = (make_convention(monde.portail, monde, "en_vigueur") for _ in range(2))
    vote(monde)
    prepare(monde)
    set_convention(monde.portail, ended, etat="denoncee", fin=date(2023, 12, 31), fin_motif="denonciation")
    view = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
    assert view.count(PRET) == 1
    assert mark_printed(monde.portail, monde.responsable, monde.centre_id, 2024, view.pretes) == 1


def test_a_vote_of_the_hour_alone_changes_no_amount(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde, "58,00", "heure")
    assert prepare(monde) == 1
    (row,) = letters(monde)
    assert (row.montant_avant, row.montant_apres) == (None, None)
    assert "montant dû" not in text_of(monde, row.piece_id)


@pytest.mark.parametrize(
    ("etat", "changed", "told"),
    [
        ("en_vigueur", {}, 1),
        ("denoncee", {"fin": date(2024, 12, 31), "fin_motif": "denonciation"}, 1),
        ("denoncee", {"fin": date(2023, 12, 31), "fin_motif": "denonciation"}, 0),
        ("echue", {}, 0),
        ("a_signer", {}, 0),
    ],
)
def test_who_is_told(monde: Monde, etat: str, changed: dict[str, object], told: int) -> None:
    """Those that go on into the year, and no other."""
    convention_id = make_convention(monde.portail, monde, etat)
    set_convention(monde.portail, convention_id, **changed)
    vote(monde)
    assert prepare(monde) == told


def test_one_issued_with_the_new_tariff_knew_it(monde: Monde) -> None:
    before = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2024, 1, 1))
    vote(monde)
    make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2024, 3, 1))
    assert prepare(monde) == 1
    assert [row.convention_id for row in letters(monde)] == [before]


def test_without_an_account_it_waits_to_be_printed(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    other = make_collectivite(monde.portail, "Vitry-sur-Seine", "219400819")
    set_convention(monde.portail, convention_id, collectivite_id=other)
    with monde.portail.db.write() as session:
        session.get_one(Convention, convention_id).dossier.collectivite_id = other
    vote(monde)
    prepare(monde)
    view = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
    assert (view.count(PRET), view.par_courriel, view.sur_papier) == (1, 0, 1)
    assert send_by_mail(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 0
    asked = {"centre": str(monde.centre_id), "annee": "2024"}
    made = exports.produce(monde.portail, monde.responsable, "courriers-tarifs.zip", asked)
    with zipfile.ZipFile(made.flux) as archive:
        assert [name[:13] for name in archive.namelist()] == ["1-tarifs-2024"]
    assert mark_printed(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 1
    with pytest.raises(Invalide, match="Aucun courrier"):
        exports.produce(monde.portail, monde.responsable, "courriers-tarifs.zip", asked)


def test_a_collectivite_with_two_letters_is_told_of_as_one(monde: Monde) -> None:
    for _ in range(2):
        make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    prepare(monde)
    view = open_letters(monde.portail, monde.responsable, monde.centre_id, 2024)
    assert (view.count(PRET), view.par_courriel, view.sur_papier) == (2, 1, 0)


@pytest.mark.parametrize("act", [send_by_mail, mark_printed])
def test_only_the_letters_that_were_seen_leave(monde: Monde, act: Callable[..., int]) -> None:
    """One prepared while somebody prints, and one withdrawn meanwhile: neither was read nor posted."""
    args = (monde.portail, monde.responsable, monde.centre_id, 2024)
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    prepare(monde)
    seen = ready(monde)
    make_convention(monde.portail, monde, "en_vigueur")
    prepare(monde)
    with pytest.raises(Conflit, match="rechargez"):
        act(*args, seen)
    seen = ready(monde)
    vote(monde, "70 000,00")
    prepare(monde)
    with pytest.raises(Conflit):
        act(*args, seen)
    assert all(row.envoye_le is None for row in letters(monde)) and count(monde, Courriel) == 0
    assert act(*args, ready(monde)) == 2


def test_who_never_chose_a_password_is_sent_a_letter_on_paper(monde: Monde) -> None:
    """Invited, they cannot open what a mail leads to."""
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    prepare(monde)
    with monde.portail.db.write() as session:
        session.execute(update(Utilisateur).values(password_hash=None))
    assert open_letters(monde.portail, monde.responsable, monde.centre_id, 2024).par_courriel == 0
    assert send_by_mail(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 0
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, monde.direction.utilisateur_id).password_hash = SOME_PASSWORD
    assert open_letters(monde.portail, monde.responsable, monde.centre_id, 2024).par_courriel == 1
    assert send_by_mail(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde)) == 1
    told = count(monde, Courriel), count(monde, Courriel, Courriel.utilisateur_id == monde.direction.utilisateur_id)
    assert told == (1, 1)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_prepare_and_send(monde: Monde, role: Role) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    acteur = monde.gens[role]
    asked = {"centre": str(monde.centre_id), "annee": "2024"}
    if role in MANAGERS:
        assert prepare(monde, role=role) == 1
        assert exports.produce(monde.portail, acteur, "courriers-tarifs.zip", asked).flux
        assert mark_printed(monde.portail, acteur, monde.centre_id, 2024, ready(monde)) == 1
        return
    for refused in (
        lambda: prepare(monde, role=role),
        lambda: send_by_mail(monde.portail, acteur, monde.centre_id, 2024, ready(monde)),
        lambda: mark_printed(monde.portail, acteur, monde.centre_id, 2024, ready(monde)),
        lambda: open_letters(monde.portail, acteur, monde.centre_id, 2024),
        lambda: exports.produce(monde.portail, acteur, "courriers-tarifs.zip", asked),
    ):
        with pytest.raises((Refus, Introuvable)):
            refused()
    assert letters(monde) == []


def test_another_centre_sees_nothing(monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    stranger = make_other_centre(monde.portail)
    with pytest.raises(Introuvable):
        prepare_letters(monde.portail, stranger, monde.centre_id, 2024)


@pytest.mark.parametrize("asked", [{}, {"centre": "x", "annee": "2024"}, {"annee": "deux mille"}])
def test_an_address_that_makes_no_sense(monde: Monde, asked: dict[str, str]) -> None:
    with pytest.raises(Introuvable):
        exports.produce(monde.portail, monde.responsable, "courriers-tarifs.zip", asked)


def test_nothing_is_left_of_a_batch_that_fails(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    vote(monde)
    with monkeypatch.context() as patch:
        patch.setattr("services.vie.courriers_tarif.record_lines", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            prepare(monde)
    assert letters(monde) == [] and count(monde, Piece, Piece.usage == "courrier") == 0
    assert prepare(monde) == 1


def test_two_people_prepare_at_once(make_portail: Callable[[str], Portail]) -> None:
    """On PostgreSQL: together they make each letter once."""
    with clock.pretend(VOTE_DAY):
        monde = make_monde(make_portail("postgresql"), gabarits=True)
        for _ in range(4):
            make_convention(monde.portail, monde, "en_vigueur")
        vote(monde)
    done: list[int] = []

    def run(role: Role) -> None:
        with clock.pretend(VOTE_DAY):
            done.append(prepare(monde, role=role))

    threads = [threading.Thread(target=run, args=(role,)) for role in MANAGERS]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(done) == 4 and len(letters(monde)) == 4


@pytest.mark.parametrize("role", list(Role))
def test_who_reads_a_letter(monde: Monde, role: Role) -> None:
    """The collectivité once it has left; never an assistant, who sees the convention, not what it costs."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, du=date(2023, 1, 1))
    vote(monde)
    prepare(monde)
    (row,) = letters(monde)
    acteur, ours = monde.gens[role], role in ROLES_CENTRE and role is not Role.ASSISTANT
    assert row.convention_id == convention_id and row.piece_id is not None
    for sent in (False, True):
        if ours or (sent and role in ROLES_COLLECTIVITE):
            assert open_piece(monde.portail, acteur, row.piece_id).nom.startswith("tarifs-2024")
        else:
            with pytest.raises(Introuvable):
                open_piece(monde.portail, acteur, row.piece_id)
        mark_printed(monde.portail, monde.responsable, monde.centre_id, 2024, ready(monde))


@pytest.mark.parametrize(
    ("effet", "said", "due"),
    [
        (date(2024, 1, 1), "Pour une part de 60,00 % d’un temps plein, le montant dû pour l’année 2024", "41604.00"),
        (date(2024, 9, 1), "Le montant dû pour l’année 2024", "35918.12"),
    ],
)
def test_the_share_is_the_one_that_avenants_leave(monde: Monde, effet: date, said: str, due: str) -> None:
    """One that changes it within the year: both parts are due, and no share is told (F4)."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        known = session.get_one(Dossier, convention.dossier_id)
        request = Dossier(
            reference="T-avenant",
            etat="emis",
            nature="avenant",
            centre_id=known.centre_id,
            collectivite_id=known.collectivite_id,
            offre_version_id=known.offre_version_id,
            convention_id=convention_id,
        )
        session.add(request)
        session.flush()
        session.add(
            Avenant(
                centre_id=known.centre_id,
                collectivite_id=known.collectivite_id,
                dossier_id=request.id,
                parent_id=convention_id,
                numero=f"{convention.numero}-A1",
                annee=2023,
                rang=1,
                etat="en_vigueur",
                date_effet=effet,
                date_debut_prestations=effet,
                terme=convention.terme,
                quotite=Decimal(60),
                sha256="0" * 64,
                manifeste={},
            )
        )
    vote(monde)
    prepare(monde)
    (row,) = letters(monde)
    assert row.montant_apres == Decimal(due)
    assert said in " ".join(text_of(monde, row.piece_id).split())
