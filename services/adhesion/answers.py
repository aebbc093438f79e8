"""Answers: each change is saved as it is made, and what cannot become the answer is kept beside it, never lost.

Every field has a version. A page gives back the version it showed: when somebody changed the field in between, both
values are kept and shown. What is not valid is kept as typed. What was typed in an expired session is parked, then saved
at the next login when nobody has changed the field since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide, Refus
from domain.forms.fields import FieldError, parse_value
from models import Reponse, SaisieEnAttente, Utilisateur, utc_now
from services.adhesion.corrections import list_corrections, mark_handled
from services.adhesion.dossier_state import DossierState, load_state
from services.adhesion.dossier_views import MotifSaisie, SaveResult
from services.adhesion.edition import Edition, find_edition, get_answerable
from services.adhesion.workflow import hash_value
from services.comptes.sessions import expired_holder
from services.core import clock
from services.core.access import Acteur, load_acteur
from services.core.portail import Portail, record

MAX_KEPT = 1_000_000
"""Longest value, in characters of JSON, that is kept when it cannot become the answer."""


def save_answer(
    portail: Portail, acteur: Acteur, dossier_id: UUID, champ: str, raw: object, *, version_vue: int
) -> SaveResult:
    """Save one field. `raw` is what was typed, `version_vue` the version of the answer that the page showed."""
    return save_answers(portail, acteur, dossier_id, {champ: (raw, version_vue)})[champ]


def save_answers(
    portail: Portail, acteur: Acteur, dossier_id: UUID, values: Mapping[str, tuple[object, int]]
) -> dict[str, SaveResult]:
    """Save several fields in one transaction; `values` gives `(typed, version shown)` by field.

    Refus, and nothing saved, when one of them is not open to this person; otherwise each field has its own result.
    """
    with portail.action(acteur, "reponse.enregistrer", objet="dossier", objet_id=dossier_id) as session:
        writer = AnswerWriter(session, acteur, dossier_id)
        results = {champ: writer.save(champ, raw, version) for champ, (raw, version) in values.items()}
        writer.finish()
        return results


class AnswerWriter:
    """Writes answers of one dossier in one transaction, its row being locked. `finish` ends it."""

    def __init__(self, session: Session, acteur: Acteur, dossier_id: UUID) -> None:
        self.session = session
        self.acteur = acteur
        self.dossier = get_answerable(session, acteur, dossier_id, lock=True)
        self.state: DossierState = load_state(session, self.dossier)
        self.edition: Edition = find_edition(session, acteur, self.state)
        self._written: dict[str, str] = {}
        mine = select(SaisieEnAttente).where(
            SaisieEnAttente.dossier_id == dossier_id, SaisieEnAttente.utilisateur_id == acteur.utilisateur_id
        )
        self._waiting = {saisie.champ: saisie for saisie in session.scalars(mine)}

    def save(self, champ: str, raw: object, version_vue: int) -> SaveResult:
        """Save one field as a person typed it."""
        field = self.state.forms.fields.get(champ)
        if field is None or field.retired:
            raise Invalide("Ce champ ne figure pas dans le formulaire : rechargez la page.")
        if field.type == "file":
            raise Invalide("Un fichier se dépose avec le bouton prévu pour cela.", champ)
        self.edition.require(champ)
        try:
            value = parse_value(field, raw)
        except FieldError as error:
            self.keep(champ, "invalide", raw, version_vue)
            return self.result("invalide", champ, error.message)
        return self.write(champ, value, version_vue)

    def write(self, champ: str, value: Any, version_vue: int) -> SaveResult:
        """Make a parsed value the answer, unless somebody else's came first."""
        reponse = self.state.reponses.get(champ)
        current = reponse.valeur if reponse else None
        if value == current:
            self.forget(champ)
            return self.result("inchange", champ)
        if reponse is not None and reponse.version != version_vue:
            self.keep(champ, "conflit", value, version_vue)
            author = self._author(reponse)
            return self.result(
                "conflit",
                champ,
                f"{author} a modifié ce champ entre-temps. Les deux valeurs sont gardées : choisissez.",
                autre=(current, author),
            )
        self._store(champ, value, reponse)
        self.forget(champ)
        return self.result("enregistre", champ)

    def _store(self, champ: str, value: Any, reponse: Reponse | None) -> None:
        now = utc_now()
        if reponse is None:
            reponse = Reponse(dossier_id=self.dossier.id, champ=champ, version=0)
            self.session.add(reponse)
            self.state.reponses[champ] = reponse
        reponse.valeur = value
        reponse.version += 1
        reponse.modifiee_le, reponse.modifiee_par = now, self.acteur.utilisateur_id
        self.dossier.modifie_le = now
        if self.dossier.etat == "a_corriger":
            mark_handled(list_corrections(self.session, self.dossier), champ)
        self._written[champ] = hash_value(value)

    def finish(self) -> None:
        """Write everything, and one journal line for all fields: their hashes, never their values."""
        self.session.flush()
        if self._written:
            record(
                self.session,
                self.acteur,
                "reponse.enregistrer",
                centre_id=self.dossier.centre_id,
                objet="dossier",
                objet_id=self.dossier.id,
                champs=self._written,
            )

    def _author(self, reponse: Reponse) -> str:
        if reponse.modifiee_par == self.acteur.utilisateur_id:
            return "Vous-même (dans un autre onglet)"
        person = self.session.get(Utilisateur, reponse.modifiee_par) if reponse.modifiee_par else None
        return person.nom_complet if person else "Une autre personne"

    def result(
        self, etat: Any, champ: str, message: str | None = None, *, autre: tuple[Any, str] | None = None
    ) -> SaveResult:
        """Outcome for one field, with what the dossier holds now."""
        reponse = self.state.reponses.get(champ)
        if reponse is None:
            return SaveResult(etat, None, 0, None, message, autre)
        return SaveResult(etat, reponse.valeur, reponse.version, reponse.modifiee_le, message, autre)

    def keep(self, champ: str, motif: MotifSaisie, raw: object, version_vue: int) -> None:
        """Keep what could not become the answer, in place of what this person had waiting there."""
        self._waiting[champ] = _keep_saisie(
            self.session, self.dossier.id, champ, self.acteur.utilisateur_id, motif, raw, version_vue
        )

    def forget(self, champ: str) -> None:
        """The field has its answer: nothing of this person waits there any more."""
        waiting = self._waiting.pop(champ, None)
        if waiting is not None:
            self.session.delete(waiting)
            self.session.flush()


