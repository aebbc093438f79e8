"""What counts as read is what was shown."""

from __future__ import annotations

from services.adhesion import messages
from services.adhesion.dossiers import open_dossier
from services.core.portail import Portail
from tests.factories import Monde, make_dossier


def test_a_message_that_arrives_meanwhile_stays_new(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "depose")
    messages.post_message(portail, monde.instructeur, dossier_id, "Une question.", operation_id="un")
    (first,) = open_dossier(portail, monde.gestionnaire, dossier_id).messages
    messages.post_message(portail, monde.instructeur, dossier_id, "Une autre.", operation_id="deux")
    messages.mark_messages_read(portail, monde.gestionnaire, dossier_id, jusqu_a=first.le)
    shown = open_dossier(portail, monde.gestionnaire, dossier_id).messages
    assert [(row.texte, row.nouveau) for row in shown] == [("Une question.", False), ("Une autre.", True)]
    messages.mark_messages_read(portail, monde.gestionnaire, dossier_id, jusqu_a=shown[-1].le)
    messages.mark_messages_read(portail, monde.gestionnaire, dossier_id, jusqu_a=first.le)
    assert open_dossier(portail, monde.gestionnaire, dossier_id).non_lus == 0


def test_an_older_page_makes_nothing_new_again(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "depose")
    for number in ("un", "deux", "trois"):
        messages.post_message(portail, monde.instructeur, dossier_id, number, operation_id=number)
    first, second, _ = open_dossier(portail, monde.gestionnaire, dossier_id).messages
    messages.mark_messages_read(portail, monde.gestionnaire, dossier_id, jusqu_a=second.le)
    messages.mark_messages_read(portail, monde.gestionnaire, dossier_id, jusqu_a=first.le)
    assert open_dossier(portail, monde.gestionnaire, dossier_id).non_lus == 1
