"""Plots that know no panel."""
