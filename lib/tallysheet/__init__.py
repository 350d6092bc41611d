"""tallysheet: the weekly logistics report that says what is signal and what is noise.

Examples
--------
>>> import tallysheet as ts
>>> ts.assurance(0.91, 0.95, target=0.96, direction="up")
'fail'
"""

from tallysheet.clean import load
from tallysheet.decompose import decompose
from tallysheet.extract import read_text_table
from tallysheet.limits import assurance, process_limits, run_rules
from tallysheet.week import open_week

__version__ = "0.1.0"
__all__ = ["assurance", "decompose", "load", "open_week", "process_limits", "read_text_table", "run_rules"]
