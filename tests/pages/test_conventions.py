"""The register and one convention: what is said at each state, and the deposits of signed documents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from models import Convention
from services.convention.conventions import open_convention
from services.core.clock import today
from tests.activite import assign
from tests.conventions import examine_here, make_convention, pdf, signed_pdf
from tests.factories import Monde
from tests.heures import LUNDI, Service
from tests.pages.conftest import Visitor, text_of


@pytest.fixture(autouse=True)
def _examine_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)


def _submit(app: AppTest, label: str, *, data: bytes | None = None, day: str = "", who: str = "") -> AppTest:
    if data is not None:
        app.file_uploader[0].set_value(("signe.pdf", data, "application/pdf"))
    fields = {field.label: field for field in app.text_input}
    fields["Date de la signature (JJ/MM/AAAA)"].set_value(day)
    fields["Prénom, nom et qualité du signataire"].set_value(who)
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def _errors(app: AppTest) -> list[str]:
    return [error.value.replace("\\", "") for error in app.error]


@pytest.mark.parametrize(
    ("etat", "role", "said"),
    [
        ("a_signer", "gestionnaire", "puis déposez ici le PDF"),
        ("a_signer", "direction", "La collectivité doit signer"),
        ("a_signer", "instructeur", "La collectivité doit signer"),
        ("signee_collectivite", "signataire_centre", "contresignez"),
        ("signee_collectivite", "instructeur", "Vérifiez le document signé"),
        ("signee_collectivite", "gestionnaire", "Le centre vérifie"),
        ("en_vigueur", "direction", "en vigueur"),
        ("annulee", "gestionnaire", "n’appelle plus d’action"),
    ],
)
def test_each_one_reads_what_to_do_now(visitor: Visitor, monde: Monde, etat: str, role: str, said: str) -> None:
    convention_id = make_convention(monde.portail, monde, etat)
    page = text_of(visitor.open(monde[role], "convention", id=convention_id)).replace("\\", "")
    assert said in page


def test_every_missing_thing_is_told_next_to_its_field(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "a_signer")
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    assert _errors(_submit(app, "Déposer la convention signée")) == [
        "Choisissez le PDF du document signé.",
        "Indiquez la date de la signature.",
        "Indiquez qui a signé.",
    ]


@pytest.mark.parametrize(
    ("data", "day", "message"),
    [
        (b"MZ" + b"0" * 500, "10/01/2026", "programme"),
        (b"", "10/01/2026", "vide"),
        (pdf()[:200], "10/01/2026", "endommagé"),
        (pdf(), "31/02/2026", "n’existe pas"),
        (pdf(), "10/01/2199", "futur"),
    ],
)
def test_refusal_keeps_what_was_typed(visitor: Visitor, monde: Monde, data: bytes, day: str, message: str) -> None:
    convention_id = make_convention(monde.portail, monde, "a_signer")
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    _submit(app, "Déposer la convention signée", data=data, day=day, who="Camille Exemple, maire")
    assert len(_errors(app)) == 1 and message in _errors(app)[0]
    assert {field.value for field in app.text_input} == {day, "Camille Exemple, maire"}
    assert open_convention(monde.portail, monde.gestionnaire, convention_id).etat == "a_signer"


def test_collectivite_then_centre_sign(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "a_signer", pages=3)
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    _submit(app, "Déposer la convention signée", data=pdf(), day="10/01/2026", who="Camille <b>Exemple</b>")
    view = open_convention(monde.portail, monde.gestionnaire, convention_id)
    assert (view.etat, view.collectivite_signee_le) == ("signee_collectivite", date(2026, 1, 10))
    assert "Camille &lt;b&gt;Exemple" in text_of(app)
    app = visitor.open(monde.signataire_centre, "convention", id=convention_id)
    _submit(app, "Déposer la convention contresignée", data=pdf(mark="2"), day="12/01/2026", who="Bernard Préside")
    assert open_convention(monde.portail, monde.direction, convention_id).etat == "en_vigueur"
    register = text_of(visitor.open(monde.direction, "conventions"))
    assert "signée par les deux parties (pdf)" in register and "signée par la collectivité (pdf)" not in register


def test_files_say_where_they_come_from_and_a_certificate_once(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "a_signer", pages=3)
    assert text_of(visitor.open(monde.instructeur, "convention", id=convention_id)).count("établi le") == 2
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    _submit(app, "Déposer la convention signée", data=signed_pdf(), day="10/01/2026", who="Camille Exemple")
    page = text_of(app)
    assert (page.count("établi le"), page.count("déposé le")) == (2, 1)
    assert "le document est intact" in page
    assert page.count("autorité") == 1


def test_a_missing_pdf_is_made_on_request(visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    convention_id = make_convention(monde.portail, monde, "a_signer")
    monkeypatch.setattr("services.convention.conventions.pdf_available", lambda: False)
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    assert "utilisez le fichier Word" in text_of(app)
    assert not [one for one in app.button if one.label == "Produire le PDF"]
    monkeypatch.setattr("services.convention.conventions.pdf_available", lambda: True)
    monkeypatch.setattr("services.convention.conventions.docx_to_pdf", lambda data: pdf(4))
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    next(one for one in app.button if one.label == "Produire le PDF").click().run()
    assert [one.value for one in app.success] == ["PDF produit."] and "4 pages" in text_of(app)
    assert not [one for one in app.button if one.label == "Produire le PDF"]
    assert not open_convention(monde.portail, monde.gestionnaire, convention_id).pdf_manquant


def test_warning_blocks_the_centre_until_it_is_lifted(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "a_signer", pages=5)
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    _submit(app, "Déposer la convention signée", data=pdf(), day="10/01/2026", who="Camille Exemple")
    for role, lifts in (("instructeur", True), ("signataire_centre", False)):
        app = visitor.open(monde[role], "convention", id=convention_id)
        assert len([one for one in app.warning if "À vérifier" in one.value]) == 1
        assert text_of(app).count("compte 3 pages") == 1
        assert bool([one for one in app.button if one.label == "Lever cet avertissement"]) is lifts
    assert "n’est pas encore possible" in text_of(app) and "doit d’abord lever" in text_of(app)
    assert not [one for one in app.file_uploader if one.label.startswith("Document signé")]


def test_register_links_files_and_rows(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur", pages=3)
    page = text_of(visitor.open(monde.direction, "conventions"))
    assert f'href="/convention?id={convention_id}"' in page and 'href="/fichiers/' in page
    assert 'action="/conventions.zip"' in page
    assert page.count('aria-sort="descending"') == 1, "the order it opens with is shown"
    assert "Montant émis" in page and f"Montant {today().year}" in page


def test_register_filters(visitor: Visitor, monde: Monde) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    assert "1 résultat" in text_of(visitor.open(monde.direction, "conventions", c_texte="CHOISY le roi"))
    none = visitor.open(monde.direction, "conventions", c_texte="ivry")
    assert "Aucune convention ne correspond" in text_of(none)


def test_hours_after_the_end_are_settled_on_the_page(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id)
    service = Service(monde, convention_id)
    service.record(service.ligne(), service.ligne(duree="2h"))
    with monde.portail.db.write() as session:
        one = session.get_one(Convention, convention_id)
        one.fin, one.fin_motif, one.etat = LUNDI - timedelta(days=1), "resiliation", "resiliee"
    assert "Heures après la fin" not in text_of(visitor.open(monde.instructeur, "convention", id=convention_id))
    app = visitor.open(monde.responsable, "convention", id=convention_id)
    assert "2 interventions (3 h 30)" in text_of(app).replace("\u00a0", " ")
    next(one for one in app.selectbox if one.label.startswith("Pour toutes")).set_value("double")
    next(one for one in app.button if one.label == "Appliquer les décisions").click().run()
    assert not app.exception and service.rows() == []
    assert "Heures après la fin" not in text_of(app)
