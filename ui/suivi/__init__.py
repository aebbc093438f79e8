"""What a collectivité follows of its convention, and the figures that are published to it."""
