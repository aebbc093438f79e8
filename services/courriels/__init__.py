"""Messages to people: their texts, and the outbox they leave from."""
