"""What assistants do: who is assigned where, hours, journeys, closed months, the service dégradé."""
