"""Information sessions, états des lieux: what the centre records in the dossiers of its collectivités."""

from services.adhesion.releves import list_releves, open_releve
from ui import page, session
from ui.adhesion.entretiens import show_list, show_releve

ident = page.uuid_param()
if ident is None:
    page.header("Séances et entretiens", "Ce que le centre relève dans les dossiers en cours.")
    show_list(page.load(list_releves, session.portail(), session.acteur()))
else:
    view = page.load(open_releve, session.portail(), session.acteur(), ident)
    page.header(
        f"Séances et entretiens – {view.collectivite.nom}",
        f"Dossier {view.reference}, {view.offer.titre}",
        retour=("entretiens", "Toutes les séances et tous les entretiens"),
    )
    show_releve(view)