def _find_saisie(session: Session, dossier_id: UUID, champ: str, utilisateur_id: UUID) -> SaisieEnAttente | None:
    return session.scalars(
        select(SaisieEnAttente).where(
            SaisieEnAttente.dossier_id == dossier_id,
            SaisieEnAttente.champ == champ,
            SaisieEnAttente.utilisateur_id == utilisateur_id,
        )
    ).one_or_none()


def _keep_saisie(
    session: Session,
    dossier_id: UUID,
    champ: str,
    utilisateur_id: UUID,
    motif: MotifSaisie,
    raw: object,
    version_vue: int,
) -> SaisieEnAttente:
    saisie = _find_saisie(session, dossier_id, champ, utilisateur_id)
    if saisie is None:
        saisie = SaisieEnAttente(dossier_id=dossier_id, champ=champ, utilisateur_id=utilisateur_id)
        session.add(saisie)
    saisie.motif, saisie.valeur, saisie.version_vue, saisie.le = motif, keepable(raw), version_vue, utc_now()
    session.flush()
    return saisie


def keepable(raw: object) -> Any:
    """`raw` as JSON that any database and any page can carry: as typed, except for characters that exist in no text.

    Invalide when it is longer than anyone types (MAX_KEPT).
    """
    kept = _plain(raw)
    if len(json.dumps(kept)) > MAX_KEPT:
        raise Invalide("Cette saisie est beaucoup trop longue : elle n’a pas pu être gardée.")
    return kept


