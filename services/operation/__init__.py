"""Running an installation: creating it, keeping it clean, saving it, loading the demonstration."""
