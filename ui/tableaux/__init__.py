"""The dashboards: filters bound to the address, figures, charts that say what they show, the table behind each."""
