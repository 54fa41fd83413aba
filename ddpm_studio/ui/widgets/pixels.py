"""Qt's images as the pictures of the core."""

import numpy as np
from PySide6.QtGui import QImage

from ddpm_studio.data import Picture


def picture_of(image: QImage) -> Picture:
    """The pixels of an image, (H, W, 3); black where it is transparent."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def image_of(picture: Picture) -> QImage:
    """The picture (H, W, C) as an image of its own memory, in the format that paints fastest."""
    picture = np.ascontiguousarray(picture)
    height, width, channels = picture.shape
    kind = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    return QImage(picture.data, width, height, width * channels, kind).convertToFormat(QImage.Format.Format_RGB32)


def images_of(pictures: Picture) -> list[QImage]:
    """The pictures (N, H, W, C), each as `image_of` gives it, converted together."""
    count, height, width, channels = pictures.shape
    if count == 0:
        return []
    tall = image_of(pictures.reshape(count * height, width, channels))
    return [tall.copy(0, index * height, width, height) for index in range(count)]
