"""What the likelihood panel is made of."""
