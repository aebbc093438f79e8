"""The page *Échéances*: the list, the month, the calendar feed."""
