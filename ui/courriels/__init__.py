"""The mails of the portal: their texts by offer, and what became of each."""
