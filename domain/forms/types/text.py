"""Types whose value is text: free text, e-mail, telephone and the French identifiers."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.fr import siren, siret

from domain import formatting
from domain.forms.types.base import Field, FieldError, FieldType, as_text


def check_length(text: str, limit: int) -> str:
    """`text` when it has at most `limit` characters, FieldError saying by how much it is too long otherwise."""
    if len(text) > limit:
        raise FieldError(
            f"Ce texte compte {formatting.nombre(len(text))} caractères, pour {formatting.nombre(limit)} au plus : "
            f"retirez-en {formatting.nombre(len(text) - limit)}."
        )
    return text


class Text(FieldType):
    """One line of text."""

    code, label = "text", "Texte court"
    multiline = False
    default_length = 200

    def parse_filled(self, field: Field, raw: object) -> str | None:
        text = as_text(raw, multiline=self.multiline)
        return check_length(text, field.max_length or self.default_length) or None

    def sample(self, field: Field) -> str:
        return (field.example or f"Exemple de {field.label.lower()}")[: field.max_length or self.default_length].strip()


class LongText(Text):
    """Several lines of text."""

    code, label = "long_text", "Texte long"
    multiline = True
    default_length = 4000


# Both checks cost up to 0.1 ms, and a form is evaluated again at each change of one of its fields: remembered.
@lru_cache(maxsize=4096)
def normalize_email(text: str) -> str | None:
    """`text` as an e-mail address with its domain in lower case, None when it is not one. No name server is asked."""
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


class Email(FieldType):
    """An e-mail address, checked in form only: no name server is asked."""

    code, label = "email", "Adresse électronique"

    def parse_filled(self, field: Field, raw: object) -> str | None:
        text = as_text(raw)
        if not text:
            return None
        found = normalize_email(check_length(text, 254))
        if found is None:
            raise FieldError(
                "Cette adresse électronique n’est pas valable : vérifiez-la, par exemple prenom.nom@ville.fr."
            )
        return found

    def sample(self, field: Field) -> str:
        return "contact@example.org"


# Numbering of the overseas departments and territories, which share +33's habits but not always its country code.
_REGIONS = ("FR", "GP", "MQ", "GF", "RE", "YT", "PM", "NC", "PF", "WF")


def _format_french(text: str) -> str | None:
    """`text` in pairs when it is a number dialled with a leading 0 in France, None otherwise."""
    digits = re.sub(r"[\s.\-()/_]", "", text)
    digits = re.sub(r"^(\+|00)33(0?)(?=[1-9][0-9]{8}$)", "0", digits)
    digits = re.sub(r"^(\+|00)(262|590|594|596)(0?)(?=[5-9][0-9]{8}$)", "0", digits)
    return " ".join(re.findall("..", digits)) if re.fullmatch(r"0[1-9][0-9]{8}", digits) else None


@lru_cache(maxsize=4096)
def format_telephone(text: str) -> str | None:
    """`text` in the usual French form (`01 23 45 67 89`), in the international form for other numbers, None if invalid.

    Ten digits from 01 to 09 are always accepted: new ranges are opened faster than libraries learn them.
    """
    french = _format_french(text)
    if french:
        return french
    for region in _REGIONS:
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            number.extension = None
            formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
            return _format_french(formatted) or formatted
    return None


class Telephone(FieldType):
    """A telephone number, of France and overseas without prefix, of elsewhere with it."""

    code, label = "telephone", "Téléphone"

    def parse_filled(self, field: Field, raw: object) -> str | None:
        text = as_text(raw)
        if not text:
            return None
        found = format_telephone(text) if len(text) <= 40 else None
        if found is None:
            raise FieldError(
                "Ce numéro de téléphone n’est pas valable : saisissez dix chiffres, ou +indicatif pour l’étranger."
            )
        return found

    def sample(self, field: Field) -> str:
        return "01 23 45 67 89"


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text)


class Siren(FieldType):
    """A SIREN: nine digits with a check digit."""

    code, label = "siren", "SIREN"
    length = 9
    name = "SIREN"

    def parse_filled(self, field: Field, raw: object) -> str | None:
        text = _compact(as_text(raw))
        if not text:
            return None
        if not re.fullmatch(rf"[0-9]{{{self.length}}}", text):
            raise FieldError(f"Un numéro {self.name} compte {self.length} chiffres, sans lettre.")
        try:
            self.check(text)
        except InvalidChecksum:
            raise FieldError(
                f"Ce numéro {self.name} n’existe pas : un chiffre est sans doute erroné. Recopiez-le depuis l’avis de situation INSEE."
            ) from None
        except ValidationError:
            raise FieldError(f"Ce numéro {self.name} n’est pas valable.") from None
        return text

    def check(self, text: str) -> None:
        """Raises stdnum's error when the check digit is wrong."""
        siren.validate(text)

    def display_filled(self, field: Field, value: str) -> str:
        return formatting.siren(value)

    def sample(self, field: Field) -> str:
        return "732829320"


class Siret(Siren):
    """A SIRET: SIREN and five digits (La Poste's establishments follow a rule of their own, which stdnum knows)."""

    code, label = "siret", "SIRET"
    length = 14
    name = "SIRET"

    def check(self, text: str) -> None:
        siret.validate(text)

    def sample(self, field: Field) -> str:
        return "73282932000074"


class PostalCode(FieldType):
    """A French postal code."""

    code, label = "postal_code", "Code postal"

    def parse_filled(self, field: Field, raw: object) -> str | None:
        text = _compact(as_text(raw))
        if not text:
            return None
        if not re.fullmatch(r"(?!00)(?!99)[0-9]{5}", text):
            raise FieldError("Un code postal compte cinq chiffres, par exemple 94600.")
        return text

    def sample(self, field: Field) -> str:
        return "94600"


class InseeCode(FieldType):
    """The INSEE code of a commune: five characters, 2A and 2B for Corsica."""

    code, label = "insee_code", "Code commune INSEE"

    def parse_filled(self, field: Field, raw: object) -> str | None:
        text = _compact(as_text(raw)).upper()
        if not text:
            return None
        if not re.fullmatch(r"(?!00)([0-9]{2}|2A|2B)[0-9]{3}", text):
            raise FieldError(
                "Un code INSEE compte cinq caractères, par exemple 94022 ou 2A004 ; ce n’est pas le code postal."
            )
        return text

    def sample(self, field: Field) -> str:
        return "94022"
