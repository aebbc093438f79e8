"""What managers read: dashboards, simulations, what is published to a collectivité, annual reports."""
