"""Elimination of archives: what is due, who decides, what goes and what stays, and what an interruption leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select, update

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import (
    Acte,
    AuditEvent,
    Avenant,
    Base,
    Centre,
    Convention,
    Decompte,
    Depot,
    Dossier,
    Elimination,
    Exercice,
    Fichier,
    OffreVersion,
    Piece,
    Reponse,
    utc_now,
)
from services.accueil.taches import list_taches
from services.activite import cumuls
from services.archives import conservation, effacement, eliminations, execution
from services.core import clock, journal
from services.core.access import Acteur
from services.facturation import annee_due, exercices
from services.facturation.gabarits import DocumentAbsent
from services.facturation.regularisations import list_regularisations
from tests.archives import SECRET, TODAY, add_certificate_template, add_file, make_ended
from tests.conventions import make_convention, word_text
from tests.factories import Monde, cig_offer, journal_actions, make_acteur, make_dossier, make_other_centre


@pytest.fixture
def archives(monde: Monde) -> Iterator[Monde]:
    """In 2038, with the template of the certificate."""
    add_certificate_template(monde.portail, monde)
    with clock.pretend(TODAY):
        yield monde


def due(monde: Monde, acteur: Acteur | None = None) -> list[str]:
    found = conservation.list_due(monde.portail, acteur or monde.responsable, monde.centre_id)
    return [one.numero for one in found.rows]


def propose(monde: Monde, *ids: UUID, acteur: Acteur | None = None) -> UUID:
    made = eliminations.propose(
        monde.portail,
        acteur or monde.responsable,
        monde.centre_id,
        [("convention", one) for one in ids],
        operation_id=uuid4().hex,
    )
    assert made
    return made


def approve(monde: Monde, elimination_id: UUID, acteur: Acteur | None = None, visa: str = "Visa 2038-112") -> None:
    eliminations.approve(
        monde.portail, acteur or monde.administrateur, elimination_id, visa=visa, version=version(monde, elimination_id)
    )


def version(monde: Monde, elimination_id: UUID) -> int:
    with monde.portail.db.read() as session:
        return session.get_one(Elimination, elimination_id).version


def everything(monde: Monde) -> str:
    """Every row of the database as text, the accounts apart."""
    found = []
    with monde.portail.db.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in ("utilisateur", "offre_version", "centre"):
                found += [repr(tuple(row)) for row in session.execute(table.select())]
    return "\n".join(found)


def number(monde: Monde, convention_id: UUID) -> str:
    with monde.portail.db.read() as session:
        return session.get_one(Convention, convention_id).numero


# What is due -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("etat", "jour", "attendu"),
    [
        ("echue", date(2037, 12, 31), False),
        ("echue", date(2038, 1, 1), True),
        ("resiliee", date(2038, 1, 1), True),
        ("remplacee", date(2038, 1, 1), True),
        ("denoncee", date(2038, 1, 1), True),
        ("en_vigueur", date(2060, 1, 1), False),
        ("a_signer", date(2060, 1, 1), False),
    ],
)
def test_retention_counts_from_the_last_day(monde_sqlite: Monde, etat: str, jour: date, attendu: bool) -> None:
    make_convention(monde_sqlite.portail, monde_sqlite, etat)
    with clock.pretend(jour):
        assert bool(due(monde_sqlite)) is attendu


def test_an_early_end_starts_retention_early(monde_sqlite: Monde) -> None:
    convention_id = make_convention(monde_sqlite.portail, monde_sqlite, "resiliee")
    with monde_sqlite.portail.db.write() as session:
        ended = session.get_one(Convention, convention_id)
        ended.fin, ended.fin_motif = date(2024, 2, 29), "resiliation"
    with clock.pretend(date(2034, 3, 1)):
        assert due(monde_sqlite) == []
    with clock.pretend(date(2034, 3, 2)):
        assert len(due(monde_sqlite)) == 1


def test_the_centre_chooses_its_retention(monde_sqlite: Monde) -> None:
    make_convention(monde_sqlite.portail, monde_sqlite, "echue")
    with monde_sqlite.portail.db.write() as session:
        centre = session.get_one(Centre, monde_sqlite.centre_id)
        centre.parametres = {**centre.parametres, "conservation": {"archives_annees": 20}}
    with clock.pretend(date(2047, 12, 31)):
        assert due(monde_sqlite) == []
        found = conservation.list_due(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
        assert found.prochaine == date(2047, 12, 31)
    with clock.pretend(date(2048, 1, 1)):
        assert len(due(monde_sqlite)) == 1


def test_a_refused_dossier_is_kept_as_long(monde_sqlite: Monde) -> None:
    dossier_id = make_dossier(monde_sqlite.portail, monde_sqlite, "refuse")
    make_dossier(monde_sqlite.portail, monde_sqlite, "en_instruction")
    with monde_sqlite.portail.db.read() as session:
        last = session.get_one(Dossier, dossier_id).modifie_le.date()
    with clock.pretend(last.replace(year=last.year + 10)):
        assert due(monde_sqlite) == []
    with clock.pretend(last.replace(year=last.year + 10) + timedelta(days=2)):
        found = conservation.list_due(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
        assert [one.cle for one in found.rows] == [("dossier", dossier_id)]
        assert found.rows[0].fichiers == 1


def test_an_open_request_and_an_unissued_statement_stand_in_the_way(archives: Monde) -> None:
    convention_id = make_ended(archives.portail, archives)
    with archives.portail.db.write() as session:
        ended = session.get_one(Convention, convention_id)
        session.add(
            Dossier(
                reference="D-X",
                nature="adhesion",
                etat="en_instruction",
                centre_id=ended.centre_id,
                collectivite_id=ended.collectivite_id,
                offre_version_id=archives.version_id,
                convention_id=convention_id,
            )
        )
        session.scalars(select(Decompte)).one().etat = "verifie"
    (row,) = conservation.list_due(archives.portail, archives.responsable, archives.centre_id).rows
    assert len(row.blocages) == 2
    with pytest.raises(Invalide, match="ne peut pas être éliminée"):
        propose(archives, convention_id)


# Who decides --------------------------------------------------------------------------------------------------------------


def test_only_the_responsable_proposes(archives: Monde) -> None:
    convention_id = make_ended(archives.portail, archives)
    for role, acteur in archives.gens.items():
        if role is not Role.RESPONSABLE:
            with pytest.raises(Refus):
                propose(archives, convention_id, acteur=acteur)
    other = make_other_centre(archives.portail)
    with pytest.raises(Introuvable):
        propose(archives, convention_id, acteur=other)
    with pytest.raises(Introuvable):
        conservation.list_due(archives.portail, other, archives.centre_id)
    assert "refus" in journal_actions(archives.portail)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("role", list(Role))
def test_who_approves_and_who_executes(archives: Monde, role: Role) -> None:
    elimination_id = propose(archives, make_ended(archives.portail, archives))
    if role in (Role.ADMINISTRATEUR, Role.SIGNATAIRE_CENTRE):
        approve(archives, elimination_id, archives[role])
    else:
        with pytest.raises(Refus):
            approve(archives, elimination_id, archives[role])
        approve(archives, elimination_id)
    if role in (Role.ADMINISTRATEUR, Role.RESPONSABLE):
        assert execution.execute(archives.portail, archives[role], elimination_id).eliminees == 1
    else:
        with pytest.raises(Refus):
            execution.execute(archives.portail, archives[role], elimination_id)


def test_nobody_approves_what_they_proposed(archives: Monde) -> None:
    both = make_acteur(archives.portail, Role.RESPONSABLE, Role.ADMINISTRATEUR, centre=archives.centre_id)
    elimination_id = propose(archives, make_ended(archives.portail, archives), acteur=both)
    with pytest.raises(Refus, match="une autre personne"):
        approve(archives, elimination_id, both)
    (row,) = eliminations.list_eliminations(archives.portail, both, archives.centre_id)
    assert not row.approuvable and row.pourquoi


def test_another_centre_sees_nothing(archives: Monde) -> None:
    elimination_id = propose(archives, make_ended(archives.portail, archives))
    other = make_other_centre(archives.portail)
    for attempt in (
        lambda: approve(archives, elimination_id, other),
        lambda: execution.execute(archives.portail, other, elimination_id),
        lambda: eliminations.list_eliminations(archives.portail, other, archives.centre_id),
    ):
        with pytest.raises(Introuvable):
            attempt()


def test_a_visa_is_needed_and_a_decision_is_taken_once(archives: Monde) -> None:
    elimination_id = propose(archives, make_ended(archives.portail, archives))
    for visa in ("", "  ", "x" * 121):
        with pytest.raises(Invalide):
            approve(archives, elimination_id, visa=visa)
    with pytest.raises(Conflit):
        execution.execute(archives.portail, archives.responsable, elimination_id)
    approve(archives, elimination_id)
    with pytest.raises(Conflit):
        approve(archives, elimination_id)


def test_what_waits_is_not_proposed_again_and_comes_back_once_refused(archives: Monde) -> None:
    convention_id = make_ended(archives.portail, archives)
    elimination_id = propose(archives, convention_id)
    with pytest.raises(Invalide, match="déjà"):
        propose(archives, convention_id)
    with pytest.raises(Invalide):
        eliminations.refuse(archives.portail, archives.administrateur, elimination_id, motif=" ", version=1)
    eliminations.refuse(archives.portail, archives.administrateur, elimination_id, motif="À verser.", version=1)
    propose(archives, convention_id)


def test_a_double_click_proposes_once(archives: Monde) -> None:
    convention_id = make_ended(archives.portail, archives)
    same = uuid4().hex
    made = [
        eliminations.propose(
            archives.portail,
            archives.responsable,
            archives.centre_id,
            [("convention", convention_id)],
            operation_id=same,
        )
        for _ in range(2)
    ]
    assert made[0] and made[1] is None


# What goes, what stays -----------------------------------------------------------------------------------------------------


def test_names_texts_and_files_go_and_figures_stay(archives: Monde) -> None:
    portail = archives.portail
    convention_id = make_ended(portail, archives)
    with portail.db.read() as session:
        hashes = [piece.sha256 for piece in session.scalars(select(Piece))]
    assert SECRET in everything(archives)
    elimination_id = propose(archives, convention_id)
    approve(archives, elimination_id)
    done = execution.execute(portail, archives.responsable, elimination_id)
    assert (done.eliminees, done.conservees, done.fichiers) == (1, 0, 3)
    left = everything(archives)
    assert SECRET not in left
    assert not any(portail.files.exists(one) for one in hashes)
    with portail.db.read() as session:
        kept = session.get_one(Convention, convention_id)
        assert (kept.numero, kept.etat, kept.terme) == (number(archives, convention_id), "echue", date(2027, 12, 31))
        assert kept.montant_annuel and effacement.elimination_of(session, kept) == elimination_id
        assert session.scalars(select(Exercice.montant_du)).one() == 32426
        decompte = session.scalars(select(Decompte)).one()
        assert (decompte.total, decompte.manifeste, len(decompte.lignes)) == (8106, {"periode": "T1 2024"}, 1)
        assert session.scalars(select(Depot)).all() == []
        assert [one.usage for one in session.scalars(select(Piece))] == ["certificat_elimination"]
        assert journal.verify(session).intacte
    assert journal_actions(portail, convention_id) == ["archives.eliminer"]
    assert due(archives) == []


def test_what_was_due_by_the_answers_stays_due_without_them(archives: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package for so many agents: without the deposit nothing says how many, and the years would come to nothing."""
    offer = cig_offer()
    package = {"mode": "forfait", "tarif": "temps_complet", "champ": "collectivite.effectif"}
    by_package = offer.model_copy(update={"facturation": offer.facturation.model_copy(update=package)})
    for module in (exercices, annee_due):
        monkeypatch.setattr(module, "get_offer", lambda *_: by_package)
    portail = archives.portail
    convention_id = make_convention(portail, archives, "echue", date_effet=date(2023, 1, 1))

    def refreshed() -> list[tuple[int, Decimal]]:
        with portail.db.write() as session:
            exercices.refresh_centre(session, archives.centre_id)
            exercices.refresh_convention(session, convention_id)
            exercices.rebuild(session)
            assert exercices.compare(session) == []
            return [(one.annee, one.montant_du) for one in session.scalars(select(Exercice).order_by(Exercice.annee))]

    before = refreshed()
    assert len(before) == 5 and all(due for _, due in before)
    elimination_id = propose(archives, convention_id)
    approve(archives, elimination_id)
    execution.execute(portail, archives.responsable, elimination_id)
    assert refreshed() == before


