"""Qt's images as the pictures of the core."""

import numpy as np
from PySide6.QtGui import QImage

from ddpm_studio.data import Picture


def picture_of(image: QImage) -> Picture:
    """The pixels of an image, (H, W, 3); black where it is transparent."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
