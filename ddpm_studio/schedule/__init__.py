"""Noise schedules: how much noise a picture has received after t of T steps.

Every table is float64, read-only, of length T + 1 and indexed by the paper's own t: t = 0 is the clean picture
(β_0 = 0, ᾱ_0 = 1) and t = 1..T are noisy. A schedule holds its few numbers; the tables are derived from them.
"""

from ddpm_studio.schedule.base import Schedule, Table
from ddpm_studio.schedule.drawn import LIMITS, Drawn, Space, curve_of
from ddpm_studio.schedule.formulas import Constant, Cosine, Jsd, Linear, Quadratic, ScaledLinear, Sigmoid

__all__ = [
    "LIMITS",
    "SCHEDULES",
    "Constant",
    "Cosine",
    "Drawn",
    "Jsd",
    "Linear",
    "Quadratic",
    "ScaledLinear",
    "Schedule",
    "Sigmoid",
    "Space",
    "Table",
    "curve_of",
]

SCHEDULES: dict[str, type[Schedule]] = {
    cls.kind: cls for cls in (Linear, ScaledLinear, Quadratic, Cosine, Sigmoid, Constant, Jsd, Drawn)
}
