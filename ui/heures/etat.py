"""The week somebody is typing, between two runs of the page: in the session, and as a draft in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import streamlit as st

from services.activite import brouillons
from services.activite.grille import Grille, LigneGrille, apply_edits
from services.activite.semaine import Semaine
from services.activite.verification import ConflitLigne, ErreurLigne
from services.core.tokens import token_hash
from ui import page, session

KEPT = "Votre session a expiré. Votre saisie a été conservée : vous la retrouverez dès votre connexion."
TOO_LATE = (
    "Une ligne a été modifiée pendant l’enregistrement de la semaine, et cette modification n’est pas gardée :"
    " vérifiez la semaine."
)
LOST = "Votre session est fermée : reconnectez-vous. Votre dernière saisie n’a pas pu être conservée."


@dataclass
class Etat:
    """What is being typed. `lue` is the week as it was read, `base` what the editor was given (it reports changes against it, so it stays the same until
    `tour` changes), `grille` the result. `annonces`: what the last action left out;
    `deconnecte`: the session was over at the last change; `a_relire`: recorded or given up, with `ajouts` typed since."""

    place: brouillons.Place
    lue: Grille
    base: Grille
    grille: Grille
    tour: int = 0
    erreurs: tuple[ErreurLigne, ...] = ()
    conflits: tuple[ConflitLigne, ...] = ()
    annonces: tuple[str, ...] = ()
    deconnecte: bool = False
    a_relire: bool = False
    ajouts: tuple[LigneGrille, ...] = ()

    @property
    def nom(self) -> str:
        return _name(self.place)

    @property
    def cle(self) -> str:
        """Key of the editor."""
        return f"{self.nom}:{self.tour}"

    def take_edits(self) -> None:
        """Read what the editor reports. Called before the page runs again: the session may be over."""
        edits: Any = st.session_state[self.cle]
        grille = apply_edits(self.base, edits["edited_rows"], edits["added_rows"], edits["deleted_rows"])
        held: Etat | None = st.session_state.get(self.nom)
        if held is not None and held is not self:
            known = len(self.grille.lignes)
            held.add_lines(one for one in grille.lignes[known:] if not one.vide)
            if grille.lignes[:known] != self.grille.lignes:
                page.notify(TOO_LATE, warning=True)
            return
        self.grille = grille
        self.erreurs = ()
        self.keep()

    def add_lines(self, lignes: Iterable[LigneGrille]) -> None:
        """Lines typed in an editor that was recorded, or given up, before the page had heard of it: what it held is done
        with, and only what came after is typed anew."""
        new = tuple(lignes)
        if self.a_relire:
            self.ajouts = (*self.ajouts, *new)
        elif new:
            self.rebase(Grille((*self.grille.lignes, *new), self.grille.retirees))

    def keep(self) -> None:
        """Keep the draft, for the person or for their next login."""
        acteur, contenu = session.current(), self.grille.plain()
        if acteur is not None:
            if self.grille.changee:
                brouillons.keep(session.portail(), acteur, self.place, contenu)
            else:
                brouillons.give_up(session.portail(), acteur, self.place)
            return
        jeton = session.jeton()
        kept = bool(jeton) and brouillons.park(session.portail(), token_hash(jeton or ""), self.place, contenu)
        page.notify(KEPT if kept else LOST, warning=True)
        self.deconnecte = True

    def rebase(self, grille: Grille) -> None:
        """Show another grid: the editor starts again from it."""
        self.base = self.grille = grille
        self.tour += 1
        self.keep()

    def settle(self, conflit: ConflitLigne, *, keep: bool) -> None:
        """End a conflict: keep what is typed (it will replace what is recorded), or take what is recorded."""
        self.conflits = tuple(one for one in self.conflits if one.id != conflit.id)
        self.rebase(_settled(self.grille, conflit, keep=keep))


def _settled(grille: Grille, conflit: ConflitLigne, *, keep: bool) -> Grille:
    lines, gone = list(grille.lignes), list(grille.retirees)
    place = next((rank for rank, one in enumerate(lines) if one.id == conflit.id), None)
    mine = lines[place] if place is not None else next(one for one in gone if one.id == conflit.id)
    now = _recorded(conflit)
    if place is None:
        gone.remove(mine)
        if now is not None and keep:
            gone.append(now)
        elif now is not None:
            lines.append(now)
    elif keep:
        lines[place] = replace(
            mine,
            id=now.id if now else None,
            version=conflit.version,
            avant=conflit.actuelle,
        )
    elif now is not None:
        lines[place] = now
    else:
        del lines[place]
    return Grille(tuple(lines), tuple(gone))


def _recorded(conflit: ConflitLigne) -> LigneGrille | None:
    if conflit.actuelle is None:
        return None
    return LigneGrille.recorded(conflit.id, conflit.version, conflit.actuelle)


def _name(place: brouillons.Place) -> str:
    centre_id, assistant_id, lundi = place
    return f"heures:{centre_id}:{assistant_id}:{lundi}"


def etat_of(semaine: Semaine) -> Etat:
    """The state of this week in this session: made from what was just read, unless something is being typed."""
    held: Etat | None = st.session_state.get(_name(semaine.place))
    if held is None or held.a_relire or (not held.grille.changee and held.lue != semaine.grille):
        ajouts = held.ajouts if held else ()
        held = Etat(semaine.place, semaine.grille, semaine.grille, semaine.grille, held.tour + 1 if held else 0)
        st.session_state[_name(semaine.place)] = held
        held.add_lines(ajouts)
    return held


def forget(place: brouillons.Place) -> None:
    """The week was recorded or given up: the next run reads it again."""
    held: Etat | None = st.session_state.pop(_name(place), None)
    if held is not None:
        # The editor of the next grid must not be taken for this one.
        st.session_state[_name(place)] = Etat(place, Grille(), Grille(), Grille(), held.tour, a_relire=True)


def chosen_convention(ids: list[UUID]) -> UUID | None:
    """The convention that a new line begins with: the only one, if there is only one."""
    return ids[0] if len(ids) == 1 else None
