"""People: accounts, passwords, sessions, invitations, and who may give which role."""
