"""Reading the journal: whose lines, under which names, and what an export holds."""

from __future__ import annotations

import ast
import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Refus
from domain.roles import Role
from domain.workflow.tables import CONVENTION, DOSSIER
from models import AuditEvent, DemandeAdhesion, Utilisateur
from services.centre.consultation_journal import (
    JournalFilter,
    export_lines,
    inert_cell,
    list_dossier_history,
    list_lines,
    open_scope,
    verify_chain,
)
from services.comptes.sessions import authenticate, home_centre
from services.core import clock, journal
from services.core.journal_labels import ACTION_LABELS
from services.core.portail import Portail
from services.core.settings import ROOT
from tests.factories import Monde, make_dossier, make_other_centre, make_stranger


def _lines(monde: Monde, **asked: object) -> list[tuple[str, str, str]]:
    page = list_lines(monde.portail, monde.administrateur, JournalFilter(**asked))  # type: ignore[arg-type]
    return [(row.libelle, row.acteur, row.cible) for row in page.rows]


def test_lines_have_names(portail: Portail, monde: Monde) -> None:
    make_dossier(portail, monde, "en_instruction")
    found = _lines(monde)
    assert found[0] == (
        "Dossier pris en charge",
        "Instructeur Modèle",
        "Dossier D-" + str(clock.today().year) + "-0001",
    )
    assert ("Dossier créé", "Gestionnaire Modèle", found[0][2]) in found


def test_another_centre_reads_none_of_it(monde_sqlite: Monde) -> None:
    make_dossier(monde_sqlite.portail, monde_sqlite, "depose")
    other = make_other_centre(monde_sqlite.portail)
    assert list_lines(monde_sqlite.portail, other, JournalFilter()).total == 0


def test_logins_of_the_centre_s_people_are_there(monde_sqlite: Monde) -> None:
    stranger = make_stranger(monde_sqlite.portail)
    with monde_sqlite.portail.db.write() as session:
        for person in (monde_sqlite.instructeur, stranger):
            journal.record(session, "connexion.reussie", acteur_id=person.utilisateur_id)
    assert _lines(monde_sqlite) == [("Connexion", "Instructeur Modèle", "")]


def test_so_are_those_of_its_collectivites(monde_sqlite: Monde) -> None:
    make_dossier(monde_sqlite.portail, monde_sqlite)
    with monde_sqlite.portail.db.write() as session:
        journal.record(session, "connexion.reussie", acteur_id=monde_sqlite.direction.utilisateur_id)
    assert _lines(monde_sqlite)[0] == ("Connexion", "Direction Modèle", "")


def test_so_are_those_of_a_collectivite_known_by_its_accepted_request(monde_sqlite: Monde) -> None:
    portail, other = monde_sqlite.portail, make_other_centre(monde_sqlite.portail)
    with portail.db.write() as session:
        session.add(
            DemandeAdhesion(
                centre_id=next(iter(other.centre_ids)),
                siren="219400223",
                collectivite_nom="Choisy-le-Roi",
                collectivite_type="commune",
                prenom="Léa",
                nom="Durand",
                courriel="lea@example.org",
                etat="acceptee",
                collectivite_id=monde_sqlite.collectivite_id,
            )
        )
        journal.record(session, "session.revoquer", acteur_id=monde_sqlite.gestionnaire.utilisateur_id)
    assert list_lines(portail, other, JournalFilter()).total == 1
    with portail.db.read() as session:
        assert home_centre(session, monde_sqlite.gestionnaire.utilisateur_id) in other.centre_ids


def test_logins_that_name_nobody_are_read_by_every_administrator(monde_sqlite: Monde) -> None:
    other = make_other_centre(monde_sqlite.portail)
    for courriel in ("inconnu@example.org",) * 6:
        with pytest.raises(Refus):
            authenticate(monde_sqlite.portail, courriel, "faux", "192.0.2.1", verify=lambda *_: False)
    for who in (monde_sqlite.administrateur, other):
        found = [row.action for row in list_lines(monde_sqlite.portail, who, JournalFilter()).rows]
        assert found == ["connexion.bloquee", *["connexion.echec"] * 5]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATEUR])
