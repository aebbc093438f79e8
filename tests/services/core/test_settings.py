"""Settings read from the environment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.errors import Invalide
from services.core.settings import Settings


def _authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Autorité")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_trusted_authorities_come_from_a_pem_file(tmp_path: Path) -> None:
    pem = tmp_path / "autorites.pem"
    pem.write_bytes(_authority() + _authority())
    assert Settings.from_environment({"PORTAIL_CERTIFICATS": str(pem)}).certificats == (pem.read_bytes(),)
    assert Settings.from_environment({}).certificats == ()


@pytest.mark.parametrize("content", [None, b"", b"pas un certificat"])
def test_unreadable_authorities_are_said_at_start(tmp_path: Path, content: bytes | None) -> None:
    pem = tmp_path / "autorites.pem"
    if content is not None:
        pem.write_bytes(content)
    with pytest.raises(Invalide, match="PORTAIL_CERTIFICATS"):
        Settings.from_environment({"PORTAIL_CERTIFICATS": str(pem)})
