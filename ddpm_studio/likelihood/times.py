"""In which order t's are measured, and which of them a plot shows."""

from collections.abc import Iterator

import numpy as np

from ddpm_studio.sampler import Times


def by_decades(T: int, first: int = 1, most: int = 300) -> Times:
    """At most `most` t's from `first` to T, rising, evenly spaced on a logarithmic axis, for a plot over log t."""
    return np.unique(np.round(np.geomspace(first, T, most)).astype(np.int64))


def evenly_filled(T: int) -> Iterator[int]:
    """1..T once each: both ends first, then amid the widest gaps, so that any beginning covers the whole range."""
    yield from dict.fromkeys((T, 1))
    seen = {T, 1}
    width = 1
    while width < T:
        width *= 2
        for odd in range(1, width, 2):
            t = 1 + round((T - 1) * odd / width)
            if t not in seen:
                seen.add(t)
                yield t
    yield from (t for t in range(1, T + 1) if t not in seen)