def test_the_journal_is_for_administrators(monde_sqlite: Monde, role: Role) -> None:
    for read in (
        lambda: open_scope(monde_sqlite.portail, monde_sqlite[role]),
        lambda: list_lines(monde_sqlite.portail, monde_sqlite[role], JournalFilter()),
        lambda: export_lines(monde_sqlite.portail, monde_sqlite[role], JournalFilter()),
        lambda: verify_chain(monde_sqlite.portail, monde_sqlite[role]),
    ):
        with pytest.raises(Refus):
            read()


def test_filters_by_action_day_and_thing(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "depose")
    make_dossier(portail, monde, "brouillon")
    today = clock.today()
    assert len(_lines(monde, action="dossier.creer")) == 2
    assert len(_lines(monde, action="dossier.creer", objet_id=str(dossier_id))) == 1
    assert _lines(monde, du=today + timedelta(days=2)) == []
    assert _lines(monde, au=today - timedelta(days=2)) == []
    assert _lines(monde, du=today - timedelta(days=1), au=date.max)


@pytest.mark.parametrize(("du", "au"), [(date.min, None), (None, date.max), (date(2, 1, 1), date(9999, 12, 30))])
def test_days_at_the_ends_of_the_calendar(monde: Monde, du: date | None, au: date | None) -> None:
    """Their midnight, seen from another zone, is in no calendar."""
    assert _lines(monde, du=du, au=au) == _lines(monde)


def test_the_check_says_what_was_changed_and_is_journalled(portail: Portail, monde: Monde) -> None:
    make_dossier(portail, monde, "depose")
    assert verify_chain(portail, monde.administrateur).intacte
    assert _lines(monde)[0][0] == "Journal vérifié"
    with portail.db.write() as session:
        session.execute(update(AuditEvent).where(AuditEvent.seq == 2).values(action="autre"))
    assert verify_chain(portail, monde.administrateur).rupture == 2


def test_check_and_export_keep_nobody_from_saving(monde_sqlite: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    portail = monde_sqlite.portail
    check = journal.verify

    def saving(session: Session) -> journal.Verification:
        with portail.db.write() as other:
            journal.record(other, "message.ecrire")
        return check(session)

    monkeypatch.setattr(journal, "verify", saving)
    assert verify_chain(portail, monde_sqlite.administrateur).intacte


def test_export_is_a_french_table_without_formulas(portail: Portail, monde: Monde) -> None:
    make_dossier(portail, monde, "depose")
    with portail.db.write() as session:
        session.execute(update(Utilisateur).values(prenom="=1+1", nom="Formule"))
    nom, data = export_lines(portail, monde.administrateur, JournalFilter())
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert nom.endswith(".csv") and rows[0][:4] == ["Ligne", "Date", "Personne", "Action"]
    assert {row[2] for row in rows[1:]} <= {"'=1+1 Formule", "Portail"}
    assert _lines(monde)[0][0] == "Journal exporté"


@pytest.mark.parametrize("text", ["=A1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert inert_cell(text) == f"'{text}"


def test_history_of_a_dossier_is_the_centre_s(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    told = [row.libelle for row in list_dossier_history(portail, monde.responsable, dossier_id)]
    assert told[0] == "Dossier pris en charge" and "Dossier déposé" in told
    assert not {"Fichier ouvert", "Messages lus"} & set(told)
    for stranger in (monde.gestionnaire, make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            list_dossier_history(portail, stranger, dossier_id)


def _journalled_actions() -> set[str]:
    """Every action that the code writes in the journal, or names when it is refused."""
    found = {f"dossier.{line.action}" for line in DOSSIER.transitions}
    found |= {f"convention.{line.action}" for line in CONVENTION.transitions}
    for path in sorted((ROOT / "services").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name.lstrip("_") not in ("record", "action", "view"):
                continue
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            found |= {text for text in texts if "." in text and " " not in text}
    return found


def test_every_action_has_a_french_name() -> None:
    missing = _journalled_actions() - set(ACTION_LABELS)
    assert not missing
