"""The panels of the window: each takes the session and nothing else."""
