"""tallysheet: the weekly logistics report that says what is signal and what is noise.

Examples
--------
>>> import tallysheet as ts
>>> ts.assurance(0.91, 0.95, target=0.96, direction="up")
'fail'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallysheet.clean import load
    from tallysheet.decomposition import decompose
    from tallysheet.export import to_excel
    from tallysheet.extract import read_text_table
    from tallysheet.limits import assurance, process_limits, run_rules
    from tallysheet.segments import find_segments
    from tallysheet.week import open_week

__version__ = "0.1.0"
__all__ = [
    "assurance",
    "decompose",
    "find_segments",
    "load",
    "open_week",
    "process_limits",
    "read_text_table",
    "run_rules",
    "to_excel",
]

_HOME = {
    "assurance": "limits",
    "decompose": "decomposition",
    "find_segments": "segments",
    "load": "clean",
    "open_week": "week",
    "process_limits": "limits",
    "read_text_table": "extract",
    "run_rules": "limits",
    "to_excel": "export",
}


def __getattr__(name: str) -> object:
    # Each is imported when it is asked for: a command does not wait for what others need.
    if name not in _HOME:
        raise AttributeError(f"module 'tallysheet' has no attribute {name!r}")
    return getattr(import_module(f"tallysheet.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
