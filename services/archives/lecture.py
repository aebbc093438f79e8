"""The page of a whole export: plain HTML in French, without script nor address outside of the archive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from domain.decompte import ETATS as ETATS_DECOMPTE
from domain.formatting import date_courte, duree, euros, insecables, nombre, pourcentage
from domain.forms.fields import display_value
from domain.workflow.tables import Workflow
from models import MOTIFS_CORRECTION, Acte, Dossier
from services.centre.consultation_journal import LigneJournal
from services.centre.offres import get_offer
from services.core.clock import local_time

MOTS = {
    "collectivite": "La collectivité",
    "centre": "Le centre",
    "recue": "Reçue",
    "confirmee": "Confirmée",
    "sans_suite": "Sans suite",
    "retiree": "Retirée",
    "preparee": "Préparée",
    "envoyee": "Envoyée",
    "satisfaite": "Satisfaite",
    "resiliee": "Suivie d’une résiliation",
    "demandee": "Demandée",
    "acceptee": "Acceptée",
    "refusee": "Refusée",
    "close": "Close",
    "tacite": "Tacite",
    "expresse": "Expresse",
    "reponse": "Pièce du dossier",
    "convention": "Convention émise (Word)",
    "convention_pdf": "Convention émise (PDF)",
    "avenant": "Avenant émis (Word)",
    "avenant_pdf": "Avenant émis (PDF)",
    "annexe": "Annexe",
    "signee_collectivite": "Signée par la collectivité",
    "signee_centre": "Signée par les deux parties",
    "accuse_prefecture": "Accusé de réception de la préfecture",
    "decompte": "Décompte",
    "bilan": "Bilan annuel",
    "courrier": "Courrier",
    "denonciation": "Dénonciation",
    "mise_en_demeure": "Mise en demeure",
}
"""French words of the codes that the page shows."""

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1,h2,h3{line-height:1.25}h2{border-bottom:2px solid #1f3864;padding-bottom:.2rem;margin-top:2.5rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{border:1px solid #bbb;padding:.35rem .5rem;text-align:left;vertical-align:top}
th{background:#eef2f8}td.n{text-align:right;white-space:nowrap}dl{display:grid;grid-template-columns:16rem 1fr;gap:.25rem 1rem}
dt{font-weight:600}dd{margin:0}.s{color:#555;font-size:.9rem;overflow-wrap:anywhere}nav a{margin-right:1rem}
@media(max-width:40rem){dl{grid-template-columns:1fr}table{display:block;overflow-x:auto}.s{display:inline-block;min-width:22rem}}
"""


@dataclass(frozen=True)
class Lecture:
    """What the page is made from: rows, their JSON (`data`), the files of the archive and the lines of the journal."""

    centre: str
    fuseau: str
    fait_le: datetime
    actes: Sequence[Acte]
    dossiers: Sequence[Dossier]
    data: Mapping[str, Any]
    fichiers: Sequence[Any]
    journal: Sequence[LigneJournal]

    def day(self, text: str | None) -> str:
        """« 12/11/2026 » of an ISO date or instant."""
        if not text:
            return ""
        return date_courte(
            date.fromisoformat(text) if len(text) == 10 else self.local(datetime.fromisoformat(text)).date()
        )

    def moment(self, text: str | None) -> str:
        """« 12/11/2026 14:05 » of an ISO instant."""
        return self.local(datetime.fromisoformat(text)).strftime("%d/%m/%Y %H:%M") if text else ""

    def local(self, moment: datetime) -> datetime:
        return local_time(moment, self.fuseau)

    def person(self, ident: str | None) -> str:
        return self.data["personnes"].get(ident or "", "") if ident else ""


