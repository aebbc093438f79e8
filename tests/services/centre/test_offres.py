"""Offers are loaded from the files once; what was edited since stays."""

from __future__ import annotations

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, update

from domain.errors import Introuvable, Invalide, PortailError
from models import Centre, OffreVersion, Tarif
from services.centre import offres
from services.core.portail import Portail
from tests.factories import CENTRE, FORMS, OFFRE, TEMPLATES, cig_offer


def test_everything_is_loaded_once(portail: Portail) -> None:
    done = offres.load_offres(portail)
    assert any("Offre publiée" in line for line in done)
    assert offres.load_offres(portail) == []
    with portail.db.read() as session:
        centre = session.scalars(select(Centre).where(Centre.code == CENTRE)).one()
        version = offres.current_version(session, centre.id, OFFRE)
        assert (version.numero, version.etat) == (1, "publiee")
        assert offres.get_offer(session, version.id) == cig_offer()
        assert sorted(version.gabarits) == sorted(cig_offer().templates())
        assert all(portail.files.exists(sha256) for sha256 in version.gabarits.values())
        amounts = {(one.code, one.annee): one.montant for one in offres.list_tarifs(session, centre.id)}
        assert amounts["temps_complet", 2022] == Decimal("67980.00")


def test_what_was_edited_stays(portail: Portail) -> None:
    offres.load_offres(portail)
    with portail.db.write() as session:
        session.execute(update(Centre).values(nom="Nom changé"))
        session.execute(update(Tarif).where(Tarif.code == "heure").values(montant=Decimal("58.00")))
        session.execute(update(OffreVersion).values(etat="retiree"))
    assert offres.load_offres(portail) == []
    with portail.db.read() as session:
        centre = session.scalars(select(Centre).where(Centre.code == CENTRE)).one()
        assert centre.nom == "Nom changé"
        assert Decimal("58.00") in {one.montant for one in offres.list_tarifs(session, centre.id)}
        with pytest.raises(Introuvable):
            offres.current_version(session, centre.id, OFFRE)


def test_a_tariff_that_the_centre_does_not_have_is_told(portail: Portail, tmp_path: Path) -> None:
    shutil.copytree(FORMS / CENTRE, tmp_path / CENTRE)
    path = tmp_path / CENTRE / OFFRE / "offre.yaml"
    path.write_text(path.read_text("utf-8").replace("tarif: temps_complet", "tarif: temps_complt"), encoding="utf-8")
    told = [one for one in offres.load_offres(portail, forms=tmp_path, templates=TEMPLATES) if "Attention" in one]
    assert len(told) == 1
    assert "« temps_complt »" in told[0] and "vouliez-vous « temps_complet » ?" in told[0]


def test_a_broken_file_loads_nothing(portail: Portail, tmp_path: Path) -> None:
    forms, templates = tmp_path / "forms", tmp_path / "gabarits"
    shutil.copytree(FORMS / CENTRE, forms / CENTRE)
    shutil.copytree(TEMPLATES / CENTRE, templates / CENTRE)
    missing = templates / CENTRE / OFFRE / cig_offer().templates()[0]
    missing.unlink()
    with pytest.raises(Invalide, match=missing.name):
        offres.load_offres(portail, forms=forms, templates=templates)
    (forms / CENTRE / OFFRE / "offre.yaml").write_text("code: [", encoding="utf-8")
    with pytest.raises(PortailError, match=r"offre\.yaml"):
        offres.load_offres(portail, forms=forms, templates=templates)
    with portail.db.read() as session:
        assert session.scalars(select(Centre)).all() == []


def test_an_installation_serves_the_centres_it_names(portail: Portail) -> None:
    portail.settings = replace(portail.settings, centres=(CENTRE,))
    offres.load_offres(portail)
    with portail.db.read() as session:
        assert session.scalars(select(Centre.code)).all() == [CENTRE]
    portail.settings = replace(portail.settings, centres=())
    assert offres.load_offres(portail) != []
    with portail.db.read() as session:
        assert set(session.scalars(select(Centre.code))) == {path.parent.name for path in FORMS.glob("*/centre.yaml")}


def test_a_centre_that_has_no_folder_is_told(portail: Portail) -> None:
    portail.settings = replace(portail.settings, centres=(CENTRE, "cdg-99"))
    with pytest.raises(Invalide, match="cdg-99"):
        offres.load_offres(portail)
    with portail.db.read() as session:
        assert session.scalars(select(Centre)).all() == []
