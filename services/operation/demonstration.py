"""The demonstration: collectivités at every stage of the journey, brought there by the same actions as anybody's.

Its people are invented and its content is data (`data/demonstration.yaml`). It is loaded into a folder of its own, never
into a real installation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4

import yaml
from sqlalchemy import select

from documents.pdf.sample import make_pdf, sign_pdf, stamp_pdf
from domain.errors import Invalide
from domain.referentiel import load_referentiel
from domain.roles import ROLE_LABELS, Role
from models import (
    Centre,
    Collectivite,
    Convention,
    DemandeAdhesion,
    OffreVersion,
    RoleAttribue,
    Utilisateur,
    utc_now,
)
from services.adhesion import corrections, dossiers, messages, pieces, workflow
from services.adhesion.answers import save_answers
from services.centre.offres import current_version, get_offer
from services.comptes.passwords import hash_password
from services.convention import conventions, signatures
from services.core import clock
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail
from services.core.settings import ROOT
from services.operation.demonstration_activite import add_service, add_tarifs, read_day
from services.operation.demonstration_bilans import add_bilans
from services.operation.demonstration_demandes import add_changements, issued_pdf
from services.operation.demonstration_facturation import add_decomptes
from services.operation.demonstration_reponses import build_answers
from services.operation.demonstration_scenarios import add_scenarios
from services.operation.demonstration_vie import add_fins, add_vote, age_dossiers

DATA = ROOT / "data" / "demonstration.yaml"
STAGES = (
    "brouillon",
    "depose",
    "en_instruction",
    "a_corriger",
    "accepte",
    "a_signer",
    "signee_collectivite",
    "en_vigueur",
)
"""The journey, in order; `annulee`, `retire` and `refuse` branch off it."""
SIGNED_BEFORE = timedelta(days=25)
"""A running convention was issued and signed so long before its effect."""
HOUR = time(9, 30)
"""When what was done on a past day was done."""
ROLES_SINCE = 4
"""Years that the demonstration's people have held their roles for: longer than its oldest convention."""
BRANCHES = {"annulee": "a_signer", "retire": "depose", "refuse": "en_instruction"}


def load_demonstration(portail: Portail, *, progress: Callable[[str], None] = lambda _: None) -> None:
    """Load the demonstration into an installed portal, once: an installation that has people is left as it is.

    `progress` is told, in French, which collectivité is being loaded. Raises Invalide on anything but the demonstration's
    own folder.
    """
    if not portail.settings.demonstration:
        raise Invalide("La démonstration ne se charge pas dans une installation réelle.")
    with portail.db.read() as session:
        if session.scalars(select(Utilisateur.id).limit(1)).first() is not None:
            return
    for content in _contents():
        stage = _Stage(portail, content)
        stage.add_tarifs(content["service"]["tarifs"])
        for described in content["collectivites"]:
            progress(f"Chargement de la démonstration : {stage.place(described['siren']).nom}")
            stage.play(described)
        stage.add_demandes(content["demandes"])
        stage.add_archives(content.get("archives", ()))
        if vote := content.get("vote"):
            # Before the service: the letters to the few conventions that there are yet are made, the others are to be.
            add_vote(portail, stage.equipe[Role.RESPONSABLE], stage.centre.id, vote, stage.today)
        stage.add_service(content["service"], progress)
        add_scenarios(portail, stage.centre, stage.offre.code, content.get("scenarios", ()), stage.today)
        add_fins(portail, stage.equipe[Role.RESPONSABLE], stage.centre.id, content.get("fins", ()), stage.today)


def list_demo_accounts(portail: Portail) -> list[str]:
    """Lines to print: by centre, one account for each role and those of a collectivité whose service runs; and the password
    that all share."""
    contents = _contents()
    lines = [f"Comptes de la démonstration (mot de passe : {contents[0]['mot_de_passe']})"]
    for content in contents:
        with portail.db.read() as session:
            centre = session.scalars(select(Centre).where(Centre.code == content["centre"])).one()
        lines.append(f"{centre.nom} :" if len(contents) > 1 else "")
        running = content["service"]["conventions"][0]["personnes"]
        for person in [*content["collectivites"][0]["personnes"], *running, *content["personnes_centre"]]:
            labels = ", ".join(ROLE_LABELS[Role(role)].lower() for role in person["roles"])
            lines.append(f"  {person['courriel']:<34} {labels}")
    return [line for line in lines if line]


def _contents() -> list[dict[str, Any]]:
    """What is loaded, by centre; the password is the same for all."""
    content: dict[str, Any] = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    others = content.pop("autres_centres")
    return [content, *({**one, "mot_de_passe": content["mot_de_passe"]} for one in others)]


