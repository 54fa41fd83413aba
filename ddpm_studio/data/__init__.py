"""Pictures, sets of pictures and sets of points, from names and files to arrays; NumPy and Pillow only."""

from ddpm_studio.data.clouds import CLOUDS
from ddpm_studio.data.datasets import DATASETS, Data, is_points, load, load_pictures
from ddpm_studio.data.images import ImageData
from ddpm_studio.data.pictures import Fit, Picture, fit, open_picture, to_bytes, to_channels, to_image, to_unit
from ddpm_studio.data.places import evenly
from ddpm_studio.data.points import Mixture, PointData
from ddpm_studio.data.source import open_source

__all__ = [
    "CLOUDS",
    "DATASETS",
    "Data",
    "Fit",
    "ImageData",
    "Mixture",
    "Picture",
    "PointData",
    "evenly",
    "fit",
    "is_points",
    "load",
    "load_pictures",
    "open_picture",
    "open_source",
    "to_bytes",
    "to_channels",
    "to_image",
    "to_unit",
]
