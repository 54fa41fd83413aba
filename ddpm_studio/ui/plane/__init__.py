"""What the plane is made of."""
