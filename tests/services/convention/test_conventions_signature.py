"""The signature circuit: what is checked, what a person must look at, double clicks, two people at once."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pikepdf
import pytest

from documents.sandbox import run_limited
from domain.errors import Conflit, Invalide, PortailError, Refus
from models import Courriel
from services.convention import conventions, registre, signatures
from services.convention.convention_views import ConventionFilter
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from tests.conventions import examine_here, make_convention, pdf, read_convention, signed_pdf, signing
from tests.factories import Monde, journal_actions


@pytest.fixture(autouse=True)
def _examine_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)


def _usages(portail: Portail, acteur: Acteur, convention_id: UUID) -> list[str]:
    return [piece.usage for piece in conventions.open_convention(portail, acteur, convention_id).pieces]


def test_circuit_to_in_force(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, pages=3)
    etat = signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    assert etat == "signee_collectivite"
    view = conventions.open_convention(portail, monde.signataire_centre, convention_id)
    assert (view.collectivite_signee_le, view.collectivite_signataire) == (date(2023, 1, 6), "Camille Exemple, maire")
    assert view.avertissements == ()
    assert [row.action for row in view.actions] == ["rejeter_signature", "signer_centre"]
    given = signing(pdf(3, "contresignée"), signataire="Bernard Modèle, président")
    assert signatures.countersign(portail, monde.signataire_centre, convention_id, **given) == "en_vigueur"
    view = conventions.open_convention(portail, monde.direction, convention_id)
    assert (view.etat_libelle, view.centre_signataire) == ("En vigueur", "Bernard Modèle, président")
    assert [piece.usage for piece in view.pieces][-2:] == ["signee_collectivite", "signee_centre"]
    signed = view.piece("signee_centre")
    assert signed and signed.nom == f"convention-{view.numero}-choisy-le-roi-signee-deux-parties.pdf"
    assert [row.libelle for row in view.historique][-1] == "Convention signée par le centre"
    with portail.db.read() as session:
        modeles = [one.modele for one in session.query(Courriel).order_by(Courriel.cree_le)]
    assert {"signature_deposee", "convention_signee"} <= set(modeles)


def test_files_given_out_to_be_signed_are_not_signed_ones(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, pages=3)
    with pytest.raises(Invalide, match="sans signature") as refusal:
        signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing(pdf(3, "émise")))
    assert refusal.value.champ == "fichier"
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing(pdf(3, "signée")))
    for given_out in ("émise", "signée"):
        with pytest.raises(Invalide):
            signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(3, given_out)))
    assert read_convention(portail, convention_id).etat == "signee_collectivite"


def test_effect_date_to_come_shows_as_such(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=clock.today() + timedelta(days=40))
    view = conventions.open_convention(portail, monde.direction, convention_id)
    assert (view.etat, view.etat_affiche, view.etat_libelle) == ("en_vigueur", "a_venir", "À venir")


def test_page_count_is_a_warning_that_the_instructeur_lifts(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, pages=12)
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    (warning,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    assert "compte 3 pages, la convention émise 12 pages" in warning.texte
    (sign,) = [
        row
        for row in conventions.open_convention(portail, monde.signataire_centre, convention_id).actions
        if row.action == "signer_centre"
    ]
    assert sign.blocages
    with pytest.raises(Refus, match="lever un avertissement"):
        signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(3, "contresignée")))
    with pytest.raises(Invalide, match="pourquoi"):
        signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, " ")
    signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, "Annexes à part.")
    with pytest.raises(Conflit, match="déjà été levé"):
        signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, "Encore.")
    assert conventions.open_convention(portail, monde.gestionnaire, convention_id).avertissements == ()
    assert (
        signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(3, "contresignée")))
        == "en_vigueur"
    )


def test_unknown_page_count_warns_of_nothing(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde)
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing(pdf(9)))
    assert conventions.open_convention(portail, monde.instructeur, convention_id).avertissements == ()


def test_countersigned_file_with_another_page_count_waits(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "signee_collectivite", pages=3)
    short = pdf(2)
    with pytest.raises(Refus, match="est conservé"):
        signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(short))
    assert read_convention(portail, convention_id).etat == "signee_collectivite"
    (warning,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, "Page blanche retirée.")
    assert signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(short)) == "en_vigueur"
    usages = _usages(portail, monde.direction, convention_id)
    assert usages.count("signee_centre") == 1


def test_same_form_countersigns_once_the_warning_is_lifted(portail: Portail, monde: Monde) -> None:
    """The page stays open meanwhile: it deposits with the operation of the deposit that had to wait."""
    convention_id = make_convention(portail, monde, "signee_collectivite", pages=3)
    given = signing(pdf(2))
    for _ in range(2):
        with pytest.raises(Refus, match="est conservé"):
            signatures.countersign(portail, monde.signataire_centre, convention_id, **given)
    assert _usages(portail, monde.instructeur, convention_id).count("signee_centre") == 1
    (warning,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, "Page blanche retirée.")
    for _ in range(2):
        assert signatures.countersign(portail, monde.signataire_centre, convention_id, **given) == "en_vigueur"
    assert read_convention(portail, convention_id).centre_signee_le == date(2023, 1, 6)
    assert journal_actions(portail, convention_id).count("convention.signer_centre") == 3


def test_countersigned_file_that_waits_is_shown_to_the_centre_only(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "signee_collectivite", pages=1)
    (theirs,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    signatures.lift_convention_warning(portail, monde.instructeur, convention_id, theirs.code, "Vu.")
    with pytest.raises(Refus, match="est conservé"):
        signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(2)))
    assert "signee_centre" in _usages(portail, monde.instructeur, convention_id)
    for person in (monde.gestionnaire, monde.direction):
        assert "signee_centre" not in _usages(portail, person, convention_id)
        (row,) = registre.list_conventions(portail, person, ConventionFilter()).rows
        assert "signee_centre" not in [piece.usage for piece in row.pieces]
    with zipfile.ZipFile(registre.export_zip(portail, monde.direction, [convention_id])[1]) as archive:
        assert not any("deux-parties" in name for name in archive.namelist())
    for warning in conventions.open_convention(portail, monde.instructeur, convention_id).avertissements:
        if warning.levee is None:
            signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, "Vu.")
    signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(2)))
    assert "signee_centre" in _usages(portail, monde.direction, convention_id)


def test_lifting_covers_one_file_only(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, pages=12)
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    (warning,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    signatures.lift_convention_warning(portail, monde.instructeur, convention_id, warning.code, "Vu.")
    signatures.reject_signature(portail, monde.instructeur, convention_id, motif="Autre exemplaire attendu.")
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing(pdf(4)))
    (warning,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    assert warning.levee is None


def test_signature_before_the_deliberation_is_an_anomaly(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde)
    given = signing(date_signature=date(2022, 12, 13))
    signatures.submit_signature(portail, monde.signataire, convention_id, **given)
    (warning,) = conventions.open_convention(portail, monde.instructeur, convention_id).avertissements
    assert "13 décembre 2022" in warning.texte.replace("\u00a0", " ")
    assert "14 décembre 2022" in warning.texte.replace("\u00a0", " ")
    with pytest.raises(Refus, match="précède la délibération"):
        signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(3, "contresignée")))
    same_day = make_convention(portail, monde)
    given = signing(date_signature=date(2022, 12, 14))
    signatures.submit_signature(portail, monde.signataire, same_day, **given)
    assert conventions.open_convention(portail, monde.instructeur, same_day).avertissements == ()


def test_rejection_starts_again_and_keeps_the_file(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde)
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    with pytest.raises(Invalide, match="motif"):
        signatures.reject_signature(portail, monde.instructeur, convention_id, motif=" \x00 ")
    signatures.reject_signature(portail, monde.instructeur, convention_id, motif="La page 3 manque.")
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert (view.etat, view.motif, view.collectivite_signee_le) == ("a_signer", "La page 3 manque.", None)
    assert "signee_collectivite" not in [piece.usage for piece in view.pieces]
    assert signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing()) == "signee_collectivite"
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert (view.motif, [piece.usage for piece in view.pieces].count("signee_collectivite")) == (None, 1)


def test_electronic_signature_is_shown_and_tampering_is_seen(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, pages=3)
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing(signed_pdf()))
    view = conventions.open_convention(portail, monde.instructeur, convention_id)
    (shown,) = view.signatures
    assert (shown.intact, shown.fiable) == (True, False)
    assert "Camille Exemple" in shown.signataire
    assert view.avertissements == ()

    tampered = signed_pdf().replace(b"/MediaBox", b"/Mediabox", 1)
    assert tampered != signed_pdf()
    other = make_convention(portail, monde, pages=3)
    signatures.submit_signature(portail, monde.gestionnaire, other, **signing(tampered))
    view = conventions.open_convention(portail, monde.instructeur, other)
    assert [row.intact for row in view.signatures] == [False]
    assert any("modifié après la signature" in one.texte for one in view.avertissements)


def _encrypted() -> bytes:

    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(stream, encryption=pikepdf.Encryption(owner="a", user="b"))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("given", "champ"),
    [
        ({"data": b""}, "fichier"),
        ({"data": b"MZ\x90\x00" + b"\x00" * 500}, "fichier"),
        ({"data": pdf()[:400]}, "fichier"),
        ({"data": _encrypted()}, "fichier"),
        ({"data": b"%PDF-" + b"0" * 30_000_000}, "fichier"),
        ({"date_signature": None}, "date_signature"),
        ({"date_signature": date(2999, 1, 1)}, "date_signature"),
        ({"signataire": " \x00\ud800 "}, "signataire"),
        ({"signataire": "x" * 100_000}, "signataire"),
    ],
)
def test_bad_input_is_refused_next_to_its_field(
    monde_sqlite: Monde, monkeypatch: pytest.MonkeyPatch, given: dict[str, object], champ: str
) -> None:
    monkeypatch.setattr("documents.pdf.signed.run_limited", run_limited)
    portail = monde_sqlite.portail
    convention_id = make_convention(portail, monde_sqlite)
    with pytest.raises(Invalide) as refused:
        signatures.submit_signature(portail, monde_sqlite.gestionnaire, convention_id, **signing(**given))
    assert refused.value.champ == champ
    assert read_convention(portail, convention_id).etat == "a_signer"
    assert _usages(portail, monde_sqlite.gestionnaire, convention_id) == ["convention"]


def test_hostile_names_are_cleaned(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    convention_id = make_convention(portail, monde_sqlite)
    given = signing(nom="../../etc/\x00pass<b>.pdf", signataire="Zoé {{ 7*7 }} <b>🏛\x07\ud83d")
    signatures.submit_signature(portail, monde_sqlite.gestionnaire, convention_id, **given)
    view = conventions.open_convention(portail, monde_sqlite.gestionnaire, convention_id)
    assert view.collectivite_signataire == "Zoé {{ 7*7 }} <b>🏛"
    piece = view.piece("signee_collectivite")
    assert piece and piece.nom == f"convention-{view.numero}-choisy-le-roi-signee-collectivite.pdf"


def test_double_click_deposits_once(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde)
    given = signing()

    def click(_: int) -> str:
        return signatures.submit_signature(portail, monde.gestionnaire, convention_id, **given)

    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(click, range(3))) == {"signee_collectivite"}
    assert journal_actions(portail, convention_id) == ["convention.deposer_signature"]
    assert _usages(portail, monde.gestionnaire, convention_id).count("signee_collectivite") == 1


def test_two_people_at_once(portail: Portail, monde: Monde) -> None:
    """Of two signed documents one is kept, of a signature and a cancellation one happens; the other person is told."""

    def outcome(attempt: tuple[str, UUID]) -> str:
        who, convention_id = attempt
        try:
            if who == "annuler":
                return signatures.cancel_convention(portail, monde.instructeur, convention_id, motif="Erreur.")
            return signatures.submit_signature(portail, monde[who], convention_id, **signing())
        except PortailError as error:
            return type(error).__name__

    first, second = make_convention(portail, monde), make_convention(portail, monde)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(outcome, [("gestionnaire", first), ("signataire", first)]))
        mixed = list(pool.map(outcome, [("gestionnaire", second), ("annuler", second)]))
    assert sorted(both) == ["Conflit", "signee_collectivite"]
    assert mixed[1] == "annulee"
    assert mixed[0] in ("Refus", "signee_collectivite")
    assert read_convention(portail, second).etat == "annulee"


def test_cancelled_number_is_never_used_again(portail: Portail, monde: Monde) -> None:
    first = make_convention(portail, monde)
    signatures.cancel_convention(portail, monde.responsable, first, motif="Collectivité renommée.")
    assert read_convention(portail, first).numero == "2026-0001"
    assert read_convention(portail, make_convention(portail, monde)).numero == "2026-0002"
    view = conventions.open_convention(portail, monde.direction, first)
    assert (view.etat_libelle, view.motif, view.actions) == ("Annulée", "Collectivité renommée.", ())


def test_accuse_is_optional_and_replaced(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    for operation in ("premier", "premier", "second"):
        signatures.attach_accuse(
            portail, monde.instructeur, convention_id, nom="accuse.pdf", data=pdf(1, operation), operation_id=operation
        )
    view = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert [piece.usage for piece in view.pieces].count("accuse_prefecture") == 1
    assert journal_actions(portail, convention_id) == ["convention.joindre_accuse"] * 2
    with pytest.raises(Invalide) as refused:
        signatures.attach_accuse(
            portail, monde.instructeur, convention_id, nom="accuse.pdf", data=b"MZ", operation_id="troisieme"
        )
    assert refused.value.champ == "fichier"
    with pytest.raises(Refus, match="annulé"):
        signatures.attach_accuse(
            portail,
            monde.instructeur,
            make_convention(portail, monde, "annulee"),
            nom="accuse.pdf",
            data=pdf(1),
            operation_id="quatrieme",
        )
