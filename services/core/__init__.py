"""What every action stands on: database and unit of work, who may see what, journal, files, days, numbers."""
