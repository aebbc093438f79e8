"""The simulator on the screen: what is typed, what it costs, what is kept, what goes into a dossier."""
