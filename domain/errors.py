"""The one family of errors that users may read. Every message is French and says what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class PortailError(Exception):
    """Base of every error whose message is meant for the user.

    `message` is French and complete; `champ` names the field (dotted id) the message belongs next to, when there is one.
    Anything that is not a PortailError is logged with a reference and shown as such.
    """

    def __init__(self, message: str, champ: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.champ = champ


class Invalide(PortailError):
    """What was given cannot be used as it is (wrong value, incomplete, unreadable file)."""


class Fautes(Invalide):
    """Several fields are wrong: `fautes` has one error for each, so that they are told at once."""

    def __init__(self, fautes: Sequence[Invalide]) -> None:
        super().__init__(" ".join(one.message for one in fautes), champ=fautes[0].champ)
        self.fautes = tuple(fautes)


def split_faults(error: Invalide) -> tuple[Invalide, ...]:
    """The errors that `error` is made of: itself when it is about one field."""
    return error.fautes if isinstance(error, Fautes) else (error,)


def raise_faults(fautes: Sequence[Invalide]) -> None:
    """Raise these errors together; nothing when there are none."""
    if fautes:
        raise fautes[0] if len(fautes) == 1 else Fautes(fautes)


class Refus(PortailError):
    """The person may not do this, or not now. The attempt is journalled by the service layer."""


class Introuvable(Refus):
    """The thing does not exist, or not for this person: both get the same answer, so that nothing can be probed."""

    def __init__(self, message: str = "Cette page n’existe pas, ou vous n’y avez pas accès.") -> None:
        super().__init__(message)


class Conflit(PortailError):
    """Somebody else changed the same thing in between; the message says what now holds."""


class SessionExpiree(Refus):
    """The person's session is over: they must log in again; what was typed has been kept."""

    def __init__(
        self, message: str = "Votre session a expiré. Reconnectez-vous : votre saisie a été conservée."
    ) -> None:
        super().__init__(message)


class PdfIndisponible(PortailError):
    """No PDF can be made on this installation (LibreOffice absent or failing)."""