def render_index(session: Session, reading: Lecture) -> str:
    """The whole page."""
    title = f"Convention {reading.actes[0].numero}" if reading.actes else f"Dossier {reading.dossiers[0].reference}"
    parts = [
        _head(reading, title),
        *(_acte(session, reading, acte) for acte in reading.actes),
        *(_dossier(session, reading, dossier) for dossier in reading.dossiers),
        _life(reading),
        _money(reading),
        _files(reading),
        _journal(reading),
    ]
    style = Markup(STYLE)  # noqa: S704 - a constant of this module
    return str(
        Markup(
            '<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{}</title><style>{}</style></head>'
            "<body>{}</body></html>\n"
        ).format(title, style, Markup("\n").join(part for part in parts if part))
    )


def _head(reading: Lecture, title: str) -> Markup:
    where = reading.data["collectivite"]
    told = insecables(
        "lisible sans le portail : les fichiers sont dans « fichiers », les données dans « donnees », l’empreinte SHA-256 de chaque"
        " élément dans « empreintes.txt »."
    )
    made = reading.local(reading.fait_le).strftime("%d/%m/%Y à %H:%M")
    links = (("fichiers", "Fichiers"), ("montants", "Montants"), ("journal", "Journal"))
    nav = Markup("").join(Markup('<a href="#{}">{}</a>').format(*one) for one in links)
    return Markup("<h1>{}, {}</h1><p>{}. Export du {}, {}</p><nav>{}</nav>").format(
        title, where["nom"], reading.centre, made, told, nav
    )


def _acte(session: Session, reading: Lecture, acte: Acte) -> Markup:
    what = "Avenant" if acte.nature == "avenant" else "Convention"
    label = _workflow(session, reading, acte).etats.get(acte.etat, acte.etat)
    pairs = [
        ("État", label),
        ("Émise le", reading.moment(acte.emise_le.isoformat())),
        ("Prise d’effet", date_courte(acte.date_effet)),
        ("Début des prestations", date_courte(acte.date_debut_prestations)),
        ("Terme", date_courte(acte.terme)),
        ("Fin", date_courte(acte.fin) if acte.fin else ""),
        ("Part d’un temps plein", pourcentage(acte.quotite) if acte.quotite is not None else ""),
        ("Heures prévues par an", duree(acte.minutes_prevues) if acte.minutes_prevues else ""),
        ("Montant annuel", euros(acte.montant_annuel) if acte.montant_annuel is not None else ""),
        ("Première année", euros(acte.montant_premiere_annee) if acte.montant_premiere_annee is not None else ""),
        ("Signée par la collectivité", _signed(acte.collectivite_signee_le, acte.collectivite_signataire)),
        ("Signée par le centre", _signed(acte.centre_signee_le, acte.centre_signataire)),
        ("Motif", acte.motif or ""),
        ("Empreinte SHA-256 du document émis", acte.sha256),
    ]
    return Markup("<h2>{} {}</h2>{}").format(what, acte.numero, _facts(pairs))


def _workflow(session: Session, reading: Lecture, acte: Acte) -> Workflow:
    dossier = next((one for one in reading.dossiers if one.id == acte.dossier_id), acte.dossier)
    return get_offer(session, dossier.offre_version_id).workflow_convention


def _signed(day: date | None, who: str | None) -> str:
    return f"{date_courte(day)}, {who or ''}".rstrip(", ") if day else ""


