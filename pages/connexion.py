"""Login page; someone already logged in goes home."""

from ui import login, page, session

if session.current():
    page.go("accueil")
login.login_form()
