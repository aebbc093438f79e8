"""The convention once issued: register, signatures, what is shown of it."""
