"""What the chapters are made of: their text and the controls that drive the panels."""
