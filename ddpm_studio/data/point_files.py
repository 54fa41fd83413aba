"""Points from files: two columns of numbers in a CSV, or an array (N, 2) in an .npz."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ddpm_studio.data.npz import KEYS, open_npz, read_array
from ddpm_studio.data.places import evenly
from ddpm_studio.data.points import AXES, PointData
from ddpm_studio.errors import UserError
from ddpm_studio.files import reading

TABLES = frozenset({".csv", ".tsv", ".txt", ".dat"})
MOST = 5000
"""Points that are kept of a file, evenly chosen: the density of so many is still redrawn while t is dragged."""
LONGEST = 256 * 2**20  # bytes of a table: a larger one is refused before it is read
_EXPECTED = "expected two columns of numbers"


def read_points(path: Path) -> PointData:
    """The points in a table (comma, semicolon, tab or blanks between them; one line of titles is skipped) or an .npz.

    They are moved to the middle of their bounding box and divided by half its longer side, so that they fill [−1, 1].

    Raises:
        UserError: it cannot be read, holds text, NaN, other than two columns, or fewer than two different points.
    """
    return settled(path.name, found_in(path), str(path))


def found_in(path: Path) -> NDArray[np.float64]:
    """All that a file holds, in its own units: (N, 2) if it is points. UserError: it cannot be read, or has text."""
    return _of_table(path) if path.suffix.lower() in TABLES else _of_npz(path)


def described(path: Path) -> tuple[str, str]:
    """How many points a file has and where they lie; and what is made of them. UserError: as `read_points`."""
    found = found_in(path)
    data = settled(path.name, found, str(path))
    (left, low), (right, high) = found.min(0), found.max(0)
    ranges = f"x from {left:.6g} to {right:.6g}, y from {low:.6g} to {high:.6g}"
    return f"{len(found):,} points in {AXES} dimensions, {ranges}", data.note


def settled(name: str, found: NDArray[np.float64], where: str) -> PointData:
    """Points (N, 2) as a data set, normalised, at most MOST of them. UserError: as `read_points`."""
    if found.ndim != AXES or found.shape[1] != AXES:
        raise UserError(f"{where} has the shape {found.shape}; {_EXPECTED}")
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(1))[0])
        raise UserError(f"{where}: point {row + 1} is NaN or infinite; mend it or take it out")
    low, high = (found.min(0), found.max(0)) if len(found) else (np.zeros(AXES), np.zeros(AXES))
    middle, half = (low + high) / 2.0, float((high - low).max() / 2.0)
    if not np.isfinite(half) or half <= 0.0:
        what = (
            "no point" if not len(found) else "one point" if len(found) == 1 else f"{len(found):,} points in one place"
        )
        raise UserError(f"{where} holds {what}; give at least two different ones")
    kept = found[evenly(len(found), MOST)]
    subsampled = f" of {len(found):,} points, evenly chosen," if len(kept) < len(found) else " points"
    note = f"{len(kept):,}{subsampled} from {where}; "
    note += f"moved by ({-middle[0]:.4g}, {-middle[1]:.4g}) and divided by {half:.4g} to lie in [−1, 1]"
    points = ((kept - middle) / half).astype(np.float32)
    return PointData(name, points, points[:0], note, left_out=len(found) - len(kept))


def holds_points(path: Path) -> bool:
    """Whether a file is a table, or an .npz whose first known array has two axes. UserError: it cannot be read."""
    if path.suffix.lower() in TABLES:
        return True
    with open_npz(path) as archive:
        key = next((key for key in (*KEYS, "points") if key in archive), None)
        return key is not None and read_array(archive, key, path).ndim == AXES


def _of_npz(path: Path) -> NDArray[np.float64]:
    with open_npz(path) as archive:
        key = next(key for key in (*KEYS, "points") if key in archive)
        array = read_array(archive, key, path)
    if not np.issubdtype(array.dtype, np.floating) and not np.issubdtype(array.dtype, np.integer):
        raise UserError(f"{path}: {key} holds {array.dtype}; {_EXPECTED}")
    return array.astype(np.float64)


def _of_table(path: Path) -> NDArray[np.float64]:
    with reading(path):
        if path.stat().st_size > LONGEST:
            raise UserError(f"{path} takes more than {LONGEST:,} bytes; keep fewer points")
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    rows = [_cells(line) for line in lines]
    first = next((number for number, row in enumerate(rows) if row), 0)
    if rows and rows[first] and not any(_is_number(cell) for cell in rows[first]):
        rows[first] = []  # titles
    points = [_point(row, number, path) for number, row in enumerate(rows, 1) if row]
    return np.array(points, np.float64).reshape(-1, AXES)


def _cells(line: str) -> list[str]:
    for mark in ",;\t":
        if mark in line:
            return [cell.strip() for cell in line.split(mark)]
    return line.split()


def _point(row: list[str], number: int, path: Path) -> tuple[float, ...]:
    try:
        point = tuple(float(cell) for cell in row)
    except ValueError as error:
        raise UserError(f"{path}, line {number}: {' '.join(row)[:40]!r} is no point; {_EXPECTED}") from error
    if len(point) != AXES:
        raise UserError(f"{path}, line {number} has {len(point)} columns; {_EXPECTED}")
    return point


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
