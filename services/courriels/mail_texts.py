"""Text of each mail, in French, plain text. Nothing secret but the single-use link; nothing about an accompanied agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.text import clean_text


@dataclass(frozen=True)
class Context:
    """What a mail may say. `parametres` are the ids and codes queued with it."""

    adresse: str
    centre: str = ""
    prenom: str = ""
    nom: str = ""
    collectivite: str = ""
    demandeur: str = ""
    motif: str = ""
    lien: str = ""
    du_centre: bool = False
    parametres: dict[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        return self.centre or "Le centre de gestion"

    def page(self, name: str, parameter: str) -> str:
        """Address of a page of the portal about the object of this mail."""
        return f"{self.adresse}/{name}?id={self.parametres.get(parameter, '')}"


@dataclass(frozen=True)
class MailText:
    """Subject (one line) and body of a mail."""

    objet: str
    corps: str


Writer = Callable[[Context], tuple[str, str]]


def _invitation(context: Context) -> tuple[str, str]:
    return (
        "Activez votre compte sur le portail du service social du travail",
        f"{context.service} vous ouvre un compte sur le portail du service social du travail.\n\n"
        f"Choisissez votre mot de passe en suivant ce lien, valable 7 jours et une seule fois :\n{context.lien}\n\n"
        "Si vous n’attendiez pas ce message, ignorez-le : aucun compte ne sera activé.",
    )


def _new_role(context: Context) -> tuple[str, str]:
    return (
        "De nouveaux droits vous sont ouverts",
        "De nouveaux droits vous sont ouverts sur le portail du service social du travail.\n\n"
        f"Connectez-vous avec votre compte habituel :\n{context.adresse}",
    )


def _password(context: Context) -> tuple[str, str]:
    return (
        "Choisissez un nouveau mot de passe",
        "Vous avez demandé à changer le mot de passe de votre compte sur le portail du service social du travail.\n\n"
        f"Suivez ce lien, valable une heure et une seule fois :\n{context.lien}\n\n"
        "Si vous n’êtes pas à l’origine de cette demande, ignorez ce message : votre mot de passe reste le même.",
    )


def _link_handed_over(context: Context) -> tuple[str, str]:
    return (
        "Un lien d’accès à votre compte a été créé",
        "Un administrateur a créé un lien qui permet de choisir le mot de passe de votre compte sur le portail du service"
        " social du travail. Il doit vous le remettre, et à vous seul.\n\n"
        "Si vous n’attendiez pas ce lien, prévenez votre centre de gestion sans tarder.",
    )


def _confirmation(context: Context) -> tuple[str, str]:
    return (
        "Confirmez votre demande d’adhésion",
        f"Une demande d’adhésion au service social du travail a été déposée pour {context.collectivite},"
        f" avec votre adresse.\n\nConfirmez-la en suivant ce lien, valable 3 jours :\n{context.lien}\n\n"
        "Si vous n’avez rien demandé, ignorez ce message : sans confirmation, la demande n’est pas transmise.",
    )


def _demande_received(context: Context) -> tuple[str, str]:
    return (
        f"Demande d’adhésion : {context.collectivite}",
        f"Une demande d’adhésion vient d’arriver pour {context.collectivite}.\n\n"
        f"Acceptez-la ou refusez-la sur le portail :\n{context.adresse}/demandes",
    )


def _demande_forwarded(context: Context) -> tuple[str, str]:
    return (
        "Une personne demande à vous rejoindre sur le portail",
        f"{context.demandeur} a demandé à accéder au portail du service social du travail pour {context.collectivite}."
        f" {context.service} n’ouvre pas ce compte lui-même, puisque votre collectivité invite déjà ses agents.\n\n"
        "Si vous connaissez cette personne et qu’elle doit avoir accès au portail, invitez-la :\n"
        f"{context.adresse}/utilisateurs?vue=inviter\n\nSinon, ne faites rien.",
    )


def _demande_redirected(context: Context) -> tuple[str, str]:
    return (
        "Votre demande d’adhésion est transmise à votre collectivité",
        f"{context.collectivite} utilise déjà le portail du service social du travail. Votre demande a été transmise aux"
        " personnes qui y gèrent les accès : c’est à elles de vous inviter.",
    )


def _demande_refused(context: Context) -> tuple[str, str]:
    return (
        "Votre demande d’adhésion n’a pas été retenue",
        f"{context.service} n’a pas pu donner suite à la demande d’adhésion déposée pour {context.collectivite}.\n\n"
        f"Motif : {context.motif}",
    )


def _about_dossier(objet: str, phrase: str) -> Writer:
    """The centre's people are sent to the page where they review, the collectivité's to the one where they fill in."""

    def write(context: Context) -> tuple[str, str]:
        reference = context.parametres.get("reference", "")
        page = "instruction" if context.du_centre else "dossier"
        return (
            f"{objet} – dossier {reference}",
            f"{phrase.format(reference=reference)}\n\nOuvrir le dossier :\n{context.page(page, 'dossier')}",
        )

    return write


def _about_convention(objet: str, phrase: str) -> Writer:
    def write(context: Context) -> tuple[str, str]:
        numero = context.parametres.get("numero", "")
        page = context.page("convention", "convention")
        return f"{objet} – n° {numero}", f"{phrase.format(numero=numero)}\n\nOuvrir la convention :\n{page}"

    return write


def _about_degrade(objet: str, phrase: str) -> Writer:
    """The centre's people are sent to their list of requests, the collectivité's to the page of their service."""

    def write(context: Context) -> tuple[str, str]:
        numero = context.parametres.get("numero", "")
        page = f"{context.adresse}/equipe?onglet=degrade" if context.du_centre else context.page("suivi", "convention")
        return f"{objet} – convention n° {numero}", f"{phrase.format(numero=numero)}\n\nOuvrir le portail :\n{page}"

    return write


def _report_published(context: Context) -> tuple[str, str]:
    numero = context.parametres.get("numero", "")
    page = f"{context.adresse}/suivi?convention={context.parametres.get('convention', '')}"
    return (
        f"Bilan annuel d’activité – convention n° {numero}",
        f"Le bilan annuel du service social du travail pour la convention n° {numero} est publié.\n\n"
        f"Le lire et suivre les heures de la convention :\n{page}",
    )


WRITERS: dict[str, Writer] = {
    "bilan_publie": _report_published,
    "invitation": _invitation,
    "nouveaux_droits": _new_role,
    "mot_de_passe": _password,
    "lien_remis": _link_handed_over,
    "confirmation": _confirmation,
    "demande_recue": _demande_received,
    "demande_transmise": _demande_forwarded,
    "demande_orientee": _demande_redirected,
    "demande_refusee": _demande_refused,
    "dossier_depose": _about_dossier(
        "Dossier déposé", "Le dossier {reference} vient d’être déposé : il attend d’être pris en charge."
    ),
    "corrections_deposees": _about_dossier(
        "Corrections reçues",
        "La collectivité a répondu aux demandes de correction du dossier {reference}.",
    ),
    "dossier_retire": _about_dossier("Dossier retiré", "La collectivité a retiré le dossier {reference}."),
    "corrections_demandees": _about_dossier(
        "Corrections demandées", "Le centre vous demande de corriger ou de compléter le dossier {reference}."
    ),
    "dossier_accepte": _about_dossier(
        "Dossier accepté", "Le centre a accepté le dossier {reference}. Il prépare la convention."
    ),
    "dossier_refuse": _about_dossier(
        "Dossier refusé",
        "Le centre n’a pas pu accepter le dossier {reference}. Le motif figure dans le dossier.",
    ),
    "convention_emise": _about_convention(
        "Convention à signer",
        "La convention n° {numero} est prête. Téléchargez-la, faites-la signer, puis déposez le PDF signé.",
    ),
    "signature_deposee": _about_convention(
        "Convention signée par la collectivité",
        "La collectivité a déposé la convention n° {numero} signée : elle attend la signature du centre.",
    ),
    "signature_rejetee": _about_convention(
        "Document signé à déposer de nouveau",
        "Le centre n’a pas pu retenir le document signé de la convention n° {numero}. Le motif figure sur sa page.",
    ),
    "convention_signee": _about_convention(
        "Convention signée par les deux parties", "La convention n° {numero} est signée par les deux parties."
    ),
    "convention_annulee": _about_convention(
        "Convention annulée", "La convention n° {numero} est annulée. Le motif figure sur sa page."
    ),
    "degrade_demande": _about_degrade(
        "Service dégradé demandé",
        "La collectivité demande le service dégradé pour la convention n° {numero} : la demande attend votre réponse.",
    ),
    "degrade_retire": _about_degrade(
        "Demande de service dégradé retirée",
        "La collectivité a retiré sa demande de service dégradé pour la convention n° {numero}.",
    ),
    "degrade_accepte": _about_degrade(
        "Service dégradé accepté",
        "Le centre a accepté votre demande de service dégradé pour la convention n° {numero}. Les heures faites sont"
        " facturées au tarif indiqué dans votre demande.",
    ),
    "degrade_refuse": _about_degrade(
        "Service dégradé refusé",
        "Le centre n’a pas pu accepter votre demande de service dégradé pour la convention n° {numero}. Le motif figure"
        " avec la demande.",
    ),
    "degrade_clos": _about_degrade(
        "Service dégradé terminé",
        "Le centre a mis fin au service dégradé de la convention n° {numero} : plus aucune heure n’y sera enregistrée.",
    ),
    "message_recu": _about_dossier("Nouveau message", "Un nouveau message vous attend dans le dossier {reference}."),
}


def write(modele: str, context: Context) -> MailText:
    """The mail of this model. KeyError for a model that does not exist."""
    objet, corps = WRITERS[modele](context)
    name = clean_text(f"{context.prenom} {context.nom}")
    greeting = f"Bonjour {name}," if name else "Bonjour,"
    signature = context.centre or "Le portail du service social du travail"
    return MailText(
        objet=clean_text(objet)[:200],
        corps=f"{greeting}\n\n{corps}\n\n{signature}\nMessage automatique : merci de ne pas y répondre.\n",
    )
