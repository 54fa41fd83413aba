"""Pictures and sets of pictures, from names and files to uint8 arrays; NumPy and Pillow only."""

from ddpm_studio.data.datasets import DATASETS, load
from ddpm_studio.data.images import ImageData
from ddpm_studio.data.pictures import Fit, Picture, fit, open_picture, to_bytes, to_channels, to_image, to_unit
from ddpm_studio.data.source import open_source

__all__ = [
    "DATASETS",
    "Fit",
    "ImageData",
    "Picture",
    "fit",
    "load",
    "open_picture",
    "open_source",
    "to_bytes",
    "to_channels",
    "to_image",
    "to_unit",
]
