"""The types of field, one class each. `domain.forms.fields` is the façade; nothing else imports from here."""
