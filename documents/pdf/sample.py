"""Small PDF files for the demonstration: a page of text, and an electronic signature by an invented person."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

A4 = (595, 842)


def make_pdf(*lines: str) -> bytes:
    """One A4 page with these lines; the first one is the title. Letters outside Latin-1 become question marks."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=A4)
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=_font(pdf)))
    text = [
        f"BT /F1 {18 if index == 0 else 11} Tf 72 {760 - 30 * index} Td ({_escaped(line)}) Tj ET"
        for index, line in enumerate(lines)
    ]
    page.Contents = pdf.make_stream("\n".join(text).encode("cp1252", "replace"))
    output = io.BytesIO()
    pdf.save(output)
    return output.getvalue()


def stamp_pdf(data: bytes, line: str, height: int = 60) -> bytes:
    """`data` with a line written at the foot of its last page, as a signature by hand would be: `height` points above the edge."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[-1]
        name = page.add_resource(_font(pdf), pikepdf.Name.Font)
        text = f"q BT {name} 10 Tf 330 {height} Td ({_escaped(line)}) Tj ET Q"
        page.contents_add(pdf.make_stream(text.encode("cp1252", "replace")))
        output = io.BytesIO()
        pdf.save(output)
    return output.getvalue()


def _font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
    )


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def sign_pdf(data: bytes, name: str) -> bytes:
    """`data` signed (PAdES B-B) by an invented person, with a certificate that nobody vouches for."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    signer = signers.SimpleSigner.load_pkcs12_data(_identity(name), other_certs=[], passphrase=b"demonstration")
    if signer is None:
        raise ValueError("the invented certificate cannot be read")
    output = io.BytesIO()
    signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(data)),
        signers.PdfSignatureMetadata(
            field_name="Signature", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256", name=name
        ),
        signer=signer,
        output=output,
    )
    return output.getvalue()


def _identity(name: str) -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        b"demonstration", key, certificate, None, BestAvailableEncryption(b"demonstration")
    )
