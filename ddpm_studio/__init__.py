"""DDPM Studio: see a denoising diffusion probabilistic model at work."""

__version__ = "0.1.0"
