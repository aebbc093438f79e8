"""The template bench: choosing a template, its variables, changing it, seeing it, its history."""
