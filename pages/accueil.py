"""Home page."""

from ui import page, session

page.header("Accueil", f"Bonjour {session.acteur().nom}.")
