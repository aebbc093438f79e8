"""The form editor of administrators: what each part of the page shows, and the changes it makes."""
