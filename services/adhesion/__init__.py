"""The request of a collectivité, from the public form to the convention's issue."""
