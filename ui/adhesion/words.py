"""What the pages of a dossier say of it, whether it leads to a convention, to an avenant, or is a request the centre records."""

from __future__ import annotations

from markupsafe import Markup

from services.adhesion.dossier_views import DossierView
from ui import page
from ui.actions import Wording
from ui.html import link

DONE = {
    "deposer": "Dossier déposé. Le centre l’a reçu ; vous serez prévenu de la suite par courrier électronique.",
    "redeposer": "Corrections déposées. Le centre reprend l’examen du dossier.",
    "retirer": "Demande retirée.",
    "prendre_en_charge": "Dossier pris en charge.",
    "demander_corrections": "Corrections envoyées à la collectivité.",
    "refuser": "Dossier refusé.",
    "accepter": "Dossier accepté. La convention peut être émise.",
}
DONE_DEMANDE = {
    **DONE,
    "deposer": "Demande envoyée. Le centre en est prévenu.",
    "redeposer": "Corrections déposées. Le centre reprend l’examen de la demande.",
    "prendre_en_charge": "Demande prise en charge.",
    "refuser": "Demande refusée.",
    "accepter": "Demande acceptée. L’avenant peut être émis.",
    "valider": "Demande acceptée : elle fait partie du texte en vigueur à sa date.",
}
WORDINGS = {
    "deposer": Wording(
        "Le centre recevra vos réponses. Vous ne pourrez plus les modifier, sauf s’il demande des corrections."
    ),
    "redeposer": Wording("Le centre recevra vos corrections et reprendra l’examen du dossier."),
    "retirer": Wording("Le dossier sera clos. Indiquez pourquoi vous renoncez à cette demande."),
    "demander_corrections": Wording("La collectivité recevra les corrections préparées et pourra modifier ces champs."),
    "refuser": Wording("Le dossier sera clos. La collectivité lira ce motif."),
    "accepter": Wording("Les réponses seront figées : la convention sera établie à partir d’elles."),
    "emettre": Wording("La convention recevra son numéro et sera scellée : elle ne pourra plus être modifiée."),
}
WORDINGS_DEMANDE = {
    **WORDINGS,
    "retirer": Wording("La demande sera close. Indiquez pourquoi vous y renoncez."),
    "refuser": Wording("La demande sera close. La collectivité lira ce motif."),
    "accepter": Wording("Les réponses seront figées : l’avenant sera établi à partir d’elles."),
    "valider": Wording("Les réponses feront partie du texte de la convention à partir de leur date d’effet."),
    "emettre": Wording("L’avenant recevra son numéro et sera scellé : il ne pourra plus être modifié."),
}
IMMEDIATE = Wording("Le centre est prévenu aussitôt, et le texte de la convention en tient compte.")
EXPECTED = {
    "depose": "Le centre va prendre votre dossier en charge. Vous n’avez rien à faire pour l’instant.",
    "en_instruction": "Le centre examine votre dossier. Vous n’avez rien à faire pour l’instant.",
    "accepte": "Le centre prépare la convention. Vous serez prévenu quand elle sera à signer.",
    "emis": "La convention est émise : ouvrez-la pour la télécharger et voir où en est sa signature.",
    "retire": "Cette demande a été retirée. Vous pouvez en commencer une autre depuis la liste des dossiers.",
    "refuse": "Le centre n’a pas donné suite à cette demande.",
    "brouillon": "Un gestionnaire de votre collectivité remplit ce dossier.",
    "a_corriger": "Le centre attend des corrections de votre collectivité.",
}
EXPECTED_DEMANDE = {
    **EXPECTED,
    "depose": "Le centre va examiner votre demande. Vous n’avez rien à faire pour l’instant.",
    "en_instruction": "Le centre examine votre demande. Vous n’avez rien à faire pour l’instant.",
    "accepte": "Le centre prépare l’avenant. Vous serez prévenu quand il sera à signer.",
    "emis": "L’avenant est émis : ouvrez-le pour le télécharger et voir où en est sa signature.",
    "retire": "Cette demande a été retirée. Vous pouvez en commencer une autre depuis la page de la convention.",
    "enregistre": "La demande fait partie du texte de la convention à partir de sa date d’effet.",
    "brouillon": "Une personne de votre collectivité remplit cette demande.",
}


def tell_done(view: DossierView, action: str) -> str | None:
    """What to announce once an action is done."""
    return (DONE if view.adhesion else DONE_DEMANDE).get(action)


def wordings(view: DossierView) -> dict[str, Wording]:
    """What each action will do, for the dialog that confirms it."""
    if view.adhesion:
        return WORDINGS
    return {**WORDINGS_DEMANDE, "deposer": IMMEDIATE} if view.immediate else WORDINGS_DEMANDE


def tell_expected(view: DossierView) -> str | None:
    """What comes next, as the collectivité reads it."""
    return (EXPECTED if view.adhesion else EXPECTED_DEMANDE).get(view.etat)


def acte_link(view: DossierView, before: str = "") -> Markup | None:
    """The convention or the avenant that the dossier led to."""
    if view.convention_id is None:
        return None
    kind = "Convention" if view.adhesion else "Avenant"
    opened = f"{before} {'la convention' if view.adhesion else 'l’avenant'}" if before else kind
    return link(f"{opened} {view.numero_convention or ''}", page.url_of("convention", id=view.convention_id))


def sujet_link(view: DossierView) -> Markup | None:
    """The convention that the dossier is about, or that it follows."""
    if view.sujet is None:
        return None
    return link(f"Convention {view.sujet.numero}", page.url_of("convention", id=view.sujet.convention_id))


def about(view: DossierView) -> str:
    """The line under the title: whose dossier, of which offer, and its reference where the title does not say it."""
    said = f"{view.collectivite.nom} – {view.offer.titre}"
    return said if view.adhesion else f"{said} – demande {view.reference}"
