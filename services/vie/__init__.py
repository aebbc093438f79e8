"""The life of a convention: renewals, letters, notice, formal notice, deadlines, reminders and the daily round."""