def _dossier(session: Session, reading: Lecture, dossier: Dossier) -> Markup:
    offer = get_offer(session, dossier.offre_version_id).variant(dossier.nature)
    data = next(one for one in reading.data["dossiers"] if one["id"] == str(dossier.id))
    label = offer.workflow_dossier.etats.get(dossier.etat, dossier.etat)
    parts = [
        Markup("<h2>Dossier {}</h2>").format(dossier.reference),
        _facts([("Offre", offer.titre), ("Nature", _nature(session, dossier)), ("État", label), ("Créé le", reading.moment(data["cree_le"])),
                ("Déposé le", reading.moment(data["depose_le"])), ("Motif", dossier.motif or "")]),
    ]  # fmt: skip
    depots = data["depots"]
    answers = depots[-1]["reponses"] if depots else {one["champ"]: one["valeur"] for one in data["reponses"]}
    known = []
    for form in offer.formset.forms:
        for section in form.sections:
            rows = [
                (field.label, _answer(reading, field, answers[field.id]))
                for field in section.fields
                if answers.get(field.id) is not None
            ]
            known += [field.id for field in section.fields]
            if rows:
                parts.append(Markup("<h3>{} – {}</h3>{}").format(form.title, section.title, _facts(rows)))
    others = [(champ, str(value)) for champ, value in answers.items() if champ not in known and value is not None]
    if others:
        parts.append(Markup("<h3>Autres réponses</h3>{}").format(_facts(others)))
    parts += [_corrections(reading, data, offer.formset.fields), _messages(reading, data)]
    return Markup("").join(parts)


def _nature(session: Session, dossier: Dossier) -> str:
    """« Adhésion », or the title of the request in its offer."""
    asked = get_offer(session, dossier.offre_version_id).demandes
    return next((one.titre for one in asked if one.nature == dossier.nature), "Adhésion")


def _mot(code: str) -> str:
    return MOTS.get(code, code)


def _answer(reading: Lecture, field: Any, value: Any) -> str | Markup:
    if field.type == "file" and isinstance(value, dict):
        found = next((one for one in reading.fichiers if str(one.id) == value.get("piece")), None)
        return _file_link(found) if found else str(value.get("nom", ""))
    return Markup("<br>").join(escape(line) for line in display_value(field, value).split("\n"))


def _file_link(one: Any) -> Markup:
    if one.chemin is None:
        return Markup("{} (fichier manquant au moment de l’export)").format(one.nom)
    return Markup('<a href="{}">{}</a>').format(one.chemin, one.nom)


def _corrections(reading: Lecture, data: Mapping[str, Any], fields: Mapping[str, Any]) -> Markup:
    rows = [
        (
            fields[one["champ"]].label if one["champ"] in fields else one["champ"],
            MOTIFS_CORRECTION.get(one["motif"], one["motif"]),
            one["texte"],
            reading.moment(one["envoyee_le"]),
            reading.moment(one["close_le"]),
        )
        for one in data["corrections"]
    ]
    return _table("Corrections demandées", ("Champ", "Motif", "Texte", "Envoyée", "Close"), rows, level=3)


def _messages(reading: Lecture, data: Mapping[str, Any]) -> Markup:
    rows = [
        (
            reading.moment(one["le"]),
            reading.person(one["auteur_id"]) or ("Le centre" if one["du_centre"] else "La collectivité"),
            Markup("<br>").join(escape(line) for line in one["texte"].split("\n")),
        )
        for one in sorted(data["messages"], key=lambda one: one["le"])
    ]
    return _table("Messages", ("Date", "Auteur", "Message"), rows, level=3)


def _life(reading: Lecture) -> Markup:
    """Renewals, notices, formal notices, days without an assistant, requests for the service dégradé."""
    data, day = reading.data, reading.day
    return Markup("").join(
        [
            _table(
                "Reconductions",
                ("Année", "Décision", "Montant"),
                [(one["annee"], _mot(one["decision"]), _euros(one["montant_du"])) for one in data["reconductions"]],
            ),
            _table(
                "Dénonciations",
                ("Auteur", "Date retenue", "État", "Fin", "Motif"),
                [
                    (_mot(one["auteur"]), day(one["date_reference"]), _mot(one["etat"]), day(one["fin"]), one["motif"])
                    for one in data["denonciations"]
                ],
            ),
            _table(
                "Mises en demeure",
                ("Article", "Envoyée", "Échéance", "État", "Manquements", "Réponse"),
                [
                    (
                        one["article"], day(one["date_envoi"]), day(one["echeance"]), _mot(one["etat"]), one["manquements"],
                        one["reponse"],
                    )
                    for one in data["mises_en_demeure"]
                ],
            ),
            _table(
                "Périodes sans assistant",
                ("Du", "Au", "Motif"),
                [(day(one["du"]), day(one["au"]), one["motif"]) for one in data["periodes_sans_assistant"]],
            ),
            _table(
                "Service dégradé",
                ("Du", "Au", "État"),
                [(day(one["du"]), day(one["au"]), _mot(one["etat"])) for one in data["services_degrades"]],
            ),
        ]
    )  # fmt: skip