def test_the_certificate_says_who_what_and_the_visa(archives: Monde) -> None:
    portail = archives.portail
    convention_id = make_ended(portail, archives)
    elimination_id = propose(archives, convention_id)
    approve(archives, elimination_id, archives.signataire_centre)
    execution.execute(portail, archives.responsable, elimination_id)
    (row,) = eliminations.list_eliminations(portail, archives.responsable, archives.centre_id)
    assert row.etat == "executee" and row.certificat
    with portail.db.read() as session:
        text = word_text(portail.files.read(session.get_one(Piece, row.certificat.id).sha256)).replace("\u00a0", " ")
    for expected in (
        "Visa 2038-112",
        number(archives, convention_id).replace("-", "\u2011"),
        "2 janvier 2038",
        archives.signataire_centre.nom,
        "Choisy-le-Roi",
    ):
        assert expected in text, expected
    assert SECRET not in text


def test_what_is_used_elsewhere_is_not_lost(archives: Monde) -> None:
    portail = archives.portail
    convention_id = make_ended(portail, archives)
    living = make_convention(portail, archives, "en_vigueur", date_effet=date(2035, 1, 1))
    with portail.db.write() as session:
        ended, other = session.get_one(Convention, convention_id), session.get_one(Convention, living)
        piece = session.scalars(select(Piece).where(Piece.dossier_id == ended.dossier_id)).one()
        # The renewed dossier names the file of the first one; the same bytes are also a file of the living convention.
        depot = session.scalars(select(Depot).where(Depot.dossier_id == other.dossier_id)).one()
        depot.reponses = {**depot.reponses, "deliberation.fichier": {"piece": str(piece.id)}}
        shared = add_file(session, portail, b"lettre " + convention_id.bytes, convention_id=living)
        other.remplace_id = convention_id
        session.get_one(Dossier, other.dossier_id).convention_id = convention_id
        template = portail.files.write(b"PK")
        version = session.get_one(OffreVersion, archives.version_id)
        version.gabarits = {**version.gabarits, "x.docx": template}
    elimination_id = propose(archives, convention_id)
    approve(archives, elimination_id)
    execution.execute(portail, archives.administrateur, elimination_id)
    with portail.db.read() as session:
        kept = session.get_one(Piece, piece.id)
        assert kept.dossier_id == other.dossier_id
        assert portail.files.read(kept.sha256) and portail.files.read(shared.sha256) and portail.files.read(template)
        assert session.scalars(select(Depot.dossier_id)).all() == [other.dossier_id]
        assert session.get_one(Convention, living).remplace_id == convention_id
        held = {one.sha256 for one in session.scalars(select(Piece))}
        assert held <= set(session.scalars(select(Fichier.sha256)))


