"""What the schedule panel is made of."""