def _money(reading: Lecture) -> Markup:
    years = [
        (one["annee"], _euros(one["montant_du"]), _euros(one["montant_facture"]), duree(one["minutes_dues"]))
        for one in reading.data["exercices"]
    ]
    statements = [
        (
            one["numero"] or "–",
            f"{reading.day(one['du'])} au {reading.day(one['au'])}",
            ETATS_DECOMPTE.get(one["etat"], one["etat"]),
            _euros(one["total"]),
            Markup("<br>").join(f"{line['libelle']} : {euros(Decimal(line['montant']))}" for line in one["lignes"]),
        )
        for one in reading.data["decomptes"]
    ]
    hours: dict[int, int] = {}
    for one in reading.data["heures"]:
        if one["dimension"] == "nature":
            hours[one["annee"]] = hours.get(one["annee"], 0) + one["minutes"]
    return Markup('<div id="montants"></div>{}{}{}').format(
        _table("Montants par année", ("Année", "Dû", "Facturé", "Heures ouvertes"), years, numbers=(1, 2, 3)),
        _table("Décomptes", ("Numéro", "Période", "État", "Total", "Lignes"), statements, numbers=(3,)),
        _table(
            "Heures enregistrées", ("Année", "Heures"), [(y, duree(m)) for y, m in sorted(hours.items())], numbers=(1,)
        ),
    )


def _euros(amount: str | None) -> str:
    return euros(Decimal(amount)) if amount is not None else ""


def _files(reading: Lecture) -> Markup:
    rows = [
        (
            _file_link(one),
            _mot(one.usage),
            reading.moment(one.depose_le.isoformat()),
            "Remplacé" if one.retire_le else "",
            nombre(one.taille),
            Markup('<span class="s">{}</span>').format(one.sha256),
        )
        for one in reading.fichiers
    ]
    heads = ("Fichier", "Usage", "Déposé le", "", "Octets", "SHA-256")
    return Markup('<div id="fichiers"></div>{}').format(_table("Fichiers", heads, rows, numbers=(4,)))


def _journal(reading: Lecture) -> Markup:
    rows = [
        (row.seq, reading.moment(row.le.isoformat()), row.acteur, row.libelle, Markup('<span class="s">{}</span>').format(row.resume))
        for row in reading.journal
    ]  # fmt: skip
    heads = ("Ligne", "Date", "Personne", "Action", "Détails")
    return Markup('<div id="journal"></div>{}').format(_table("Journal", heads, rows))


def _facts(pairs: Iterable[tuple[str, str | Markup]]) -> Markup:
    rows = (Markup("<dt>{}</dt><dd>{}</dd>").format(label, value) for label, value in pairs if value)
    return Markup("<dl>{}</dl>").format(Markup("").join(rows))


def _table(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    numbers: Sequence[int] = (),
    level: int = 2,
) -> Markup:
    """A titled table; nothing when it has no row."""
    if not rows:
        return Markup("")
    ths = Markup("").join(Markup('<th scope="col">{}</th>').format(head) for head in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(_cell(cell, index in numbers) for index, cell in enumerate(row)))
        for row in rows
    )
    return Markup("<h{0}>{1}</h{0}><table><thead><tr>{2}</tr></thead><tbody>{3}</tbody></table>").format(
        level, title, ths, body
    )


def _cell(value: object, number: bool) -> Markup:
    shown = "" if value is None else value
    return Markup('<td class="n">{}</td>').format(shown) if number else Markup("<td>{}</td>").format(shown)
