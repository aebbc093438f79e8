"""Uploaded PDFs: what is refused, and what is said of signatures."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pikepdf import Array, Dictionary, Name
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from documents.pdf.signed import inspect_pdf
from domain.errors import Invalide
from tests.conventions import examine_here
from tests.documents.samples import pdf

SIGNER = "Camille Exemple"


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name | None, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now, authority = datetime.now(UTC), issuer is None
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                **{**usage, "content_commitment": not authority},
                digital_signature=True,
                key_cert_sign=authority,
                crl_sign=authority,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .sign(by, hashes.SHA256())
    )


@pytest.fixture
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Examined in this process, where the libraries are loaded; what is refused, and one signed file, have their own."""
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)


@pytest.fixture(scope="module")
def authority() -> tuple[signers.SimpleSigner, bytes]:
    """A signer and the root certificate that vouches for it."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Autorité d’essai", root_key, None, root_key)
    leaf = certificate(SIGNER, key, root.subject, root_key)
    bundle = pkcs12.serialize_key_and_certificates(
        b"signataire", key, leaf, [root], serialization.BestAvailableEncryption(b"secret")
    )
    signer = signers.SimpleSigner.load_pkcs12_data(bundle, other_certs=[], passphrase=b"secret")
    assert signer is not None
    return signer, root.public_bytes(serialization.Encoding.PEM)


def sign(data: bytes, signer: signers.SimpleSigner, field: str = "Signature1") -> bytes:
    output = io.BytesIO()
    metadata = signers.PdfSignatureMetadata(
        field_name=field, subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), metadata, signer=signer, output=output)
    return output.getvalue()


def with_text(document: pikepdf.Pdf) -> None:
    document.pages[0].Contents = document.make_stream(b"BT (montant : 100) Tj ET")


def test_plain_pdf() -> None:
    report = inspect_pdf(pdf(pages=3))
    assert (report.pages, report.signatures, report.avertissements) == (3, [], [])
    assert len(report.sha256) == 64


def test_signed_and_trusted(authority: tuple[signers.SimpleSigner, bytes]) -> None:
    signer, root = authority
    (signature,) = (report := inspect_pdf(sign(pdf(), signer), roots=[root])).signatures
    assert (signature.signataire, signature.intact, signature.de_confiance) == (SIGNER, True, True)
    assert signature.couverture == "tout le fichier"
    assert signature.date is not None
    assert abs(signature.date - datetime.now(UTC)) < timedelta(minutes=10)
    assert report.avertissements == []


@pytest.mark.usefixtures("_here")
def test_signed_by_somebody_unknown(authority: tuple[signers.SimpleSigner, bytes]) -> None:
    report = inspect_pdf(sign(pdf(), authority[0]))
    assert (report.signatures[0].intact, report.signatures[0].de_confiance) == (True, False)
    assert "autorité reconnue" in report.avertissements[0]


@pytest.mark.usefixtures("_here")
def test_two_signatures_one_after_the_other(authority: tuple[signers.SimpleSigner, bytes]) -> None:
    signer, root = authority
    twice = sign(sign(pdf(), signer), signer, "Signature2")
    assert [item.intact for item in inspect_pdf(twice, roots=[root]).signatures] == [True, True]


@pytest.mark.usefixtures("_here")
def test_changed_after_signing(authority: tuple[signers.SimpleSigner, bytes]) -> None:
    signer, root = authority
    signed = sign(pdf(change=with_text, compress_streams=False), signer)
    assert b"montant : 100" in signed
    report = inspect_pdf(signed.replace(b"montant : 100", b"montant : 900"), roots=[root])
    assert report.signatures[0].intact is False
    assert f"modifié après la signature de {SIGNER}" in " ".join(report.avertissements)


@pytest.mark.usefixtures("_here")
def test_revision_added_after_signing(authority: tuple[signers.SimpleSigner, bytes]) -> None:
    signer, root = authority
    writer = IncrementalPdfFileWriter(io.BytesIO(sign(pdf(), signer)))
    writer.root["/Ajout"] = generic.pdf_string("x")
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    report = inspect_pdf(output.getvalue(), roots=[root])
    assert report.signatures[0].intact is False
    assert "ajoutées au document après" in " ".join(report.avertissements)


def action(**keys: Any) -> Dictionary:
    return Dictionary(**keys)


def attached(document: pikepdf.Pdf) -> None:
    document.attachments["x.txt"] = b"x"


def annotated(subtype: str) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        annotation = Dictionary(Type=Name.Annot, Subtype=Name(subtype), Rect=Array([0, 0, 1, 1]))
        document.pages[0].obj["/Annots"] = Array([annotation])

    return change


ACTIVE: dict[str, Callable[[pikepdf.Pdf], object]] = {
    "script": lambda d: setattr(d.Root, "OpenAction", action(S=Name.JavaScript, JS="x")),
    "program": lambda d: setattr(d.Root, "OpenAction", action(S=Name.Launch, F="x")),
    "form": lambda d: setattr(d.Root, "OpenAction", action(S=Name.SubmitForm, F="x")),
    "import": lambda d: setattr(d.Root, "OpenAction", action(S=Name.ImportData, F="x")),
    "nested": lambda d: d.pages[0].obj.__setitem__(
        "/AA", action(O=action(S=Name.GoTo, Next=[action(S=Name.Launch, F="x")]))
    ),
    "names": lambda d: setattr(
        d.Root, "Names", action(JavaScript=action(Names=["x", action(S=Name.JavaScript, JS="x")]))
    ),
    "xfa": lambda d: setattr(d.Root, "AcroForm", action(XFA=d.make_stream(b"<x/>"))),
    "attachment": attached,
    "file annotation": annotated("/FileAttachment"),
    "media": annotated("/RichMedia"),
}


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("kind", ACTIVE)
def test_active_content_is_refused(kind: str) -> None:
    with pytest.raises(Invalide, match="Ce PDF contient"):
        inspect_pdf(pdf(change=ACTIVE[kind]))


def test_going_to_a_page_at_opening_is_harmless() -> None:
    def open_at(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = action(S=Name.GoTo, D=Array([document.pages[0].obj, Name.Fit]))

    assert inspect_pdf(pdf(change=open_at)).pages == 2


def bomb(document: pikepdf.Pdf) -> None:
    stream = document.make_stream(b"")
    stream.write(zlib.compress(b"\0" * 200_000_000, 9), filter=Name.FlateDecode)
    document.Root.Bombe = stream


def compressed_twice(document: pikepdf.Pdf) -> None:
    stream = document.make_stream(b"")
    stream.write(zlib.compress(zlib.compress(b"x")), filter=Array([Name.FlateDecode, Name.FlateDecode]))
    document.Root.Bombe = stream


# Made when their test begins: every process that runs tests reads this file, few run these.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "vide"),
    "executable": (lambda: b"MZ\x90\0" * 100, "un programme"),
    "zip": (lambda: b"PK\3\4" * 100, "pas un PDF mais un document bureautique"),
    "text": (lambda: b"bonjour", "pas un PDF"),
    "garbage": (lambda: b"%PDF-1.7 rien", "endommagé"),
    "no end": (lambda: pdf()[:-40], "endommagé"),
    "half": (lambda: pdf()[: len(pdf()) // 2], "endommagé"),
    "large": (lambda: b"%PDF-" + b"0" * 20_000_000, "trop volumineux : 20 Mo"),
    "encrypted": (lambda: pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "mot de passe"),
    "encrypted without password": (lambda: pdf(encryption=pikepdf.Encryption(owner="o", user="")), "mot de passe"),
    "no page": (lambda: pdf(pages=0), "aucune page"),
    "bomb": (lambda: pdf(change=bomb, compress_streams=False), "volume démesuré"),
    "compressed twice": (lambda: pdf(change=compressed_twice, compress_streams=False), "volume démesuré"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused(kind: str) -> None:
    make, expected = REFUSED[kind]
    with pytest.raises(Invalide, match=expected):
        inspect_pdf(make())
