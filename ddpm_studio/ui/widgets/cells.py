"""Where the pictures of a grid lie in a widget: plain arithmetic, no widget."""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

GAP = 3  # logical pixels between two pictures


@dataclass(frozen=True)
class Cells:
    """A grid of `count` equal cells; all lengths in logical pixels, (left, top) is the first cell's corner."""

    count: int
    columns: int
    left: float
    top: float
    width: float
    height: float
    label: float  # the height of the line of text below each cell

    def origin(self, index: int) -> tuple[float, float]:
        """The upper left corner of a cell."""
        row, column = divmod(index, self.columns)
        return self.left + column * (self.width + GAP), self.top + row * (self.height + self.label + GAP)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """What the cells and their labels take together: left, top, width, height."""
        across = self.columns * (self.width + GAP) - GAP
        down = ceil(self.count / self.columns) * (self.height + self.label + GAP) - GAP
        return self.left, self.top, across, down

    def at(self, x: float, y: float) -> tuple[int, float, float] | None:
        """The cell under a point and where in it, (index, u, v) with 0 ≤ u, v < 1; None outside all cells."""
        column, u = divmod(x - self.left, self.width + GAP)
        row, v = divmod(y - self.top, self.height + self.label + GAP)
        index = int(row * self.columns + column)
        inside = 0 <= column < self.columns and row >= 0 and index < self.count
        return (index, u / self.width, v / self.height) if inside and u < self.width and v < self.height else None


@lru_cache(maxsize=64)  # asked at every painting and movement of the mouse
def arranged(
    count: int,
    picture: tuple[int, int],
    area: tuple[float, float],
    *,
    label: float = 0.0,
    ratio: float = 1.0,
    down: float = 0.0,
) -> Cells:
    """The grid of `count` pictures (height, width) in an area (width, height) that shows them largest.

    From twice its size on, a picture's pixels become whole numbers of the screen's; below, the cell is filled.

    Args:
        count: how many, ≥ 1.
        picture: (height, width) of each, in its own pixels.
        area: (width, height), logical pixels.
        label: height of a line of text below each cell.
        ratio: the screen's pixels per logical pixel.
        down: where the area begins.
    """
    scales = [(_scale(count, columns, picture, area, label, ratio), columns) for columns in range(1, count + 1)]
    scale, columns = max(scales, key=lambda found: (found[0], -_empty(count, found[1])))
    rows = ceil(count / columns)
    height, width = picture[0] * scale, picture[1] * scale
    spare = area[0] - columns * width - (columns - 1) * GAP, area[1] - rows * (height + label) - (rows - 1) * GAP
    left, top = (floor(max(s, 0.0) / 2 * ratio) / ratio for s in spare)
    return Cells(count, columns, left, down + top, width, height, label)


def _scale(
    count: int, columns: int, picture: tuple[int, int], area: tuple[float, float], label: float, ratio: float
) -> float:
    """Logical pixels for each of the picture's, at least one of the screen's for the whole picture."""
    rows = ceil(count / columns)
    across = (area[0] - (columns - 1) * GAP) / columns / picture[1]
    down = ((area[1] - (rows - 1) * GAP) / rows - label) / picture[0]
    scale = max(min(across, down) * ratio, 1 / max(picture))
    return (floor(scale) if scale >= 2 else scale) / ratio


def _empty(count: int, columns: int) -> int:
    return -count % columns
