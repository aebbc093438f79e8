"""The page *Équipe*: posts, assignments, conventions to cover, periods without an assistant, closed months, requests."""
