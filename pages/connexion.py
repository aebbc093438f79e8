"""Login page; someone already logged in goes home."""

from ui import page, session
from ui.comptes import login

if session.current():
    page.go("accueil")
login.login_form()
