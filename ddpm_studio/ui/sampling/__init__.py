"""What the sampling panel is made of: the chain in the background, its tree, and the views of a step."""
