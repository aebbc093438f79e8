"""What several pages show of the activity: service dégradé."""