@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_in_the_middle_it_goes_on(archives: Monde, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    portail = archives.portail
    ids = [make_ended(portail, archives, date_effet=date(year, 1, 1)) for year in (2020, 2021, 2022)]
    elimination_id = propose(archives, *ids)
    approve(archives, elimination_id)
    real, calls = execution.drop_bytes, iter(range(10))

    def dies(*args: Any) -> None:
        real(*args)
        if next(calls) == after:
            raise KeyboardInterrupt  # the bytes are gone, the transaction never ends

    monkeypatch.setattr(execution, "drop_bytes", dies)
    with pytest.raises(KeyboardInterrupt):
        execution.execute(portail, archives.responsable, elimination_id)
    (row,) = eliminations.list_eliminations(portail, archives.responsable, archives.centre_id)
    assert (row.etat, row.count("eliminee"), row.executable) == ("approuvee", after, True)
    monkeypatch.setattr(execution, "drop_bytes", real)
    done = execution.execute(portail, archives.administrateur, elimination_id)
    assert (done.eliminees, done.fichiers) == (3, 9)
    with portail.db.read() as session:
        assert journal.verify(session).intacte
        actions = session.scalars(select(AuditEvent.action)).all()
    assert actions.count("archives.eliminer") == 3 and actions.count("elimination.executer") == 1
    assert SECRET not in everything(archives)
    with pytest.raises(Conflit):
        execution.execute(portail, archives.administrateur, elimination_id)


def test_what_is_no_longer_due_is_kept_and_said(archives: Monde) -> None:
    portail = archives.portail
    first, second = make_ended(portail, archives), make_ended(portail, archives, date_effet=date(2020, 1, 1))
    elimination_id = propose(archives, first, second)
    approve(archives, elimination_id)
    with portail.db.write() as session:
        centre = session.get_one(Centre, archives.centre_id)
        centre.parametres = {**centre.parametres, "conservation": {"archives_annees": 12}}
    done = execution.execute(portail, archives.responsable, elimination_id)
    assert (done.eliminees, done.conservees) == (1, 1)
    with portail.db.read() as session:
        assert session.get_one(Convention, first).collectivite_signataire == SECRET
    assert due(archives) == []


def test_without_a_template_nothing_is_removed(monde: Monde) -> None:
    with clock.pretend(TODAY):
        elimination_id = propose(monde, make_ended(monde.portail, monde))
        approve(monde, elimination_id)
        before = everything(monde)
        with pytest.raises(DocumentAbsent, match="rien n’a été éliminé"):
            execution.execute(monde.portail, monde.responsable, elimination_id)
        assert everything(monde) == before


def test_a_whole_tree_of_answers_is_searched_for_files() -> None:
    assert effacement._pieces_in([{"a": [{"piece": "1"}]}, {"piece": "2"}, 3, None, {"piece": 4}]) == ["1", "2"]


def test_reponses_of_the_ended_dossier_are_gone(archives: Monde) -> None:
    elimination_id = propose(archives, make_ended(archives.portail, archives))
    approve(archives, elimination_id)
    execution.execute(archives.portail, archives.responsable, elimination_id)
    with archives.portail.db.read() as session:
        assert session.scalars(select(Reponse)).all() == []


# On the home page -----------------------------------------------------------------------------------------------------------


def tasks(monde: Monde, role: Role) -> list[str]:
    return [one.titre for one in list_taches(monde.portail, monde[role]) if one.groupe == "Archives"]


def test_the_home_page_says_what_waits_for_whom(archives: Monde) -> None:
    convention_id = make_ended(archives.portail, archives)
    due_now = ["1 convention ou dossier à éliminer des archives"]
    assert {role: tasks(archives, role) for role in Role if tasks(archives, role)} == {Role.RESPONSABLE: due_now}
    elimination_id = propose(archives, convention_id)
    deciding = {role: tasks(archives, role) for role in Role if tasks(archives, role)}
    assert deciding == {one: ["Élimination à approuver"] for one in (Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR)}
    approve(archives, elimination_id)
    doing = {role: tasks(archives, role) for role in Role if tasks(archives, role)}
    assert doing == {one: ["Élimination à exécuter"] for one in (Role.RESPONSABLE, Role.ADMINISTRATEUR)}
    execution.execute(archives.portail, archives.responsable, elimination_id)
    assert not any(tasks(archives, role) for role in Role)


def test_figures_stay_coherent(archives: Monde) -> None:
    """Rollups of hours and of costs, and years to settle, say the same before and after."""
    portail = archives.portail
    convention_id = make_ended(portail, archives)
    make_convention(portail, archives, "en_vigueur", date_effet=date(2035, 1, 1))

    def figures() -> tuple[object, ...]:
        with portail.db.write() as session:
            exercices.refresh_centre(session, archives.centre_id)
            years = [
                (one.convention_id, one.annee, one.montant_du, one.minutes_dues, one.montant_facture)
                for one in session.scalars(select(Exercice).order_by(Exercice.convention_id, Exercice.annee))
            ]
            return years, cumuls.compare(session), len(list_regularisations(session, archives.centre_id, TODAY))

    before = figures()
    elimination_id = propose(archives, convention_id)
    approve(archives, elimination_id)
    execution.execute(portail, archives.responsable, elimination_id)
    assert figures() == before


def test_two_people_carry_it_out_at_the_same_time(archives: Monde) -> None:
    portail = archives.portail
    ids = [make_ended(portail, archives, date_effet=date(year, 1, 1)) for year in (2019, 2020, 2021, 2022)]
    elimination_id = propose(archives, *ids)
    approve(archives, elimination_id)
    outcomes: list[object] = []

    def run(acteur: Acteur) -> None:
        with clock.pretend(TODAY):
            try:
                outcomes.append(execution.execute(portail, acteur, elimination_id))
            except Conflit as error:
                outcomes.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in (archives.responsable, archives.administrateur)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(type(one).__name__ for one in outcomes) == ["Bilan", "Conflit"]
    with portail.db.read() as session:
        actions = session.scalars(select(AuditEvent.action)).all()
        assert actions.count("archives.eliminer") == 4 and actions.count("elimination.executer") == 1
        assert len(session.scalars(select(Piece)).all()) == 1
        assert journal.verify(session).intacte


def test_the_journal_is_written_last(archives: Monde) -> None:
    """Its head is locked after every row that a transaction changes: no two actions wait for each other."""
    elimination_id = propose(archives, make_ended(archives.portail, archives))
    approve(archives, elimination_id)
    written: list[str] = []

    def listen(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        words = statement.split()
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            written.append(words[1 if words[0] == "UPDATE" else 2].strip('"'))

    def ended(_c: Any) -> None:
        written.append("-")

    engine = archives.portail.db.engine
    event.listen(engine, "before_cursor_execute", listen)
    event.listen(engine, "commit", ended)
    try:
        execution.execute(archives.portail, archives.responsable, elimination_id)
    finally:
        event.remove(engine, "before_cursor_execute", listen)
        event.remove(engine, "commit", ended)
    transactions = [one.split() for one in " ".join(written).split("-") if "journal_head" in one]
    assert len(transactions) == 2
    for tables in transactions:
        first = next(place for place, table in enumerate(tables) if table in ("audit_event", "journal_head"))
        assert set(tables[first:]) <= {"audit_event", "journal_head"}


def test_avenants_and_requests_go_with_their_convention(archives: Monde) -> None:
    portail = archives.portail
    convention_id = make_ended(portail, archives)
    change = make_convention(portail, archives, "en_vigueur", date_effet=date(2024, 6, 1))
    request = make_dossier(portail, archives, "refuse")
    with portail.db.write() as session:
        session.execute(
            update(Acte)
            .where(Acte.id == change)
            .values(nature="avenant", parent_id=convention_id, centre_signataire=SECRET, terme=date(2027, 12, 31))
        )
        session.execute(update(Dossier).where(Dossier.id == request).values(convention_id=convention_id, motif=SECRET))
        add_file(session, portail, b"avenant " + change.bytes, convention_id=change)
    elimination_id = propose(archives, convention_id)
    approve(archives, elimination_id)
    done = execution.execute(portail, archives.responsable, elimination_id)
    assert (done.eliminees, done.fichiers) == (1, 6)
    assert SECRET not in everything(archives)
    with portail.db.read() as session:
        kept = session.get_one(Avenant, change)
        assert (kept.parent_id, kept.date_effet, kept.centre_signataire) == (convention_id, date(2024, 6, 1), None)
        assert session.scalars(select(Reponse.champ).where(Reponse.dossier_id == request)).all() == []
        assert session.get_one(Dossier, request).reference


def test_a_dossier_alone_is_eliminated(archives: Monde) -> None:
    portail = archives.portail
    dossier_id, living = make_dossier(portail, archives, "refuse"), make_dossier(portail, archives, "en_instruction")
    with portail.db.write() as session:
        session.execute(
            update(Dossier).where(Dossier.id == dossier_id).values(modifie_le=utc_now() - timedelta(days=3))
        )
        data = add_file(session, portail, b"refus", dossier_id=dossier_id).sha256
    with clock.pretend(date(2039, 1, 1)):
        elimination_id = eliminations.propose(
            portail, archives.responsable, archives.centre_id, [("dossier", dossier_id)], operation_id="x"
        )
        assert elimination_id
        approve(archives, elimination_id)
        assert execution.execute(portail, archives.responsable, elimination_id).fichiers == 2
        assert ("dossier", dossier_id) not in _keys(archives)
    assert not portail.files.exists(data)
    with portail.db.read() as session:
        assert session.get_one(Dossier, dossier_id).etat == "refuse"
        assert session.scalars(select(Reponse.dossier_id).distinct()).all() == [living]


def _keys(monde: Monde) -> list[conservation.Cle]:
    return [one.cle for one in conservation.list_due(monde.portail, monde.responsable, monde.centre_id).rows]