def _plain(raw: object, depth: int = 0) -> Any:
    if raw is None or isinstance(raw, bool | int):
        return raw
    if isinstance(raw, Mapping) and depth < 5:
        return {_plain_text(str(key)): _plain(value, depth + 1) for key, value in raw.items()}
    if isinstance(raw, list | tuple) and depth < 5:
        return [_plain(value, depth + 1) for value in raw]
    if isinstance(raw, date | time):
        return raw.isoformat()
    return _plain_text(f"{raw:f}" if isinstance(raw, Decimal) else str(raw))


def _plain_text(text: str) -> str:
    """Without lone surrogates and NUL: no database stores them and no browser shows them."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")


def resolve_saisie(portail: Portail, acteur: Acteur, saisie_id: UUID, *, keep: bool) -> SaveResult | None:
    """Settle a value that waits: `keep` makes it the answer in place of what is there; otherwise it is put aside and None
    is given. Anyone to whom the field is open may settle it, so that a colleague who left blocks nothing."""
    with portail.action(acteur, "saisie.resoudre", objet="saisie", objet_id=saisie_id) as session:
        saisie = session.get(SaisieEnAttente, saisie_id)
        if saisie is None:
            raise Introuvable("Cette saisie a déjà été traitée : rechargez la page.")
        writer = AnswerWriter(session, acteur, saisie.dossier_id)
        saisie = session.get(SaisieEnAttente, saisie_id, populate_existing=True)
        if saisie is None:
            raise Introuvable("Cette saisie a déjà été traitée : rechargez la page.")
        champ, value = saisie.champ, saisie.valeur
        if saisie.utilisateur_id != acteur.utilisateur_id or keep:
            writer.edition.require(champ)
        if saisie.utilisateur_id == acteur.utilisateur_id:
            writer.forget(champ)
        else:
            session.delete(saisie)
        if not keep:
            return None
        current = writer.state.reponses.get(champ)
        result = writer.save(champ, value, current.version if current else 0)
        writer.finish()
        return result


def park_saisie(
    portail: Portail, session_token_hash: str, dossier_id: UUID, champ: str, raw: object, version_vue: int
) -> bool:
    """Keep what a person typed in a session that had expired (not revoked), until they log in again.

    False, and nothing kept, when the session is unknown, revoked or over for more than a day, or when the person may no longer see the dossier.
    """
    with portail.db.write() as session:
        holder = expired_holder(session, session_token_hash)
        if holder is None:
            return False
        person = session.get_one(Utilisateur, holder)
        acteur = load_acteur(session, person, clock.today())
        try:
            dossier = get_answerable(session, acteur, dossier_id, lock=True)
            forms = load_state(session, dossier).forms
            if champ not in forms.fields or forms.fields[champ].type == "file":
                return False
            _keep_saisie(session, dossier_id, champ, person.id, "session", raw, version_vue)
        except (Refus, Invalide):
            return False
        return True


def apply_parked(portail: Portail, acteur: Acteur, dossier_id: UUID) -> None:
    """Save what this person typed in an expired session, field by field: the answer when nobody changed it since, else
    both values are shown. What is no longer open stays beside the field."""
    with portail.action(acteur, "saisie.reprendre", objet="dossier", objet_id=dossier_id) as session:
        writer = AnswerWriter(session, acteur, dossier_id)
        for saisie in list_parked(session, acteur, dossier_id):
            if writer.edition.allows(saisie.champ) and saisie.champ in writer.state.forms.fields:
                writer.save(saisie.champ, saisie.valeur, saisie.version_vue)
            else:
                saisie.motif = "conflit"
        writer.finish()


def list_parked(session: Session, acteur: Acteur, dossier_id: UUID) -> list[SaisieEnAttente]:
    """What this person typed in an expired session of this dossier."""
    query = select(SaisieEnAttente).where(
        SaisieEnAttente.dossier_id == dossier_id,
        SaisieEnAttente.utilisateur_id == acteur.utilisateur_id,
        SaisieEnAttente.motif == "session",
    )
    return list(session.scalars(query.order_by(SaisieEnAttente.le)))
