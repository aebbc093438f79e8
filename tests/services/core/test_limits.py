"""Who counts as one visitor."""

from __future__ import annotations

import pytest

from services.core import limits
from services.core.portail import Portail


@pytest.mark.parametrize(
    ("adresse", "network"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/56"),
        ("2001:0db8:0001:0002::1", "2001:db8:1::/56"),
        ("::ffff:192.0.2.10", "192.0.2.10"),
        ("fe80::1%eth0", "fe80::/56"),
        ("::1", "::/56"),
        ("", ""),
        ("inconnue", "inconnue"),
    ],
)
def test_a_visitor_is_an_address_or_the_network_of_a_subscriber(adresse: str, network: str) -> None:
    assert limits.network_of(adresse) == network


def test_who_changes_address_within_their_network_is_counted_all_the_same(portail: Portail) -> None:
    def ask(number: int, network: str = "2001:db8:0:1") -> bool:
        with portail.db.write() as session:
            attempt, _ = limits.count(
                session, "d", f"personne{number}@example.org", f"{network}::{number:x}", by_subject=3, by_address=5
            )
            return attempt is not None

    assert [ask(number) for number in range(1, 9)] == [True] * 5 + [False] * 3
    assert ask(9, "2001:db8:0:200")
