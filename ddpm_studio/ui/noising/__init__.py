"""What the noising panel is made of."""
