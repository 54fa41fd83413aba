"""Two dimensions, where densities, scores and trajectories themselves can be seen."""
