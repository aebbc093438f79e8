"""Pure rules of the social service: forms, workflow, amounts, calendar. No database, no screen, no clock."""
