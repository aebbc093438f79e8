"""Templates changed by people who know Word: what is accepted, what is refused and where, what serves and when."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import docx
import pytest
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from sqlalchemy import select

from documents.engine.differences import ADDED, KEPT, REMOVED
from documents.word.seal import sha256
from domain.definitions import DefinitionError
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import Centre, Tarif
from services import exports
from services.centre.offres import current_version
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres import apercus, depot_gabarits, versions
from services.offres.gabarits import Banc, list_history, list_offres, open_banc
from services.offres.variables_gabarits import read_variables, search
from tests.documents.samples import W
from tests.factories import OFFRE, Monde, journal_actions, make_monde, make_other_centre

NOM = "deliberation.docx"
SIMPLE = ("Délibération de {{ collectivite.designation }}", "Effet : {{ convention.date_effet|date_longue }}")


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """With the Word templates; on both databases."""
    return make_monde(portail, gabarits=True)


@pytest.fixture
def monde_sqlite(make_portail: Callable[[str], Portail]) -> Monde:
    return make_monde(make_portail("sqlite"), gabarits=True)


def word(*paragraphs: str, change: Callable[[Document], object] | None = None) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if change is not None:
        change(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def banc(monde: Monde) -> Banc:
    return open_banc(monde.portail, monde.administrateur, monde.centre_id, OFFRE)


def deposit(monde: Monde, data: bytes, nom: str = NOM, *, acteur: Acteur | None = None) -> depot_gabarits.Depot:
    shown = banc(monde).gabarit(nom)
    return depot_gabarits.deposit_template(
        monde.portail,
        acteur or monde.administrateur,
        monde.centre_id,
        OFFRE,
        nom,
        data,
        remplace=shown.brouillon or shown.publie,
    )


def publish(monde: Monde) -> UUID:
    draft = banc(monde).brouillon
    assert draft is not None
    return depot_gabarits.publish(monde.portail, monde.administrateur, draft.id, draft.version)


@pytest.mark.sqlite
def test_a_template_is_deposited_published_and_taken_back(monde: Monde) -> None:
    """The whole journey: draft, publication, history with who and when, and back to the file of the first version."""
    before = banc(monde)
    assert before.brouillon is None and not any(one.modifie for one in before.gabarits)
    original = before.gabarit(NOM).publie
    assert deposit(monde, word(*SIMPLE)).garde
    drafted = banc(monde)
    assert [one.nom for one in drafted.gabarits if one.modifie] == [NOM]
    with monde.portail.db.read() as session:
        assert current_version(session, monde.centre_id, OFFRE).gabarits[NOM] == original  # what is in force stays
    publish(monde)
    after = banc(monde)
    assert (after.publiee_numero, after.brouillon) == (2, None)
    states = list_history(monde.portail, monde.administrateur, monde.centre_id, OFFRE, NOM)
    assert [(one.numero, one.en_service) for one in states] == [(2, True), (1, False)]
    assert states[0].par and states[0].le
    found = depot_gabarits.take_back_template(
        monde.portail, monde.administrateur, states[1].version_id, NOM, remplace=after.gabarit(NOM).publie
    )
    assert found.garde
    publish(monde)
    assert banc(monde).gabarit(NOM).publie == original
    assert {"gabarit.deposer", "offre.publier"} <= set(journal_actions(monde.portail))


GROWING = "{% set x = namespace(v='aaaaaaaaaaaaaaaa') %}{% for i in range(40) %}{% set x.v = x.v ~ x.v %}{% endfor %}"
"""Sixteen letters, doubled forty times."""


def tracked(document: Document) -> None:
    paragraph = document.add_paragraph()._p
    paragraph.append(parse_xml(f'<w:ins xmlns:w="{W}" w:id="1" w:author="A"><w:r><w:t>ajout</w:t></w:r></w:ins>'))


def linked(document: Document) -> None:
    document.part.relate_to("http://ailleurs.example/logo.png", RELATIONSHIP_TYPE.IMAGE, is_external=True)


@pytest.mark.parametrize(
    ("paragraph", "change", "expected"),
    [
        ("Vu {{ colectivite.nom }}", None, "Vouliez-vous dire « collectivite » ?"),
        ("Vu {{ montants.anuel|euros }}", None, "Vouliez-vous dire « montants.annuel » ?"),
        ("Vu {{ collectivite.nom }", None, "n’est jamais fermée"),
        ("{% if convention.projet %}Vu", None, "il manque « endif »"),
        ("Vu {{ collectivite.nom }}", tracked, "modifications suivies"),
        ("Vu {{ collectivite.nom }}", linked, "fichier extérieur"),
        ("{{ 'a' * 10 ** 9 }}", None, "interdite"),
        ("{{ collectivite.__class__.__mro__ }}", None, ""),
    ],
)
def test_a_bad_template_is_refused_and_nothing_changes(
    monde_sqlite: Monde, paragraph: str, change: Callable[[Document], object] | None, expected: str
) -> None:
    found = deposit(monde_sqlite, word("Un premier paragraphe", paragraph, change=change))
    assert not found.garde
    assert any(expected in one.message for one in found.erreurs), found.erreurs
    assert not any(one.modifie for one in banc(monde_sqlite).gabarits)


@pytest.mark.usefixtures("real_processes")
@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        (GROWING, "trop de temps ou de mémoire"),
        ("{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}", ""),
        ("Vu {{ colectivite.nom }}", "Vouliez-vous dire « collectivite » ?"),
    ],
)
def test_a_template_out_of_measure_is_refused_by_the_limited_process(
    monde_sqlite: Monde, paragraph: str, expected: str
) -> None:
    test_a_bad_template_is_refused_and_nothing_changes(monde_sqlite, paragraph, None, expected)


def test_a_mistake_tells_its_paragraph(monde_sqlite: Monde) -> None:
    found = deposit(monde_sqlite, word("Titre", "Vu la demande de {{ colectivite.nom }}, suite."))
    assert [one.paragraphe for one in found.erreurs] == ["Vu la demande de {{ colectivite.nom }}, suite."]


@pytest.mark.usefixtures("real_processes")
def test_a_template_that_only_long_names_make_costly_is_refused(monde_sqlite: Monde) -> None:
    """Cheap for the sample of the check, out of measure for a long name: the trial on three dossiers finds it."""
    heavy = "{% if collectivite.nom|length > 60 %}{% for i in range(90000) %}{% for j in range(90000) %}x{% endfor %}{% endfor %}{% endif %}"
    found = deposit(monde_sqlite, word(heavy))
    assert not found.garde
    assert "trop de temps ou de mémoire" in found.erreurs[0].message


@pytest.mark.parametrize("data", [b"", b"bonjour", b"PK\x03\x04 pas un document"])
def test_what_is_no_word_file_is_refused(monde_sqlite: Monde, data: bytes) -> None:
    try:
        assert not deposit(monde_sqlite, data).garde
    except Invalide as error:
        assert error.message == "Ce fichier est vide."
    assert not any(one.modifie for one in banc(monde_sqlite).gabarits)


def test_two_people_who_change_the_same_template(monde: Monde) -> None:
    seen = banc(monde).gabarit(NOM).publie
    assert deposit(monde, word(*SIMPLE)).garde
    with pytest.raises(Conflit):
        depot_gabarits.deposit_template(
            monde.portail, monde.administrateur, monde.centre_id, OFFRE, NOM, word("Autre"), remplace=seen
        )
    with pytest.raises(Invalide, match="rien n’a changé"):
        deposit(monde, monde.portail.files.read(str(banc(monde).gabarit(NOM).brouillon)))


def test_a_draft_that_changes_during_the_check_keeps_no_file(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """A colleague saves a form while the template is being tried: said, and the bytes are nowhere."""
    proposed = word("Un autre texte")

    def meanwhile(found: object, nom: str, data: bytes) -> list[object]:
        draft = versions.open_draft(monde.portail, monde.administrateur, monde.centre_id, OFFRE)
        versions.save_draft(
            monde.portail, monde.administrateur, draft.id, draft.version, draft.contenu | {"resume": "A"}
        )
        return []

    monkeypatch.setattr(depot_gabarits, "check_one", meanwhile)
    with pytest.raises(Conflit, match="modifié entre-temps"):
        deposit(monde, proposed)
    assert not monde.portail.files.exists(sha256(proposed))
    assert not any(one.modifie for one in banc(monde).gabarits)


def test_faults_of_the_forms_are_told_before_publishing(monde_sqlite: Monde) -> None:
    portail, admin = monde_sqlite.portail, monde_sqlite.administrateur
    assert deposit(monde_sqlite, word(*SIMPLE)).garde
    draft = versions.open_draft(portail, admin, monde_sqlite.centre_id, OFFRE)
    content = draft.contenu
    content["forms"][0]["sections"][0]["fields"][1]["visible_if"] = "collectivite.absent"
    draft = versions.save_draft(portail, admin, draft.id, draft.version, content)
    shown = banc(monde_sqlite).brouillon
    assert shown is not None and shown.fautes == draft.faults
    assert depot_gabarits.check_publication(portail, admin, draft.id) == draft.faults != ()


def test_a_form_that_takes_a_variable_away_keeps_the_draft_from_being_published(monde_sqlite: Monde) -> None:
    """A template says what it needs: the check is against the forms of the same draft."""
    portail, admin = monde_sqlite.portail, monde_sqlite.administrateur
    draft = versions.open_draft(portail, admin, monde_sqlite.centre_id, OFFRE)
    content = draft.contenu
    fields = content["forms"][0]["sections"][0]["fields"]
    fields.append({"id": "collectivite.devise", "type": "text", "label": "Devise"})
    draft = versions.save_draft(portail, admin, draft.id, draft.version, content)
    assert deposit(monde_sqlite, word("Devise : {{ collectivite.devise }}")).garde  # the draft's own new question
    draft = versions.open_draft(portail, admin, monde_sqlite.centre_id, OFFRE)
    fields.pop()
    versions.save_draft(portail, admin, draft.id, draft.version, content)
    with pytest.raises(DefinitionError) as refused:
        publish(monde_sqlite)
    (fault,) = refused.value.faults
    assert fault.place == "gabarit « deliberation.docx », paragraphe « Devise : {{ collectivite.devise }} »"
    assert "« collectivite.devise » n’existe pas" in fault.reason


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATEUR])
def test_administrators_only(monde_sqlite: Monde, role: Role) -> None:
    acteur, shown = monde_sqlite[role], banc(monde_sqlite)
    with pytest.raises(Refus):
        open_banc(monde_sqlite.portail, acteur, monde_sqlite.centre_id, OFFRE)
    with pytest.raises(Refus):
        deposit(monde_sqlite, word(*SIMPLE), acteur=acteur)
    assert list_offres(monde_sqlite.portail, acteur) == []
    for nom in ("gabarit.docx", "gabarit-apercu.docx", "gabarit-apercu.pdf", "gabarit-apercu.png"):
        asked = {"version": str(shown.publiee_id), "gabarit": NOM, "profil": "court", "page": "1"}
        with pytest.raises(Refus):
            exports.produce(monde_sqlite.portail, acteur, nom, asked)


def test_another_centre_sees_nothing(monde: Monde) -> None:
    stranger = make_other_centre(monde.portail)
    stranger = replace(stranger, par_centre={key: frozenset(Role) for key in stranger.par_centre})
    shown = banc(monde)
    with pytest.raises(Introuvable):
        open_banc(monde.portail, stranger, monde.centre_id, OFFRE)
    with pytest.raises(Introuvable):
        apercus.open_apercu(monde.portail, stranger, shown.publiee_id, NOM, "court")
    with pytest.raises(Introuvable):
        exports.produce(monde.portail, stranger, "gabarit.docx", {"version": str(shown.publiee_id), "gabarit": NOM})


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"version": "x", "gabarit": NOM},
        {"gabarit": "../../etc/passwd"},
        {"gabarit": NOM, "profil": "inconnu"},
    ],
)
def test_unknown_addresses(monde_sqlite: Monde, asked: dict[str, str]) -> None:
    given = {"version": str(banc(monde_sqlite).publiee_id), "profil": "court", **asked}
    if not asked:
        given.pop("version")
    name = "gabarit-apercu.docx" if "profil" in asked else "gabarit.docx"
    with pytest.raises(Introuvable):
        exports.produce(monde_sqlite.portail, monde_sqlite.administrateur, name, given)


def test_the_template_comes_back_byte_for_byte(monde_sqlite: Monde) -> None:
    shown = banc(monde_sqlite)
    made = exports.produce(
        monde_sqlite.portail,
        monde_sqlite.administrateur,
        "gabarit.docx",
        {"version": str(shown.publiee_id), "gabarit": NOM},
    )
    assert made.data == monde_sqlite.portail.files.read(str(shown.gabarit(NOM).publie))


def test_previews_print_hostile_names_as_they_are(monde_sqlite: Monde) -> None:
    deposit(monde_sqlite, word("Nom : {{ collectivite.nom }}"))
    draft = banc(monde_sqlite).brouillon
    assert draft is not None
    texts = {}
    for profil in apercus.PROFILS:
        found = apercus.open_apercu(monde_sqlite.portail, monde_sqlite.administrateur, draft.id, NOM, profil)
        assert not found.message
        texts[profil] = docx.Document(io.BytesIO(found.docx)).paragraphs[0].text
    assert texts["court"] == "Nom : Ry"
    assert len(texts["long"]) > 80
    assert "&" in texts["long"]


def test_the_difference_is_told_by_words(monde_sqlite: Monde) -> None:
    deposit(monde_sqlite, word("Le conseil de {{ collectivite.nom }} décide.", "Fin."))
    publish(monde_sqlite)
    deposit(monde_sqlite, word("Le conseil de {{ collectivite.nom }} adopte.", "Fin.", "Nouveau."))
    shown = banc(monde_sqlite)
    assert shown.brouillon is not None
    found = apercus.compare_with_published(
        monde_sqlite.portail, monde_sqlite.administrateur, shown.publiee_id, shown.brouillon.id, NOM
    )
    assert [one.segments for one in found.ecarts] == [
        ((KEPT, "Le conseil de {{ collectivite.nom }} "), (REMOVED, "décide."), (ADDED, "adopte.")),
        ((ADDED, "Nouveau."),),
    ]


def test_variables_have_the_labels_of_the_form(monde_sqlite: Monde) -> None:
    shown = banc(monde_sqlite)
    found = read_variables(monde_sqlite.portail, monde_sqlite.administrateur, shown.publiee_id, NOM)
    by_path = {one.chemin: one for one in found}
    quotite = by_path["besoin.quotite"]
    assert quotite.balise == "{{ besoin.quotite|pourcentage }}"
    assert quotite.exemple.startswith("12,00")
    assert by_path["montants.annuel"].exemple == "8\u202f157,60\xa0€"
    assert by_path["montants.echeancier[].montant"].boucle == "{%tr for ligne in montants.echeancier %}"
    assert [one.chemin for one in search(found, "DATE effet")][:1] == ["besoin.date_effet"]


def test_examples_of_variables_are_those_of_the_centre_as_it_is(monde_sqlite: Monde) -> None:
    """Kept in memory: another name or another tariff of the centre makes other examples at once."""
    shown = banc(monde_sqlite)

    def example(path: str) -> str:
        found = read_variables(monde_sqlite.portail, monde_sqlite.administrateur, shown.publiee_id, NOM)
        return next(one.exemple for one in found if one.chemin == path)

    assert (example("centre.sigle"), example("montants.annuel")) == ("CIG petite couronne", "8\u202f157,60\xa0€")
    with monde_sqlite.portail.db.write() as session:
        centre = session.get_one(Centre, monde_sqlite.centre_id)
        centre.parametres = {**centre.parametres, "sigle": "CDG"}
        for tarif in session.scalars(select(Tarif).where(Tarif.code == "temps_complet")):
            tarif.montant *= 2
    assert (example("centre.sigle"), example("montants.annuel")) == ("CDG", "16\u202f315,20\xa0€")
