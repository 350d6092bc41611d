"""Random numbers that depend on the seed and on what they are for, never on what was drawn before."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *names: object) -> np.random.Generator:
    """Give the random numbers of a purpose, such as the parcels of a week.

    Examples
    --------
    >>> first, again = (stream(1, "parcels", "2026-W06").integers(100) for _ in range(2))
    >>> bool(first == again)
    True
    """
    words = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))
