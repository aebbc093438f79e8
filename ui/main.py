"""The script that Streamlit runs for every page of every visitor (app.py serves it)."""

from ui import shell

shell.main()