class _Stage:
    """The centre's people, and what brings one collectivité to its stage."""

    def __init__(self, portail: Portail, content: Mapping[str, Any]) -> None:
        self.portail = portail
        self.password = hash_password(content["mot_de_passe"])
        self.list = load_referentiel()
        with portail.db.write() as session:
            self.centre = session.scalars(select(Centre).where(Centre.code == content["centre"])).one()
            if president := content.get("president"):  # whose name the letters are signed with
                self.centre.parametres = {**self.centre.parametres, "president": president}
            self.offre: OffreVersion = current_version(session, self.centre.id, content["offre"])
            self.offer = get_offer(session, self.offre.id)
        self.reponses: Mapping[str, Any] = content["reponses"]
        self.today = clock.today(self.centre.fuseau)
        self.equipe: dict[Role, Acteur] = {}
        for person in content["personnes_centre"]:
            acteur = self._person(person, centre_id=self.centre.id)
            for role in person["roles"]:
                self.equipe.setdefault(Role(role), acteur)

    def add_tarifs(self, described: list[dict[str, Any]]) -> None:
        """The tariffs come first: every convention is issued with them."""
        with self.portail.db.write() as session:
            add_tarifs(session, session.get_one(Centre, self.centre.id), described, self.today)

    def add_service(self, content: Mapping[str, Any], progress: Callable[[str], None]) -> None:
        """Each running convention on the day when it was signed, then all that was done since."""
        today = self.today
        for described in content["conventions"]:
            progress(f"Chargement de la démonstration : {self.place(described['siren']).nom}")
            effet = read_day(described["effet"], today)
            self.today = effet - SIGNED_BEFORE
            with clock.pretend(self.today):
                self.play({**described, "effet": effet})
        self.today = today
        add_changements(self.portail, self.equipe, self.centre.id, content.get("changements", ()), today)
        progress("Chargement de la démonstration : heures et coûts")
        with self.portail.db.write() as session:
            add_service(session, session.get_one(Centre, self.centre.id), content, today)
        progress("Chargement de la démonstration : décomptes")
        instructeur, responsable = self.equipe[Role.INSTRUCTEUR], self.equipe[Role.RESPONSABLE]
        add_decomptes(self.portail, instructeur, responsable, self.centre.id, today)
        add_bilans(self.portail, responsable, content.get("bilans", ()), today)

    def add_archives(self, described: Iterable[Mapping[str, Any]]) -> None:
        """Requests that led nowhere, `ans` years ago: their retention is over."""
        today = self.today
        for one in described:
            self.today = today.replace(year=today.year - one["ans"], day=1)
            with clock.pretend(self.today):
                self.play(one)
            age_dossiers(self.portail, one["siren"], self.today)
        self.today = today

    def place(self, siren: str) -> Any:
        """The collectivité's line in the national list."""
        return self.list.get(siren)

    def _person(self, person: Mapping[str, Any], **perimetre: UUID) -> Acteur:
        since = date(self.today.year - ROLES_SINCE, 1, 1)
        with self.portail.db.write() as session:
            user = Utilisateur(
                courriel=person["courriel"],
                prenom=person["prenom"],
                nom=person["nom"],
                password_hash=self.password,
            )
            session.add(user)
            session.flush()
            for role in person["roles"]:
                session.add(RoleAttribue(utilisateur_id=user.id, role=role, du=since, **perimetre))
            session.flush()
            return load_acteur(session, user, self.today)

    def _collectivite(self, siren: str) -> UUID:
        place = self.place(siren)
        with self.portail.db.write() as session:
            row = Collectivite(
                siren=siren,
                nom=place.nom,
                type=place.type,
                code_insee=place.code_insee or None,
                departement=place.departement,
                code_postal=place.codes_postaux[0] if place.codes_postaux else None,
                population=place.population,
            )
            session.add(row)
            session.flush()
            return row.id

    def play(self, described: Mapping[str, Any]) -> None:
        """Bring one collectivité to its stage, through the actions of the people concerned."""
        collectivite_id = self._collectivite(described["siren"])
        people = [self._person(person, collectivite_id=collectivite_id) for person in described["personnes"]]
        clerk, target = people[0], described["etape"]
        dossier_id = dossiers.create_dossier(
            self.portail, clerk, collectivite_id=collectivite_id, offre_version_id=self.offre.id, operation_id=_intent()
        )
        self._fill(clerk, dossier_id, described)
        reached = STAGES.index(BRANCHES.get(target, target))
        for step in STAGES[1 : reached + 1]:
            if step != "a_corriger" or target == "a_corriger":
                getattr(self, f"_to_{step}")(clerk, dossier_id, described)
        if target in BRANCHES:
            getattr(self, f"_to_{target}")(clerk, dossier_id, described)

    def _fill(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        answers = build_answers(self.offer, self.reponses, described, self.place(described["siren"]), self.today)
        part = described.get("remplies", 1)
        kept = dict(islice(answers.items(), round(len(answers) * part)))
        theirs = self.offer.formset.du_centre
        self._answer(clerk, dossier_id, {champ: value for champ, value in kept.items() if champ not in theirs})
        traced = {champ: value for champ, value in kept.items() if champ in theirs}
        if traced and not described.get("a_relever"):
            self._answer(self.equipe[Role.INSTRUCTEUR], dossier_id, traced)
        if part == 1:
            pieces.attach_file(
                self.portail, clerk, dossier_id, "deliberation.fichier", nom="deliberation.pdf",
                data=make_pdf("Extrait du registre des délibérations", "Document de démonstration"),
                operation_id=_intent(),
            )  # fmt: skip

    def _answer(self, person: Acteur, dossier_id: UUID, given: Mapping[str, Any]) -> None:
        view = dossiers.open_dossier(self.portail, person, dossier_id)
        shown = {champ: answer.version for champ, answer in view.answers.items()}
        outcome = save_answers(
            self.portail, person, dossier_id, {champ: (value, shown.get(champ, 0)) for champ, value in given.items()}
        )
        wrong = {champ: result.message for champ, result in outcome.items() if result.etat == "invalide"}
        if wrong:
            raise Invalide(f"data/demonstration.yaml : {wrong}")

    def _to_depose(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        workflow.perform(self.portail, clerk, dossier_id, "deposer")
        if text := described.get("message"):
            messages.post_message(self.portail, clerk, dossier_id, text, operation_id=_intent())

    def _to_en_instruction(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        instructeur = self.equipe[Role.INSTRUCTEUR]
        workflow.perform(self.portail, instructeur, dossier_id, "prendre_en_charge")
        if text := described.get("reponse"):
            messages.post_message(self.portail, instructeur, dossier_id, text, operation_id=_intent())

    def _to_a_corriger(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        instructeur = self.equipe[Role.INSTRUCTEUR]
        for wanted in described["corrections"]:
            corrections.request_correction(
                self.portail, instructeur, dossier_id, wanted["champ"], motif=wanted["motif"], texte=wanted["texte"]
            )
        workflow.perform(self.portail, instructeur, dossier_id, "demander_corrections")

    def _to_accepte(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        instructeur = self.equipe[Role.INSTRUCTEUR]
        for warning in dossiers.open_dossier(self.portail, instructeur, dossier_id).avertissements:
            if warning.levee is None:
                workflow.lift_warning(
                    self.portail,
                    instructeur,
                    dossier_id,
                    warning.code,
                    "Dernier tarif voté, confirmé par le service financier.",
                )
        workflow.perform(self.portail, instructeur, dossier_id, "accepter")

    def _to_a_signer(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        convention_id = conventions.issue_convention(self.portail, self.equipe[Role.INSTRUCTEUR], dossier_id)
        if self.today < clock.today(self.centre.fuseau, utc_now()):  # else it would be issued after it was signed
            with self.portail.db.write() as session:
                session.get_one(Convention, convention_id).emise_le = datetime.combine(self.today, HOUR, UTC)

    def _to_signee_collectivite(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        name = "{prenom} {nom}".format(**described["representant"])
        data = stamp_pdf(self._issued_pdf(dossier_id), f"Signé par {name}")
        if described.get("signature_electronique"):
            data = sign_pdf(data, name)
        signatures.submit_signature(
            self.portail, clerk, self._convention(dossier_id), nom="convention-signee.pdf", data=data,
            date_signature=self.today, signataire=name, operation_id=_intent(),
        )  # fmt: skip

    def _to_en_vigueur(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        president = self.equipe[Role.SIGNATAIRE_CENTRE]
        signatures.countersign(
            self.portail, president, self._convention(dossier_id), nom="convention-contresignee.pdf",
            data=stamp_pdf(self._issued_pdf(dossier_id), f"Signé par les deux parties, {president.nom}"),
            date_signature=self.today, signataire=president.nom, operation_id=_intent(),
        )  # fmt: skip

    def _to_annulee(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        signatures.cancel_convention(
            self.portail, self.equipe[Role.RESPONSABLE], self._convention(dossier_id), motif=described["motif"]
        )

    def _to_retire(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        workflow.perform(self.portail, clerk, dossier_id, "retirer", motif=described["motif"])

    def _to_refuse(self, clerk: Acteur, dossier_id: UUID, described: Mapping[str, Any]) -> None:
        workflow.perform(self.portail, self.equipe[Role.INSTRUCTEUR], dossier_id, "refuser", motif=described["motif"])

    def _convention(self, dossier_id: UUID) -> UUID:
        view = dossiers.open_dossier(self.portail, self.equipe[Role.INSTRUCTEUR], dossier_id)
        if view.convention_id is None:
            raise Invalide(f"{view.reference} has no convention")
        return view.convention_id

    def _issued_pdf(self, dossier_id: UUID) -> bytes:
        return issued_pdf(self.portail, self.equipe[Role.INSTRUCTEUR], self._convention(dossier_id))

    def add_demandes(self, described: list[dict[str, Any]]) -> None:
        """Requests for adhesion that wait for the centre."""
        with self.portail.db.write() as session:
            for one in described:
                place = self.place(one["siren"])
                session.add(
                    DemandeAdhesion(
                        centre_id=self.centre.id,
                        etat="recue",
                        collectivite_nom=place.nom,
                        collectivite_type=place.type,
                        confirmee_le=utc_now(),
                        **one,
                    )
                )


def _intent() -> str:
    return uuid4().hex
