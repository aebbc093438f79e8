"""The page of archives: what is due, eliminations, personal data, purges."""
