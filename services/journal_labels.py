"""French names of what the journal holds: actions and objects. A test checks that every action of the code is named."""

from __future__ import annotations

ACTION_LABELS: dict[str, str] = {
    "refus": "Action refusée",
    "connexion.reussie": "Connexion",
    "connexion.echec": "Échec de connexion",
    "connexion.bloquee": "Connexion bloquée après plusieurs échecs",
    "session.fermer": "Session fermée",
    "session.revoquer": "Déconnexion",
    "session.revoquer_toutes": "Déconnexion de tous les appareils",
    "page.ouvrir": "Page demandée",
    "dossier.creer": "Dossier créé",
    "dossier.deposer": "Dossier déposé",
    "dossier.prendre_en_charge": "Dossier pris en charge",
    "dossier.demander_corrections": "Corrections demandées",
    "dossier.redeposer": "Corrections déposées",
    "dossier.retirer": "Demande retirée",
    "dossier.refuser": "Dossier refusé",
    "dossier.accepter": "Dossier accepté",
    "dossier.emettre": "Convention émise",
    "dossier.attribuer": "Dossier confié",
    "dossier.ouvrir": "Dossier demandé",
    "dossier.historique": "Historique d’un dossier demandé",
    "dossier.lever_avertissement": "Avertissement levé sur un dossier",
    "reponse.enregistrer": "Réponse enregistrée",
    "saisie.reprendre": "Saisie d’une session expirée reprise",
    "saisie.resoudre": "Choix entre deux réponses",
    "piece.deposer": "Fichier déposé",
    "piece.lire": "Fichier ouvert",
    "piece.retirer": "Fichier retiré",
    "correction.preparer": "Correction préparée",
    "correction.annuler": "Correction annulée",
    "correction.repondre": "Réponse à une correction",
    "message.ecrire": "Message écrit",
    "message.lire": "Messages lus",
    "convention.ouvrir": "Convention demandée",
    "convention.emettre": "Convention émise",
    "convention.deposer_signature": "Convention signée déposée par la collectivité",
    "convention.rejeter_signature": "Document signé rejeté",
    "convention.signer_centre": "Convention signée par le centre",
    "convention.annuler": "Convention annulée",
    "convention.lever_avertissement": "Avertissement levé sur un document signé",
    "convention.joindre_accuse": "Accusé de la préfecture joint",
    "convention.produire_pdf": "PDF de la convention produit",
    "convention.exporter": "Fichiers d’une convention exportés",
    "document.produire": "Projet ou modèle de délibération produit",
    "demande.deposer": "Demande d’adhésion reçue",
    "demande.confirmer": "Demande d’adhésion confirmée",
    "demande.accepter": "Demande d’adhésion acceptée",
    "demande.transmettre": "Demande d’adhésion transmise à la collectivité",
    "demande.refuser": "Demande d’adhésion refusée",
    "utilisateur.ouvrir": "Compte demandé",
    "utilisateur.inviter": "Personne invitée",
    "utilisateur.relancer": "Invitation renvoyée",
    "utilisateur.lien": "Lien d’accès affiché",
    "utilisateur.activer": "Compte activé",
    "utilisateur.desactiver": "Compte désactivé",
    "utilisateur.reactiver": "Compte réactivé",
    "administrateur.creer": "Premier administrateur créé",
    "role.attribuer": "Rôle attribué",
    "role.terminer": "Rôle terminé",
    "profil.modifier": "Coordonnées modifiées",
    "mot_de_passe.changer": "Mot de passe changé",
    "mot_de_passe.echec": "Mot de passe actuel refusé",
    "mot_de_passe.reinitialiser": "Mot de passe réinitialisé",
    "offre.publier": "Offre publiée",
    "centre.consulter": "Paramètres du centre demandés",
    "centre.modifier": "Paramètres du centre modifiés",
    "centre.deposer_fichier": "Fichier du centre déposé",
    "centre.retirer_fichier": "Fichier du centre retiré",
    "tarif.enregistrer": "Tarif enregistré",
    "journal.lire": "Journal demandé",
    "journal.exporter": "Journal exporté",
    "journal.verifier": "Journal vérifié",
    "sauvegarde.creer": "Sauvegarde créée",
    "sauvegarde.restaurer": "Sauvegarde restaurée",
    "fichiers.rattacher": "Magasin de fichiers rattaché",
}

OBJECT_LABELS: dict[str, str] = {
    "dossier": "Dossier",
    "convention": "Convention",
    "correction": "Correction",
    "piece": "Fichier",
    "centre": "Centre",
    "collectivite": "Collectivité",
    "utilisateur": "Compte",
    "demande": "Demande d’adhésion",
    "session": "Session",
    "page": "Page",
    "offre": "Offre",
    "offre_version": "Offre",
    "lien": "Lien d’accès",
    "role": "Rôle",
}


def action_label(action: str, demande: str | None = None) -> str:
    """Name of an action; for a refusal, with what was asked (`demande`)."""
    if action == "refus" and demande:
        return f"{ACTION_LABELS['refus']} : {ACTION_LABELS.get(demande, demande)}"
    return ACTION_LABELS.get(action, action)


def object_label(objet: str | None) -> str:
    """Name of a kind of object; empty for None."""
    return OBJECT_LABELS.get(objet, objet) if objet else ""
