"""The types of field, one class each. `domain.fields` is the façade; nothing else imports from here."""
