"""Networks: their settings (no torch), their modules, and how one is made from the other (`build`)."""

from ddpm_studio.networks.settings import CONVENTIONS, NETWORKS, PRESETS, Mlp, Network, UNet

__all__ = ["CONVENTIONS", "NETWORKS", "PRESETS", "Mlp", "Network", "UNet"]
