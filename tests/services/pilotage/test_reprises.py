"""What is simulated goes into a dossier: the same answers as typed, the same rights, nobody's change overwritten."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.errors import Conflit, Introuvable, Invalide, Refus
from services.adhesion import answers, dossiers
from services.core.portail import Portail
from services.pilotage import reprises
from services.pilotage.cadres import open_cadre, open_dossier_cadre
from services.pilotage.parametres import Parametres, read_parametres
from services.pilotage.simulations import simulate
from tests.factories import (
    CENTRE,
    OFFRE,
    Monde,
    journal_actions,
    make_dossier,
    make_monde,
    make_other_centre,
    make_stranger,
)

CHAMPS = ("besoin.quotite", "besoin.date_effet", "besoin.date_debut_prestations")


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """A centre and a collectivité."""
    return make_monde(portail)


def of(**texts: str) -> Parametres:
    given = {"centre": CENTRE, "offre": OFFRE, "quotite": "47,70", "effet": "01/01/2023", "debut": "01/07/2023"}
    return read_parametres({**given, **texts})


def test_one_click_answers_the_dossier_and_the_same_amount_follows(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    cadre = open_cadre(monde.portail, monde.gestionnaire, CENTRE, OFFRE, monde.collectivite_id)
    (cible,) = reprises.list_cibles(monde.portail, monde.gestionnaire, cadre)
    assert cible.id == dossier_id and dict(cible.versions) == dict.fromkeys(CHAMPS, 0)
    assert {value for _, value in cible.actuel} == {"sans réponse"}
    reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, of(), cible.versions)
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert [view.answers[champ].valeur for champ in CHAMPS] == ["47.70", "2023-01-01", "2023-07-01"]
    simulated = simulate(cadre, of()).retenue
    assert view.montants is not None
    assert view.montants["annuel"] == simulated.annuel == Decimal("32426.46")
    assert view.montants["premiere_annee"]["du"] == simulated.premiere.du == Decimal("16346.49")
    assert [one["montant"] for one in view.montants["echeancier"]] == [one.montant for one in simulated.echeances]
    assert journal_actions(monde.portail, dossier_id)[-1] == "reponse.enregistrer"


def test_the_second_click_changes_nothing(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    for _ in range(2):
        reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, of(), dict.fromkeys(CHAMPS, 0))
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert {view.answers[champ].version for champ in CHAMPS} == {1}
    assert journal_actions(monde.portail, dossier_id).count("reponse.enregistrer") == 1


def test_agents_and_hours_become_the_share_that_the_offer_asks(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    seen = dict.fromkeys(CHAMPS, 0)
    reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, of(mode="agents", agents="600"), seen)
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.answers["besoin.quotite"].valeur == "40.00"
    now = {champ: view.answers[champ].version for champ in CHAMPS}
    by_hours = of(mode="heures", heures="803 h 30", quotite="")
    reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, by_hours, now)
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.answers["besoin.quotite"].valeur == "50.00"
    with pytest.raises(Invalide, match="ne donne pas la quantité"):
        too_many = of(mode="heures", heures="2000 h", quotite="")
        reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, too_many, now)


def test_what_a_colleague_typed_since_is_kept_beside(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    seen = {champ: view.answers[champ].version for champ in CHAMPS}
    answers.save_answer(monde.portail, monde.gestionnaire, dossier_id, CHAMPS[0], "33", version_vue=seen[CHAMPS[0]])
    with pytest.raises(Conflit, match="Le dossier montre les deux valeurs"):
        reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, of(quotite="25"), seen)
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.answers[CHAMPS[0]].valeur == "33.00"
    assert [(one.champ, one.motif) for one in view.saisies] == [(CHAMPS[0], "conflit")]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ["depose", "accepte", "refuse"])
def test_a_dossier_that_is_closed_takes_nothing(monde: Monde, etat: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, etat)
    cadre = open_dossier_cadre(monde.portail, monde.gestionnaire, dossier_id)
    assert reprises.list_cibles(monde.portail, monde.gestionnaire, cadre) == []
    with pytest.raises(Refus, match="plus modifiable"):
        reprises.reprendre(monde.portail, monde.gestionnaire, dossier_id, of(), {})


def test_only_those_who_fill_the_dossier_put_something_in_it(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    before = journal_actions(monde.portail).count("refus")
    strangers = (make_stranger(monde.portail), make_other_centre(monde.portail))
    for who in (monde.direction, monde.signataire, monde.instructeur, monde.responsable):
        with pytest.raises(Refus):
            reprises.reprendre(monde.portail, who, dossier_id, of(), {})
    for stranger in strangers:
        with pytest.raises(Introuvable):
            reprises.reprendre(monde.portail, stranger, dossier_id, of(), {})
    assert journal_actions(monde.portail).count("refus") == before + 6
    cadre = open_cadre(monde.portail, monde.direction, CENTRE, OFFRE, monde.collectivite_id)
    assert reprises.list_cibles(monde.portail, monde.direction, cadre) == []
    view = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert view.saisies == ()


def test_the_dossier_keeps_the_offer_it_began_with(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    cadre = open_dossier_cadre(monde.portail, monde.gestionnaire, dossier_id)
    assert (cadre.offer.code, cadre.collectivite_id, cadre.du_centre) == (OFFRE, monde.collectivite_id, False)
    assert open_dossier_cadre(monde.portail, monde.instructeur, dossier_id).du_centre
