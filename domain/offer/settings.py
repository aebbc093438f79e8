"""What an administrator may set in an offer, one thing by one: its place in the content, its French name, what it may be.

`REGLAGES` are the terms of the offer; `LISTES` its rows (documents, annexes, kinds of collectivité, sections of the annual
report, kinds of request), each with what may be said of one. Screens draw them from here, `domain.offer.editing` changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Genre = Literal[
    "texte",
    "long",
    "entier",
    "oui_non",
    "choix",
    "champ_date",
    "champ_quantite",
    "champ_minutes",
    "document",
    "mots",
    "condition",
    "tarif",
]
"""How it is typed: a line, several, a whole number, a box, a list, a question of the forms, a document, words with commas, a
condition, the code of a tariff."""


@dataclass(frozen=True)
class Reglage:
    """One thing to set. `chemin`: its keys in the content, joined by dots. `facultatif`: it may be left empty (None when
    `vide` says so, else an empty text). `si`: another setting and the values of it that this one has an effect with."""

    chemin: str
    libelle: str
    genre: Genre = "texte"
    aide: str = ""
    choix: Mapping[str, str] = field(default_factory=dict)
    minimum: int = 0
    maximum: int = 0
    longueur: int = 200
    facultatif: bool = False
    vide: Literal["texte", "rien"] = "texte"
    si: tuple[str, tuple[str, ...]] | None = None


MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

MODES = {
    "quotite": "Part d’un temps plein",
    "horaire": "À l’heure",
    "demi_journee": "À la demi-journée",
    "forfait": "Au forfait",
    "par_agent": "Par agent",
    "cotisation": "Compris dans la cotisation, 0 €",
    "devis": "Sur devis",
}
PRORATAS = {
    "jours": "Au jour près",
    "30-360": "Mois de 30 jours, année de 360",
    "mois-entames": "Par mois, entamés compris",
    "mois-pleins": "Par mois pleins",
}
PERIODICITES = {
    "mois": "Chaque mois",
    "trimestre": "Chaque trimestre",
    "semestre": "Chaque semestre",
    "an": "Chaque année",
}

PAR_DATE = ("denonciation.mode", ("date",))
TARIFES = tuple(mode for mode in MODES if mode not in ("cotisation", "devis"))
"""Ways of billing that a tariff prices."""

REGLAGES: dict[str, tuple[Reglage, ...]] = {
    "Présentation": (
        Reglage("titre", "Titre de l’offre", longueur=120),
        Reglage("resume", "Résumé, lu par les collectivités", "long", longueur=1000, facultatif=True),
        Reglage("nature", "Nature de la convention", aide="Un mot, dans les documents : « adhésion »…", longueur=60),
    ),
    "Facturation": (
        Reglage("facturation.mode", "Ce qui est facturé", "choix", choix=MODES),
        Reglage("facturation.champ", "Question qui donne la quantité", "champ_quantite"),
        Reglage(
            "facturation.tarif", "Tarif", "tarif", longueur=40, si=("facturation.mode", TARIFES),
            aide="Ceux de la page Tarifs.",
        ),
        Reglage("facturation.prorata", "Calcul d’une année incomplète", "choix", choix=PRORATAS),
        Reglage("facturation.periodicite", "Décomptes", "choix", choix=PERIODICITES),
        Reglage("facturation.heures_annuelles", "Heures annuelles d’un temps plein", "entier", minimum=1, maximum=3000),
        Reglage(
            "facturation.unite_minutes", "Unité facturée d’une intervention, en minutes", "entier", minimum=1, maximum=480,
            aide="1 : à la minute près.",
        ),
        Reglage("facturation.minimum_minutes", "Minimum facturé d’une intervention, en minutes", "entier", maximum=480),
        Reglage("facturation.etat_des_lieux_compris", "L’état des lieux est compris, à 0 €", "oui_non"),
        Reglage(
            "facturation.champ_etat_des_lieux", "Question qui donne la durée de l’état des lieux", "champ_minutes",
            facultatif=True, vide="rien",
        ),
        Reglage("facturation.deplacements_factures", "Les déplacements hors zone sont facturés", "oui_non"),
        Reglage(
            "facturation.resiliation_annee_entiere", "Résiliation pour manquement : l’année entière reste due", "oui_non",
            si=("facturation.mode", ("quotite", "par_agent")),
            aide="Article 8.2. Non : rien n’est dû après le dernier jour.",
        ),
        Reglage(
            "facturation.service_degrade.tarif", "Tarif du service dégradé", "tarif", longueur=40, facultatif=True, vide="rien",
            aide="Pendant l’absence de l’intervenant, à l’heure. Aucun : l’offre n’en propose pas.",
        ),
        Reglage(
            "facturation.tva", "TVA", "choix", choix={"hors_champ": "Hors du champ de la TVA", "taux_normal": "Taux normal"}
        ),
    ),
    "Durée": (
        Reglage(
            "duree.mode", "Reconduction", "choix",
            choix={"tacite": "Tacite", "expresse": "Expresse : le centre donne son accord", "aucune": "Aucune"},
        ),
        Reglage("duree.reconductions", "Nombre de reconductions d’un an", "entier", maximum=20),
        Reglage("duree.champ_effet", "Question qui donne la prise d’effet", "champ_date"),
        Reglage("duree.champ_debut", "Question qui donne le début des prestations", "champ_date"),
    ),
    "Dénonciation et mise en demeure": (
        Reglage(
            "denonciation.mode", "Quand une partie peut dénoncer", "choix",
            choix={"date": "Jusqu’à un jour de l’année, pour le 31 décembre", "preavis": "À tout moment, avec un préavis"},
        ),
        Reglage(
            "denonciation.dernier_mois", "Dernier mois pour dénoncer", "choix",
            choix={str(number): name for number, name in enumerate(MOIS, 1)}, si=PAR_DATE,
        ),
        Reglage("denonciation.dernier_jour", "Dernier jour de ce mois", "entier", minimum=1, maximum=31, si=PAR_DATE),
        Reglage(
            "denonciation.preavis_mois", "Préavis, en mois", "entier", minimum=1, maximum=24,
            si=("denonciation.mode", ("preavis",)),
            aide="La convention prend fin le même quantième, tant de mois après la date de la lettre qui compte ; le dernier jour"
            " du mois quand il n’a pas ce quantième.",
        ),
        Reglage(
            "denonciation.reference", "Date de la lettre qui compte", "choix",
            choix={"envoi": "Son envoi", "presentation": "Sa première présentation", "reception": "Sa réception"},
        ),
        Reglage(
            "denonciation.mise_en_demeure_jours", "Délai d’une mise en demeure, en jours", "entier", minimum=1, maximum=365
        ),
    ),
}  # fmt: skip

CONTEXTES = {
    "adhesion": "Un dossier d’adhésion",
    "decompte": "Un décompte",
    "bilan": "Un bilan annuel",
    "simulation": "Une simulation",
    "avenant": "Un avenant",
    "courrier_tarif": "Un courrier de tarif",
    "denonciation": "Une dénonciation",
    "mise_en_demeure": "Une mise en demeure",
    "resiliation": "Une résiliation",
    "elimination": "Une élimination d’archives",
}


@dataclass(frozen=True)
class Liste:
    """Rows of an offer. `chemin`: where they are; `cle`: what identifies one; `champs`: what may be said of one, `nouveau`
    what only a new one is asked. `un`, `titre`: « une annexe », « Annexes »; `aide`: what they are for."""

    chemin: str
    cle: str
    titre: str
    un: str
    feminin: bool
    champs: tuple[Reglage, ...]
    nouveau: tuple[Reglage, ...] = ()
    ordre: bool = True
    aide: str = ""

    @property
    def nom(self) -> Reglage:
        """What people call a row by."""
        return self.champs[0]


_GABARIT = Reglage(
    "template", "Nom du fichier Word", longueur=80, facultatif=True,
    aide="Se dépose ensuite sur la page Gabarits. Vide : un nom tiré du titre.",
)  # fmt: skip

LISTES: dict[str, Liste] = {
    "documents": Liste(
        "documents", "id", "Documents", "un document", False,
        (Reglage("titre", "Titre du document"),),
        (Reglage("contexte", "Ce qu’il raconte", "choix", choix=CONTEXTES), _GABARIT),
    ),
    "annexes": Liste(
        "annexes", "id", "Annexes", "une annexe", True,
        (
            Reglage("titre", "Titre de l’annexe"),
            Reglage(
                "source", "D’où elle vient", "choix",
                choix={"gabarit": "D’un gabarit Word de l’offre", "piece_centre": "D’un fichier déposé par le centre"},
                aide="Un fichier du centre se dépose dans Paramètres ; le gabarit est la page qui en tient lieu.",
            ),
            Reglage(
                "facultative", "Facultative", "oui_non",
                aide="Elle peut alors n’être jointe que dans certains cas.",
            ),
            Reglage("visible_if", "Annexe facultative jointe", "condition", facultatif=True, vide="rien"),
        ),
        (_GABARIT,),
    ),
    "parties": Liste(
        "parties", "code", "Types de collectivités", "un type de collectivité", False,
        (
            Reglage("libelle", "Nom de ce type", aide="« commune », « syndicat (intercommunal ou mixte) »…"),
            Reglage("prefixes", "Débuts de nom reconnus", "mots", facultatif=True, aide="Séparés par des virgules."),
            Reglage(
                "designation", "Désignation quand le nom commence ainsi",
                aide="{nom_court} est le reste du nom : « la commune {nom_court} ».",
            ),
            Reglage(
                "designation_nom_seul", "Désignation quand le nom est donné seul",
                aide="{de_nom} est le nom après « de », {nom} le nom : « la commune {de_nom} ».",
            ),
            Reglage("appellation", "Appellation dans les documents", aide="« la Commune »."),
            Reglage("organe", "Assemblée qui délibère", aide="« conseil municipal »."),
            Reglage("qualite", "Qualité du signataire", aide="« maire », « président »."),
            Reglage("qualite_feminin", "Qualité du signataire au féminin", facultatif=True, aide="Si elle diffère."),
        ),
        aide="Qui peut adhérer à l’offre, et les mots que les documents emploient pour chacun.",
    ),
    "bilan": Liste(
        "bilan.sections", "id", "Sections du bilan annuel", "une section", True,
        (
            Reglage("titre", "Titre de la section"),
            Reglage("aide", "Ce qu’il faut y écrire", "long", longueur=1000, facultatif=True),
            Reglage("facultative", "Facultative", "oui_non"),
            Reglage("taille", "Longueur maximale, en signes", "entier", minimum=100, maximum=20_000),
        ),
        aide="Ce qui est rédigé chaque année dans le bilan d’une convention, à côté des chiffres, dans cet ordre.",
    ),
    "demandes": Liste(
        "demandes", "nature", "Demandes pendant la convention", "une demande", True,
        (
            Reglage("titre", "Nom de la demande"),
            Reglage("resume", "Résumé, lu par les collectivités", "long", longueur=600, facultatif=True),
            Reglage(
                "champ_effet", "Question qui donne la date d’effet", "champ_date", facultatif=True, vide="rien",
                aide="Sans question : le jour de l’envoi.",
            ),
            Reglage(
                "document", "Document que les deux parties signent", "document", facultatif=True, vide="rien",
                si=("circuit", ("signature",)),
            ),
            Reglage("fermee", "N’est plus proposée", "oui_non", aide="Celles qui sont commencées vont jusqu’au bout."),
        ),
        (
            Reglage(
                "circuit", "Ce qui se passe après l’envoi", "choix",
                choix={
                    "immediat": "Elle prend effet aussitôt, le centre est prévenu",
                    "accord": "Le centre donne son accord",
                    "signature": "Le centre l’examine, puis les deux parties signent un avenant",
                },
            ),
        ),
    ),
}  # fmt: skip
