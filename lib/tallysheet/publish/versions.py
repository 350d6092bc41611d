"""The packages that a run stands on."""

from __future__ import annotations

import re
from functools import cache
from importlib import metadata


@cache
def versions() -> dict[str, str]:
    """Give the versions of the packages that a run stands on, and the library's own."""
    needed = (line for line in metadata.requires("tallysheet") or [] if "extra ==" not in line)
    names = ["tallysheet", *sorted(re.split(r"[^\w.-]", line)[0] for line in needed)]
    return {name: metadata.version(name) for name in names}
