"""What a centre holds: identity, files, offers, tariffs, its journal."""
